"""What the kinds of signal have in common: for whom they are raised, and the shape of their rows."""

from __future__ import annotations

from typing import Any

import ibis
from ibis.expr.types import BooleanValue, DateColumn, DateValue, StringValue, Table

from weihu.rules.rulebook import RuleBook
from weihu.rules.tables import MONEY, SEEN
from weihu.rules.value import business_date


def due(kind: str, compared: Table, book: RuleBook) -> Table:
    """Customers of the grades for which a kind is raised; who fell tonight counts by the grade before."""
    best = ibis.greatest(compared.grade_rank, ibis.coalesce(compared.rank_before, compared.grade_rank))
    rule = book.signals[kind]
    customers = compared.filter(best >= book.rank(rule.from_grade))
    return customers.filter(customers.grade_rank <= book.rank(rule.to_grade)) if rule.to_grade else customers


def ahead(customers: Table, days: int) -> DateValue:
    """The last of so many days from a customer's next list on; the closed days before the list after it come besides.

    From the night before an ordinary day, day 1 is tomorrow.
    """
    return (customers.through + ibis.interval(days=days - 1)).cast("date")


def within(ending: DateColumn, calendar: Table, days: int) -> BooleanValue:
    """Whether a day is near enough for anybody's next list, from today on: to be looked at with ``ahead``."""
    last = calendar.latest.as_scalar() + ibis.interval(days=days - 1)
    return ending.between(business_date(calendar), last)


def signals_of(rows: Table, kind: str | StringValue, **evidence: Any) -> Table:
    """A kind's rows with the common columns (tables.SEEN)."""
    absent = {
        "subject": ibis.literal(""),
        "amount": ibis.null(MONEY),
        "base": ibis.null(MONEY),
        "limit": ibis.null(MONEY),
        "on_date": ibis.null("date"),
        "detail": ibis.literal(""),
    }
    values = {**absent, **evidence}
    casts = {name: values[name].cast(SEEN[name]) for name in absent}
    named = ibis.literal(kind) if isinstance(kind, str) else kind
    return rows.select("customer_id", kind=named, **casts, works_on=rows.works_on)
