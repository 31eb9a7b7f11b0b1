"""What a bank sees of money elsewhere, on a few customers whose transactions are written out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.rules.test_attrition import bound, level
from weihu.engine.duck import DuckEngine
from weihu.rules import rulebook, tables, wallet

ON = date(2026, 6, 28)
DAYS = rulebook.load("brief").wallet.days


@pytest.fixture
def engine():
    engine = DuckEngine.in_memory()
    yield engine
    engine.close()


def moved(account: str, amount: str, kind: str = "transfer", bank: str | None = None) -> dict[str, object]:
    return {
        "transaction_id": f"{account}{amount}{kind}{bank}",
        "account_id": account,
        "booked_on": ON,
        "amount": Decimal(amount),
        "kind": kind,
        "branch_id": None,
        "counterparty_bank": bank,
    }


def seen(engine: DuckEngine, transactions: list[dict[str, object]]) -> dict[str, dict[str, object]]:
    levels = [level("A", ON, days=400, aum="1000.40", products=2), level("B", ON, days=10, aum="5")]
    profiles = [
        dict.fromkeys(tables.PROFILES) | {"customer_id": "A", "birth_date": date(1986, 6, 29)},
        dict.fromkeys(tables.PROFILES) | {"customer_id": "B", "birth_date": None},
    ]
    owners = [{"account_id": "A1", "customer_id": "A"}, {"account_id": "A2", "customer_id": "A"}]
    inputs = (
        bound(engine, "levels", tables.LEVELS, levels)
        | bound(engine, "transactions", tables.TRANSACTIONS, transactions)
        | bound(engine, "owners", wallet.OWNERS, owners)
        | bound(engine, "profiles", tables.PROFILES, profiles)
        | bound(engine, "incomes", wallet.INCOMES, [{"customer_id": "A", "income": Decimal(9000)}])
    )
    engine.derive("features", wallet.features, **inputs, days=DAYS)
    return {row["customer_id"]: row for row in engine.read("features").to_pylist()}


def test_each_movement_counts_as_what_it_is(engine):
    row = seen(
        engine,
        [
            moved("A1", "8000", "salary"),
            moved("A1", "-300", "payment"),
            moved("A2", "-200", "cash"),
            moved("A1", "-5000", bank="工商银行"),
            moved("A2", "1500", bank="工商银行"),
            moved("A2", "-600", "other", bank="建设银行"),
            moved("A2", "-900"),
            moved("A2", "-70", "loan", bank="建设银行"),
        ],
    )["A"]
    assert (row["salary"], row["spent"], row["spendings"]) == (8000, 500, 2)
    assert (row["went"], row["sendings"], row["came"], row["comings"]) == (5600, 2, 1500, 1)
    assert (row["bank"], row["main_went"], row["main_came"]) == ("工商银行", 5000, 1500)
    assert (row["aum"], row["products"], row["income"]) == (1000, 2, 9000)


def test_who_moves_nothing_is_seen_with_nothing(engine):
    rows = seen(engine, [moved("A1", "-10", "payment")])
    assert [rows["B"][name] for name in ("went", "came", "salary", "income", "age", "known_days")] == [
        0,
        0,
        0,
        0,
        -1,
        10,
    ]
    assert rows["B"]["bank"] is None
    assert rows["A"]["known_days"] == DAYS


def test_years_are_full_on_birthdays(engine):
    assert seen(engine, [])["A"]["age"] == 39


def test_of_two_banks_of_one_size_the_same_is_always_the_main_one(engine):
    pair = [moved("A1", "-100", bank="b"), moved("A1", "100", bank="a")]
    assert seen(engine, pair)["A"]["bank"] == seen(engine, pair[::-1])["A"]["bank"] == "a"


def test_money_that_is_given_back_is_neither_spent_nor_earned(engine):
    back = [moved("A1", "80", "payment"), moved("A2", "-1000", "salary"), moved("A1", "0", "payment")]
    row = seen(engine, back)["A"]
    assert (row["salary"], row["spent"], row["spendings"]) == (0, 0, 0)


def test_the_main_bank_is_the_one_with_most_money_in_both_directions_together(engine):
    row = seen(engine, [moved("A1", "-100", bank="x"), moved("A1", "90", bank="x"), moved("A1", "-150", bank="a")])["A"]
    assert (row["bank"], row["main_went"], row["main_came"]) == ("x", 100, 90)
    assert (row["went"], row["came"]) == (250, 90)


def test_money_of_an_account_that_nobody_owns_is_nobodys(engine):
    rows = seen(engine, [moved("Z1", "-100", bank="x"), moved("Z1", "8000", "salary")])
    assert {(row["went"], row["salary"], row["bank"]) for row in rows.values()} == {(0, 0, None)}
