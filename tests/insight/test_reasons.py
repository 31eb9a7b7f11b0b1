"""Reasons are what adds most to a customer's own score, said once for each theme."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tests.insight.test_leaving import PLACE, months
from weihu.insight import leaving, reasons
from weihu.insight.kept import RULE_ALONE, Model
from weihu.insight.scorer import scores
from weihu.rules.attrition import NAMES
from weihu.rules.kinds.leaving import LISTED, Why
from weihu.rules.scores import MILLIONTHS


def model(kind: str) -> Model:
    learned = leaving.learn(kind, *leaving._rows(months()[:4]))
    return Model(learned.scorer, {"learned_on": "2025-04-27"}, learned.grounds)


def listed(inputs: np.ndarray) -> pa.Table:
    rows = [
        dict.fromkeys(LISTED) | {"customer_id": f"C{at}", "chance": 120} | dict(zip(NAMES, row.tolist(), strict=True))
        for at, row in enumerate(inputs)
    ]
    return pa.Table.from_pylist(rows, schema=LISTED.to_pyarrow())


@pytest.mark.parametrize("kind", ["regression", "trees"])
def test_what_inputs_add_is_the_whole_difference_between_two_scores(kind):
    by, inputs = model(kind), months()[5].inputs
    added = reasons.contributions(inputs, by).sum(axis=1)
    found = scores(by.scorer, inputs)
    assert np.ptp(found) > MILLIONTHS
    assert np.abs((added - added[0]) - (found - found[0])).max() < MILLIONTHS / 1_000


@pytest.mark.parametrize("kind", ["regression", "trees"])
def test_three_reasons_of_different_themes_with_the_customers_own_values(kind):
    by, inputs = model(kind), months()[5].inputs
    highest = inputs[np.argsort(-scores(by.scorer, inputs), kind="stable")[:20]]
    rows = reasons.explained(listed(highest), by)
    assert [row["customer_id"] for row in rows] == [f"C{at}" for at in range(20)]
    said = [Why.read(row["detail"]) for row in rows]
    for why, values in zip(said, highest, strict=True):
        assert why[:3] == (kind, "2025-04-27", 120)
        assert 1 <= len(why.inputs) <= reasons.MOST
        assert all(value == values[PLACE[name]] for name, value in why.inputs)
        themes = {next(theme for theme in reasons.THEMES if name in theme) for name, _ in why.inputs}
        assert len(themes) == len(why.inputs)
    # those who leave spend little
    assert sum(any(name == "spendings_half" for name, _ in why.inputs) for why in said) >= 15


def test_the_rule_tells_what_it_looks_at_first():
    inputs = months()[0].inputs[:2]
    why = Why.read(reasons.explained(listed(inputs), RULE_ALONE)[0]["detail"])
    assert (why.by, why.learned_on) == ("rule", "")
    assert why.inputs[0] == ("left", inputs[0, PLACE["left"]])
    assert reasons.explained(listed(inputs[:0]), RULE_ALONE) == []


def test_every_input_is_of_one_theme():
    assert sorted(name for theme in reasons.THEMES for name in theme) == sorted(NAMES)
