"""What a customer is worth to the bank: AUM, monthly average, flows, contribution. Tables in, tables out.

AUM counts the balances of the accounts a customer owns. All sums are exact; nothing here is a float.
"""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import ibis
from ibis.expr.types import BooleanValue, DateScalar, DateValue, DecimalValue, IntegerValue, Table

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.entry import Window
from weihu.rules.sections.measures import Measure
from weihu.rules.tables import ACCOUNTS, BALANCE_DAYS, HOLDINGS, MEASURES, MONEY, MOVEMENTS, PROFILES

WINDOW_DAYS = (1, *get_args(Window))
"""The windows over which flows are kept, in days."""

FEE_DAYS = 365
"""Fees count for so long; one of the windows."""

FACTOR = "decimal(18,6)"
"""The book's factors (policy.Factor)."""

WIDE = "decimal(24,6)"
"""An amount that may be multiplied by a factor, however large it is."""

FITS = 10**9
"""A product of this size, yuan, fits into a machine word with all its decimals."""

CONTRIBUTION = "contribution"
"""The measure that every book has: what a customer brings in a year."""

ZERO = ibis.literal(Decimal("0.00"), MONEY)


def business_date(calendar: Table) -> DateScalar:
    """The night's date."""
    return calendar.business_date.as_scalar()


def carry_accounts(accounts_before: Table, accounts_today: Table, balances_today: Table) -> Table:
    """Every account with its end-of-day balance: yesterday's, replaced by what was delivered today (columns: tables.ACCOUNTS)."""
    known = accounts_before.select("account_id", before="balance")
    fresh = accounts_today.left_join(known, "account_id").select(*accounts_today.columns, balance="before")
    carried = accounts_before.anti_join(accounts_today, "account_id").union(fresh.select(*ACCOUNTS))
    today = balances_today.select("account_id", today="balance")
    joined = carried.left_join(today, "account_id").drop("account_id_right")
    return joined.mutate(balance=ibis.coalesce(joined.today, joined.balance, ZERO)).select(*ACCOUNTS)


def profiles_today(customers_today: Table, book: RuleBook) -> Table:
    """Delivered customers with the keys of the core system's fields that are empty (columns: tables.PROFILES)."""
    missing = ibis.literal("")
    for key, field in book.fields.items():
        if field.core:
            missing = missing + ibis.ifelse(customers_today[key].isnull(), f"{key},", "")
    return customers_today.mutate(missing=missing).select(*PROFILES)


def replace_rows(before: Table, today: Table, key: str) -> Table:
    """Yesterday's rows, replaced by key with what was delivered today."""
    return before.anti_join(today, key).union(today.select(*before.columns))


def holdings_open(holdings: Table, products: Table, calendar: Table) -> Table:
    """Liabilities and services that run on the date, with their category."""
    today = business_date(calendar)
    running = holdings.filter(holdings.closed_on.isnull() | (holdings.closed_on > today))
    return running.join(products.select("product_id", "category"), "product_id").select(*HOLDINGS, "category")


def customer_values(
    profiles: Table,
    accounts: Table,
    holdings_open: Table,
    transactions: Table,
    standings_before: Table,
    movements_before: Table,
    windows: Table,
    contributions: Table,
    balances_today: Table,
    calendar: Table,
    book: RuleBook,
) -> Table:
    """One row per customer (columns: tables.VALUES)."""
    first = calendar.is_first.as_scalar()
    before = standings_before.select(
        "customer_id",
        before="aum",
        home="branch_id",
        seen="first_seen_on",
        days_before="balance_days",
        last_moved="moved_on",
        fees_before="fees_365",
        **{f"before_{days}": f"flow_{days}" for days in WINDOW_DAYS},
    )
    joined = profiles.select("customer_id", "opened_on", registered="branch_id").left_join(before, "customer_id")
    joined = joined.drop("customer_id_right")
    for part in (
        _by_branch(accounts, before),
        _liabilities(holdings_open),
        _products(accounts, holdings_open),
        _moved(transactions, accounts),
        _fees(transactions, accounts),
        _leaving(movements_before, windows),
        contributions,
        uneven_days(balances_today, accounts, calendar),
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
    fees = (
        ibis.coalesce(joined.fees_before, ZERO)
        + ibis.coalesce(joined.fees, ZERO)
        - ibis.coalesce(joined.leaving_fees, ZERO)
    )
    fees_365 = fees.cast(MONEY)
    # what was before the first night is not known: idle days count from there
    moved_on = ibis.coalesce(joined.moved, joined.last_moved, business_date(calendar))
    starts = calendar.is_month_start.as_scalar()
    carried = ibis.ifelse(starts, ZERO.cast(BALANCE_DAYS), ibis.coalesce(joined.days_before, ZERO.cast(BALANCE_DAYS)))
    since = aum * calendar.days.as_scalar() + ibis.coalesce(joined.uneven, ZERO.cast(BALANCE_DAYS))
    balance_days = (carried + since).cast(BALANCE_DAYS)
    return joined.select(
        "customer_id",
        branch_id=ibis.coalesce(joined.branch, joined.home, joined.registered),
        opened_on=joined.opened_on,
        first_seen_on=ibis.coalesce(joined.seen, business_date(calendar)),
        aum=aum,
        liabilities=ibis.coalesce(joined.owed, ZERO).cast(MONEY),
        balance_days=balance_days,
        monthly_average=average(balance_days, calendar.month_days.as_scalar()),
        account_count=ibis.coalesce(joined.account_count, 0),
        product_count=ibis.coalesce(joined.product_count, 0),
        **flows,
        fees_365=fees_365,
        contribution=(
            ibis.coalesce(joined.margin, ZERO) + times(fees_365, factor(book.measures[CONTRIBUTION].fees))
        ).cast(MONEY),
        moved_on=moved_on,
        effective=_effective(aum, ibis.coalesce(joined.owed, ZERO), moved_on, calendar, book),
    )


def _effective(
    aum: DecimalValue, owed: DecimalValue, moved_on: DateValue, calendar: Table, book: RuleBook
) -> BooleanValue:
    """Whether anything is held or moving (有效户)."""
    rule = book.effective
    idle_since = (business_date(calendar) - ibis.interval(days=rule.idle_days)).cast("date")
    return ~((aum < ibis.literal(rule.below, MONEY)) & (owed == ZERO) & (moved_on <= idle_since))


def held(accounts: Table, holdings_open: Table, products: Table) -> Table:
    """Everything that customers hold: customer_id, product_id, category, amount (a loan's is what is owed)."""
    running = accounts.filter(accounts.closed_on.isnull())
    running = running.join(products.select("product_id", "category"), "product_id")
    columns = ("customer_id", "product_id", "category")
    return running.select(*columns, amount="balance").union(holdings_open.select(*columns, "amount"))


def contributions(everything: Table, book: RuleBook) -> Table:
    """The margin, yuan a year, of what each customer holds: customer_id, margin."""
    per_customer = everything.group_by("customer_id")
    return per_customer.agg(margin=_measured(everything, book.measures[CONTRIBUTION]))


def measure(
    everything: Table, customer_values: Table, measures_before: Table, calendar: Table, book: RuleBook
) -> Table:
    """The measures that the policy grades by and that are not assets as such (columns: tables.MEASURES)."""
    named = [key for key in book.policy.measures if key in book.measures]
    if not named:
        return measures_before.filter(False).select(*MEASURES)
    fees = customer_values.select("customer_id", "fees_365")
    by_measure = {key: measured(everything, fees, book.measures[key]) for key in named}
    rows = ibis.union(
        *(
            amounts.select("customer_id", measure=ibis.literal(key), amount="measured")
            for key, amounts in by_measure.items()
        )
    )
    before = measures_before.select("customer_id", "measure", before="amount_days")
    joined = rows.left_join(before, ["customer_id", "measure"])
    starts = calendar.is_month_start.as_scalar()
    none = ZERO.cast(BALANCE_DAYS)
    carried = ibis.ifelse(starts, none, ibis.coalesce(joined.before, none))
    since = joined.amount * calendar.days.as_scalar()
    return joined.select("customer_id", "measure", "amount", amount_days=(carried + since).cast(BALANCE_DAYS))


def measured(everything: Table, fees: Table, rule: Measure) -> Table:
    """A measure as it stands: customer_id, measured. ``fees``: customer_id, fees_365."""
    sums = everything.group_by("customer_id").agg(part=_measured(everything, rule))
    joined = fees.left_join(sums, "customer_id").drop("customer_id_right")
    amount = ibis.coalesce(joined.part, ZERO) + times(joined.fees_365, factor(rule.fees))
    return joined.select("customer_id", measured=amount.cast(MONEY))


def _measured(everything: Table, rule: Measure) -> DecimalValue:
    """A measure's sum or largest part over a customer's rows, without fees."""
    part = times(everything.amount, _looked_up(everything, rule.per_yuan)) + _looked_up(
        everything, rule.per_holding
    ).cast(MONEY)
    return (part.sum() if rule.take == "sum" else part.max()).cast(MONEY)


def _looked_up(everything: Table, factors: dict[str, Decimal]) -> DecimalValue:
    """The factor of a row's product, else of its category, else 0."""
    products = [(everything.product_id == key, factor(value)) for key, value in factors.items()]
    categories = [(everything.category == key, factor(value)) for key, value in factors.items()]
    return ibis.cases(*products, *categories, else_=factor(Decimal(0))) if factors else factor(Decimal(0))


def factor(value: Decimal) -> DecimalValue:
    """An exact factor for ``times``."""
    return ibis.literal(value, FACTOR)


def times(amount: DecimalValue, by: DecimalValue) -> DecimalValue:
    """An amount times a factor, rounded to the cent.

    DuckDB multiplies decimals of at most 18 digits in machine words, and refuses a product that does not fit; longer
    ones cost a hundred times as much. So only a product that might not fit is worked out in more digits.
    """
    # a difference of amounts has a digit more for DuckDB than for Ibis, which would leave out a single cast
    short = (amount.cast("decimal(19,2)").cast(MONEY) * by).cast(MONEY)
    fits = (amount.cast("float64") * by.cast("float64")).abs() < FITS
    return ibis.ifelse(fits, short, (amount.cast(WIDE) * by).cast(MONEY))


def uneven_days(balances_today: Table, accounts: Table, calendar: Table) -> Table:
    """By how much the balance-days of the delivery's days differ from tonight's assets times the days: customer_id,
    uneven. Nothing is known of accounts whose balance-days were not delivered."""
    told = balances_today.filter(balances_today.balance_days.notnull()).join(
        accounts.select("account_id", "customer_id", "closed_on", held="balance"), "account_id"
    )
    counted = ibis.ifelse(told.closed_on.isnull(), told.held, ZERO) * calendar.days.as_scalar()
    told = told.mutate(more=(told.balance_days - counted).cast(BALANCE_DAYS))
    return told.group_by("customer_id").agg(uneven=told.more.sum().cast(BALANCE_DAYS))


def transactions_today(delivered: Table, calendar: Table) -> Table:
    """The delivered transactions of the business date."""
    return delivered.filter(delivered.booked_on == business_date(calendar))


def movements_known(movements: Table, delivered: Table, accounts: Table, days_between: Table) -> Table:
    """``movements`` of earlier nights, and those that the delivery's transactions tell of the days in between (columns:
    tables.MOVEMENTS). What no transaction tells, like a fund's new price, moves on the business date."""
    between = delivered.semi_join(days_between, delivered.booked_on == days_between.on)
    owned = between.join(accounts.select("account_id", "customer_id"), "account_id")
    days = owned.group_by(business_date="booked_on", customer_id="customer_id").agg(
        change=owned.amount.sum().cast(MONEY),
        fees=ibis.coalesce(-owned.amount.sum(where=owned.kind == "fee"), ZERO).cast(MONEY),
    )
    return movements.union(days.select(*MOVEMENTS))


def movements_today(
    customer_values: Table,
    transactions: Table,
    accounts: Table,
    known: Table,
    days_between: Table,
    calendar: Table,
) -> Table:
    """Customers whose AUM changed on the date, or on a day since the last night, or who paid fees (columns:
    tables.MOVEMENTS). ``known``: what ``movements_known`` tells of the days between."""
    paid = customer_values.left_join(_fees(transactions, accounts), "customer_id")
    moved = paid.mutate(fees=ibis.coalesce(paid.fees, ZERO).cast(MONEY))
    moved = moved.filter((moved.flow_1 != ZERO) | (moved.fees != ZERO))
    tonight = moved.select("customer_id", "fees", business_date=business_date(calendar), change=moved.flow_1)
    between = known.semi_join(days_between, known.business_date == days_between.on)
    return tonight.select(*MOVEMENTS).union(between)


def full_years(born: DateValue, on: DateValue) -> IntegerValue:
    """An age on a date; who was born on 29 February is a year older on 1 March of other years (as match.Situation.age)."""
    had = (on.month() * 100 + on.day()) >= (born.month() * 100 + born.day())
    return on.year() - born.year() - ibis.ifelse(had, 0, 1)


def average(balance_days: DecimalValue, days: IntegerValue) -> DecimalValue:
    """Balance-days by days, rounded half away from zero to the cent, in whole numbers throughout.

    The division is of a multiple by its divisor, so it is exact on every engine as long as cents x days stay
    below 2**53 (an average of three thousand billion yuan).
    """
    # below that bound it fits into MONEY, which is worked out in machine words
    cents = (balance_days.cast(MONEY) * 100).cast("int64")
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


def _fees(transactions: Table, accounts: Table) -> Table:
    """The fees that customers paid today."""
    fees = transactions.filter(transactions.kind == "fee").join(
        accounts.select("account_id", "customer_id"), "account_id"
    )
    return fees.group_by("customer_id").agg(fees=(-fees.amount.sum()).cast(MONEY))


def _leaving(movements: Table, windows: Table) -> Table:
    """The changes that leave each window tonight."""
    leaves = (movements.business_date > windows.after) & (movements.business_date <= windows.on)
    aged = movements.join(windows, leaves)
    return aged.group_by("customer_id").agg(
        **{
            f"leaving_{days}": ibis.ifelse(aged.days == days, aged.change, ZERO).sum().cast(MONEY)
            for days in WINDOW_DAYS
        },
        leaving_fees=ibis.ifelse(aged.days == FEE_DAYS, aged.fees, ZERO).sum().cast(MONEY),
    )
