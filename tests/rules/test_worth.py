"""What customers are worth, on a few whose numbers are written out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.rules.test_attrition import bound, profile
from weihu.engine.duck import DuckEngine
from weihu.rules import attrition, rulebook, tables, worth
from weihu.rules.scores import Scorer
from weihu.rules.worth import UNLEARNED, UNWARNED, Outlook, cell_of

BOOK = rulebook.changed(
    rulebook.load("brief"), {"worth": {"months": 24, "discount": "0", "stays": "0.81", "level_days": 10}}
)
SILENT = Scorer(kind="rule", weights={"left": 1})
WARNING = Scorer(kind="regression", weights={"left": 1}, steps=[(5, 200)])
ON = date(2026, 6, 28)
TOP = list(BOOK.grades)[-1]


@pytest.fixture
def engine():
    engine = DuckEngine.in_memory()
    yield engine
    engine.close()


def rows(outlook: Outlook = UNLEARNED, by: Scorer = SILENT, book=BOOK) -> dict[tuple[int, int, int, int], dict]:
    keys = ("grade_rank", "age_band", "product_band", "chance")
    return {tuple(row[key] for key in keys): row for row in worth.years(book, outlook, by)}


def test_a_held_level_counts_by_who_stays():
    row = rows()[0, 0, 0, UNWARNED]
    assert row["stays"] == 810
    # the sum of 0.81 to the power of a month's twelfth, over 24 months, as years
    expected = sum(0.81 ** (month / 12) for month in range(1, 25)) / 12
    assert float(row["years"]) == pytest.approx(expected, abs=1e-6)
    assert row["gain"] == 0


def test_a_discount_makes_later_months_count_less():
    book = rulebook.changed(BOOK, {"worth": {"discount": "0.1", "stays": "0.99999"}})
    whole, less = rows(book=rulebook.changed(book, {"worth": {"discount": "0"}})), rows(book=book)
    expected = sum(0.99999 ** (month / 12) * 1.1 ** (-month / 12) for month in range(1, 25)) / 12
    assert float(less[0, 0, 0, UNWARNED]["years"]) == pytest.approx(expected, abs=1e-6)
    assert less[0, 0, 0, UNWARNED]["years"] < whole[0, 0, 0, UNWARNED]["years"]


def test_the_early_warning_tells_the_first_months_and_the_grade_the_others():
    here = worth.staying(BOOK, BOOK.worth.stays, 200)
    ahead = BOOK.attrition.to_days * 12 / 365
    assert here[0] == pytest.approx(Decimal(0.8 ** (1 / ahead)))
    assert here[11] == pytest.approx(Decimal(0.8 * 0.81 ** ((12 - ahead) / 12)))
    told = rows(by=WARNING)
    assert {key[3] for key in told} == {UNWARNED, 0, 200}
    assert told[0, 0, 0, 200]["years"] < told[0, 0, 0, 0]["years"]
    assert {key[3] for key in rows()} == {UNWARNED}


def test_what_was_learned_changes_the_level_year_by_year():
    cell = cell_of(TOP, 1, 0)
    outlook = Outlook(stays={TOP: Decimal(1)}, changes=({cell: Decimal(2)},), gains=({cell: Decimal(120)},))
    rank = BOOK.rank(TOP)
    row, other = (rows(outlook)[rank, age, 0, UNWARNED] for age in (1, 2))
    # from 1 to 2 within the first year, and 2 for the second
    assert row["years"] == (sum(Decimal(12 + month) / 12 for month in range(1, 13)) / 12 + 2).quantize(worth.SIX)
    assert row["gain"] == Decimal("185.00")  # 120 a year for the second year, and 6.5 twelfths of it in the first
    assert (other["years"], other["gain"], other["stays"]) == (2, 0, 1000)


def made(engine: DuckEngine, outlook: Outlook = UNLEARNED, scores: list | None = None) -> dict[str, dict]:
    nothing = {
        name: Decimal(0) if kind.is_decimal() else 0 for name, kind in tables.GRADED.items() if kind.is_numeric()
    }

    def standing(customer: str, contribution: str, products: int = 0) -> dict:
        cells = {"contribution": Decimal(contribution), "product_count": products, "effective": True}
        return dict.fromkeys(tables.GRADED) | nothing | {"customer_id": customer} | cells

    before = dict.fromkeys(tables.WORTHS) | {"customer_id": "A", "carried": 1_000_0000}
    by = SILENT if scores is None else WARNING
    inputs = (
        bound(engine, "graded", tables.GRADED, [standing("A", "1100"), standing("B", "-3", 4), standing("C", "50")])
        | bound(
            engine,
            "profiles",
            tables.PROFILES,
            [profile("A", birth_date=date(1990, 6, 29)), profile("B"), profile("C", birth_date=date(1996, 6, 28))],
        )
        | bound(engine, "unscored", tables.UNSCORED, [{"customer_id": "C"}] if scores is None else [])
        | bound(engine, "worths_before", tables.WORTHS, [before])
        | bound(engine, "years", tables.YEARS, list(worth.years(BOOK, outlook, by)))
        | bound(engine, "calendar", tables.CALENDAR, [dict.fromkeys(tables.CALENDAR) | {"business_date": ON}])
    )
    if scores is not None:
        inputs |= bound(engine, "scores", attrition.SCORES, scores)
    rule = worth.worths_unwarned if scores is None else worth.worths
    engine.derive("worths", rule, **inputs, book=BOOK)
    return {row["customer_id"]: row for row in engine.read("worths").to_pylist()}


def test_the_own_level_follows_the_contribution_and_is_multiplied(engine):
    found = made(engine)
    assert set(found) == {"A", "B"}  # C refused personal analysis
    one, other = found["A"], found["B"]
    assert one["margin"] == 1100
    assert one["level"] == 1010  # a tenth of the way from 1,000
    assert (one["age_band"], one["product_band"], one["chance"]) == (1, 0, UNWARNED)
    assert one["worth"] == (one["level"] * one["years"]).quantize(Decimal("0.01"))
    assert (other["level"], other["age_band"], other["product_band"]) == (-3, -1, 2)


def test_who_brings_little_is_expected_to_come_to_bring_something(engine):
    cells = {
        cell_of(grade, age, products): Decimal(100) for grade in BOOK.grades for age in (-1, 1) for products in (0, 2)
    }
    found = made(engine, Outlook(gains=(cells,)))
    assert found["A"]["worth"] == (found["A"]["level"] * found["A"]["years"]).quantize(Decimal("0.01"))
    gain = found["B"]["worth"] - (found["B"]["level"] * found["B"]["years"]).quantize(Decimal("0.01"))
    assert gain == found["B"]["gain"] == Decimal("154.17")


def test_a_chance_to_leave_lowers_the_worth(engine):
    row = dict.fromkeys(attrition.SCORES, 0) | {"on": ON, "level": Decimal(0)}
    found = made(engine, scores=[row | {"customer_id": "A", "chance": 200}, row | {"customer_id": "C", "chance": 0}])
    assert {customer: each["chance"] for customer, each in found.items()} == {"A": 200, "B": UNWARNED, "C": 0}
    assert found["A"]["years"] < found["B"]["years"] < found["C"]["years"]
    assert found["C"]["age_band"] == 1  # thirty on the day


def test_bands_that_do_not_rise_are_refused():
    with pytest.raises(rulebook.FaultyBook):
        rulebook.changed(rulebook.load("brief"), {"worth": {"ages": [30, 30]}})
    with pytest.raises(rulebook.FaultyBook):
        rulebook.changed(rulebook.load("brief"), {"groups": {"days": [0, 30]}})
