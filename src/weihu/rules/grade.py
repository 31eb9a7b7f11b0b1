"""How a customer is graded (客户分级): the policy of the rule book over values and last night's grades.

A grade is written as its rank in the book, 0 the lowest. Everything that a later night needs is in the row: how
many months in a row the metric was below the grade, since when the customer is on watch, and the metric as it was
reviewed at the end of each of the last six months.
"""

from __future__ import annotations

from typing import Any

import ibis
from ibis.expr.types import BooleanValue, DecimalValue, IntegerValue, Table

from weihu.rules.rulebook import RuleBook
from weihu.rules.tables import GRADES, MONEY
from weihu.rules.value import average, business_date

REVIEWS = tuple(f"review_{month}" for month in range(1, 7))


def grade_customers(values: Table, previous: Table, calendar: Table, book: RuleBook) -> Table:
    """Values with metric and grade (columns: tables.VALUES, metric, tables.GRADES)."""
    before = previous.select("customer_id", *(GRADES.names), aum_before="aum", days_before="balance_days")
    joined = values.left_join(before, "customer_id").drop("customer_id_right")
    joined = joined.mutate(metric=joined[book.policy.metric].cast(MONEY), reviewed=_reviewed(joined, calendar, book))
    is_new = joined.grade_rank.isnull()
    reviewing = calendar.is_month_start.as_scalar() & ~is_new
    below = _months_below(joined, reviewing, book)
    reviews = _shifted_reviews(joined, reviewing)
    joined = joined.mutate(below=below, **{f"new_{name}": value for name, value in reviews.items()})
    rank = ibis.cases(
        (is_new, level(joined.aum, book)),
        (_rises(joined, reviewing, calendar, book), level(_upgrade_metric(joined, book), book)),
        (_falls(joined, reviewing, book), level(_fallen_metric(joined, book), book)),
        else_=joined.grade_rank,
    ).cast("int64")
    joined = joined.mutate(rank=rank)
    unchanged = ibis.coalesce(joined["rank"] == joined.grade_rank, False)
    months_below = ibis.ifelse(unchanged, joined.below, 0).cast("int64")
    watched = unchanged & _on_watch(joined, book)
    today = business_date(calendar)
    return joined.select(
        *values.columns,
        "metric",
        grade_rank=joined["rank"],
        grade_since=ibis.ifelse(unchanged, joined.grade_since, today),
        months_below=months_below,
        watch_since=ibis.ifelse(watched, ibis.coalesce(joined.watch_since, today), ibis.null("date")),
        **{name: joined[f"new_{name}"] for name in REVIEWS},
    )


def level(metric: DecimalValue, book: RuleBook) -> IntegerValue:
    """The rank whose threshold a metric reaches; lower bounds are inclusive."""
    steps = [
        (metric >= ibis.literal(grade.minimum, MONEY), ibis.literal(rank, "int64"))
        for rank, grade in reversed(list(enumerate(book.grades.values())))
        if grade.minimum is not None
    ]
    return ibis.cases(*steps, else_=ibis.literal(0, "int64"))


def minimum_of(rank: IntegerValue, book: RuleBook) -> DecimalValue:
    """The threshold of a rank; NULL for the lowest."""
    steps = [
        (rank == place, ibis.literal(grade.minimum, MONEY))
        for place, grade in enumerate(book.grades.values())
        if grade.minimum is not None
    ]
    return ibis.cases(*steps, else_=ibis.null(MONEY))


def _reviewed(joined: Table, calendar: Table, book: RuleBook) -> DecimalValue:
    """The metric of the month that has just ended, as it stood on its last night."""
    if book.policy.metric == "aum":
        return joined.aum_before
    return average(joined.days_before, calendar.last_month_days.as_scalar())


def _months_below(joined: Table, reviewing: BooleanValue, book: RuleBook) -> IntegerValue:
    short = level(joined.reviewed, book) < joined.grade_rank
    counted = ibis.ifelse(short, joined.months_below + 1, 0)
    return ibis.ifelse(reviewing, counted, ibis.coalesce(joined.months_below, 0))


def _shifted_reviews(joined: Table, reviewing: BooleanValue) -> dict[str, Any]:
    older = dict(zip(REVIEWS, ("reviewed", *REVIEWS), strict=False))
    return {name: ibis.ifelse(reviewing, joined[source], joined[name]) for name, source in older.items()}


def _upgrade_metric(joined: Table, book: RuleBook) -> DecimalValue:
    return joined.reviewed if book.policy.upgrade == "next_month" else joined.metric


def _rises(joined: Table, reviewing: BooleanValue, calendar: Table, book: RuleBook) -> BooleanValue:
    higher = level(_upgrade_metric(joined, book), book) > joined.grade_rank
    when = {
        "nightly": ibis.literal(True),
        "month_end": calendar.is_month_end.as_scalar(),
        "next_month": reviewing,
    }[book.policy.upgrade]
    return higher & when


def _falls(joined: Table, reviewing: BooleanValue, book: RuleBook) -> BooleanValue:
    if not _any_protection(book):
        return level(joined.metric, book) < joined.grade_rank
    after = _months_of("downgrade_after_months", joined, book)
    return reviewing & (joined.below >= after)


def _fallen_metric(joined: Table, book: RuleBook) -> DecimalValue:
    if not _any_protection(book):
        return joined.metric
    months = REVIEWS[: book.policy.falls_to_best_of_months]
    best = joined[f"new_{months[0]}"]
    for name in months[1:]:
        best = ibis.greatest(best, ibis.coalesce(joined[f"new_{name}"], best))
    return best


def _on_watch(joined: Table, book: RuleBook) -> BooleanValue:
    after = _months_of("watch_after_months", joined, book)
    return (after > 0) & (joined.below >= after)


def _any_protection(book: RuleBook) -> bool:
    return book.policy.downgrade_after_months > 0


def _months_of(setting: str, joined: Table, book: RuleBook) -> IntegerValue:
    """The policy's month count, or the grade's own."""
    general = getattr(book.policy, setting)
    own = [
        (joined.grade_rank == rank, ibis.literal(getattr(grade, setting), "int64"))
        for rank, grade in enumerate(book.grades.values())
        if getattr(grade, setting) is not None
    ]
    return ibis.cases(*own, else_=ibis.literal(general, "int64")) if own else ibis.literal(general, "int64")
