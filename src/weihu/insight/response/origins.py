"""Where the rows are parted into those learned from and those judged: origins in time, or random folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weihu.insight.measures import SEED, Floats, Ints
from weihu.insight.response.candidates import Rows
from weihu.insight.response.tables import FEWEST

FEWEST_LEARNED = 500
"""Rows before an inner origin, or a quarter of a small table."""
ORIGINS = 5
FOLDS, FEWER_FOLDS, MANY_ROWS = 5, 3, 20_000


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows to be judged by."""

    label: str
    train: Ints
    test: Ints
    next_block: Ints
    """Those of the test rows that calibration and measures are of."""


def enough(outcomes: Floats) -> bool:
    """Whether there are FEWEST of each outcome."""
    return bool(FEWEST <= outcomes.sum() <= len(outcomes) - FEWEST)


def origins(rows: Rows) -> list[Split]:
    """Origins at the beginnings of blocks: learned before, judged on all that comes after."""
    timeline = rows.timeline
    if timeline is None:
        return []
    splits = []
    count = len(rows.outcomes)
    least = min(FEWEST_LEARNED, count // 4)
    for block in range(1, int(timeline.blocks[-1]) + 1):
        origin = int(np.searchsorted(timeline.blocks, block))
        end = int(np.searchsorted(timeline.blocks, block, side="right"))
        before, after = rows.outcomes[:origin], rows.outcomes[origin:]
        if origin >= least and enough(before) and enough(after):
            test = np.arange(origin, count)
            splits.append(Split(timeline.labels[block], np.arange(origin), test, np.arange(end - origin)))
    return splits[-ORIGINS:]


def folds(rows: Rows) -> list[Split]:
    """Random folds with the outcomes spread evenly."""
    count = len(rows.outcomes)
    parts = FOLDS if count <= MANY_ROWS else FEWER_FOLDS
    random = np.random.default_rng(SEED)
    order = random.permutation(count)
    order = order[np.argsort(rows.outcomes[order], kind="stable")]
    fold = np.empty(count, np.int64)
    fold[order] = np.arange(count) % parts
    splits = []
    for number in range(parts):
        test = np.flatnonzero(fold == number)
        splits.append(Split(str(number + 1), np.flatnonzero(fold != number), test, np.arange(len(test))))
    return splits


def weights(rows: Rows, places: Ints, half_life: float | None) -> Floats:
    """Of training rows: half for each half-life of blocks that they are older than the last."""
    if half_life is None or rows.timeline is None:
        return np.ones(len(places))
    blocks = rows.timeline.blocks[places]
    return np.asarray(0.5 ** ((blocks.max() - blocks) / half_life), np.float64)
