"""What a customer is worth to the bank: AUM, monthly average, flows. Tables in, tables out.

AUM counts the balances of the accounts a customer owns. All sums are exact; nothing here is a float.
"""

from __future__ import annotations

from decimal import Decimal

import ibis
from ibis.expr.types import DateScalar, DecimalValue, IntegerValue, Table

from weihu.rules.tables import ACCOUNTS, BALANCE_DAYS, HOLDINGS, MONEY

WINDOW_DAYS = (1, 7, 30, 90)
"""The windows over which flows are kept, in days."""

ZERO = ibis.literal(Decimal("0.00"), MONEY)


def business_date(calendar: Table) -> DateScalar:
    """The night's date."""
    return calendar.business_date.as_scalar()


def carry_accounts(previous: Table, delivered: Table, balances: Table) -> Table:
    """Every account with its end-of-day balance: yesterday's, replaced by what was delivered today."""
    known = previous.select("account_id", before="balance")
    fresh = delivered.left_join(known, "account_id").select(*delivered.columns, balance="before")
    carried = previous.anti_join(delivered, "account_id").union(fresh.select(*ACCOUNTS))
    today = balances.select("account_id", today="balance")
    joined = carried.left_join(today, "account_id").drop("account_id_right")
    return joined.mutate(balance=ibis.coalesce(joined.today, joined.balance, ZERO)).select(*ACCOUNTS)


def replace_rows(key: str, previous: Table, delivered: Table) -> Table:
    """Yesterday's rows, replaced by key with what was delivered today."""
    return previous.anti_join(delivered, key).union(delivered.select(*previous.columns))


def holdings_open(holdings: Table, products: Table, calendar: Table) -> Table:
    """Liabilities and services that run on the date, with their category."""
    today = business_date(calendar)
    running = holdings.filter(holdings.closed_on.isnull() | (holdings.closed_on > today))
    return running.join(products.select("product_id", "category"), "product_id").select(*HOLDINGS, "category")


def customer_values(
    profiles: Table,
    accounts: Table,
    holdings: Table,
    transactions: Table,
    previous: Table,
    movements: Table,
    windows: Table,
    calendar: Table,
) -> Table:
    """One row per customer (columns: tables.VALUES)."""
    first = calendar.is_first.as_scalar()
    before = previous.select(
        "customer_id",
        before="aum",
        home="branch_id",
        seen="first_seen_on",
        days_before="balance_days",
        last_moved="moved_on",
        **{f"before_{days}": f"flow_{days}" for days in WINDOW_DAYS},
    )
    joined = profiles.select("customer_id", "opened_on", registered="branch_id").left_join(before, "customer_id")
    joined = joined.drop("customer_id_right")
    for part in (
        _by_branch(accounts, before),
        _liabilities(holdings),
        _products(accounts, holdings),
        _moved(transactions, accounts),
        _leaving(movements, windows),
    ):
        joined = joined.left_join(part, "customer_id").drop("customer_id_right")
    aum = ibis.coalesce(joined.total, ZERO).cast(MONEY)
    change = ibis.ifelse(first, ZERO, aum - ibis.coalesce(joined.before, ZERO)).cast(MONEY)
    flows = {
        f"flow_{days}": (
            ibis.coalesce(joined[f"before_{days}"], ZERO) + change - ibis.coalesce(joined[f"leaving_{days}"], ZERO)
        ).cast(MONEY)
        for days in WINDOW_DAYS
    }
    starts = calendar.is_month_start.as_scalar()
    carried = ibis.ifelse(starts, ZERO.cast(BALANCE_DAYS), ibis.coalesce(joined.days_before, ZERO.cast(BALANCE_DAYS)))
    balance_days = (carried + aum).cast(BALANCE_DAYS)
    return joined.select(
        "customer_id",
        "opened_on",
        branch_id=ibis.coalesce(joined.branch, joined.home, joined.registered),
        first_seen_on=ibis.coalesce(joined.seen, business_date(calendar)),
        aum=aum,
        liabilities=ibis.coalesce(joined.owed, ZERO).cast(MONEY),
        balance_days=balance_days,
        monthly_average=average(balance_days, calendar.month_days.as_scalar()),
        account_count=ibis.coalesce(joined.account_count, 0),
        product_count=ibis.coalesce(joined.product_count, 0),
        # what was before the first night is not known: idle days count from there
        moved_on=ibis.coalesce(joined.moved, joined.last_moved, business_date(calendar)),
        **flows,
    )


def movements_today(values: Table, calendar: Table) -> Table:
    """Customers whose AUM changed on the date (columns: tables.MOVEMENTS)."""
    moved = values.filter(values.flow_1 != ZERO)
    return moved.select(business_date=business_date(calendar), customer_id=moved.customer_id, change=moved.flow_1)


def average(balance_days: DecimalValue, days: IntegerValue) -> DecimalValue:
    """Balance-days by days, rounded half away from zero to the cent, in whole numbers throughout.

    The division is of a multiple by its divisor, so it is exact on every engine as long as cents x days stay
    below 2**53 (an average of three thousand billion yuan).
    """
    cents = (balance_days * 100).cast("int64")
    doubled = cents * 2 + ibis.ifelse(cents < 0, -days, days)
    whole = ((doubled - doubled % (days * 2)) / (days * 2)).cast("int64")
    return (whole.cast(MONEY) * ibis.literal(Decimal("0.01"), MONEY)).cast(MONEY)


def _by_branch(accounts: Table, before: Table) -> Table:
    """Assets per customer, and the branch where they concentrate (a tie stays where the customer was)."""
    running = accounts.filter(accounts.closed_on.isnull())
    parts = running.group_by("customer_id", "branch_id").agg(
        part=running.balance.sum().cast(MONEY), accounts=running.count()
    )
    sums = parts.group_by("customer_id").agg(
        total=parts.part.sum().cast(MONEY), account_count=parts.accounts.sum(), largest=parts.part.max()
    )
    first = parts.join(sums, "customer_id").filter(lambda joined: joined.part == joined.largest)
    first = first.left_join(before.select("customer_id", "home"), "customer_id").drop("customer_id_right")
    at_home = first.branch_id.min(where=first.branch_id == first.home)
    return first.group_by("customer_id", "total", "account_count").agg(
        branch=ibis.coalesce(at_home, first.branch_id.min())
    )


def _liabilities(holdings: Table) -> Table:
    owed = holdings.filter(holdings.category == "loan")
    return owed.group_by("customer_id").agg(owed=owed.amount.sum().cast(MONEY))


def _products(accounts: Table, holdings: Table) -> Table:
    running = accounts.filter(accounts.closed_on.isnull())
    held = running.select("customer_id", "product_id").union(
        holdings.select("customer_id", "product_id"), distinct=True
    )
    return held.group_by("customer_id").agg(product_count=held.count())


def _moved(transactions: Table, accounts: Table) -> Table:
    """Who did something today; interest and fees are the bank's own doing."""
    own = transactions.filter(transactions.kind.notin(["interest", "fee"]))
    owned = own.join(accounts.select("account_id", "customer_id"), "account_id")
    return owned.group_by("customer_id").agg(moved=owned.booked_on.max())


def _leaving(movements: Table, windows: Table) -> Table:
    """The changes that leave each window tonight."""
    aged = movements.join(windows, movements.business_date == windows.on)
    return aged.group_by("customer_id").agg(
        **{
            f"leaving_{days}": ibis.ifelse(aged.days == days, aged.change, ZERO).sum().cast(MONEY)
            for days in WINDOW_DAYS
        }
    )
