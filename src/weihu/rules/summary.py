"""What the run's report says of a night: counts, totals, checks. Tables in, tables out."""

from __future__ import annotations

import ibis
from ibis.expr.types import BooleanValue, IntegerScalar, Table

from weihu.rules.tables import ACCOUNT_TOTALS, BALANCE_DAYS, SIGNAL_COUNTS, SUMMARY
from weihu.rules.value import ZERO, business_date


def summary(standings: Table) -> Table:
    """Customers by branch, grade and whether they are effective (columns: tables.SUMMARY)."""
    groups = standings.group_by("branch_id", "grade_rank", "effective")
    return groups.agg(
        customers=standings.count().cast("int64"),
        aum=standings.aum.sum().cast(BALANCE_DAYS),
        facts_expected=standings.facts_expected.sum().cast("int64"),
        facts_known=standings.facts_known.sum().cast("int64"),
        on_watch=_count(standings.watch_since.notnull()),
        unassigned=_count(standings.primary_id.isnull()),
    ).select(*SUMMARY)


def account_totals(accounts_carried: Table) -> Table:
    """Open accounts and their balances (columns: tables.ACCOUNT_TOTALS)."""
    running = accounts_carried.filter(accounts_carried.closed_on.isnull())
    return running.agg(
        accounts=running.count().cast("int64"), aum=ibis.coalesce(running.balance.sum(), ZERO).cast(BALANCE_DAYS)
    ).select(*ACCOUNT_TOTALS)


def signal_counts(signals: Table, calendar: Table) -> Table:
    """Signals that hold tonight by kind (columns: tables.SIGNAL_COUNTS)."""
    tonight = signals.filter(signals.seen_on == business_date(calendar))
    return tonight.group_by("kind").agg(customers=tonight.count().cast("int64")).select(*SIGNAL_COUNTS)


def _count(condition: BooleanValue) -> IntegerScalar:
    return condition.cast("int64").sum().cast("int64")
