"""How good a ranking is: separation, lift, calibration, each with its interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Groups = Mapping[str, Mapping[str, str]]
"""By what fairness is looked at (sex, age, region): each customer's group."""
TENTHS = 10
SEED = 20_080_501
RESAMPLES = 200


def auc(outcomes: Floats, scores: Floats) -> float:
    """The chance that a row with the outcome stands above one without; half for ties, NaN where one kind lacks."""
    positives = outcomes.sum()
    negatives = len(outcomes) - positives
    if not positives or not negatives:
        return float("nan")
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places][outcomes == 1].sum()
    return float((ranks - positives * (positives + 1) / 2) / (positives * negatives))


def auc_within(outcomes: Floats, scores: Floats, groups: Ints) -> float:
    """AUC of pairs from one group only (a month, a day), each pair counting the same."""
    order = np.argsort(groups, kind="stable")
    total = pairs = 0.0
    for part in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        positives = outcomes[part].sum()
        count = positives * (len(part) - positives)
        if count:
            total += auc(outcomes[part], scores[part]) * count
            pairs += count
    return total / pairs if pairs else float("nan")


def lift(outcomes: Floats, scores: Floats) -> float:
    """The rate in the best tenth by the rate of all."""
    best = np.argsort(-scores, kind="stable")[: max(1, len(scores) // TENTHS)]
    rate = outcomes.mean()
    return float(outcomes[best].mean() / rate) if rate else float("nan")


def average_precision(outcomes: Floats, scores: Floats) -> float:
    """The precision at each row with the outcome, best first, on average; rows of one score come together."""
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    found = np.cumsum(outcomes[order])[last]
    gained = np.diff(found, prepend=0.0)
    return float((gained * found / (last + 1)).sum() / outcomes.sum()) if outcomes.sum() else float("nan")


def calibration(outcomes: Floats, scores: Floats) -> list[tuple[int, float, float]]:
    """By tenths of the ranking, the best first: rows, mean score, rate."""
    parts = np.array_split(np.argsort(-scores, kind="stable"), TENTHS)
    return [(len(part), float(scores[part].mean()), float(outcomes[part].mean())) for part in parts if len(part)]


def calibration_error(outcomes: Floats, scores: Floats) -> float:
    """The expected difference between score and rate, over tenths of the ranking."""
    rows = calibration(outcomes, scores)
    return sum(count * abs(score - rate) for count, score, rate in rows) / len(scores)


def interval(
    measure: Callable[[Ints], float], groups: Ints | None, rows: int, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """The middle 95 % of a measure over resamples: of whole groups (days), else of rows. The seed is fixed."""
    random = np.random.default_rng(SEED)
    values = []
    parts = None
    if groups is not None:
        order = np.argsort(groups, kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
    for _ in range(resamples):
        if parts is None:
            chosen = random.integers(0, rows, rows)
        else:
            chosen = np.concatenate([parts[place] for place in random.integers(0, len(parts), len(parts))])
        values.append(measure(chosen))
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def auc_interval(area: float, positives: int, negatives: int) -> tuple[float, float]:
    """The 95 % interval of an AUC by its groups' sizes alone (Hanley and McNeil, 1982)."""
    one, other = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (positives - 1) * (one - area**2) + (negatives - 1) * (other - area**2)
    reach = 1.96 * float(np.sqrt(spread / (positives * negatives)))
    return max(0.0, area - reach), min(1.0, area + reach)


def psi(before: Ints, now: Ints) -> float:
    """How far values have moved (population stability index), by tenths of the earlier ones."""
    bounds = np.unique(np.quantile(before, np.linspace(0, 1, 11)[1:-1]))
    shares = [
        np.bincount(np.searchsorted(bounds, part, side="left"), minlength=len(bounds) + 1) / len(part)
        for part in (before, now)
    ]
    old, new = (np.maximum(part, 1e-4) for part in shares)
    return float(((new - old) * np.log(new / old)).sum())
