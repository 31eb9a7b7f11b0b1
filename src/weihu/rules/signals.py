"""Reasons to act (商机/提醒): what happened to a customer, or is about to, each with its evidence.

What each kind looks for stands in ``kinds``; how long a reason stays open, who hears nothing of it, and when an
answered one comes back is decided here.
"""

from __future__ import annotations

import ibis
from ibis.expr.types import BooleanValue, DateValue, Table

from weihu.rules.events import ENDING, REGRADED, with_leaders
from weihu.rules.rulebook import RuleBook
from weihu.rules.tables import COMPARED, SIGNALS
from weihu.rules.value import WINDOW_DAYS, business_date

KEY = ("customer_id", "kind", "subject")
CONDITIONS = (
    ENDING,
    "near_grade",
    "dormant",
    "idle_cash",
    "leaving",
    "missing_facts",
    "cadence_due",
    "follow_up",
    "visit",
    "complaint_due",
    "complaint_ask",
    "care_step",
    "care_deputy",
    "campaign",
    "thanks_due",
)
"""The kinds that are seen again on every night on which they hold: they are no reason longer than that. A maturity whose
day has come was renewed, or is told as matured; one that comes nearer is seen by another name."""

AHEAD = ("loan_ending", "card_expiring", "risk_expiring", "benefit_expiring", "life_occasion")
"""The kinds that look ahead to a date: what is not true any more before the date is no reason."""

OPENED = tuple(name for name in SIGNALS if name != "led_by")
LOOKED_AT = (
    "customer_id",
    "branch_id",
    "opened_on",
    "first_seen_on",
    "aum",
    "metric",
    *(f"flow_{days}" for days in WINDOW_DAYS),
    "moved_on",
    "grade_rank",
    "watch_since",
    "review_1",
    "primary_id",
    "facts_expected",
    "facts_known",
    "last_contact_on",
    "follow_up_on",
)
"""The columns of standings that the kinds read: copying all of them is most of the work in a large bank."""


def compared(standings: Table, standings_before: Table, workdays: Table, calendar: Table) -> Table:
    """What the kinds read of effective customers' standings, with rank, watch and last movement of the night before,
    the date as the column ``today``, and the working day of who answers (columns: tables.COMPARED)."""
    before = standings_before.select(
        "customer_id", rank_before="grade_rank", watch_before="watch_since", moved_before="moved_on"
    )
    effective = standings.filter(standings.effective).select(*LOOKED_AT)
    joined = effective.left_join(before, "customer_id").drop("customer_id_right")
    whose = workdays.select(whose="staff_id", where="branch_id", works_on="works_on", through="through")
    nobody = joined.primary_id.isnull()
    joined = joined.left_join(
        whose,
        [
            ibis.coalesce(joined.primary_id, "") == whose.whose,
            ibis.ifelse(nobody, joined.branch_id, "") == whose["where"],
        ],
    )
    joined = joined.drop("whose", "where").cross_join(
        calendar.select(today="business_date", usually="works_on", usually_through="through")
    )
    return joined.mutate(
        works_on=ibis.coalesce(joined.works_on, joined.usually),
        through=ibis.coalesce(joined.through, joined.usually_through),
    ).select(*COMPARED)


def answers(answers_before: Table, answers_today: Table) -> Table:
    """The last answer to each signal, carried or new (columns: tables.ANSWERS)."""
    both = answers_before.union(answers_today)
    return both.group_by("customer_id", "kind", "subject").agg(answered_on=both.answered_on.max())


def seen(**kinds: Table) -> Table:
    """What all kinds saw tonight (columns: tables.SEEN)."""
    return ibis.union(*kinds.values())


def signals(seen: Table, signals_before: Table, answers: Table, calendar: Table, book: RuleBook) -> Table:
    """Tonight's open signals (columns: tables.SIGNALS): newly raised ones and those still open from before.

    One that was answered stays silent for the book's quiet days. A share of customers is held out, kind by kind, for
    as long as the book says so. What tells of the same money is one reason, led by one of its signals (``events``).
    """
    raised = seen.cross_join(calendar.select(seen_on="business_date"))
    lasting = signals_before.filter(signals_before.expires_on >= business_date(calendar))
    began = lasting.select(*KEY, began="raised_on")
    joined = raised.left_join(began, KEY)
    joined = joined.select(*raised.columns, "began")
    fresh = joined.mutate(
        raised_on=ibis.coalesce(joined.began, joined.seen_on),
        expires_on=_expiry(joined, book),
        held_out=_held_out(joined, book),
    ).select(*OPENED)
    opened = fresh.union(_still_true(lasting.anti_join(seen, KEY), seen, calendar))
    unanswered = opened.anti_join(_silenced(answers, calendar, book), KEY)
    return with_leaders(_heard(unanswered, book), book)


def _heard(opened: Table, book: RuleBook) -> Table:
    """Open signals, less those of which the customer hears nothing while something more urgent is open."""
    for group in book.urgency.values():
        if group.silences:
            loud = opened.filter(opened.kind.isin(group.kinds) & ~opened.held_out).select("customer_id").distinct()
            quiet = opened.kind.isin(group.silences)
            opened = opened.filter(~quiet).union(opened.filter(quiet).anti_join(loud, "customer_id"))
    return opened


def _still_true(unseen: Table, seen: Table, calendar: Table) -> Table:
    """Of the signals that were open and are not seen tonight, those that stay so: events for their days, and dates that
    have come. A change of grade is over when the next one is seen."""
    ahead = unseen.kind.isin(AHEAD) & (unseen.on_date > business_date(calendar))
    unseen = unseen.filter(~unseen.kind.isin(CONDITIONS) & ~ahead)
    regraded = seen.filter(seen.kind.isin(REGRADED)).select("customer_id", again=ibis.literal(True)).distinct()
    joined = unseen.left_join(regraded, "customer_id").drop("customer_id_right")
    return joined.filter(~joined.kind.isin(REGRADED) | joined.again.isnull()).select(*OPENED)


def _expiry(raised: Table, book: RuleBook) -> DateValue:
    """The open days begin with the first day on which somebody can act: no signal runs out behind closed doors."""
    steps = [
        (raised.kind == kind, raised.works_on + ibis.interval(days=rule.open_days - 1))
        for kind, rule in book.signals.items()
    ]
    return ibis.cases(*steps).cast("date")


def _held_out(raised: Table, book: RuleBook) -> BooleanValue:
    """Whether a customer is among the share kept back of a kind: always the same ones, by the hash of both names."""
    shares = {kind: rule.holdout for kind, rule in book.signals.items() if rule.holdout}
    if not shares:
        return ibis.literal(False)
    place = (raised.customer_id + " " + raised.kind).hexdigest("md5").substr(0, 8)
    # hexadecimal digits of one length are in the order of the numbers they write
    steps = [(raised.kind == kind, place < f"{int(share * 16**8):08x}") for kind, share in shares.items()]
    return ibis.cases(*steps, else_=False)


def _silenced(answers: Table, calendar: Table, book: RuleBook) -> Table:
    today = business_date(calendar)
    quiet = ibis.cases(
        *(
            (answers.kind == kind, (today - ibis.interval(days=rule.quiet_days)).cast("date"))
            for kind, rule in book.signals.items()
        )
    )
    return answers.filter(answers.answered_on > quiet)
