"""What is known only afterwards is found, and what is merely strong is not."""

from pathlib import Path

import numpy as np
import pytest

from tests.insight.contacts import made
from weihu.insight import leak
from weihu.insight.columns import kind_of, raw, texts
from weihu.insight.timeline import Clock
from weihu.sources import tables

DATA = Path(__file__).parents[3] / "shared" / "data"


def columns_of(table, without):
    cells = {name: texts(table[name]) for name in table.column_names if name not in without}
    kinds = {name: kind_of(found) for name, found in cells.items()}
    return {name: raw(found, kinds[name]) for name, found in cells.items() if kinds[name] in ("number", "choice")}


def refused(columns, outcomes, blocks=None):
    blocks = np.zeros(len(outcomes), int) if blocks is None else blocks
    return [found.column for found in leak.find(columns, outcomes, blocks)]


def test_the_length_of_the_talk_is_refused_whatever_it_is_called():
    table = made()
    columns = columns_of(table, {"answer", "day"})
    outcomes = np.array([answer == "yes" for answer in table["answer"].to_pylist()], float)
    assert refused(columns, outcomes) == ["talk"]
    renamed = {("age2" if name == "talk" else name): values for name, values in columns.items()}
    found = leak.find(renamed, outcomes, np.zeros(len(outcomes), int))
    assert [one.column for one in found] == ["age2"]
    assert "age2" in found[0].zh
    assert "better than the other columns" in found[0].en


def test_a_copy_of_the_outcome_and_what_is_filled_in_for_one_outcome_only_are_refused():
    random = np.random.default_rng(1)
    outcomes = (random.random(3000) < 0.2).astype(float)
    columns = {
        "noise": random.normal(size=3000),
        "copy": outcomes + random.normal(size=3000) / 100,
        "reason": np.where((outcomes == 0) & (random.random(3000) < 0.3), "busy", "").astype(object),
        "fee": np.where((outcomes == 1) & (random.random(3000) < 0.5), 12.0, 0.0),
        "paid": np.where((outcomes == 1) & (random.random(3000) < 0.3), 0.0, random.normal(5, 1, 3000)),
    }
    found = {one.column: one.en for one in leak.find(columns, outcomes, np.zeros(3000, int))}
    assert "tells nearly all outcomes apart" in found["copy"]
    assert "are 'busy' are negative" in found["reason"]
    assert "are '0' are positive" in found["paid"]
    assert "noise" not in found


def test_a_strong_column_among_strong_ones_is_kept():
    random = np.random.default_rng(2)
    inputs = {name: random.normal(size=4000) for name in "abc"}
    outcomes = (sum(inputs.values()) + random.normal(size=4000) / 2 > 1).astype(float)
    assert refused(inputs, outcomes) == []


def test_a_column_that_tells_only_the_time_is_no_leak():
    blocks = np.repeat(np.arange(10), 300)
    outcomes = (np.random.default_rng(3).random(3000) < np.where(blocks > 7, 0.9, 0.05)).astype(float)
    columns = {"rate": blocks.astype(float), "noise": np.random.default_rng(4).normal(size=3000)}
    assert refused(columns, outcomes, blocks) == []


@pytest.mark.skipif(not DATA.is_dir(), reason=f"the real tables are not at {DATA}")
@pytest.mark.parametrize(
    ("file", "target", "positive", "expected"),
    [
        ("bank-marketing/calls.csv", "y", "yes", ["duration"]),
        ("card-churn/customers.csv", "Attrition_Flag", "Attrited Customer", []),
    ],
)
def test_on_real_tables_the_duration_of_a_call_is_all_that_is_refused(file, target, positive, expected):
    table = tables.read(DATA / file)
    outcomes = np.array([cell == positive for cell in table[target].to_pylist()], float)
    blocks = Clock.of_order(table).read(table).blocks
    assert refused(columns_of(table, {target}), outcomes, blocks) == expected
