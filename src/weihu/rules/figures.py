"""The figures of the cockpit: what a night says of everybody's customers, by branch, person and grade (M15-M18)."""

from __future__ import annotations

import ibis
from ibis.expr.types import BooleanValue, Table

from weihu.rules.grade import with_contact_due
from weihu.rules.rulebook import RuleBook
from weihu.rules.tables import FIGURES, MONEY
from weihu.rules.value import ZERO, business_date, factor, times

NOTHING = {
    name: ibis.literal(0, kind) for name, kind in FIGURES.items() if name not in ("branch_id", "staff_id", "grade_rank")
}
"""Every figure of nobody."""


def figures(
    standings: Table, previous: Table, tasks: Table, staff: Table, cadences: Table, calendar: Table, book: RuleBook
) -> Table:
    """Tonight's figures (columns: tables.FIGURES). Planned work counts for the branch and person who does it,
    in the last night before its day: the list for a Monday is planned anew on every night of the weekend."""
    rows = _per_customer(standings, previous, cadences, calendar, book)
    tomorrow = (business_date(calendar) + ibis.interval(days=1)).cast("date")
    planned = tasks.filter(tasks["on"] == tomorrow).join(staff.select("staff_id", "branch_id"), "staff_id")
    work = planned.select(
        "branch_id",
        "staff_id",
        "grade_rank",
        **NOTHING
        | {
            "tasks": ibis.literal(1, "int64"),
            "minutes": planned.minutes,
            "top_minutes": ibis.ifelse(planned.top, planned.minutes, 0),
        },
    )
    both = rows.select(*FIGURES).union(work.select(*FIGURES))
    sums = {name: both[name].sum().cast(FIGURES[name]) for name in NOTHING}
    return both.group_by("branch_id", "staff_id", "grade_rank").agg(**sums).select(*FIGURES)


def _per_customer(standings: Table, previous: Table, cadences: Table, calendar: Table, book: RuleBook) -> Table:
    """A row per customer, with its part of every figure."""
    window = f"flow_{book.losses.days}"
    before = previous.select("customer_id", before_aum="aum", before_flow=window)
    joined = standings.left_join(before, "customer_id").drop("customer_id_right")
    now = _lost(joined.aum, joined[window], book)
    then = ibis.coalesce(_lost(joined.before_aum, joined.before_flow, book), False)
    joined = joined.mutate(
        lost_now=now & ~then & joined.before_aum.notnull(),
        won_now=then & ~now & (joined.aum > joined.before_aum),
    )
    joined = with_contact_due(joined, cadences, book)
    owed = joined.effective & joined.contact_due.notnull()
    kept = owed & ibis.coalesce(joined.contact_due >= business_date(calendar), False)

    def count(condition: BooleanValue) -> ibis.expr.types.IntegerValue:
        return ibis.ifelse(condition, 1, 0).cast("int64")

    return joined.select(
        "branch_id",
        "grade_rank",
        staff_id=ibis.coalesce(joined.primary_id, ""),
        customers=count(joined.effective),
        aum=joined.aum,
        products=ibis.ifelse(joined.effective, joined.product_count, 0),
        facts_expected=ibis.ifelse(joined.effective, joined.facts_expected, 0),
        facts_known=ibis.ifelse(joined.effective, joined.facts_known, 0),
        owed=count(owed),
        kept=count(kept),
        lost=count(joined.lost_now),
        lost_aum=ibis.ifelse(joined.lost_now, -joined[window], ZERO).cast(MONEY),
        won_back=count(joined.won_now),
        won_aum=ibis.ifelse(joined.won_now, joined.aum - joined.before_aum, ZERO).cast(MONEY),
        tasks=NOTHING["tasks"],
        minutes=NOTHING["minutes"],
        top_minutes=NOTHING["top_minutes"],
    )


def _lost(aum: ibis.expr.types.DecimalValue, flow: ibis.expr.types.DecimalValue, book: RuleBook) -> BooleanValue:
    """流失: at least the amount some days ago, less than the share of it now (the book's losses)."""
    earlier = (aum - flow).cast(MONEY)
    return (earlier >= ibis.literal(book.losses.amount, MONEY)) & (aum < times(earlier, factor(book.losses.share)))
