"""What the kinds of signal have in common: for whom they are raised, and the shape of their rows."""

from __future__ import annotations

from typing import Any

import ibis
from ibis.expr.types import StringValue, Table

from weihu.rules.rulebook import RuleBook
from weihu.rules.tables import MONEY, SEEN


def due(kind: str, compared: Table, book: RuleBook) -> Table:
    """Customers of the grades for which a kind is raised; who fell tonight counts by the grade before."""
    best = ibis.greatest(compared.grade_rank, ibis.coalesce(compared.rank_before, compared.grade_rank))
    rule = book.signals[kind]
    customers = compared.filter(best >= book.rank(rule.from_grade))
    return customers.filter(customers.grade_rank <= book.rank(rule.to_grade)) if rule.to_grade else customers


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
    return rows.select("customer_id", kind=ibis.literal(kind) if isinstance(kind, str) else kind, **casts)
