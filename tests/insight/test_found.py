"""Segments found from data: groups that are there are found, named and kept; chance is not taken for likeness."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from weihu.insight import found
from weihu.insight.files import TooFew
from weihu.insight.told_found import WORDS, told

ON = date(2026, 5, 31)
SIZES = (5, 6, 7, 8)
KINDS = [  # aum, shares of demand, term and investments, loan, products, age, years, payments, salary, sent, contact
    (8_000, 0.9, 0.05, 0.05, 0, 1, 30, 2, 20, 6_000, 0, 300),
    (300_000, 0.05, 0.9, 0.05, 0, 3, 68, 15, 1, 0, 0, 200),
    (900_000, 0.1, 0.1, 0.8, 0, 6, 50, 10, 4, 0, 0, 20),
    (60_000, 0.5, 0.3, 0.2, 500_000, 4, 40, 8, 12, 9_000, 0, 60),
    (40_000, 0.6, 0.2, 0.2, 0, 2, 45, 6, 8, 0, 5_000, 90),
]


def night(each=120, seed=3, on=ON, kinds=KINDS):
    """So many customers of each kind, each near its kind's middle."""
    draw = np.random.default_rng(seed)
    rows = np.repeat(np.array(kinds, float), each, axis=0) * draw.uniform(0.8, 1.2, (each * len(kinds), len(found.RAW)))
    raw = {name: rows[:, place] for place, name in enumerate(found.RAW)}
    for name in ("demand", "term", "invested"):
        raw[name] = raw[name] * raw["aum"]
    raw["age"][0] = np.nan
    return found.Night(on, [f"C{row}" for row in range(len(rows))], raw)


@pytest.fixture(scope="module")
def model():
    return found.fit([night(seed=4, on=date(2026, 4, 30)), night()], SIZES, None, lambda step: None)


def test_the_groups_that_are_there_are_found(model):
    truth = np.repeat(np.arange(len(KINDS)), 120)
    letters = model.assigned(night())
    labels = np.array([found.LETTERS.index(letter) for letter in letters])
    assert len(model.letters) == 5
    assert adjusted_rand_score(labels, truth) > 0.95
    mean, low, high = model.facts["stability"]
    assert 0.9 < low <= mean <= high <= 1
    assert len(model.facts["candidates"]) == len(SIZES) * len(found.SEEDS)
    assert model.facts["stayed"] is None


def test_each_is_named_by_what_makes_it_different(model):
    by_letter = {one["letter"]: one for one in model.facts["segments"]}
    old_savers = by_letter[model.assigned(night())[120]]
    words = {(one["column"], one["more"]) for one in old_savers["different"]}
    assert words <= {
        ("term", True),
        ("age", True),
        ("years", True),
        ("spendings", False),
        ("invested", False),
        ("demand", False),
    }
    term = next((one for one in old_savers["different"] if one["column"] == "term"), None)
    assert term is None or term["own"] > 0.8 > term["all"]
    assert set(WORDS) == set(found.RAW)
    assert "sex" not in found.RAW and "branch" not in found.RAW


def test_months_say_who_moved(model):
    first, second = model.facts["months"]
    assert sum(second["sizes"].values()) == 600
    assert (first["stayed_customers"], second["stayed_customers"]) == (0, 600)
    assert second["moved"] < 20
    fallen = night()
    fallen.raw["aum"][120:140], fallen.raw["term"][120:140] = 8_000.0, 0.0
    changed = [now != then for now, then in zip(model.assigned(fallen), model.assigned(night()), strict=True)]
    assert sum(changed[:120]) == 0 < sum(changed[120:140])


def test_the_same_customers_give_the_same_model_and_letters_go_on(model):
    assert (
        found.fit([night()], SIZES, None, lambda step: None).content
        == found.fit([night()], SIZES, None, lambda step: None).content
    )
    again = found.fit([night()], SIZES, found.Model.of(model.content), lambda step: None)
    assert again.facts["stayed"] == 1.0 and again.facts["goes_on"]
    assert again.assigned(night()) == model.assigned(night())
    # the letters follow the customers, not the order in which segments are found
    renamed = replace(model, letters=tuple(reversed(model.letters)))
    follows = found.fit([night()], SIZES, renamed, lambda step: None)
    assert follows.assigned(night()) == renamed.assigned(night())


def test_a_segment_that_is_new_has_a_letter_of_its_own(model, monkeypatch):
    monkeypatch.setattr(found, "BETTER", -1.0)  # others are tried in any case
    more = [*KINDS, (5_000, 0.1, 0.1, 0.8, 0, 9, 22, 1, 60, 0, 90_000, 300)]
    found_anew = found.fit([night(kinds=more)], (6,), model, lambda step: None)
    assert set(found_anew.letters) == {*model.letters, "F"}
    assert not found_anew.facts["goes_on"]
    letters = found_anew.assigned(night(kinds=more))
    assert letters[:600] == model.assigned(night()) and set(letters[600:]) == {"F"}


def test_columns_that_do_not_differ_and_too_few_customers():
    flat = night()
    flat.raw["owed"][:] = 0.0
    _middle, spread = found.scale(found.columns(flat))
    assert (spread > 0).all()
    with pytest.raises(TooFew):
        found.fit([night(each=10)], SIZES, None, lambda step: None)


def test_the_report_says_it_in_lines(model):
    text = told(model.facts)
    assert "adjusted Rand index" in text and "2026-04-30" in text
    assert "the same as before" in told(model.facts | {"stayed": 0.9})
