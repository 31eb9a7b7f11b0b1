"""Leaving: what is kept of a night, what is known on a date, and who left, on a few customers whose weeks are written out."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weihu.engine.duck import DuckEngine
from weihu.engine.protocol import table_of
from weihu.rules import attrition, rulebook, tables

BOOK = rulebook.changed(rulebook.load("brief"), {"attrition": {"amount": "1000"}})
RULE = BOOK.attrition
SUNDAY = date(2026, 6, 28)
WEEK = timedelta(days=7)


@pytest.fixture
def engine():
    engine = DuckEngine.in_memory()
    yield engine
    engine.close()


def level(customer: str, on: date, **cells: object) -> dict[str, object]:
    nothing = {
        name: 0 if kind.is_integer() else Decimal(0) for name, kind in tables.LEVELS.items() if kind.is_numeric()
    }
    row = dict.fromkeys(tables.LEVELS) | nothing | {"customer_id": customer, "on": on}
    return row | {name: Decimal(cell) if tables.LEVELS[name].is_decimal() else cell for name, cell in cells.items()}


def bound(engine: DuckEngine, name: str, schema, rows) -> dict[str, object]:
    engine.bind_arrow(name, schema, pa.Table.from_pylist(rows, schema=schema.to_pyarrow()))
    return {name: table_of(name, schema)}


def profile(customer: str, **cells: object) -> dict[str, object]:
    return (
        dict.fromkeys(tables.PROFILES)
        | {"customer_id": customer, "branch_id": "B1", "opened_on": date(2020, 1, 1)}
        | cells
    )


def known(engine: DuckEngine, now: list, past: list, profiles: list) -> dict[str, dict[str, object]]:
    spans = [{"days": days, "on": on} for days, on in attrition.spans(SUNDAY, RULE.level_days).items()]
    inputs = bound(engine, "levels", tables.LEVELS, now) | bound(engine, "levels_past", tables.LEVELS, past)
    inputs |= bound(engine, "spans", tables.SPANS, spans) | bound(engine, "profiles", tables.PROFILES, profiles)
    engine.derive("features", attrition.features, **inputs, book=BOOK)
    return {row["customer_id"]: row for row in engine.read("features").to_pylist()}


def test_a_date_looks_back_to_kept_nights_only():
    for days, on in attrition.spans(SUNDAY - timedelta(days=3), RULE.level_days).items():
        assert attrition.is_kept(on)
        assert timedelta(days=days) <= SUNDAY - timedelta(days=3) - on < timedelta(days=days) + WEEK


def test_what_is_known_is_measured_against_the_own_half_year(engine):
    then = attrition.spans(SUNDAY, RULE.level_days)
    past = [
        level("A", then[182], days=100, aum_days="0", spendings=10),
        level("A", then[91], days=191, aum_days="182000", demand="500", spendings=50),
        level("A", then[28], days=254, aum_days="300000", went="100", spendings=60),
    ]
    now = [
        level("A", SUNDAY, days=282, aum="1000", demand="250", aum_days="364000", went="700", spendings=67, products=3,
              salary_on=SUNDAY - timedelta(days=40)),
        level("gone", SUNDAY, days=282, aum="100", aum_days="364000"),
        level("small", SUNDAY, days=282, aum="999", aum_days="181000"),
    ]  # fmt: skip
    told = known(engine, now, past, [profile("A", risk_rating="C4"), profile("gone"), profile("small")])
    assert set(told) == {"A"}, "who has left already or has little is not told of"
    row = told["A"]
    assert row["level"] == Decimal("2000.00")
    assert (row["left"], row["demand"], row["demand_then"]) == (500, 125, 250)
    assert (row["quarter"], row["month"]) == (1000, 1142)
    assert (row["went_month"], row["spendings"], row["spendings_half"], row["products"], row["risk"]) == (
        300,
        7,
        57,
        3,
        4,
    )
    assert (row["salary_days"], row["contact_days"]) == (40, attrition.LONG_AGO)
    assert row["spending_pace"] == 1000 * 7 * 182 // (57 * 28)
    assert row["branch_left"] == 500, "of two with an own level one has left"


def test_nothing_that_comes_after_the_date_changes_what_was_known(engine):
    now = [level("A", SUNDAY, days=200, aum="1000", aum_days="200000")]
    before = known(engine, now, [], [profile("A")])
    after = [level("A", SUNDAY + WEEK * step, days=200 + 7 * step, aum="1", aum_days="201000") for step in (1, 2, 13)]
    assert known(engine, now, after, [profile("A")]) == before


@settings(max_examples=20, deadline=None)
@given(
    falls=st.integers(1, 30),
    stays=st.integers(1, 40),
    elsewhere=st.integers(0, 100),
)
def test_who_left_is_who_fell_for_good_and_took_it_to_another_bank(falls, stays, elsewhere):
    engine = DuckEngine.in_memory()
    weeks = -(-RULE.embargo_days // 7) + 1
    later = [
        level("A", SUNDAY + WEEK * step, aum="100" if falls <= step < falls + stays else "1000",
              went=str(9 * elsewhere) if step >= falls else "0")
        for step in range(1, weeks + 1)
    ]  # fmt: skip
    row = {"customer_id": "A", "on": SUNDAY, "level": Decimal(1000), **dict.fromkeys(attrition.NAMES, 0)}
    inputs = bound(engine, "features", attrition.FEATURES, [row])
    inputs |= bound(engine, "levels", tables.LEVELS, [level("A", SUNDAY, aum="1000")])
    inputs |= bound(engine, "levels_later", tables.LEVELS, later)
    engine.derive("left", attrition.left, **inputs, book=BOOK)
    told = {row["customer_id"]: row["left"] for row in engine.read("left").to_pylist()}
    engine.close()
    needed = -(-RULE.stays_days // 7) + 1
    lasts = min(stays, weeks - falls + 1) >= needed and elsewhere >= 100 * RULE.to_others
    if lasts and 7 * falls < RULE.from_days:
        assert told == {}, "who leaves before the first of the days is neither"
    else:
        assert told == {"A": lasts and 7 * falls <= RULE.to_days}


def test_a_night_adds_what_happened_to_what_was_kept(engine):
    on = SUNDAY
    inputs = bound(engine, "profiles", tables.PROFILES, [profile("A"), profile("B")])
    account = dict.fromkeys(tables.ACCOUNTS) | {"customer_id": "A", "branch_id": "B1", "opened_on": date(2020, 1, 1)}
    accounts = [
        account | {"account_id": "1", "product_id": "D", "balance": Decimal(300)},
        account
        | {"account_id": "2", "product_id": "T", "balance": Decimal(700), "matures_on": on + timedelta(days=30)},
        account | {"account_id": "3", "product_id": "T", "balance": Decimal(5), "closed_on": on},
    ]
    products = [
        dict.fromkeys(tables.PRODUCTS) | {"product_id": key, "category": name}
        for key, name in (("D", "demand"), ("T", "term"))
    ]
    money = [
        dict.fromkeys(tables.TRANSACTIONS) | {"transaction_id": str(at), "account_id": "1", "booked_on": on, "amount": Decimal(amount), "kind": kind, "counterparty_bank": bank}
        for at, (amount, kind, bank) in enumerate([(-50, "transfer", "X"), (80, "transfer", "X"), (-7, "payment", None), (900, "salary", "X"), (-2, "fee", None)])
    ]  # fmt: skip
    inputs |= bound(engine, "accounts", tables.ACCOUNTS, accounts) | bound(
        engine, "products", tables.PRODUCTS, products
    )
    inputs |= bound(engine, "holdings", tables.HOLDINGS, [])
    inputs |= bound(engine, "transactions", tables.TRANSACTIONS, money)
    inputs |= bound(
        engine, "contacts_today", tables.CONTACTS, [{"customer_id": "A", "last_contact_on": on, "follow_up_on": None}]
    )
    noted = dict.fromkeys(tables.NOTED) | {"customer_id": "B", "kind": "complaint_due", "subject": "1", "detail": ""}
    inputs |= bound(engine, "noted", tables.NOTED, [noted])
    before = level("A", on - timedelta(days=1), days=4, aum="1", aum_days="10", went="1", sendings=1, own=2, spent="3")
    inputs |= bound(engine, "levels_before", tables.LEVELS, [before])
    calendar = dict.fromkeys(tables.CALENDAR) | {"business_date": on, "days": 1}
    inputs |= bound(engine, "balances_today", tables.BALANCES, [])
    inputs["calendar"] = engine.bind_row("calendar", tables.CALENDAR, calendar)
    engine.derive("made", attrition.levels_today, **inputs)
    made = {row["customer_id"]: row for row in engine.read("made").to_pylist()}
    row = made["A"]
    assert (row["aum"], row["demand"], row["maturing"], row["aum_days"], row["days"]) == (1000, 300, 700, 1010, 5)
    assert (row["came"], row["went"], row["sendings"], row["salary"], row["spent"], row["spendings"]) == (
        80,
        51,
        2,
        900,
        10,
        1,
    )
    assert (row["own"], row["products"], row["salary_on"], row["contact_on"]) == (6, 2, on, on)
    assert (made["B"]["aum"], made["B"]["days"], made["B"]["complaint_on"]) == (0, 1, on)
