"""The figures of the cockpit: what a night says of everybody's customers, by branch, person and grade (M15-M18)."""

from __future__ import annotations

import ibis
from ibis.expr.types import BooleanValue, Table

from weihu.rules.grade import with_contact_due
from weihu.rules.rulebook import RuleBook
from weihu.rules.tables import BRIDGE, FIGURES, LOSSES, MONEY
from weihu.rules.value import ZERO, business_date, factor, times

NOTHING = {
    name: ibis.literal(0, kind) for name, kind in FIGURES.items() if name not in ("branch_id", "staff_id", "grade_rank")
}
"""Every figure of nobody."""
PLANNED = ("tasks", "minutes", "top_minutes", "listed", "listed_minutes", "listed_top_minutes")


def figures(
    standings: Table,
    previous: Table,
    bridge: Table,
    tasks: Table,
    staff: Table,
    cadences: Table,
    calendar: Table,
    book: RuleBook,
) -> Table:
    """Tonight's figures (columns: tables.FIGURES). Planned work counts for the branch and person who does it; over a
    period, in the last night before its day: the list for a Monday is planned anew on every night of the weekend."""
    rows = _per_customer(standings, previous, bridge, cadences, calendar, book)
    tomorrow = (business_date(calendar) + ibis.interval(days=1)).cast("date")
    planned = tasks.join(staff.select("staff_id", "branch_id"), "staff_id")
    is_next = planned["on"] == tomorrow
    of_list = {
        "listed": ibis.literal(1, "int64"),
        "listed_minutes": planned.minutes,
        "listed_top_minutes": ibis.ifelse(planned.top, planned.minutes, 0),
    }
    of_day = dict(zip(("tasks", "minutes", "top_minutes"), of_list.values(), strict=True))
    of_day = {name: ibis.ifelse(is_next, number, 0) for name, number in of_day.items()}
    work = planned.select("branch_id", "staff_id", "grade_rank", **NOTHING | of_list | of_day)
    both = rows.select(*FIGURES).union(work.select(*FIGURES)).union(_taken(standings, previous).select(*FIGURES))
    sums = {name: both[name].sum().cast(FIGURES[name]) for name in NOTHING}
    return both.group_by("branch_id", "staff_id", "grade_rank").agg(**sums).select(*FIGURES)


def _per_customer(
    standings: Table, previous: Table, bridge: Table, cadences: Table, calendar: Table, book: RuleBook
) -> Table:
    """A row per customer, with its part of every figure."""
    before = previous.select(
        "customer_id",
        before_aum="aum",
        before_branch="branch_id",
        before_staff="primary_id",
        before_rank="grade_rank",
    )
    joined = standings.left_join(before, "customer_id").drop("customer_id_right")
    joined = joined.join(bridge, "customer_id").join(losses(standings, previous, book), "customer_id")
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
        everybody=ibis.literal(1, "int64"),
        watched=count(joined.effective & joined.watch_since.notnull()),
        aum=joined.aum,
        effective_aum=ibis.ifelse(joined.effective, joined.aum, ZERO).cast(MONEY),
        contribution=joined.contribution,
        products=ibis.ifelse(joined.effective, joined.product_count, 0),
        facts_expected=ibis.ifelse(joined.effective, joined.facts_expected, 0),
        facts_known=ibis.ifelse(joined.effective, joined.facts_known, 0),
        owed=count(owed),
        kept=count(kept),
        lost=count(joined.lost),
        lost_aum=joined.lost_aum,
        won_back=count(joined.won_back),
        won_aum=joined.won_aum,
        **{name: joined[name] for name in BRIDGE if name != "customer_id"},
        moved=ibis.ifelse(_is_elsewhere(joined), joined.before_aum, ZERO).cast(MONEY),
        **{name: NOTHING[name] for name in PLANNED},
    )


def _taken(standings: Table, previous: Table) -> Table:
    """What customers who have another branch, person or grade than the night before took away from the former ones."""
    now = standings.select("customer_id", "branch_id", "primary_id", "grade_rank")
    before = previous.select(
        "customer_id",
        before_aum="aum",
        before_branch="branch_id",
        before_staff="primary_id",
        before_rank="grade_rank",
    )
    joined = now.join(before, "customer_id")
    gone = joined.filter(_is_elsewhere(joined))
    return gone.select(
        branch_id=ibis.coalesce(gone.before_branch, gone.branch_id),
        staff_id=ibis.coalesce(gone.before_staff, ""),
        grade_rank=ibis.coalesce(gone.before_rank, gone.grade_rank),
        **NOTHING | {"moved": -gone.before_aum},
    )


def _is_elsewhere(joined: Table) -> BooleanValue:
    """Whether the figures of the night before have the customer in another row; one whose grade or branch was not known
    then is where it is now."""
    branch = ibis.coalesce(joined.before_branch, joined.branch_id) != joined.branch_id
    staff = ibis.coalesce(joined.before_staff, "") != ibis.coalesce(joined.primary_id, "")
    rank = ibis.coalesce(joined.before_rank, joined.grade_rank) != joined.grade_rank
    return joined.before_aum.notnull() & (branch | staff | rank)


def losses(standings: Table, previous: Table, book: RuleBook) -> Table:
    """Who was lost or won back since the night before (the book's losses), and the money (columns: tables.LOSSES)."""
    window = f"flow_{book.losses.days}"
    before = previous.select("customer_id", before_aum="aum", before_flow=window)
    joined = standings.left_join(before, "customer_id").drop("customer_id_right")
    now = _lost(joined.aum, joined[window], book)
    then = ibis.coalesce(_lost(joined.before_aum, joined.before_flow, book), False)
    joined = joined.mutate(
        lost=ibis.coalesce(now & ~then & joined.before_aum.notnull(), False),
        won_back=ibis.coalesce(then & ~now & (joined.aum > joined.before_aum), False),
    )
    return joined.mutate(
        lost_aum=ibis.ifelse(joined.lost, -joined[window], ZERO).cast(MONEY),
        won_aum=ibis.ifelse(joined.won_back, joined.aum - joined.before_aum, ZERO).cast(MONEY),
    ).select(*LOSSES)


def _lost(aum: ibis.expr.types.DecimalValue, flow: ibis.expr.types.DecimalValue, book: RuleBook) -> BooleanValue:
    """流失: at least the amount some days ago, less than the share of it now (the book's losses)."""
    earlier = (aum - flow).cast(MONEY)
    return (earlier >= ibis.literal(book.losses.amount, MONEY)) & (aum < times(earlier, factor(book.losses.share)))
