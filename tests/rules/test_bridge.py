"""The parts of a change of AUM, on a clerk's examples and on any night."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weihu.engine.duck import DuckEngine
from weihu.rules import bridge, tables

ON, BEFORE = date(2026, 6, 2), date(2026, 5, 30)
PARTS = [name for name in tables.BRIDGE if name != "customer_id"]
SIGNS = {"inflow": 1, "opened": 1, "outflow": -1, "matured": -1, "closed": -1}


def parts_of(now, then, matured=(), first=False):
    """``now``, ``then``: accounts as (customer, account, balance, closed_on)."""
    engine = DuckEngine.in_memory()

    def bound(name, schema, rows):
        filled = [{column: row.get(column) for column in schema} for row in rows]
        return engine.bind_arrow(name, schema, pa.Table.from_pylist(filled, schema=schema.to_pyarrow()))

    def accounts(rows):
        names = ("customer_id", "account_id", "balance", "closed_on")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def standings(rows):
        sums = {}
        for customer, _account, balance, _closed in rows:
            sums[customer] = sums.get(customer, Decimal(0)) + balance
        return [{"customer_id": customer, "aum": amount} for customer, amount in sums.items()]

    chosen = (
        bound("standings", tables.STANDINGS, standings(now)),
        bound("standings_before", tables.STANDINGS, standings(then)),
        bound("accounts", tables.ACCOUNTS, accounts(now)),
        bound("accounts_before", tables.ACCOUNTS, accounts(then)),
        bound("matured", tables.MATURED, matured),
        bound("calendar", tables.CALENDAR, [{"business_date": ON, "is_first": first}]),
    )
    engine.derive("bridge", bridge.bridge, *chosen)
    rows = engine.read("bridge").to_pylist()
    return {row["customer_id"]: {name: row[name] for name in PARTS if row[name]} for row in rows}


def yuan(amount):
    return Decimal(amount).quantize(Decimal("0.01"))


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        ([("a1", 100, None)], [("a1", 130, None)], {"inflow": 30}),
        ([("a1", 100, None)], [("a1", 60, None)], {"outflow": 40}),
        ([("a1", 100, None)], [("a1", 120, None), ("a2", 50, None)], {"inflow": 20, "opened": 50}),
        ([("a1", 100, None)], [("a1", 40, None), ("a2", 60, None)], {}),
        ([("a1", 100, None), ("a2", 50, None)], [("a1", 90, None), ("a2", 0, ON)], {"closed": 50, "outflow": 10}),
        ([("a1", 100, None), ("a2", 50, None)], [("a1", 150, None), ("a2", 0, ON)], {}),
    ],
    ids=["came", "went", "new-account", "between-own", "closed", "closed-and-kept"],
)
def test_what_moves_between_own_accounts_is_no_part(then, now, expected):
    def rows(accounts):
        return [("a", account, yuan(balance), closed) for account, balance, closed in accounts]

    assert parts_of(rows(now), rows(then)) == {"a": {name: yuan(amount) for name, amount in expected.items()}}


def test_what_matured_counts_when_it_leaves_and_once():
    """100 matured three nights ago, 30 left since; tonight 80 more go, of which 70 are what matured."""
    matured = [{"account_id": "a1", "matures_on": BEFORE, "balance": yuan(100), "aum_before": yuan(500)}]
    assert parts_of([("a", "a1", yuan(390), None)], [("a", "a1", yuan(470), None)], matured) == {
        "a": {"matured": yuan(70), "outflow": yuan(10)}
    }


def test_the_first_night_has_no_parts():
    assert parts_of([("a", "a1", yuan(390), None)], [], first=True) == {"a": {}}


balances = st.integers(0, 10**9).map(lambda cents: Decimal(cents) / 100)
account = st.tuples(st.sampled_from("abc"), balances, balances, st.sampled_from(["stays", "new", "closed"]), balances)


@settings(max_examples=60, deadline=None)
@given(st.lists(account, min_size=1, max_size=12))
def test_start_and_parts_are_the_end_to_the_cent(drawn):
    now, then, matured = [], [], []
    for place, (customer, before, after, kind, had) in enumerate(drawn):
        number = f"{customer}{place}"
        then += [(customer, number, before, None)] if kind != "new" else []
        now.append((customer, number, Decimal("0.00") if kind == "closed" else after, ON if kind == "closed" else None))
        matured.append({"account_id": number, "matures_on": BEFORE, "balance": before, "aum_before": had})
    parts = parts_of(now, then, matured)
    for customer in {row[0] for row in now}:
        start = sum((row[2] for row in then if row[0] == customer), Decimal(0))
        end = sum((row[2] for row in now if row[0] == customer), Decimal(0))
        assert start + sum(SIGNS[name] * amount for name, amount in parts[customer].items()) == end
        assert all(amount > 0 for amount in parts[customer].values())
