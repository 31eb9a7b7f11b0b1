"""Scores in an engine are those in memory, to the bit, whatever the scorer."""

from __future__ import annotations

import ibis
import numpy as np
import pyarrow as pa
import pytest

from weihu.engine.duck import DuckEngine
from weihu.engine.protocol import table_of
from weihu.insight.scorer import chances, scores
from weihu.rules import attrition
from weihu.rules.scores import GRID, Scorer
from weihu.rules.tables import UNSCORED

ROWS = 2_000


def inputs(random: np.random.Generator) -> np.ndarray:
    """Values at the notches and beside them, and others."""
    near = np.array([notch + beside for notch in GRID for beside in (-1, 0)])
    return random.choice(np.concatenate([near, [0, 999, 5000]]), (ROWS, len(attrition.NAMES)))


def tree(random: np.random.Generator, depth: int) -> object:
    if depth == 0 or random.random() < 0.2:
        return int(random.integers(-900_000, 900_000))
    name = str(random.choice(attrition.NAMES))
    return [name, int(random.choice(GRID)), tree(random, depth - 1), tree(random, depth - 1)]


def scorer(kind: str, random: np.random.Generator) -> Scorer:
    steps = [(-400_000, 10), (0, 80), (350_000, 400)]
    if kind == "rule":
        return Scorer(kind=kind, weights={"left": 1}, steps=[(-500, 3), (-300, 40)])
    if kind == "regression":
        weights = {name: int(random.integers(-200_000, 200_000)) for name in attrition.NAMES}
        return Scorer(kind=kind, intercept=-1_234_567, weights=weights, steps=steps)
    return Scorer(kind=kind, intercept=7, trees=[tree(random, 4) for _ in range(60)], steps=steps)


@pytest.mark.parametrize("kind", ["rule", "regression", "trees"])
def test_an_engine_scores_as_memory_does_and_leaves_out_who_is_not_to_be_scored(kind):
    random = np.random.default_rng(18)
    by, values = scorer(kind, random), inputs(random)
    columns = {name: values[:, at] for at, name in enumerate(attrition.NAMES)}
    rows = pa.table({"customer_id": [f"C{at:04}" for at in range(ROWS)]} | columns)
    schema = attrition.FEATURES
    engine = DuckEngine.in_memory()
    whole = [rows[name] if name in rows.column_names else pa.nulls(ROWS) for name in schema]
    engine.bind_arrow("features", schema, pa.table(dict(zip(schema, whole, strict=True))))
    engine.bind_rows("unscored", UNSCORED, [["C0003"]])
    engine.derive(
        "scores",
        attrition.scored,
        features=table_of("features", schema),
        unscored=table_of("unscored", UNSCORED),
        by=by,
    )
    found = engine.read("scores").sort_by("customer_id")
    engine.close()
    assert ibis.Schema.from_pyarrow(found.schema).names == attrition.SCORES.names
    expected = scores(by, values)
    told = np.rint(chances(by, expected) * 1_000).astype(int)
    stays = np.arange(ROWS) != 3
    assert found["score"].to_pylist() == expected[stays].tolist()
    assert found["chance"].to_pylist() == told[stays].tolist()
    assert by.inputs <= set(attrition.NAMES)
