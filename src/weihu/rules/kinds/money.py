"""Money that moves, stops moving, or lies still (M14)."""

from __future__ import annotations

from typing import Any

import ibis
from ibis.expr.types import DecimalValue, Table

from weihu.rules.habit import unusual
from weihu.rules.kinds.night import Night, signals_of
from weihu.rules.sections.signals import SIGNALS
from weihu.rules.tables import MONEY
from weihu.rules.value import ZERO


def large_inflow(night: Night) -> Table:
    """AUM grew by at least the amount in one day."""
    return _large(night, "large_inflow", night.customers.flow_1)


def large_outflow(night: Night) -> Table:
    """AUM fell by at least the amount in one day."""
    return _large(night, "large_outflow", -night.customers.flow_1)


def _large(night: Night, kind: str, size: DecimalValue) -> Table:
    found = night.due(kind, night.customers.mutate(moved=size))
    found = found.filter(found.moved >= ibis.literal(night.rule(kind).amount, MONEY))
    return signals_of(
        found,
        kind,
        subject=night.today.cast("string"),
        amount=found.moved,
        base=found.aum,
        on_date=found.today,
    )


def inter_branch(night: Night) -> Table:
    """Money moved at a branch that is not the account's (通存通兑清单), in all at least the amount."""
    money = night.money_today()
    away = money.filter(money.branch_id.notnull() & (money.branch_id != money.account_branch))
    return _moved(night, "inter_branch", away, away.branch_id)


def to_other_bank(night: Night) -> Table:
    """Money sent to other banks, in all at least the amount."""
    money = night.money_today()
    sent = money.filter(
        money.counterparty_bank.notnull() & (money.amount < ZERO) & money.kind.isin(["transfer", "other"])
    )
    return _moved(night, "to_other_bank", sent, sent.counterparty_bank)


def _moved(night: Night, kind: str, money: Table, where: Any) -> Table:
    """Customers with at least the amount among ``money``; the place named is that of the largest movement."""
    sums = money.mutate(where=where, size=money.amount.abs())
    largest = ibis.row_number().over(group_by="customer_id", order_by=[sums["size"].desc(), sums.transaction_id.asc()])
    sums = sums.mutate(place=largest)
    sums = sums.group_by("customer_id").agg(
        moved=sums["size"].sum().cast(MONEY),
        detail=ibis.ifelse(sums.place == 0, sums["where"], ibis.null("string")).max(),
    )
    sums = sums.filter(sums.moved >= ibis.literal(night.rule(kind).amount, MONEY))
    found = night.due(kind).join(sums, "customer_id")
    return signals_of(
        found,
        kind,
        subject=night.today.cast("string"),
        amount=found.moved,
        base=found.aum,
        on_date=found.today,
        detail=found.detail,
    )


def dormant(night: Night) -> Table:
    """Assets, but no movement of the customer's own for the idle days."""
    limit = (night.today - ibis.interval(days=night.rule("dormant").idle_days)).cast("date")
    found = night.due("dormant")
    found = found.filter((found.moved_on <= limit) & (found.aum > ZERO))
    return signals_of(found, "dormant", amount=found.aum, on_date=found.moved_on)


def unusual_inflow(night: Night) -> Table:
    """More came in a day than the customer's own habit explains."""
    return _unusual(night, "unusual_inflow")


def unusual_outflow(night: Night) -> Table:
    """More went in a day than the customer's own habit explains."""
    return _unusual(night, "unusual_outflow")


def _unusual(night: Night, kind: str) -> Table:
    beyond = unusual(night.moves, night.habits_before, SIGNALS[kind], night.book)
    found = night.due(kind).join(beyond, "customer_id")
    return signals_of(
        found,
        kind,
        subject=night.today.cast("string"),
        amount=found["size"],
        base=found.aum,
        limit=found.usual,
        on_date=found.today,
    )


def salary_stopped(night: Night) -> Table:
    """The salary came for the history days and more, and then not for the idle days; raised on that day."""
    rule = night.rule("salary_stopped")
    paid = night.habits.select("customer_id", "salary_since", "salary_on", "salary")
    paid = paid.filter(paid.salary_on == (night.today - ibis.interval(days=rule.idle_days or 0)).cast("date"))
    paid = paid.filter((paid.salary_since + ibis.interval(days=rule.history_days or 0)).cast("date") <= paid.salary_on)
    found = night.due("salary_stopped").join(paid, "customer_id")
    return signals_of(
        found,
        "salary_stopped",
        subject=found.salary_on.cast("string"),
        amount=found.salary,
        base=found.aum,
        on_date=found.salary_on,
    )


def idle_cash(night: Night) -> Table:
    """At least the amount has been on demand for the idle days."""
    rule = night.rule("idle_cash")
    limit = (night.today - ibis.interval(days=rule.idle_days or 0)).cast("date")
    idle = night.habits.filter(night.habits.idle_since <= limit).select("customer_id", "idle_since")
    lying = idle.join(night.moves.select("customer_id", "demand"), "customer_id")
    found = night.due("idle_cash").join(lying, "customer_id")
    return signals_of(
        found,
        "idle_cash",
        amount=found.demand,
        base=found.aum,
        limit=ibis.literal(rule.amount, MONEY),
        on_date=found.idle_since,
    )


def waking(night: Night) -> Table:
    """The customer moves money again after the idle days without any movement."""
    rule = night.rule("waking")
    found = night.due("waking")
    limit = (night.today - ibis.interval(days=rule.idle_days or 0)).cast("date")
    found = found.filter((found.moved_on == night.today) & (found.moved_before <= limit))
    return signals_of(found, "waking", subject=night.today.cast("string"), amount=found.aum, on_date=found.moved_before)
