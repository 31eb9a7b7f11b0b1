"""Money that moves, stops moving, or lies still (M14)."""

from __future__ import annotations

import ibis
from ibis.expr.types import DateScalar, DecimalValue, StringValue, Table

from weihu.rules.habit import lent, unusual
from weihu.rules.kinds.common import due, signals_of
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.signals import (
    Dormant,
    IdleCash,
    InterBranch,
    LargeInflow,
    LargeOutflow,
    OfAmount,
    SalaryStopped,
    Since,
    ToOtherBank,
    UnusualInflow,
    UnusualOutflow,
    Waking,
)
from weihu.rules.tables import MONEY
from weihu.rules.value import ZERO, business_date


def large_inflow(compared: Table, transactions: Table, accounts: Table, book: RuleBook) -> Table:
    """AUM grew by at least the amount in one day, loans apart: borrowed money is not to be invested."""
    return _large(LargeInflow, 1, compared, lent(transactions, accounts), book)


def large_outflow(compared: Table, transactions: Table, accounts: Table, book: RuleBook) -> Table:
    """AUM fell by at least the amount in one day, loans apart: what is paid back early has not left for another bank."""
    return _large(LargeOutflow, -1, compared, lent(transactions, accounts), book)


def _large(kind: type[OfAmount], sign: int, compared: Table, loans: Table, book: RuleBook) -> Table:
    rule = book.rule(kind)
    customers = due(rule.kind, compared, book).left_join(loans, "customer_id").drop("customer_id_right")
    moved = (customers.flow_1 - ibis.coalesce(customers.lent, ZERO)) * sign
    customers = customers.mutate(moved=moved.cast(MONEY))
    customers = customers.filter(customers.moved >= ibis.literal(rule.amount, MONEY))
    return signals_of(
        customers,
        rule.kind,
        subject=customers.today.cast("string"),
        amount=customers.moved,
        base=customers.aum,
        on_date=customers.today,
    )


def inter_branch(compared: Table, transactions: Table, accounts: Table, book: RuleBook) -> Table:
    """Money moved at a branch that is not the account's (通存通兑清单), in all at least the amount."""
    away = at_other_branches(transactions, accounts)
    return _moved(InterBranch, compared, away, away.branch_id, book)


def to_other_bank(compared: Table, transactions: Table, accounts: Table, book: RuleBook) -> Table:
    """Money sent to other banks, in all at least the amount."""
    between = between_banks(transactions, accounts)
    sent = between.filter(between.amount < ZERO)
    return _moved(ToOtherBank, compared, sent, sent.counterparty_bank, book)


def at_other_branches(transactions: Table, accounts: Table) -> Table:
    """Today's transactions at a branch that is not the account's, with their customer."""
    money = _with_owner(transactions, accounts)
    return money.filter(money.branch_id.notnull() & (money.branch_id != money.account_branch))


def between_banks(transactions: Table, accounts: Table) -> Table:
    """Today's transactions by which customers moved money from bank to bank, unlike salaries and payments."""
    money = _with_owner(transactions, accounts)
    return money.filter(money.counterparty_bank.notnull() & money.kind.isin(["transfer", "other"]))


def _with_owner(transactions: Table, accounts: Table) -> Table:
    """Today's transactions with their customer and the account's branch."""
    owners = accounts.select("account_id", "customer_id", account_branch="branch_id")
    return transactions.join(owners, "account_id")


def _moved(kind: type[OfAmount], compared: Table, money: Table, where: StringValue, book: RuleBook) -> Table:
    """Customers with at least the amount among ``money``; the place named is that of the largest movement."""
    rule = book.rule(kind)
    sums = money.mutate(where=where, size=money.amount.abs())
    largest = ibis.row_number().over(group_by="customer_id", order_by=[sums["size"].desc(), sums.transaction_id.asc()])
    sums = sums.mutate(place=largest)
    sums = sums.group_by("customer_id").agg(
        moved=sums["size"].sum().cast(MONEY),
        detail=ibis.ifelse(sums.place == 0, sums["where"], ibis.null("string")).max(),
    )
    sums = sums.filter(sums.moved >= ibis.literal(rule.amount, MONEY))
    customers = due(rule.kind, compared, book).join(sums, "customer_id")
    return signals_of(
        customers,
        rule.kind,
        subject=customers.today.cast("string"),
        amount=customers.moved,
        base=customers.aum,
        on_date=customers.today,
        detail=customers.detail,
    )


def dormant(compared: Table, calendar: Table, book: RuleBook) -> Table:
    """Assets, but no movement of the customer's own for the idle days."""
    limit = _idle_since(Dormant, calendar, book)
    customers = due("dormant", compared, book)
    customers = customers.filter((customers.moved_on <= limit) & (customers.aum > ZERO))
    return signals_of(customers, "dormant", amount=customers.aum, on_date=customers.moved_on)


def unusual_inflow(compared: Table, moves: Table, habits_before: Table, book: RuleBook) -> Table:
    """More came in a day than the customer's own habit explains."""
    return _unusual(UnusualInflow, compared, moves, habits_before, book)


def unusual_outflow(compared: Table, moves: Table, habits_before: Table, book: RuleBook) -> Table:
    """More went in a day than the customer's own habit explains."""
    return _unusual(UnusualOutflow, compared, moves, habits_before, book)


def _unusual(
    kind: type[UnusualInflow | UnusualOutflow], compared: Table, moves: Table, habits_before: Table, book: RuleBook
) -> Table:
    name = book.rule(kind).kind
    customers = due(name, compared, book).join(unusual(moves, habits_before, kind, book), "customer_id")
    return signals_of(
        customers,
        name,
        subject=customers.today.cast("string"),
        amount=customers["size"],
        base=customers.aum,
        limit=customers.usual,
        on_date=customers.today,
    )


def salary_stopped(compared: Table, habits: Table, calendar: Table, book: RuleBook) -> Table:
    """The salary came for the history days and more, and then not for the idle days; raised on that day."""
    rule = book.rule(SalaryStopped)
    paid = habits.select("customer_id", "salary_since", "salary_on", "salary")
    paid = paid.filter(paid.salary_on == _idle_since(SalaryStopped, calendar, book))
    paid = paid.filter((paid.salary_since + ibis.interval(days=rule.history_days)).cast("date") <= paid.salary_on)
    customers = due("salary_stopped", compared, book).join(paid, "customer_id")
    return signals_of(
        customers,
        "salary_stopped",
        subject=customers.salary_on.cast("string"),
        amount=customers.salary,
        base=customers.aum,
        on_date=customers.salary_on,
    )


def idle_cash(compared: Table, moves: Table, habits: Table, calendar: Table, book: RuleBook) -> Table:
    """At least the amount has been on demand for the idle days."""
    limit = _idle_since(IdleCash, calendar, book)
    idle = habits.filter(habits.idle_since <= limit).select("customer_id", "idle_since")
    lying = idle.join(moves.select("customer_id", "demand"), "customer_id")
    customers = due("idle_cash", compared, book).join(lying, "customer_id")
    least: DecimalValue = ibis.literal(book.rule(IdleCash).amount, MONEY)
    return signals_of(
        customers, "idle_cash", amount=customers.demand, base=customers.aum, limit=least, on_date=customers.idle_since
    )


def waking(compared: Table, calendar: Table, book: RuleBook) -> Table:
    """The customer moves money again after the idle days without any movement."""
    limit = _idle_since(Waking, calendar, book)
    customers = due("waking", compared, book)
    customers = customers.filter((customers.moved_on == customers.today) & (customers.moved_before <= limit))
    return signals_of(
        customers,
        "waking",
        subject=customers.today.cast("string"),
        amount=customers.aum,
        on_date=customers.moved_before,
    )


def _idle_since(kind: type[Since], calendar: Table, book: RuleBook) -> DateScalar:
    """The day on which the kind's idle days began that end today."""
    return (business_date(calendar) - ibis.interval(days=book.rule(kind).idle_days)).cast("date")
