"""Whom a contact helps: found where it is so, only averages of few, and nothing that came later is used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from weihu.insight import uplift
from weihu.insight.files import TooFew
from weihu.insight.told_uplift import told
from weihu.insight.uplift import ALL, CALL, LEAVE, SAME, Model, Trials
from weihu.rules import effect, rulebook
from weihu.rules.attrition import NAMES

BOOK = rulebook.changed(rulebook.load("brief"), {"effects": {"uplift_trials": 3000}})
SIZE, HELD = NAMES.index("size"), 0.2
KINDS = ("idle_cash", "matured")


def made(count: int, slope: float, seed: int = 1, kinds: tuple[str, ...] = KINDS) -> Trials:
    """Trials over 400 days in which acting on large customers brings ``slope`` of the AUM, and on small ones takes it."""
    random = np.random.default_rng(seed)
    inputs = random.integers(1, 1_000, (count, len(NAMES)))
    inputs[:, NAMES.index("left")] = 1_000
    large = random.random(count) < 0.5
    inputs[:, SIZE] = np.where(large, 12, 2)
    told = random.random(count) >= HELD
    begun = np.sort(random.integers(20_000, 20_400, count))
    aum = np.exp(random.normal(11, 1, count))
    outcome = random.normal(0, 0.15, count) + np.where(told, np.where(large, slope, -slope), 0)
    return Trials(
        customers=np.array([f"C{at}" for at in random.integers(0, count // 2, count)]),
        kinds=random.choice(kinds, count),
        begun=begun,
        ended=begun + 60,
        told=told,
        contacted=told & (random.random(count) < 0.7),
        aum=aum,
        change=outcome * aum,
        inputs=inputs,
        known=np.ones(count, bool),
    )


@pytest.fixture(scope="module")
def learned() -> Model:
    trials = made(6_000, 0.08)
    groups = {"sex": {customer: "FM"[at % 2] for at, customer in enumerate(sorted(set(trials.customers.tolist())))}}
    return uplift.train(trials, BOOK, groups)


def test_who_is_helped_is_found_and_who_is_better_left_alone(learned):
    facts = learned.facts["models"][ALL]
    value, low, high = facts["metrics"]["regression"]
    assert 0.01 < low < value < high, "better than chance"
    assert facts["metrics"]["aum"][1] < 0.005, "the rule knows nothing of it"
    assert [fifth["word"] for fifth in facts["fifths"]][::4] == [CALL, LEAVE]
    asked = np.ones((2, len(NAMES)), np.int64) * 500
    asked[:, SIZE] = (12, 2)
    assert learned.hints(np.array(["matured", "matured"]), asked).tolist() == [CALL, LEAVE]
    assert sum(row["trials"] for row in facts["fairness"]["sex"]) == facts["judged"]


def test_where_acting_helps_everybody_alike_nothing_is_said():
    trials = made(6_000, 0.0)
    model = uplift.train(trials, BOOK)
    assert model.sure == []
    assert set(model.hints(trials.kinds, trials.inputs).tolist()) == {SAME}


def test_below_the_books_number_there_are_only_averages(learned):
    few = made(1_000, 0.08)
    model = uplift.train(few, BOOK)
    assert (model.scorers, model.facts["models"], model.facts["needed"]) == ({}, {}, 2_000)
    assert "too few: 2,000 more needed" in told(model.facts)
    assert set(model.hints(few.kinds, few.inputs).tolist()) == {SAME}
    all_kinds, *each = model.facts["averages"]
    assert all_kinds["told"] + all_kinds["held"] == 1_000 == sum(row["told"] + row["held"] for row in each)
    yuan = effect.interval(
        effect.Group.of(few.change[few.told]),
        effect.Group.of(few.change[~few.told]),
        float(BOOK.effects.confidence),
        BOOK.effects.smallest_group,
    )
    assert all_kinds["yuan"] == pytest.approx([yuan.difference, yuan.low, yuan.high])


def test_a_kind_with_enough_trials_has_a_model_of_its_own():
    model = uplift.train(made(7_000, 0.08), BOOK)
    assert set(model.scorers) == {ALL, *KINDS}
    again = Model.of(model.content)
    assert again.facts == model.facts
    assert again.scorers == model.scorers


def test_a_trial_is_judged_by_nothing_that_ended_after_it_began():
    """What becomes of the trials that end last changes nothing that was said of any."""
    trials = made(4_000, 0.08)
    before = uplift.later(trials)
    last = trials.begun > trials.begun.max() - 60
    after = uplift.later(replace(trials, change=np.where(last, -trials.aum, trials.change)))
    assert (before.said["regression"] == after.said["regression"]).all()
    assert len(before.trials) < len(trials)


def test_trials_of_one_day_cannot_be_judged():
    trials = made(4_000, 0.08)
    model = uplift.train(replace(trials, begun=trials.begun * 0 + 20_000, ended=trials.ended * 0 + 20_060), BOOK)
    assert model.scorers == {}
    assert "too close together" in told(model.facts)
    with pytest.raises(TooFew):
        uplift.train(trials.at(np.zeros(len(trials), bool)), BOOK)


def test_the_qini_coefficient_is_that_of_hand():
    """Of four, calling the first two brings 1 each; the others nothing. Random order: half as much on the way."""
    gained = np.array([1.0, 1.0, 0.0, 0.0])
    assert uplift.qini(np.array([4.0, 3.0, 2.0, 1.0]), gained) == pytest.approx(0.0625 * 2)
    assert uplift.qini(np.array([1.0, 2.0, 3.0, 4.0]), gained) == pytest.approx(-0.0625 * 2)
    assert uplift.qini(np.ones(4), gained) == pytest.approx(0), "no order is chance"


def test_rows_of_the_lake_are_read_as_they_are():
    row = dict.fromkeys(NAMES, 7) | {"customer_id": "a", "kind": "matured", "held_out": True, "branch_id": "B"}
    row |= {"contacted": False, "aum": 100, "change": -300}
    dates = {"raised_on": np.datetime64("2026-01-01").item(), "ended_on": np.datetime64("2026-03-02").item()}
    unknown = row | dict.fromkeys(NAMES) | {"customer_id": "b"}
    schema = (effect.ENDED | effect.INPUTS).to_pyarrow()
    table = pa.Table.from_pylist([row | dates, unknown | dates], schema=schema)
    trials = Trials.of(table)
    assert trials.known.tolist() == [True, False]
    assert (trials.ended - trials.begun).tolist() == [60, 60]
    assert trials.outcome.tolist() == [-0.021, -1.0], "of the own level, which is far more; and never more than all"
    assert not trials.told.any()


def test_the_report_tells_averages_and_fifths(learned):
    lines = told(learned.facts)
    assert "宜联系 / call" in lines
    assert "idle_cash" in lines
    nobody = learned.facts["averages"][0] | {"yuan": None}
    assert "—" in told(learned.facts | {"averages": [nobody]})
