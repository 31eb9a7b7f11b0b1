"""The grade, and who answers for the customer (M9-M12)."""

from __future__ import annotations

import ibis
from ibis.expr.types import Table

from weihu.rules.kinds.common import due, signals_of
from weihu.rules.metric import near_next, with_threshold
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.signals import NewCustomer
from weihu.rules.value import business_date


def grade_up(compared: Table, thresholds: Table, book: RuleBook) -> Table:
    """The grade rose tonight."""
    return _regraded("grade_up", compared.filter(compared.grade_rank > compared.rank_before), thresholds, book)


def grade_down(compared: Table, thresholds: Table, book: RuleBook) -> Table:
    """The grade fell tonight."""
    return _regraded("grade_down", compared.filter(compared.grade_rank < compared.rank_before), thresholds, book)


def _regraded(kind: str, changed: Table, thresholds: Table, book: RuleBook) -> Table:
    customers = due(kind, changed, book)
    customers = with_threshold(customers, customers.grade_rank, thresholds)
    keys = dict(enumerate(book.grades))
    before = ibis.cases(*((customers.rank_before == rank, key) for rank, key in keys.items()))
    after = ibis.cases(*((customers.grade_rank == rank, key) for rank, key in keys.items()))
    return signals_of(
        customers,
        kind,
        subject=customers.today.cast("string"),
        amount=customers.metric,
        base=customers.aum,
        limit=customers.threshold,
        on_date=customers.today,
        detail=before + ">" + after,
    )


def watch_begun(compared: Table, thresholds: Table, book: RuleBook) -> Table:
    """The customer came on watch tonight."""
    customers = due("watch_begun", compared, book)
    customers = customers.filter(customers.watch_since.notnull() & customers.watch_before.isnull())
    customers = with_threshold(customers, customers.grade_rank, thresholds)
    return signals_of(
        customers,
        "watch_begun",
        subject=customers.today.cast("string"),
        amount=customers.review_1,
        base=customers.aum,
        limit=customers.threshold,
        on_date=customers.today,
    )


def near_grade(compared: Table, thresholds: Table, book: RuleBook) -> Table:
    """The metric is within the share of the next grade's threshold."""
    keys = {rank: key for rank, key in enumerate(book.grades) if rank > 0}
    customers = near_next(due("near_grade", compared, book), thresholds, book)
    customers = customers.mutate(
        next_key=ibis.cases(*((customers.grade_rank + 1 == rank, key) for rank, key in keys.items()))
    )
    return signals_of(
        customers,
        "near_grade",
        subject=customers.next_key,
        amount=customers.metric,
        base=customers.threshold - customers.metric,
        limit=customers.threshold,
        detail=customers.next_key,
    )


def handed_over(compared: Table, placed: Table, calendar: Table, book: RuleBook) -> Table:
    """Somebody gave the customer to the one who is primary now, from today or from the next working day on."""
    today = business_date(calendar)
    lately = placed.filter(placed.placed_on.between(today, today + ibis.interval(days=1)))
    customers = due("handed_over", compared, book).join(lately, "customer_id")
    customers = customers.filter(customers.primary_id == customers.staff_id)
    return signals_of(
        customers,
        "handed_over",
        subject=customers.placed_on.cast("string"),
        amount=customers.aum,
        on_date=customers.placed_on,
        detail=customers.origin,
    )


def new_customer(compared: Table, calendar: Table, book: RuleBook) -> Table:
    """Seen for the first time, and opened within the idle days before."""
    days = book.rule(NewCustomer).idle_days
    since = (business_date(calendar) - ibis.interval(days=days)).cast("date")
    customers = due("new_customer", compared, book)
    customers = customers.filter((customers.first_seen_on == customers.today) & (customers.opened_on >= since))
    return signals_of(
        customers,
        "new_customer",
        subject=customers.opened_on.cast("string"),
        amount=customers.aum,
        on_date=customers.opened_on,
    )
