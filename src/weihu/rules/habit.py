"""What is usual of a customer (M6, M14): how large the days' changes are, when the salary comes, what lies idle.

A habit is counts of days by size, so it is robust by construction: one large sum adds one day, however large. After
a year the counts are halved, so that it follows the customer. Everything is whole numbers and exact.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ibis
from ibis.expr.types import DecimalValue, IntegerScalar, IntegerValue, Table

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.habits import Habits
from weihu.rules.sections.signals import IdleCash, UnusualInflow, UnusualOutflow
from weihu.rules.tables import HABITS, MONEY, MOVES
from weihu.rules.value import ZERO, business_date, factor, times

LOAN = "loan"
"""The kind of transaction by which a loan is paid out or back: neither new money nor money that leaves."""


def lent(transactions: Table, accounts: Table) -> Table:
    """What loans paid out (yuan, negative: what was paid back) today: customer_id, lent."""
    loans = transactions.filter(transactions.kind == LOAN).join(
        accounts.select("account_id", "customer_id"), "account_id"
    )
    return loans.group_by("customer_id").agg(lent=loans.amount.sum().cast(MONEY))


def moves_today(
    values: Table,
    transactions: Table,
    accounts: Table,
    products: Table,
    previous: Table,
    calendar: Table,
    book: RuleBook,
) -> Table:
    """Every customer's day (columns: tables.MOVES)."""
    owned = accounts.select("account_id", "customer_id")
    paid = transactions.filter(
        ((transactions.kind == "salary") & (transactions.amount > ZERO)) | (transactions.kind == LOAN)
    ).join(owned, "account_id")
    paid = paid.group_by("customer_id").agg(
        paid=paid.amount.sum(where=paid.kind == "salary").cast(MONEY),
        lent=paid.amount.sum(where=paid.kind == LOAN).cast(MONEY),
    )
    running = accounts.filter(accounts.closed_on.isnull()).join(
        products.filter(products.category == "demand").select("product_id"), "product_id"
    )
    demand = running.group_by("customer_id").agg(lying=running.balance.sum().cast(MONEY))
    joined = values.select("customer_id", "flow_1", "aum")
    for part in (paid, demand, previous.select("customer_id", last_salary="salary")):
        joined = joined.left_join(part, "customer_id").drop("customer_id_right")
    salary = ibis.coalesce(joined.paid, ZERO)
    usual = ibis.least(salary, (ibis.coalesce(joined.last_salary, ZERO) * book.habits.usual_salary).cast(MONEY))
    first = calendar.is_first.as_scalar()
    return joined.select(
        "customer_id",
        own=ibis.ifelse(first, ZERO, joined.flow_1 - usual - ibis.coalesce(joined.lent, ZERO)).cast(MONEY),
        before=(joined.aum - joined.flow_1).cast(MONEY),
        salary=salary.cast(MONEY),
        demand=ibis.coalesce(joined.lying, ZERO).cast(MONEY),
    ).select(*MOVES)


def habits(moves: Table, previous: Table, calendar: Table, book: RuleBook) -> Table:
    """What is usual of every customer, with today (columns: tables.HABITS)."""
    sizes = dict(enumerate(book.habits.sizes, 1))
    counts = [f"{side}_{place}" for side in ("in", "out") for place in sizes]
    joined = moves.rename(paid="salary").left_join(previous, "customer_id").drop("customer_id_right")
    first = calendar.is_first.as_scalar()
    days = ibis.coalesce(joined.habit_days, 0) + ibis.ifelse(first, 0, 1)
    full = days >= book.habits.halved_after_days

    def counted(name: str) -> IntegerValue:
        side, place = name.split("_")
        size = joined.own if side == "in" else -joined.own
        grown = ibis.coalesce(joined[name], 0) + (size >= _yuan(sizes[int(place)])).cast("int64")
        return ibis.ifelse(full, grown >> 1, grown).cast("int64")

    today = business_date(calendar)
    is_paid = joined.paid > ZERO
    return joined.select(
        "customer_id",
        habit_days=ibis.ifelse(full, days >> 1, days).cast("int64"),
        **{name: counted(name) for name in counts},
        salary_since=ibis.coalesce(joined.salary_since, ibis.ifelse(is_paid, today, ibis.null("date"))),
        salary_on=ibis.ifelse(is_paid, today, joined.salary_on),
        salary=ibis.ifelse(is_paid, joined.paid, joined.salary).cast(MONEY),
        idle_since=_idle_since(joined, today, book),
    ).select(*HABITS)


def _idle_since(joined: Table, today: Any, book: RuleBook) -> Any:
    rule = book.signal(IdleCash)
    if rule is None:
        return ibis.null("date")
    return ibis.ifelse(joined.demand >= _yuan(rule.amount), ibis.coalesce(joined.idle_since, today), ibis.null("date"))


def unusual(moves: Table, previous: Table, kind: type[UnusualInflow | UnusualOutflow], book: RuleBook) -> Table:
    """Whose day is beyond the usual range: customer_id, size (yuan) and usual, the range's upper end (yuan).

    Usual is what came (``kind`` UnusualInflow) or went (UnusualOutflow) on more than the kind's ``times_a_year``
    days of a year. When more customers go beyond it than chance explains, the season moves everybody, and every range
    widens. Beyond means the kind's ``amount`` at least, its ``share`` of AUM and its ``times`` the range.
    """
    side = "in" if kind is UnusualInflow else "out"
    rule, sizes = book.rule(kind), book.habits.sizes
    with_habit = previous.filter(previous.habit_days >= rule.history_days)
    size = moves.own if side == "in" else -moves.own
    moved = moves.mutate(size=size.cast(MONEY)).filter(size >= _yuan(sizes[0]))
    joined = moved.join(with_habit, "customer_id")
    ends = [
        (joined[f"{side}_{place}"] * 365 <= joined.habit_days * rule.times_a_year, place)
        for place in range(1, len(sizes) + 1)
    ]
    ranged = joined.mutate(end=ibis.cases(*ends, else_=len(sizes) + 1).cast("int64"))
    ranged = ranged.select("customer_id", "size", "before", "end")
    expected = with_habit.count() * rule.times_a_year / 365
    ranged = ranged.mutate(end=ranged.end + _tide(ranged, expected, book.habits))
    ranged = ranged.mutate(usual=_bound(ranged.end, book.habits))
    least = ibis.greatest(
        _yuan(rule.amount),
        times(ranged.usual, factor(rule.times)),
        times(ranged.before, factor(rule.share)),
    )
    return ranged.filter(ranged["size"] >= least).select("customer_id", "size", "usual")


def _tide(ranged: Table, expected: Any, rule: Habits) -> IntegerScalar:
    """By how many sizes the ranges widen tonight."""
    beyond = [(ranged["size"] >= _bound(ranged.end + step, rule)).sum() for step in range(rule.widens_at_most)]
    counts = ranged.agg(**{f"beyond_{step}": count for step, count in enumerate(beyond)})
    calm = expected * 2 + rule.customers_by_chance
    steps = [(ibis.coalesce(counts[f"beyond_{step}"], 0) <= calm, step) for step in range(rule.widens_at_most)]
    return counts.select(tide=ibis.cases(*steps, else_=rule.widens_at_most).cast("int64")).tide.as_scalar()


def _bound(place: IntegerValue, rule: Habits) -> DecimalValue:
    """The size at a place; behind the last one nothing reaches."""
    return ibis.cases(
        *((place == number, _yuan(size)) for number, size in enumerate(rule.sizes, 1)),
        else_=_yuan(10**15),
    )


def _yuan(amount: Decimal | int) -> DecimalValue:
    return ibis.literal(Decimal(amount), MONEY)
