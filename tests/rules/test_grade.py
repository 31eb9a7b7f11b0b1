"""Grading policies, night by night, against slow and obvious reference code."""

import calendar
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weihu.engine.duck import DuckEngine
from weihu.rules import grade, rulebook, tables, value

AMOUNTS = [
    Decimal(text)
    for text in (
        "0.00",
        "999.99",
        "1000.00",
        "49999.99",
        "50000.00",
        "200000.00",
        "499999.99",
        "700000.00",
        "3200000.00",
    )
]
START = date(2025, 1, 1)
MONTHS = 14


def level(amount, book):
    return max(
        rank for rank, entry in enumerate(book.grades.values()) if entry.minimum is None or amount >= entry.minimum
    )


def reference(monthly, book):
    """The grade and whether on watch at the end of each month, by the text of domain §3, one month after the other."""
    policy = book.policy
    rank, below, seen, told = level(monthly[0], book), 0, [], []
    for average in monthly:
        if seen:  # the first night of this month reviews the last one
            last = seen[-1]
            below = below + 1 if level(last, book) < rank else 0
            own = list(book.grades.values())[rank].downgrade_after_months or policy.downgrade_after_months
            if policy.upgrade == "next_month" and level(last, book) > rank:
                rank, below = level(last, book), 0
            elif below >= own:
                rank, below = level(max(seen[-policy.falls_to_best_of_months :]), book), 0
        if policy.upgrade == "month_end" and level(average, book) > rank:
            rank, below = level(average, book), 0
        seen.append(average)
        told.append((rank, below >= policy.watch_after_months > 0))
    return told


class Machine:
    """Runs the grading rule alone, two nights a month (its first and its last)."""

    def __init__(self, book):
        self.engine, self.book, self.previous = DuckEngine.in_memory(), book, None

    def night(self, on, amounts, days_before, month_days):
        first_of_month = on.day == 1
        rows = [
            {
                "customer_id": str(i),
                "branch_id": "b",
                "opened_on": START,
                "first_seen_on": START,
                "aum": amount,
                "liabilities": Decimal(0),
                "balance_days": amount * on.day,
                "monthly_average": amount,
                "account_count": 1,
                "product_count": 1,
                "flow_1": Decimal(0),
                "flow_7": Decimal(0),
                "flow_30": Decimal(0),
                "flow_90": Decimal(0),
                "moved_on": START,
            }
            for i, amount in enumerate(amounts)
        ]
        engine = self.engine
        values = engine.bind_arrow(
            "values_now", tables.VALUES, pa.Table.from_pylist(rows, schema=tables.VALUES.to_pyarrow())
        )
        previous = (
            engine.bind_arrow("before", tables.STANDINGS, self.previous)
            if self.previous is not None
            else engine.bind("before", tables.STANDINGS, [])
        )
        day = {
            "business_date": on,
            "month_days": on.day,
            "last_month_days": month_days,
            "is_first": self.previous is None,
            "is_month_start": first_of_month and self.previous is not None,
            "is_month_end": on.day == calendar.monthrange(on.year, on.month)[1],
        }
        clock = engine.bind_arrow(
            "clock", tables.CALENDAR, pa.Table.from_pylist([day], schema=tables.CALENDAR.to_pyarrow())
        )
        engine.derive("graded", grade.grade_customers, values, previous, clock, self.book)
        later = [
            name
            for name in tables.STANDINGS.names
            if name not in (*tables.VALUES.names, *tables.GRADES.names, "metric")
        ]
        missing = ", ".join(f"NULL AS {name}" for name in later)
        self.previous = engine.arrow(f"SELECT *, {missing} FROM graded ORDER BY CAST(customer_id AS INT)")
        return self.previous.to_pylist()


@pytest.mark.parametrize("key", ["state_bank", "joint_stock_bank"])
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_monthly_policy_agrees_with_the_reference(key, data):
    book = rulebook.load(key)
    people = [data.draw(st.lists(st.sampled_from(AMOUNTS), min_size=MONTHS, max_size=MONTHS)) for _ in range(25)]
    expected = [reference(monthly, book) for monthly in people]
    machine, month_days = Machine(book), 1
    on = START
    for month in range(MONTHS):
        length = calendar.monthrange(on.year, on.month)[1]
        amounts = [monthly[month] for monthly in people]
        machine.night(on, amounts, None, month_days)
        told = machine.night(on.replace(day=length), amounts, None, month_days)
        found = [(row["grade_rank"], row["watch_since"] is not None) for row in told]
        assert found == [person[month] for person in expected]
        month_days, on = length, on.replace(day=length) + timedelta(days=1)


@given(st.lists(st.sampled_from(AMOUNTS), min_size=1, max_size=30))
@settings(max_examples=10, deadline=None)
def test_the_briefs_policy_is_the_level_of_the_night(amounts):
    book = rulebook.load("brief")
    machine = Machine(book)
    machine.night(START, [Decimal(0)] * len(amounts), None, 1)
    told = machine.night(START + timedelta(days=1), amounts, None, 1)
    assert [row["grade_rank"] for row in told] == [level(amount, book) for amount in amounts]


@given(st.lists(st.tuples(st.decimals(-(10**9), 10**9, places=2), st.integers(1, 31)), min_size=1, max_size=40))
@settings(max_examples=30, deadline=None)
def test_the_average_is_rounded_exactly(cases):
    import ibis

    engine = DuckEngine.in_memory()
    schema = ibis.schema({"total": tables.BALANCE_DAYS, "days": "int64"})
    rows = [{"total": total, "days": days} for total, days in cases]
    given_rows = engine.bind_arrow("cases", schema, pa.Table.from_pylist(rows, schema=schema.to_pyarrow()))
    engine.derive("averages", lambda table: table.select(found=value.average(table.total, table.days)), given_rows)
    found = engine.arrow("SELECT found FROM averages")["found"].to_pylist()
    assert found == [(total / days).quantize(Decimal("0.01"), ROUND_HALF_UP) for total, days in cases]
