"""Columns of numbers, and how they are drawn."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

Ints = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
Floats = np.ndarray[Any, np.dtype[np.float64]]

EPOCH = date(1970, 1, 1)
YEAR = 365.25
NEVER = int(np.iinfo(np.int64).max)
"""A day that does not come."""


def days(on: date) -> int:
    """A date as days since 1970, as dates are kept in columns."""
    return (on - EPOCH).days


def day(number: int) -> date:
    return EPOCH + timedelta(days=number)


def drawn(rng: np.random.Generator, weights: Floats, count: int) -> Ints:
    """Places by weight."""
    bounds = np.cumsum(weights / weights.sum())
    return np.minimum(np.searchsorted(bounds, rng.random(count), side="right"), len(weights) - 1)


def chosen(chance: Floats, weights: Floats, row: Ints) -> Ints:
    """One place each, by the weights in each one's row of a table; ``chance`` is uniform in [0, 1)."""
    bounds = np.cumsum(weights, axis=1)
    bounds /= bounds[:, -1:]
    result = np.zeros(len(row), np.int64)
    for column in range(bounds.shape[1] - 1):
        result += chance >= bounds[row, column]
    return result


def years(born: Ints) -> Ints:
    """Calendar years of days since 1970."""
    return born.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


def months(on: Ints) -> Ints:
    """Months since January 1970."""
    return on.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def ranked(values: Floats) -> Floats:
    """Each value's rank, in the middle of its place between 0 and 1."""
    return (np.argsort(np.argsort(values, kind="stable"), kind="stable") + 0.5) / max(1, len(values))


def sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-values)))


def joined(parts: list[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
