"""The next product as it is learned: what tells wins, months judge that taught nothing, and a kept model ranks the same."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from weihu.insight import files, next_product
from weihu.insight.files import TooFew
from weihu.insight.told_next import told
from weihu.rules.next_product import NAMES, columns

KINDS = ("card", "fund", "term")
FIRST = date(2026, 1, 4)
DEMAND = NAMES.index("demand")


def months(count: int = 6, customers: int = 700, tells: bool = True) -> list[next_product.Month]:
    """Customers of whom the rich buy funds and the others term deposits, if anything tells."""
    made = []
    for number in range(count):
        random = np.random.default_rng([8, number])
        inputs = random.integers(0, 50_000, (customers, len(columns(KINDS))))
        inputs[:, NAMES.index("days")] = 300
        rich = inputs[:, DEMAND] > 25_000 if tells else random.random(customers) < 0.5
        draws = random.random((customers, 3))
        chance = np.column_stack([np.full(customers, 0.01), np.where(rich, 0.3, 0.01), np.where(rich, 0.01, 0.32)])
        on = FIRST + timedelta(days=next_product.DAYS * number)
        names = [f"C{at}" for at in range(customers)]
        grades = random.integers(0, 2, customers)
        made.append(next_product.Month(on, names, inputs, grades, (draws < chance).astype(np.int64)))
    return made


@pytest.fixture(scope="module")
def learned():
    return next_product.train(months(), KINDS)


def test_what_tells_wins_over_what_is_bought_most(learned):
    rule, trees = (learned.facts["metrics"][kind] for kind in next_product.CANDIDATES)
    assert learned.facts["kind"] == "trees"
    assert trees[1] > rule[2], "its whole interval lies above the rule's"


def test_where_nothing_tells_the_rule_stays():
    found = next_product.train(months(tells=False), KINDS)
    assert found.facts["kind"] == "popular"
    assert not found.ranking.trees


def test_the_likeliest_come_first(learned):
    month = months(1)[0]
    best = learned.ranking.best(month)
    rich = month.inputs[:, DEMAND] > 30_000
    poor = month.inputs[:, DEMAND] < 20_000
    first = np.array([row[0] for row in best])
    assert (first[rich] == "fund").mean() > 0.97
    assert (first[poor] == "term").mean() > 0.97
    assert all(sorted(row) == sorted(KINDS) for row in best)


def test_a_month_is_judged_by_what_was_over_before_it():
    usual = months()
    last = usual[-1]
    turned = [*usual[:-1], next_product.Month(last.on, last.customers, last.inputs, last.grades, last.bought[:, ::-1])]
    before, after = (next_product.train(made, KINDS).facts for made in (usual, turned))
    assert before["judged"] == after["judged"] == [str(month.on) for month in usual[-3:]]
    assert after["metrics"]["trees"][0] < before["metrics"]["trees"][0], "it was foretold by the months before"


def test_too_few_months_are_too_few():
    for made in ([], months(1), months(6, 20)):
        with pytest.raises(TooFew):
            next_product.train(made, KINDS)


def test_precision_counts_the_first_three():
    scores = np.array([[0.9, 0.5, 0.4, 0.1]] * 4)
    bought = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 1, 0]])
    found = next_product.average_precision(scores, bought)
    assert found.tolist() == pytest.approx([1, 0.5, 0, (1 + 2 / 3) / 2])


def test_a_kept_model_ranks_the_same(learned, tmp_path):
    files.save(tmp_path / "next", learned.content)
    again = next_product.Model.of(files.load(tmp_path / "next"))
    month = months(1)[0]
    assert again.ranking.best(month) == learned.ranking.best(month)
    assert again.facts == learned.facts


def test_the_report_says_everything(learned):
    text = told(learned.facts)
    for expected in ("MAP@3", "95 %", "boosted trees", "most popular", "fund", str(FIRST)):
        assert expected in text
