"""Scores that are the same bits on any engine: whole millionths added as whole numbers. Tables in, tables out.

Inputs are whole numbers. A regression adds a weight for each notch that an input reaches on one fixed, ever wider grid
(so it sees sizes as a logarithm does); trees add a leaf each. Log odds become a chance by steps that were counted on
later months, not by an exponential that each engine would round in its own way.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Literal

import ibis
from ibis.expr.types import IntegerValue, Table
from pydantic import BaseModel, ConfigDict

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

    @cached_property
    def inputs(self) -> frozenset[str]:
        """The inputs that it looks at."""
        return frozenset(self.weights).union(*map(_inputs_of, self.trees))


def _inputs_of(node: Node) -> frozenset[str]:
    if isinstance(node, int):
        return frozenset()
    name, _, left, right = node
    return frozenset({name}) | _inputs_of(left) | _inputs_of(right)


def score(inputs: Table, by: Scorer) -> IntegerValue:
    """One whole number a row."""
    if by.kind == "rule":
        return -inputs[next(iter(by.weights))]
    parts: list[IntegerValue]
    if by.kind == "regression":
        parts = [notches(inputs[name]) * weight for name, weight in by.weights.items()]
    else:
        parts = [_leaf(inputs, tree) for tree in by.trees]
    return _added([ibis.literal(by.intercept, "int64"), *parts])


def chance(scored: IntegerValue, by: Scorer) -> IntegerValue:
    """Thousandths."""
    steps = [(scored >= least, thousandths) for least, thousandths in reversed(by.steps)]
    return ibis.cases(*steps, else_=0).cast("int64") if steps else ibis.literal(0, "int64")


def notches(value: IntegerValue) -> IntegerValue:
    """How many notches of GRID a value reaches."""
    return _added([(value >= notch).cast("int64") for notch in GRID])


def _leaf(inputs: Table, node: Node) -> IntegerValue:
    if isinstance(node, int):
        return ibis.literal(node, "int64")
    name, most, left, right = node
    return ibis.ifelse(inputs[name] <= most, _leaf(inputs, left), _leaf(inputs, right))


def _added(parts: list[IntegerValue]) -> IntegerValue:
    """Their sum as a tree of sums: hundreds in a row nest too deep for a parser."""
    while len(parts) > 1:
        parts = [parts[at] + parts[at + 1] if at + 1 < len(parts) else parts[at] for at in range(0, len(parts), 2)]
    return parts[0]
