"""From a table to a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

import numpy as np
import pyarrow as pa

from weihu.insight import leak
from weihu.insight.columns import Raw, explained
from weihu.insight.response.candidates import Rows
from weihu.insight.response.choice import choose
from weihu.insight.response.drift import drift_inside, spread_of
from weihu.insight.response.measured import measured
from weihu.insight.response.model import FORMAT, Model
from weihu.insight.response.origins import folds, origins, weights
from weihu.insight.response.tables import FEWEST, Refused, need, no_time, outcome, usable
from weihu.insight.timeline import PACE, Clock, NoTime, Timeline

OF_THE_DAY = 0.9
"""A column is of the time if days (or months) explain so much of it."""


def fit(
    table: pa.Table,
    target: str,
    time: str | None = None,
    in_order: bool = False,
    without: Sequence[str] = (),
    keep: Sequence[str] = (),
    positive: str | None = None,
    said: Callable[[str], None] = lambda step: None,
) -> Model:
    """A model of who has the outcome. Raises Refused."""
    need(table, [target, *without, *keep, *([time] if time else [])])
    outcomes, known, positive = outcome(table, target, positive)
    table = table.filter(pa.array(known))
    outcomes = outcomes[known]
    clock = Clock(time) if time else Clock.of_order(table) if in_order else None
    try:
        timeline = clock.read(table) if clock else None
    except NoTime as fault:
        raise no_time(str(time), fault, np.flatnonzero(known)) from None
    order = timeline.order if timeline else np.arange(table.num_rows)
    said("columns")
    columns, left_out = usable(table, order, {target, *without, *([time] if time else [])})
    left_out |= dict.fromkeys(without, "asked")
    outcomes = outcomes[order]
    blocks = timeline.blocks if timeline else np.zeros(len(order), np.int64)
    said("leaks")
    leaks = leak.find({name: values for name, values in columns.items() if name not in keep}, outcomes, blocks)
    for found in leaks:
        del columns[found.column]
        left_out[found.column] = "leak"
    groups = _groups(columns, timeline)
    if timeline and timeline.pace is not None and PACE not in columns:
        columns[PACE] = timeline.pace
        groups[PACE] = "pace"
    if not columns:
        raise Refused("没有可用的列", "no column is left to learn from")
    rows = Rows(columns, groups, outcomes, timeline)
    splits = origins(rows) if timeline else folds(rows)
    if not splits:
        raise Refused(
            f"数据太少:起点前后各需至少 {FEWEST} 行有结果、{FEWEST} 行没有",
            f"too few rows: before and after an origin {FEWEST} of each outcome are needed",
        )
    choice = choose(rows, splits, said)
    said(choice.candidate.name)
    every = np.arange(len(outcomes))
    learned = rows.learn(choice.candidate, every, weights(rows, every, choice.half_life))
    rule = rows.learn(choice.rule, every)
    facts = {
        "format": FORMAT,
        "target": target,
        "positive": positive,
        "rows": len(outcomes),
        "positives": int(outcomes.sum()),
        "without_outcome": int((~known).sum()),
        "order": "time" if time else "rows" if in_order else "none",
        "clock": clock.kept() if clock else None,
        "period": [timeline.labels[0], timeline.labels[-1]] if timeline else None,
        "tail": asdict(timeline.tail) if timeline and timeline.tail else None,
        "groups": groups,
        "left_out": left_out,
        "leaks": [{"column": found.column, "zh": found.zh, "en": found.en} for found in leaks],
        "candidate": choice.candidate.name,
        "half_life": choice.half_life,
        "rule": choice.rule.groups[0],
        "trials": choice.trials,
        "calibration": choice.calibration,
        "rule_calibration": choice.rule_calibration,
        "metrics": measured(rows, choice),
        "drift": drift_inside(rows) if timeline else {},
        "spread": {name: spread_of(values) for name, values in columns.items()},
    }
    return Model(facts, learned, rule)


def _groups(columns: dict[str, Raw], timeline: Timeline | None) -> dict[str, str]:
    """Which columns speak of the time: those that the day (or the month) of a row already tells."""
    groups = dict.fromkeys(columns, "row")
    if timeline:
        parts = timeline.blocks if timeline.days is None else timeline.days
        for name, values in columns.items():
            if max(explained(values, parts), explained(values, timeline.blocks)) >= OF_THE_DAY:
                groups[name] = "time"
    return groups
