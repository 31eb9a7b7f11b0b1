"""Scores of rows that lie in memory: what rules.scores makes of the same inputs in an engine, to the bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from weihu.insight.measures import Floats, Ints
from weihu.rules.attrition import NAMES
from weihu.rules.scores import GRID, Node, Scorer


def notched(inputs: Ints) -> Floats:
    """What a regression sees of inputs: the notches of scores.GRID that they reach."""
    return np.searchsorted(np.array(GRID), inputs, side="right").astype(np.float64)


def scores(by: Scorer, inputs: Ints, names: Sequence[str] = NAMES) -> Ints:
    """One whole number a row."""
    place = {name: at for at, name in enumerate(names)}
    if by.kind == "rule":
        return -inputs[:, place[next(iter(by.weights))]]
    found = np.full(len(inputs), by.intercept, np.int64)
    for name, weight in by.weights.items():
        found += weight * np.searchsorted(np.array(GRID), inputs[:, place[name]], side="right")
    for tree in by.trees:
        found += _leaves(tree, inputs, place)
    return found


def _leaves(node: Node, inputs: Ints, place: Mapping[str, int]) -> Ints:
    if isinstance(node, int):
        return np.full(len(inputs), node, np.int64)
    name, most, left, right = node
    goes_left = inputs[:, place[name]] <= most
    return np.where(goes_left, _leaves(left, inputs, place), _leaves(right, inputs, place))


def chances(by: Scorer, found: Ints) -> Floats:
    """Of scores, between 0 and 1."""
    least = np.array([step[0] for step in by.steps])
    values = np.array([0, *(step[1] for step in by.steps)]) / 1_000
    return np.asarray(values[np.searchsorted(least, found, side="right")], np.float64)
