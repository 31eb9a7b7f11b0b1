"""Reasons to act (商机/提醒): what happened to a customer, or is about to, each with its evidence.

What each kind looks for stands in ``kinds``; how long a reason stays open, who hears nothing of it, and when an
answered one comes back is decided here.
"""

from __future__ import annotations

from typing import Any

import ibis
from ibis.expr.types import BooleanValue, DateValue, Table

from weihu.rules.kinds import KINDS, care
from weihu.rules.kinds.night import Night
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.signals import NOTED_KINDS, Maturity
from weihu.rules.tables import SIGNALS

KEY = ("customer_id", "kind", "subject")
LOOKED_AT = (
    "customer_id",
    "branch_id",
    "opened_on",
    "first_seen_on",
    "aum",
    "metric",
    "flow_1",
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


def compare(standings: Table, previous: Table, calendar: Table) -> Table:
    """What the kinds read of effective customers' standings, with rank, watch and last movement of the night before,
    and the date as the column ``today``."""
    before = previous.select(
        "customer_id", rank_before="grade_rank", watch_before="watch_since", moved_before="moved_on"
    )
    effective = standings.filter(standings.effective).select(*LOOKED_AT)
    compared = effective.left_join(before, "customer_id").drop("customer_id_right")
    return compared.cross_join(calendar.select(today="business_date"))


def raise_signals(seen_by: dict[str, Any], previous: Table, answers: Table, calendar: Table, book: RuleBook) -> Table:
    """Tonight's open signals (columns: tables.SIGNALS): newly raised ones and those still open from before.

    ``seen_by``: the tables of kinds.Night by their names. One that was answered stays silent for the book's quiet
    days. A share of customers is held out, kind by kind, for as long as the book says so.
    """
    night = Night(**seen_by, calendar=calendar, book=book)
    seen = ibis.union(*(KINDS[kind](night) for kind in book.signals if kind not in NOTED_KINDS), care.noted(night))
    seen = seen.cross_join(calendar.select(seen_on="business_date"))
    lasting = previous.filter(previous.expires_on >= night.today)
    began = lasting.select(*KEY, began="raised_on")
    joined = seen.left_join(began, KEY)
    joined = joined.select(*seen.columns, "began")
    fresh = joined.mutate(
        raised_on=ibis.coalesce(joined.began, joined.seen_on),
        expires_on=_expiry(joined, night),
        held_out=_held_out(joined, book),
    ).select(*SIGNALS)
    still = _without_nearer(lasting.anti_join(seen, KEY), seen, book).select(*SIGNALS)
    opened = fresh.union(still)
    return opened.anti_join(_silenced(answers, night), KEY).select(*SIGNALS)


def _without_nearer(lasting: Table, seen: Table, book: RuleBook) -> Table:
    """Open signals, less those that have come nearer: a maturity in a month is now one in a week."""
    staged = [kind for kind, rule in book.signals.items() if isinstance(rule, Maturity) and rule.also_lead_days]
    if not staged:
        return lasting

    def named(table: Table) -> Any:
        return table.subject.re_replace(" [0-9]+$", "")

    nearer = seen.filter(seen.kind.isin(staged))
    nearer = nearer.select("customer_id", "kind", stem=named(nearer)).distinct()
    return lasting.mutate(stem=named(lasting)).anti_join(nearer, ["customer_id", "kind", "stem"])


def _expiry(table: Table, night: Night) -> DateValue:
    steps = [
        (table.kind == kind, table.seen_on + ibis.interval(days=rule.open_days))
        for kind, rule in night.book.signals.items()
    ]
    return ibis.cases(*steps).cast("date")


def _held_out(table: Table, book: RuleBook) -> BooleanValue:
    """Whether a customer is among the share kept back of a kind: always the same ones, by the hash of both names."""
    shares = {kind: rule.holdout for kind, rule in book.signals.items() if rule.holdout}
    if not shares:
        return ibis.literal(False)
    place = (table.customer_id + " " + table.kind).hexdigest("md5").substr(0, 8)
    # hexadecimal digits of one length are in the order of the numbers they write
    steps = [(table.kind == kind, place < f"{int(share * 16**8):08x}") for kind, share in shares.items()]
    return ibis.cases(*steps, else_=False)


def _silenced(answers: Table, night: Night) -> Table:
    quiet = ibis.cases(
        *(
            (answers.kind == kind, (night.today - ibis.interval(days=rule.quiet_days)).cast("date"))
            for kind, rule in night.book.signals.items()
        )
    )
    return answers.filter(answers.answered_on > quiet)
