"""Leaving as it is learned: nothing after a month teaches it, engines agree to the bit, and a champion stays until beaten."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from weihu.engine.duck import DuckEngine
from weihu.insight import kept, leaving
from weihu.insight.files import TooFew
from weihu.insight.learners import boost
from weihu.insight.measures import auc
from weihu.insight.told import told
from weihu.rules import attrition, rulebook, tables
from weihu.rules.scores import MILLIONTHS

BOOK = rulebook.changed(
    rulebook.load("brief"),
    {"attrition": {"from_days": 7, "to_days": 28, "stays_days": 28, "warned": "0.1", "warned_again": "0.2"}},
)
FIRST = date(2025, 1, 5)
EMBARGO = timedelta(days=BOOK.attrition.embargo_days)
PLACE = {name: at for at, name in enumerate(attrition.NAMES)}


def months(count: int = 9, customers: int = 250, seed: int = 3, signal: str = "spendings_half") -> list[leaving.Month]:
    """Customers of whom those who leave spend little, and have a little less left."""
    made = []
    for number in range(count):
        random = np.random.default_rng([seed, number])
        inputs = random.integers(0, 1200, (customers, len(attrition.NAMES)))
        odds = 2.5 - 0.8 * np.log1p(inputs[:, PLACE[signal]]) - inputs[:, PLACE["left"]] / 1000
        left = (random.random(customers) < 1 / (1 + np.exp(-odds))).astype(float)
        on = FIRST + leaving.EVERY * number
        made.append(leaving.Month(on, [f"C{at}" for at in range(customers)], inputs, left))
    made[-1] = leaving.Month(made[-1].on, made[-1].customers, made[-1].inputs, np.full(customers, np.nan))
    return made


@pytest.fixture(scope="module")
def learned():
    return leaving.train(months(), BOOK)


def test_trees_in_whole_millionths_are_those_that_were_learned():
    inputs, left = leaving._rows(months()[:4])
    booster = boost(inputs.astype(float), left, np.ones(len(left)), [], leaving.TREES)
    ours = leaving.scores(leaving.learn("trees", inputs, left).scorer, inputs) / MILLIONTHS
    assert np.abs(ours - booster.predict(inputs.astype(float), raw_score=True)).max() < 1e-4


def test_what_tells_wins_over_the_rule_and_all_is_reported(learned):
    assert learned.facts["kind"] != "rule"
    for row in learned.facts["judged"]:
        assert row["regression"]["auc"] > row["rule"]["auc"]
    area, low, high = learned.facts["metrics"]["regression"]["auc"]
    assert low < area < high
    assert learned.facts["calibration"]["error"] < 0.05
    assert "AUC" in told(learned.facts)


def test_where_nothing_else_tells_the_rule_stays():
    by_rule = [
        leaving.Month(month.on, month.customers, month.inputs, (month.inputs[:, PLACE["left"]] < 200).astype(float))
        for month in months()
    ]
    assert leaving.train(by_rule, BOOK).facts["kind"] == "rule"


def test_a_month_is_judged_by_what_was_known_before_it():
    before = months()
    judged = date.fromisoformat(leaving.train(before, BOOK).facts["judged"][1]["on"])
    later = [month if month.on <= judged - EMBARGO or month.on == judged else
             leaving.Month(month.on, month.customers, month.inputs, 1 - month.left) for month in before]  # fmt: skip
    rows = [
        next(row for row in leaving.train(made, BOOK).facts["judged"] if row["on"] == str(judged))
        for made in (before, later)
    ]
    assert rows[0] == rows[1]


def test_too_little_is_refused():
    with pytest.raises(TooFew):
        leaving.train(months(count=2), BOOK)
    with pytest.raises(TooFew):
        leaving.train([], BOOK)


def test_a_champion_stays_until_a_challenger_does_better_on_months_that_neither_has_seen(tmp_path, learned):
    again = leaving.train(months(), BOOK, learned)
    assert (again.scorer, again.facts["took_over"], again.facts["duel"]["months"]) == (learned.scorer, False, [])
    assert "原模型保留" in told(again.facts)
    # from now on something else tells
    turned = [*months(), *(leaving.Month(month.on + leaving.EVERY * 9, month.customers, month.inputs, month.left)
                           for month in months(count=8, seed=5, signal="products"))]  # fmt: skip
    turned = [month for month in turned if month.known.any()]
    beaten = leaving.train(turned, BOOK, learned)
    assert beaten.facts["took_over"]
    assert beaten.scorer != learned.scorer
    beaten.save(tmp_path / "attrition")
    assert kept.Model.load(tmp_path / "attrition") == beaten
    assert kept.Model.load(tmp_path / "nothing") is None


def test_chances_rise_with_scores_and_are_the_rates_that_came():
    month = months()[0]
    by = leaving.learn("regression", month.inputs, month.left).scorer
    found = leaving.scores(by, month.inputs)
    steps = leaving.calibrated(by, found, month.left).steps
    assert steps == sorted(steps)
    assert [chance for _, chance in steps] == sorted({chance for _, chance in steps})
    told_of = leaving.chances(leaving.calibrated(by, found, month.left), found)
    assert told_of.mean() == pytest.approx(month.left.mean(), abs=0.002)
    assert auc(month.left, told_of) > 0.6


def test_groups_are_compared_and_those_who_refuse_are_out():
    made = [month.without({"C0", "C1"}) for month in months()]
    assert "C0" not in made[0].customers
    assert len(made[0].inputs) == len(made[0].left) == 248
    groups = {"sex": {f"C{at}": "FM"[at % 2] for at in range(250)}}
    rows = leaving.train(made, BOOK, groups=groups).facts["fairness"]["sex"]
    assert [row["group"] for row in rows] == ["F", "M"]
    assert sum(row["customers"] for row in rows) == 248
    assert (
        leaving.psi(made[0].inputs[:, 0], made[1].inputs[:, 0]) < 0.2 < leaving.psi(np.arange(100), np.arange(100) + 60)
    )


def test_a_month_of_kept_weeks_knows_who_left_once_time_has_passed(tmp_path):
    weeks = [FIRST + timedelta(days=7 * number) for number in range(30)]
    stored = {}
    for number, on in enumerate(weeks):
        rows = []
        for customer, gone_from in (("stays", 99), ("leaves", 18), ("part", 99)):
            gone = number >= gone_from
            cells = {
                "days": 7 * number + 1,
                "aum": 0 if gone else 9000,
                "aum_days": 9000 * (7 * number + 1),
                "went": 9000 * gone,
            }
            nothing = {
                name: 0 if kind.is_integer() else Decimal(0)
                for name, kind in tables.LEVELS.items()
                if kind.is_numeric()
            }
            row = dict.fromkeys(tables.LEVELS) | nothing | {"customer_id": customer, "on": on}
            rows.append(
                row
                | {name: Decimal(cell) if tables.LEVELS[name].is_decimal() else cell for name, cell in cells.items()}
            )
        stored[on] = tmp_path / f"{on}.parquet"
        pq.write_table(pa.Table.from_pylist(rows, schema=tables.LEVELS.to_pyarrow()), stored[on])
    names = ("stays", "leaves", "part")
    profiles = [
        dict.fromkeys(tables.PROFILES) | {"customer_id": name, "branch_id": "B", "opened_on": FIRST} for name in names
    ]
    pq.write_table(pa.Table.from_pylist(profiles, schema=tables.PROFILES.to_pyarrow()), tmp_path / "profiles.parquet")
    engine = DuckEngine.in_memory()
    dates = leaving.origins(stored)
    assert dates[-1] == weeks[-1]
    assert dates[0] - weeks[0] >= timedelta(days=leaving.FEWEST_DAYS)
    month = leaving.month(engine, stored, tmp_path / "profiles.parquet", weeks[16], BOOK)
    assert dict(zip(month.customers, month.left, strict=True)) == {"leaves": 1, "part": 0, "stays": 0}
    assert not leaving.month(engine, stored, tmp_path / "profiles.parquet", weeks[-1], BOOK).known.any()
    merges = pa.Table.from_pylist(
        [{"gone": "part", "kept": "stays", "active": True}], schema=tables.MERGES.to_pyarrow()
    )
    one = leaving.month(engine, stored, tmp_path / "profiles.parquet", weeks[16], BOOK, merges)
    assert one.customers == ["leaves", "stays"]
    assert one.inputs[1, PLACE["left"]] == 1000
    assert leaving.origins([]) == []
    engine.close()
