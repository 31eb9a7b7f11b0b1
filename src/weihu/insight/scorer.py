"""Scores in whole millionths, added as whole numbers: the same on any machine, in any order.

Inputs are whole numbers. A regression adds a weight for each notch that an input reaches on one fixed, ever wider grid
(so it sees sizes as a logarithm does); trees add a leaf each. Log odds become a chance by steps that were counted on
other months.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from weihu.insight.measures import Floats, Ints
from weihu.rules.attrition import NAMES

MILLIONTHS = 1_000_000
GRID = (1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 90, 128, 181, 256, 362, 512, 724, 1024, 1448, 2048, 2896, 4096)
"""The notches; each is about 1.4 times the one before."""

Node = list[Any] | int
"""A leaf's millionths, or [input, its largest value that goes left, left, right]."""


class Scorer(BaseModel):
    """How inputs become a score. ``regression``: ``intercept`` and ``weights`` a notch; ``trees``: ``intercept`` and the
    sum of the trees' leaves; both in millionths of log odds. ``rule``: less of the one input in ``weights`` scores more.

    ``steps``: from which score on a chance holds, in thousandths, both rising; below the first it is 0.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["rule", "regression", "trees"]
    intercept: int = 0
    weights: dict[str, int] = {}
    trees: list[Node] = []
    steps: list[tuple[int, int]] = []


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
