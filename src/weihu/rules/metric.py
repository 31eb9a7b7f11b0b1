"""The policy's metric (指标): its unit and timing, what each grade takes tonight, and what is near the next grade.

The one place that says so, for the night's signals, lists, pages and referrals alike (brief, M9 and M10).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import ibis
from ibis.expr.types import DecimalValue, IntegerValue, Table

from weihu.rules.grade import among_the_best, asks_for_shares, minimum_in, place_of
from weihu.rules.rulebook import RuleBook
from weihu.rules.tables import MONEY, THRESHOLDS

EVIDENCE = {
    "grade_up": ("amount", "limit"),
    "grade_down": ("amount", "limit"),
    "watch_begun": ("amount", "limit"),
    "near_grade": ("amount", "base", "limit"),
}
"""The parts of a signal's evidence that are of the policy's leading measure, by its kind; all else is yuan."""

SMALLEST = ibis.literal(Decimal("0.01"), MONEY)
"""Who has nothing is never among the best."""


def timing(book: RuleBook) -> Literal["point_in_time", "monthly_average"]:
    """Whether the metric is the leading measure as it stands, or its average over the month to date."""
    key = book.policy.metric
    if key in book.measures:
        return book.measures[key].timing
    return "monthly_average" if key == "monthly_average" else "point_in_time"


def unit(book: RuleBook, measure: str) -> Literal["yuan", "number"]:
    """What a measure counts: money in the book's currency, or a plain number (points)."""
    return book.measures[measure].unit if measure in book.measures else "yuan"


def kinds_without_money(book: RuleBook) -> list[str]:
    """The kinds of signal whose amount is a plain number by the book, and not yuan."""
    return list(EVIDENCE) if unit(book, book.policy.metric) == "number" else []


def is_near(metric: Any, threshold: Any, book: RuleBook) -> Any:
    """Whether a metric is at most the book's share of the threshold below it. Of Decimals, or of columns of them."""
    return (threshold - metric) * 100_000 <= threshold * int(book.near_share * 100_000)


def thresholds(graded: Table, book: RuleBook) -> Table:
    """What each grade takes tonight in each branch (columns: tables.THRESHOLDS).

    A share's cut-off is the least metric that is among the best: who reaches it is, too. With a minimum besides, the
    larger of both.
    """
    by = ["branch_id"] if book.policy.top_of == "branch" else []
    branches = graded.select("branch_id").distinct()
    if asks_for_shares(book):
        above, everybody = place_of(graded.metric, book)
        placed = graded.select("branch_id", "metric", above=above, everybody=everybody)
        least = {
            f"cutoff_{rank}": placed.metric.min(
                where=among_the_best((placed.above, placed.everybody), grade.within_top)
            )
            for rank, grade in enumerate(book.grades.values())
            if grade.within_top is not None
        }
        cutoffs = placed.group_by(by).agg(**least) if by else placed.agg(**least)
        branches = branches.join(cutoffs, "branch_id") if by else branches.cross_join(cutoffs)
    rows = [
        branches.select("branch_id", grade_rank=ibis.literal(rank, "int64"), threshold=bound.cast(MONEY))
        for rank, bound in _bounds(branches, book).items()
    ]
    return (
        ibis.union(*rows).select(*THRESHOLDS)
        if rows
        else branches.limit(0).select("branch_id", grade_rank=ibis.null("int64"), threshold=ibis.null(MONEY))
    )


def _bounds(branches: Table, book: RuleBook) -> dict[int, DecimalValue]:
    """By rank, what the leading measure has to reach."""
    bounds = {}
    for rank, grade in enumerate(book.grades.values()):
        parts = [minimum_in(branches.branch_id, grade)] if grade.minimum is not None else []
        if grade.within_top is not None:
            parts += [branches[f"cutoff_{rank}"], SMALLEST]
        if parts:
            bounds[rank] = ibis.greatest(*parts)
    return bounds


def with_threshold(table: Table, rank: IntegerValue, thresholds: Table) -> Table:
    """A table of customers with what a rank takes in their branch, as ``threshold``; NULL where nothing leads to it."""
    named = thresholds.select(of_branch="branch_id", of_rank="grade_rank", threshold="threshold")
    ranked = table.mutate(rank_asked=rank)
    joined = ranked.left_join(named, [ranked.branch_id == named.of_branch, ranked.rank_asked == named.of_rank])
    return joined.select(*table.columns, "threshold")


def near_next(customers: Table, thresholds: Table, book: RuleBook) -> Table:
    """The customers near under the next grade, with its ``threshold``; nobody who has just lost assets."""
    flow = customers[f"flow_{book.near_fall_days}"]
    before = customers.aum - flow
    lost = -flow * 100_000 > before * int(book.near_fall * 100_000)
    customers = customers.filter(~lost)
    ranked = with_threshold(customers, customers.grade_rank + 1, thresholds)
    return ranked.filter((ranked.metric < ranked.threshold) & is_near(ranked.metric, ranked.threshold, book))
