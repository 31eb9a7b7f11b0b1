"""How good scores are on rows they were not learned from, each measure with its interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from weihu.insight.measures import (
    Floats,
    Ints,
    auc,
    auc_within,
    average_precision,
    calibration,
    calibration_error,
    interval,
    lift,
)
from weihu.insight.response.candidates import Rows
from weihu.insight.response.choice import Chosen


def measured(rows: Rows, choice: Chosen) -> dict[str, Any]:
    """Measures of the inner scores, each with its interval, the rule beside it."""
    outcomes = rows.outcomes[choice.judged]
    timeline = rows.timeline
    days = timeline.days if timeline and timeline.days is not None else timeline.blocks if timeline else None
    groups = days[choice.judged] if days is not None else None
    blocks = timeline.blocks[choice.judged] if timeline else None
    own_days = timeline.days[choice.judged] if timeline and timeline.days is not None else None
    return {
        "rows": len(outcomes),
        "model": measures(outcomes, choice.scores, groups, blocks, own_days),
        "rule": measures(outcomes, choice.rule_scores, groups, blocks, own_days),
        "gains": calibration(outcomes, choice.scores),
    }


def measures(
    outcomes: Floats, scores: Floats, groups: Ints | None = None, blocks: Ints | None = None, days: Ints | None = None
) -> dict[str, list[float]]:
    """Each measure as [value, low, high]: pooled, and where there is time within months and within days.

    ``groups`` are resampled whole for the interval: rows of a day share what happened that day.
    """
    wanted: dict[str, Callable[[Ints], float]] = {
        "auc": lambda rows: auc(outcomes[rows], scores[rows]),
        "lift": lambda rows: lift(outcomes[rows], scores[rows]),
        "average_precision": lambda rows: average_precision(outcomes[rows], scores[rows]),
        "calibration_error": lambda rows: calibration_error(outcomes[rows], scores[rows]),
    }
    if blocks is not None:
        wanted["auc_within_months"] = lambda rows: auc_within(outcomes[rows], scores[rows], blocks[rows])
    if days is not None:
        wanted["auc_within_days"] = lambda rows: auc_within(outcomes[rows], scores[rows], days[rows])
    every = np.arange(len(outcomes))
    return {name: [measure(every), *interval(measure, groups, len(outcomes))] for name, measure in wanted.items()}
