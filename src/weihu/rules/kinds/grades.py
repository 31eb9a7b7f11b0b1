"""The grade, and who answers for the customer (M9-M12)."""

from __future__ import annotations

import ibis
from ibis.expr.types import BooleanValue, Table

from weihu.rules.grade import minimum_of
from weihu.rules.kinds.night import Night, signals_of
from weihu.rules.near import near_of


def grade_up(night: Night) -> Table:
    """The grade rose tonight."""
    return _regraded(night, "grade_up", night.customers.grade_rank > night.customers.rank_before)


def grade_down(night: Night) -> Table:
    """The grade fell tonight."""
    return _regraded(night, "grade_down", night.customers.grade_rank < night.customers.rank_before)


def _regraded(night: Night, kind: str, condition: BooleanValue) -> Table:
    found = night.due(kind, night.customers.filter(condition))
    keys = dict(enumerate(night.book.grades))
    before = ibis.cases(*((found.rank_before == rank, key) for rank, key in keys.items()))
    after = ibis.cases(*((found.grade_rank == rank, key) for rank, key in keys.items()))
    return signals_of(
        found,
        kind,
        subject=night.today.cast("string"),
        amount=found.metric,
        base=found.aum,
        limit=minimum_of(found.grade_rank, found.branch_id, night.book),
        on_date=found.today,
        detail=before + ">" + after,
    )


def watch_begun(night: Night) -> Table:
    """The customer came on watch tonight."""
    found = night.due("watch_begun")
    found = found.filter(found.watch_since.notnull() & found.watch_before.isnull())
    return signals_of(
        found,
        "watch_begun",
        subject=night.today.cast("string"),
        amount=found.review_1,
        base=found.aum,
        limit=minimum_of(found.grade_rank, found.branch_id, night.book),
        on_date=found.today,
    )


def near_grade(night: Night) -> Table:
    """The metric is within the book's ``near_share`` under the next grade's threshold."""
    found = night.due("near_grade")
    keys = {rank: key for rank, key in enumerate(night.book.grades) if rank > 0}
    following = found.grade_rank + 1
    found = found.mutate(
        next_minimum=minimum_of(following, found.branch_id, night.book),
        next_key=ibis.cases(*((following == rank, key) for rank, key in keys.items())),
    )
    near = near_of(following, found.branch_id, night.book)
    found = found.filter((found.metric < found.next_minimum) & (found.metric >= near))
    return signals_of(
        found,
        "near_grade",
        subject=found.next_key,
        amount=found.metric,
        base=found.next_minimum - found.metric,
        limit=found.next_minimum,
        detail=found.next_key,
    )


def handed_over(night: Night) -> Table:
    """Somebody gave the customer to the one who is primary now, from today or from the next working day on."""
    given = night.placed.filter(night.placed.placed_on.between(night.today, night.today + ibis.interval(days=1)))
    found = night.due("handed_over").join(given, "customer_id")
    found = found.filter(found.primary_id == found.staff_id)
    return signals_of(
        found,
        "handed_over",
        subject=found.placed_on.cast("string"),
        amount=found.aum,
        on_date=found.placed_on,
        detail=found.origin,
    )


def new_customer(night: Night) -> Table:
    """Seen for the first time, and opened within the idle days before."""
    rule = night.rule("new_customer")
    found = night.due("new_customer")
    since = (night.today - ibis.interval(days=rule.idle_days or 0)).cast("date")
    found = found.filter((found.first_seen_on == night.today) & (found.opened_on >= since))
    return signals_of(
        found, "new_customer", subject=found.opened_on.cast("string"), amount=found.aum, on_date=found.opened_on
    )
