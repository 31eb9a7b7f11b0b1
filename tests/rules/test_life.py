"""Which payments let one ask about a life, on a few customers whose transactions are written out."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from tests.rules.test_attrition import bound
from weihu.engine.duck import DuckEngine
from weihu.rules import life, rulebook
from weihu.rules.wallet import OWNERS

ON = date(2026, 6, 28)
BOOK = rulebook.load("brief")
RULE = BOOK.life_events
OLD, NEW = "恒信科技有限公司", "长江软件有限公司"


@pytest.fixture(scope="module")
def engine():
    engine = DuckEngine.in_memory()
    yield engine
    engine.close()


def paid(days_ago: int, party: str | None, amount: str = "-300", kind: str = "payment", account: str = "A1"):
    return {
        "transaction_id": f"{account}{days_ago}{party}{amount}",
        "account_id": account,
        "booked_on": ON - timedelta(days=days_ago),
        "amount": Decimal(amount),
        "kind": kind,
        "branch_id": None,
        "counterparty_bank": None,
        "counterparty": party,
    }


def salary(days_ago: int, party: str, account: str = "A1"):
    return paid(days_ago, party, "9000", "salary", account)


def found(engine: DuckEngine, *rows: dict[str, object]) -> dict[tuple[str, str], dict[str, object]]:
    accounts = sorted({"A1", *(str(row["account_id"]) for row in rows)})
    owners = [{"account_id": account, "customer_id": account[:-1]} for account in accounts]
    inputs = bound(engine, "transactions", life.PAID, list(rows)) | bound(engine, "owners", OWNERS, owners)
    engine.derive("found", life.found, **inputs, on=ON, book=BOOK)
    return {(row["customer_id"], row["kind"]): row for row in engine.read("found").to_pylist()}


EARLY = paid(RULE.days - 1, None)
"""Whoever has it was seen before any sign could begin."""


def test_a_new_payer_in_place_of_the_old_one_is_asked_about(engine):
    old = [salary(day, OLD) for day in (180, 150, 120, 90)]
    new = [salary(day, NEW) for day in (60, 30)]
    row = found(engine, EARLY, *old, *new)["A", "job"]
    assert (row["party"], row["before"], row["since"]) == (NEW, OLD, ON - timedelta(days=60))
    assert (row["times"], row["amount"]) == (2, Decimal("18000.00"))
    assert found(engine, EARLY, *old, new[0]) == {}, "once may be a bonus"
    assert found(engine, EARLY, *old, *new, salary(29, OLD)) == {}, "the old one still pays: a second job"
    assert found(engine, *old[2:], *new) == {}, "not seen long enough"


def test_many_with_the_same_two_payers_have_the_same_employer_under_another_name(engine):
    def rows(accounts: list[str]):
        days = [(150, OLD), (120, OLD), (60, NEW), (30, NEW)]
        early = [paid(RULE.days - 1, None, account=account) for account in accounts]
        return early + [salary(day, party, account) for account in accounts for day, party in days]

    together = RULE.kinds["job"].signs[0].together
    accounts = [f"{letter}1" for letter in "ABCDEFGH"]
    assert len(found(engine, *rows(accounts[:together]))) == together
    assert found(engine, *rows(accounts[: together + 1])) == {}


def test_a_pension_that_begins_is_retirement_and_no_new_job(engine):
    pension = [salary(day, "南京市社会保险管理中心") for day in (50, 20)]
    assert set(found(engine, EARLY, salary(150, OLD), salary(120, OLD), *pension)) == {("A", "retirement")}
    assert found(engine, EARLY, salary(200, "南京市社会保险管理中心"), *pension) == {}


def test_purchases_for_a_child_are_several_and_new(engine):
    shops = [paid(day, "宝贝屋母婴用品店") for day in (40, 25, 3)]
    row = found(engine, EARLY, *shops)["A", "child"]
    assert (row["times"], row["amount"], row["before"]) == (3, Decimal("900.00"), "")
    assert found(engine, EARLY, *shops[:2]) == {}, "a gift"
    assert found(engine, EARLY, *shops, *(paid(day, "爱婴坊母婴生活馆") for day in (200, 190))) == {}, "for long"


def test_an_estate_and_a_mover_both_say_moving_and_a_developer_a_home(engine):
    bills = [paid(day, "南湖东园物业服务有限公司") for day in (100, 70)]
    moved = found(engine, EARLY, *bills, paid(40, "天润城物业服务有限公司"), paid(45, "顺心搬家服务有限公司"))
    assert set(moved) == {("A", "moving")}
    assert moved["A", "moving"]["sign"] == 0
    assert set(found(engine, EARLY, paid(80, "宁安置业有限公司", "-900000", "transfer"))) == {("A", "house")}
    assert found(engine, EARLY, paid(80, "宁安置业有限公司", "900000", "transfer")) == {}, "money from a developer"


def test_what_comes_without_a_name_or_in_another_kind_says_nothing(engine):
    named = [salary(day, OLD) for day in (150, 120)] + [salary(day, NEW) for day in (60, 30)]
    assert found(engine, EARLY, *named)
    assert found(engine, EARLY, *({**row, "counterparty": None} for row in named)) == {}
    assert found(engine, EARLY, *({**row, "kind": "other"} for row in named)) == {}


def test_a_sign_cannot_look_back_further_than_the_transactions():
    content = BOOK.model_dump(mode="json")
    content["life_events"]["days"] = 200
    with pytest.raises(ValidationError, match="life_events"):
        rulebook.restored(content)
