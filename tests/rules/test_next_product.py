"""What is held and bought around a night, on two customers whose products are written out."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.rules.test_attrition import bound, level
from weihu.engine.duck import DuckEngine
from weihu.rules import next_product, rulebook, tables

ON = date(2026, 6, 28)
KINDS = ("fund", "term")


@pytest.fixture
def engine():
    engine = DuckEngine.in_memory()
    yield engine
    engine.close()


def opened(category: str, ago: int, closed: int | None = None) -> dict[str, object]:
    ends = None if closed is None else ON - timedelta(days=closed)
    return {"customer_id": "A", "category": category, "opened_on": ON - timedelta(days=ago), "closed_on": ends}


def seen(engine: DuckEngine, bought: list[dict[str, object]]) -> dict[str, dict[str, object]]:
    profile = dict.fromkeys(tables.PROFILES)
    profiles = [profile | {"customer_id": "A", "birth_date": date(1986, 6, 1), "risk_rating": "C3"}]
    inputs = (
        bound(engine, "levels", tables.LEVELS, [level("A", ON, aum="10.6", days=3), level("B", ON)])
        | bound(engine, "bought", next_product.BOUGHT, bought)
        | bound(engine, "profiles", tables.PROFILES, profiles)
    )
    engine.derive("features", next_product.features, **inputs, kinds=KINDS, days=28)
    return {row["customer_id"]: row for row in engine.read("features").to_pylist()}


@pytest.mark.parametrize(
    ("ago", "closed", "held", "lately", "after"),
    [
        (0, None, 1, 1, 0),
        (400, None, 1, 0, 0),
        (400, 10, 0, 0, 0),
        (400, -10, 1, 0, 0),
        (400, 0, 0, 0, 0),
        (179, None, 1, 1, 0),
        (180, None, 1, 0, 0),
        (-1, None, 0, 0, 1),
        (-28, None, 0, 0, 1),
        (-29, None, 0, 0, 0),
    ],
)
def test_a_product_counts_as_it_stood_on_the_night(engine, ago, closed, held, lately, after):
    row = seen(engine, [opened("fund", ago, closed)])["A"]
    assert (row["held_fund"], row["recent_fund"], row["next_fund"]) == (held, lately, after)
    assert (row["held_term"], row["recent_term"], row["next_term"]) == (0, 0, 0)


def test_who_has_nothing_is_there_with_nothing(engine):
    rows = seen(engine, [])
    assert (rows["A"]["age"], rows["A"]["risk"], rows["A"]["aum"], rows["A"]["days"]) == (40, 3, 11, 3)
    assert (rows["B"]["age"], rows["B"]["risk"], rows["B"]["held_fund"]) == (-1, 0, 0)


def test_products_are_counted_each_for_its_owner_and_kind(engine):
    theirs = opened("term", 5) | {"customer_id": "B"}
    rows = seen(engine, [opened("fund", 200), opened("fund", 10), opened("term", -3), theirs, opened("loan", 1)])
    counts = {name: row for name, row in rows["A"].items() if name.startswith(("held_", "recent_", "next_"))}
    assert counts == {
        "held_fund": 2, "held_term": 0, "recent_fund": 1, "recent_term": 0, "next_fund": 0, "next_term": 1,
    }  # fmt: skip
    assert (rows["B"]["held_term"], rows["B"]["recent_term"], rows["B"]["held_fund"]) == (1, 1, 0)


def test_what_may_be_bought_is_what_a_book_offers():
    book = rulebook.load("brief")
    assert set(next_product.categories(book)) == {offer.category for offer in book.offers.values()}
