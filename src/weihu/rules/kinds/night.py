"""What the kinds of signal look at, and the shape in which they answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
from ibis.expr.types import DateScalar, StringValue, Table

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.signals import Signal
from weihu.rules.tables import MONEY, SIGNALS
from weihu.rules.value import business_date


@dataclass(frozen=True)
class Night:
    """What the kinds look at. ``customers`` are standings with rank_before, watch_before and moved_before of
    the night before, and the date as ``today``; ``accounts_before`` are yesterday's, ``habits_before`` know nothing
    of today."""

    customers: Table
    accounts: Table
    transactions: Table
    profiles: Table
    facts: Table
    occasions: Table
    accounts_before: Table
    holdings: Table
    products: Table
    moves: Table
    habits: Table
    habits_before: Table
    festivals: Table
    noted: Table
    placed: Table
    benefits: Table
    benefits_used: Table
    calendar: Table
    book: RuleBook

    @property
    def today(self) -> DateScalar:
        """The business date."""
        return business_date(self.calendar)

    def rule(self, kind: str) -> Signal:
        """The book's entry for a kind."""
        return self.book.signals[kind]

    def due(self, kind: str, customers: Table | None = None) -> Table:
        """Customers of the grades for which a kind is raised; who fell tonight counts by the grade before."""
        table = self.customers if customers is None else customers
        best = ibis.greatest(table.grade_rank, ibis.coalesce(table.rank_before, table.grade_rank))
        rule = self.rule(kind)
        found = table.filter(best >= self.book.rank(rule.from_grade))
        return found.filter(found.grade_rank <= self.book.rank(rule.to_grade)) if rule.to_grade else found

    def money_today(self) -> Table:
        """Today's transactions with their customer and the account's branch."""
        accounts = self.accounts.select("account_id", "customer_id", account_branch="branch_id")
        return self.transactions.join(accounts, "account_id")


def signals_of(table: Table, kind: str | StringValue, **evidence: Any) -> Table:
    """The common columns of a kind's rows."""
    absent = {
        "subject": ibis.literal(""),
        "amount": ibis.null(MONEY),
        "base": ibis.null(MONEY),
        "limit": ibis.null(MONEY),
        "on_date": ibis.null("date"),
        "detail": ibis.literal(""),
    }
    given = {**absent, **evidence}
    casts = {name: given[name].cast(SIGNALS[name]) for name in absent}
    return table.select("customer_id", kind=ibis.literal(kind) if isinstance(kind, str) else kind, **casts)
