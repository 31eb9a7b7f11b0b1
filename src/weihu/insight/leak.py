"""Columns that are known only after the outcome: found by what they show, never by their names.

Three signs, each over pairs of rows from one block of time, so that no change of the market counts:

- A column alone separates nearly all rows (``PERFECT``).
- A column alone separates well (``STRONG``), and much better than a model of all columns that do not (it leaves at
  most ``REMAINDER`` of the wrongly ordered pairs that those leave). What is known beforehand about people is spread
  over many columns; the course of the contact itself is in one.
- All rows with one value (or an empty cell, or zero) have the same outcome, where by the rate of their time at least
  ``EXPECTED`` would have the other.

A weak leak shows none of these; no statistic can tell it from knowledge. Whoever knows that a column is known
beforehand says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weihu.insight.columns import Encoder, Raw, least_rows
from weihu.insight.learners import MIDDLE, boost, tree_logits
from weihu.insight.measures import SEED, Floats, Ints, auc_within

PERFECT = 0.99
STRONG = 0.75
REMAINDER = 0.4
EXPECTED = 30.0
FOLDS = 3
BINS = 30
SAMPLE = 20_000
"""Rows looked at; the signs need no more."""


@dataclass(frozen=True)
class Leak:
    """A column that must not be used, and why."""

    column: str
    zh: str
    en: str


def find(columns: dict[str, Raw], outcomes: Floats, blocks: Ints) -> list[Leak]:
    """The columns that only the outcome can have made."""
    random = np.random.default_rng(SEED)
    if len(outcomes) > SAMPLE:
        chosen = np.sort(random.choice(len(outcomes), SAMPLE, replace=False))
        columns = {name: values[chosen] for name, values in columns.items()}
        outcomes, blocks = outcomes[chosen], blocks[chosen]
    folds = random.integers(0, FOLDS, len(outcomes))
    alone = {name: _alone(values, outcomes, blocks, folds) for name, values in columns.items()}
    strong = [name for name in columns if alone[name] >= STRONG]
    found = [_one_outcome(name, values, outcomes, blocks) for name, values in columns.items() if name not in strong]
    leaks = [leak for leak in found if leak]
    if strong:
        refused = {leak.column for leak in leaks}
        others = {name: values for name, values in columns.items() if name not in strong and name not in refused}
        together = _together(others, outcomes, blocks, folds)
        for name in strong:
            leak = _outlier(name, alone[name], together) or _one_outcome(name, columns[name], outcomes, blocks)
            if leak:
                leaks.append(leak)
    return leaks


def _outlier(name: str, alone: float, together: float) -> Leak | None:
    if alone >= PERFECT:
        return Leak(
            name,
            f"“{name}”一列就几乎分开了全部结果(AUC {alone:.3f}):应是结果之后才有的",
            f"{name} alone tells nearly all outcomes apart (AUC {alone:.3f}): it must come from after them",
        )
    if 1 - alone <= REMAINDER * (1 - together):
        return Leak(
            name,
            f"“{name}”一列的区分度(AUC {alone:.3f})远高于其余各列合起来({together:.3f}):应是结果之后才有的",
            f"{name} alone separates (AUC {alone:.3f}) far better than the other columns together ({together:.3f}):"
            " it must come from after the outcome",
        )
    return None


def _one_outcome(name: str, values: Raw, outcomes: Floats, blocks: Ints) -> Leak | None:
    rates = (np.bincount(blocks, outcomes) / np.maximum(np.bincount(blocks), 1))[blocks]
    for value, rows in _single_values(values):
        for outcome, expected in ((0, rates[rows].sum()), (1, (1 - rates[rows]).sum())):
            if expected >= EXPECTED and np.all(outcomes[rows] == outcome):
                zh_value, en_value = (f"“{value}”", repr(value)) if value else ("空", "empty")
                count = int(rows.sum())
                zh_outcome, en_outcome = ("是", "positive") if outcome else ("否", "negative")
                return Leak(
                    name,
                    f"“{name}”为{zh_value}的 {count} 行结果全为{zh_outcome},按同期比例应有 {expected:.0f} 行相反",
                    f"{name}: all {count} rows that are {en_value} are {en_outcome},"
                    f" where {expected:.0f} of the others would be expected",
                )
    return None


def _single_values(values: Raw) -> list[tuple[str, np.ndarray[tuple[int], np.dtype[np.bool_]]]]:
    least = least_rows(len(values))
    if values.dtype != object:
        numeric = np.asarray(values, np.float64)
        return [(value, rows) for value, rows in (("", np.isnan(numeric)), ("0", numeric == 0)) if rows.sum() >= least]
    different, counts = np.unique(values.astype(str), return_counts=True)
    return [(str(value), values == value) for value, count in zip(different, counts, strict=True) if count >= least]


def _alone(values: Raw, outcomes: Floats, blocks: Ints, folds: Ints) -> float:
    """How well one column separates within blocks, by the rates of its values in the other folds."""
    if values.dtype == object:
        _, bins = np.unique(values.astype(str), return_inverse=True)
    else:
        numeric = np.asarray(values, np.float64)
        filled = numeric[~np.isnan(numeric)]
        edges = np.unique(np.quantile(filled, np.linspace(0, 1, BINS + 1)[1:-1])) if len(filled) else np.zeros(0)
        bins = np.where(np.isnan(numeric), len(edges) + 1, np.searchsorted(edges, numeric, side="right"))
    scores = np.zeros(len(outcomes))
    prior = 20.0
    for fold in range(FOLDS):
        train, test = folds != fold, folds == fold
        mean = outcomes[train].mean()
        size = int(bins.max()) + 1
        rows = np.bincount(bins[train], minlength=size)
        rates = (np.bincount(bins[train], outcomes[train], minlength=size) + prior * mean) / (rows + prior)
        scores[test] = rates[bins[test]] - mean
    return auc_within(outcomes, scores, blocks)


def _together(columns: dict[str, Raw], outcomes: Floats, blocks: Ints, folds: Ints) -> float:
    """How well the other columns together separate within blocks, over folds."""
    scores = np.zeros(len(outcomes))
    for fold in range(FOLDS):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        encoder = Encoder.learn({name: values[train] for name, values in columns.items()})
        if not encoder.columns:
            return 0.5
        inputs = encoder.codes({name: values[train] for name, values in columns.items()}, len(train))
        booster = boost(inputs, outcomes[train], np.ones(len(train)), encoder.choices, MIDDLE)
        later = encoder.codes({name: values[test] for name, values in columns.items()}, len(test))
        scores[test] = tree_logits(booster, later) - outcomes[train].mean()
    return auc_within(outcomes, scores, blocks)
