"""Reasons to act (商机/提醒): what happened to a customer, or is about to, each with its evidence.

What each kind looks for stands in ``kinds``; how long a reason stays open, who hears nothing of it, and when an
answered one comes back is decided here.
"""

from __future__ import annotations

import ibis
from ibis.expr.types import BooleanValue, DateValue, IntegerValue, StringValue, Table

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.signals import Maturity
from weihu.rules.tables import COMPARED, SIGNALS
from weihu.rules.value import business_date

KEY = ("customer_id", "kind", "subject")
INCOMING = ("large_inflow", "unusual_inflow")
OUTGOING = ("large_outflow", "unusual_outflow", "to_other_bank")
"""The kinds that tell of money that came or went on a day."""

EITHER_WAY = "inter_branch"
"""Money moved at another branch: a part of what came or went, if that is as much."""

OPENED = tuple(name for name in SIGNALS if name != "led_by")
LOOKED_AT = (
    "customer_id",
    "branch_id",
    "opened_on",
    "first_seen_on",
    "aum",
    "metric",
    "flow_1",
    "flow_7",
    "flow_30",
    "flow_90",
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
    as long as the book says so. What tells of one movement of money is one reason, led by one of its kinds (``led_by``).
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
    still = _without_nearer(lasting.anti_join(seen, KEY), seen, book).select(*OPENED)
    opened = fresh.union(still)
    return with_leaders(opened.anti_join(_silenced(answers, calendar, book), KEY), book)


def with_leaders(opened: Table, book: RuleBook) -> Table:
    """Open signals with ``led_by`` (columns: tables.SIGNALS).

    Signals of one customer, date and direction of money are one event. The weightiest kind in the book leads it, of
    equals the first by name; what is held out neither leads nor is told.
    """
    events = opened.filter(opened.kind.isin([*INCOMING, *OUTGOING]) & ~opened.held_out)
    events = events.mutate(place=_weightiest_first(events, book))
    sides = {"came": events.kind.isin(INCOMING), "went": events.kind.isin(OUTGOING)}
    leaders = events.group_by("customer_id", "subject").agg(
        **{side: events.kind.argmin(events.place, where=of_it) for side, of_it in sides.items()},
        **{f"{side}_amount": events.amount.max(where=of_it) for side, of_it in sides.items()},
    )
    joined = opened.left_join(leaders, ["customer_id", "subject"])
    leader = ibis.cases(
        (joined.held_out, ""),
        (joined.kind.isin(INCOMING), joined.came),
        (joined.kind.isin(OUTGOING), joined.went),
        ((joined.kind == EITHER_WAY) & (joined.amount <= joined.went_amount), joined.went),
        ((joined.kind == EITHER_WAY) & (joined.amount <= joined.came_amount), joined.came),
        else_="",
    )
    return joined.mutate(led_by=ibis.ifelse(leader == joined.kind, "", leader)).select(*SIGNALS)


def _weightiest_first(events: Table, book: RuleBook) -> IntegerValue:
    """The place of a kind among those that tell of movements."""
    kinds = [kind for kind in (*INCOMING, *OUTGOING) if kind in book.signals]
    ordered = sorted(kinds, key=lambda kind: (-book.signals[kind].weight, kind))
    steps = [(events.kind == kind, place) for place, kind in enumerate(ordered)]
    return ibis.cases(*steps, else_=len(ordered)) if steps else ibis.literal(0)


def _without_nearer(lasting: Table, seen: Table, book: RuleBook) -> Table:
    """Open signals, less those that have come nearer: a maturity in a month is now one in a week."""
    staged = [kind for kind, rule in book.signals.items() if isinstance(rule, Maturity) and rule.also_lead_days]
    if not staged:
        return lasting

    def stem(table: Table) -> StringValue:
        return table.subject.re_replace(" [0-9]+$", "")

    nearer = seen.filter(seen.kind.isin(staged))
    nearer = nearer.select("customer_id", "kind", stem=stem(nearer)).distinct()
    return lasting.mutate(stem=stem(lasting)).anti_join(nearer, ["customer_id", "kind", "stem"])


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
