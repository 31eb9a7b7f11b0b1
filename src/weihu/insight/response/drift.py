"""How far a later table lies from the rows that were learned from."""

from __future__ import annotations

from typing import Any

import numpy as np

from weihu.insight.columns import Raw
from weihu.insight.measures import Floats
from weihu.insight.response.candidates import Rows

DRIFTED = 0.25
"""PSI from which a column is said to have drifted (the usual bound)."""
BOUNDS = 10


def spread_of(values: Raw) -> dict[str, Any]:
    """The shares by which later tables are compared: of choices, or between tenths of numbers."""
    if values.dtype == object:
        different, counts = np.unique(values.astype(str), return_counts=True)
        largest = np.argsort(-counts, kind="stable")[:BOUNDS]
        shares = counts[largest] / len(values)
        return {"values": [str(value) for value in different[largest]], "shares": [*shares.tolist(), 1 - shares.sum()]}
    numeric = np.asarray(values, np.float64)
    filled = numeric[~np.isnan(numeric)]
    bounds = np.unique(np.quantile(filled, np.linspace(0, 1, BOUNDS + 1)[1:-1])) if len(filled) else np.zeros(0)
    return {"bounds": bounds.tolist(), "shares": _shares(numeric, bounds)}


def _shares(numeric: Floats, bounds: Floats) -> list[float]:
    bins = np.where(np.isnan(numeric), len(bounds) + 1, np.searchsorted(bounds, numeric, side="left"))
    shares: list[float] = (np.bincount(bins, minlength=len(bounds) + 2) / max(len(numeric), 1)).tolist()
    return shares


def psi(spread: dict[str, Any], values: Raw) -> float:
    """How far values lie from a kept spread (population stability index)."""
    if "values" in spread:
        cells = values.astype(str)
        found = [float((cells == value).mean()) for value in spread["values"]]
        now = np.array([*found, 1 - sum(found)])
    else:
        now = np.array(_shares(np.asarray(values, np.float64), np.array(spread["bounds"])))
    before, now = np.maximum(spread["shares"], 1e-4), np.maximum(now, 1e-4)
    return float(((now - before) * np.log(now / before)).sum())


def drift_inside(rows: Rows) -> dict[str, float]:
    """How far each column's later half lies from its earlier one."""
    half = len(rows.outcomes) // 2
    return {name: round(psi(spread_of(values[:half]), values[half:]), 3) for name, values in rows.columns.items()}
