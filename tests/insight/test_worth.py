"""What ends of months tell of contribution to come, on customers whose future is known."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from weihu.insight import worth
from weihu.insight.files import TooFew
from weihu.insight.told_worth import told
from weihu.rules import rulebook
from weihu.rules.worth import YEAR, Outlook, cell_of

BOOK = rulebook.load("brief")
CUSTOMERS = 3_000
GRADES = list(BOOK.grades)


def ends(months: int, growth: float = 1.2, leave: float = 0.1, seed: int = 3) -> list[worth.End]:
    """A bank of which the highest grade's customers bring ``growth`` times as much after a year, and ``leave`` of whom are
    gone by then; the lowest grade brings nothing now and 120 yuan a year after one. The other half does not change."""
    random = np.random.default_rng(seed)
    customers = [f"C{number:05}" for number in range(CUSTOMERS)]
    grades = np.where(np.arange(CUSTOMERS) % 2, len(GRADES) - 1, 1)
    little = np.arange(CUSTOMERS) % 10 == 0
    size = random.lognormal(6, 1, CUSTOMERS)
    gone_after = random.exponential(-YEAR / np.log(1 - leave), CUSTOMERS) if leave else np.full(CUSTOMERS, np.inf)
    gone_after[(grades != len(GRADES) - 1) | little] = np.inf
    found, on = [], date(2020, 1, 31)
    for month in range(months):
        here = month < gone_after
        grown = np.where(grades == len(GRADES) - 1, growth ** (month / YEAR), 1.0)
        margin = np.where(little, 120.0 * (month >= YEAR), size * grown) * here
        found.append(
            worth.End(
                on,
                customers,
                margin,
                margin,
                np.where(here, 1_000_000.0 + size[::-1], 0.0),
                here,
                grades.astype(np.int64),
                np.ones(CUSTOMERS, np.int64),
                np.zeros(CUSTOMERS, np.int64),
            )
        )
        following = on + timedelta(days=1)
        on = (following + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return found


@pytest.fixture(scope="module")
def model():
    groups = {"sex": {f"C{number:05}": "FM"[number % 2] for number in range(CUSTOMERS)}}
    return worth.train(ends(49), BOOK, groups)


def test_who_stays_and_how_contribution_changes_is_found(model):
    top = cell_of(GRADES[-1], 1, 0)
    assert float(model.outlook.stays[GRADES[-1]]) == pytest.approx(0.9, abs=0.02)
    assert float(model.outlook.stays[GRADES[1]]) == pytest.approx(1.0, abs=0.01)
    assert model.facts["kind"] == "changing"
    assert [float(cells[top]) for cells in model.outlook.changes] == pytest.approx([1.2, 1.44, 1.73], rel=0.06)
    assert float(model.outlook.changes[0][cell_of(GRADES[1], 1, 0)]) == pytest.approx(1.0, abs=0.03)
    # the others who bring nothing have left, and bring nothing later: a cell of 300 is drawn towards them
    assert 90 < float(model.outlook.gains[1][cell_of(GRADES[1], 1, 0)]) < 120
    assert Outlook.model_validate(model.content["outlook"]) == model.outlook


def test_later_months_judge_it_beside_the_simple_rules(model):
    facts = model.facts
    assert (facts["origin"], facts["months"], facts["judged"]) == ("2021-01-31", 36, CUSTOMERS)
    of = facts["metrics"]
    assert abs(of["changing"]["total"][0]) < 0.05 < abs(of["rule"]["total"][0])
    assert of["changing"]["tenths"][0] < of["held"]["tenths"][0]
    for measures in of.values():
        assert all(low <= at <= high for at, low, high in measures.values())
    assert set(of["aum"]) == {"rank", "fifth"}
    assert of["aum"]["rank"][0] < of["changing"]["rank"][0]
    assert sum(row[0] for row in facts["tenths"]) == CUSTOMERS
    assert [row["customers"] for row in facts["fairness"]["sex"]] == [CUSTOMERS // 2] * 2
    assert sum(row["came"] for row in facts["fairness"]["sex"]) == pytest.approx(facts["came"])
    assert "按历史变化 / change learned" in told(facts)


def test_where_nothing_changes_the_level_is_held():
    steady = ends(30, growth=1.0, leave=0.0)
    for end in steady:
        end.margin[::10] = end.level[::10] = 50.0
    model = worth.train(steady, BOOK, {})
    assert model.facts["kind"] == "held"
    assert model.outlook.changes == model.outlook.gains == ()
    assert abs(model.facts["metrics"]["held"]["total"][0]) < 0.01


def test_who_has_gone_from_the_books_brings_nothing():
    some = worth.End(
        date(2026, 1, 31), ["B"], *(np.array([7.0]) for _ in range(3)), np.array([True]), *np.zeros((3, 1), np.int64)
    )
    assert some.places(["A", "B"]).tolist() == [-1, 0]
    assert worth._at(some.margin, some.places(["A", "B"])).tolist() == [0.0, 7.0]


def test_too_few_months_are_told():
    with pytest.raises(TooFew) as refused:
        worth.train(ends(24), BOOK, {})
    assert "25" in refused.value.en
    assert "24" in refused.value.zh
