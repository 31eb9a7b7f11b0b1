"""Response: past contacts with their outcome in, a ranking of a list out.

``fit`` finds its way by itself. It leaves out what is known only afterwards (``leak``), tells the columns that speak of
the time from those that speak of the customer, and tries a rule of one column, regressions and boosted trees, each on
origins inside the training rows: learned before, judged after. What wins there is learned from all rows. Without time,
random folds take the place of the origins.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa

from weihu.insight import leak
from weihu.insight.columns import Encoder, Raw, explained, kind_of, numbers, raw, texts
from weihu.insight.learners import LARGE, MIDDLE, RIDGE, SMALL, Logistic, Shape, boost, sigmoid, tree_logits
from weihu.insight.measures import (
    SEED,
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
from weihu.insight.timeline import PACE, Clock, NoTime, Tail, Timeline
from weihu.rules.sections.entry import Bilingual

POSITIVE = {"yes", "y", "true", "t", "1", "是", "有", "成功", "已办理"}
NEGATIVE = {"no", "n", "false", "f", "0", "否", "无", "失败", "未办理"}
FEWEST = 20
"""Rows of each outcome that a part needs to be learned from or judged by."""
FEWEST_LEARNED = 500
"""Rows before an inner origin, or a quarter of a small table."""
ORIGINS = 5
FOLDS, FEWER_FOLDS, MANY_ROWS = 5, 3, 20_000
OF_THE_DAY = 0.9
"""A column is of the time if days (or months) explain so much of it."""
BETTER = 0.002
"""A candidate takes over from a simpler one if it gains so much AUC on average, and its own standard error."""
HALF_LIVES = (1.0, 3.0)
"""In blocks; tried for the candidate that won without."""
SCORE = "score"
DIGITS = 9
NAME = re.compile(r"[\w-]{1,60}")
FORMAT = 1
UNCHANGED = (0.0, 1.0)
"""Intercept and slope of scores that are probabilities as they are."""
DRIFTED = 0.25
"""PSI from which a column is said to have drifted (the usual bound)."""
BOUNDS = 10


class Refused(Bilingual):
    """A table or a name that cannot be used, and why, in both languages."""


@dataclass(frozen=True)
class Candidate:
    """A way to learn: which columns, and by what."""

    name: str
    groups: tuple[str, ...]
    """row: of the customer; pace; time: of the day or the month; or the one column of a rule."""
    parts: tuple[Shape | float, ...]
    """Boosted trees of a shape, or a regression with a ridge for all but the pace; of several the mean of the logits."""


REGRESSION, CAUTIOUS, MOST_CAUTIOUS = RIDGE, 1_000.0, 3_000.0
"""Ridges: the rows that a column would need to be believed half."""
IN_TIME = (
    Candidate("most cautious logistic with pace", ("row", "pace"), (MOST_CAUTIOUS,)),
    Candidate("cautious logistic with pace", ("row", "pace"), (CAUTIOUS,)),
    Candidate("logistic", ("row",), (REGRESSION,)),
    Candidate("logistic with pace", ("row", "pace"), (REGRESSION,)),
    Candidate("logistic with pace and time", ("row", "pace", "time"), (REGRESSION,)),
    Candidate("steps with pace", ("row", "pace"), (SMALL,)),
    Candidate("logistic and steps with pace", ("row", "pace"), (REGRESSION, SMALL)),
    Candidate("boosting with pace", ("row", "pace"), (MIDDLE,)),
    Candidate("boosting with pace and time", ("row", "pace", "time"), (MIDDLE,)),
)
"""From the simplest on."""
IN_NO_ORDER = (
    Candidate("logistic", ("row",), (REGRESSION,)),
    Candidate("boosting", ("row",), (MIDDLE,)),
    Candidate("large boosting", ("row",), (LARGE,)),
)


@dataclass(frozen=True)
class Learned:
    """A candidate learned from rows."""

    encoder: Encoder
    parts: list[Logistic | lightgbm.Booster]

    def logits(self, columns: dict[str, Raw], rows: int) -> Floats:
        """One logit a row: the mean of the parts."""
        found = [
            part.logits(self.encoder.design(columns, rows))
            if isinstance(part, Logistic)
            else tree_logits(part, self.encoder.codes(columns, rows))
            for part in self.parts
        ]
        return np.asarray(np.mean(found, axis=0), np.float64)

    def kept(self, folder: Path) -> dict[str, Any]:
        """As JSON keeps it; trees are texts in ``folder``."""
        parts: list[dict[str, Any]] = []
        for number, part in enumerate(self.parts):
            if isinstance(part, Logistic):
                parts.append({"logistic": part.kept()})
            else:
                name = f"trees-{number}.txt"
                (folder / name).write_text(part.model_to_string(), encoding="utf-8")
                parts.append({"trees": name})
        return {"columns": self.encoder.kept(), "parts": parts}

    @classmethod
    def read(cls, kept: dict[str, Any], folder: Path) -> Learned:
        """From what ``kept`` made."""
        parts = [
            Logistic.read(part["logistic"])
            if "logistic" in part
            else lightgbm.Booster(model_str=(folder / part["trees"]).read_text(encoding="utf-8"))
            for part in kept["parts"]
        ]
        return cls(Encoder.read(kept["columns"]), parts)


@dataclass(frozen=True)
class Rows:
    """The training rows in the order of time."""

    columns: dict[str, Raw]
    groups: dict[str, str]
    """Of each column: row, pace or time."""
    outcomes: Floats
    timeline: Timeline | None

    def of(self, groups: Iterable[str], places: Ints) -> dict[str, Raw]:
        """The columns of some groups, or named ones, at some places."""
        wanted = set(groups)
        return {
            name: values[places]
            for name, values in self.columns.items()
            if name in wanted or self.groups[name] in wanted
        }

    def learn(self, candidate: Candidate, places: Ints, weights: Floats | None = None) -> Learned:
        """A candidate from the rows at some places."""
        columns = self.of(candidate.groups, places)
        encoder = Encoder.learn(columns, frozenset({PACE}))
        outcomes = self.outcomes[places]
        weights = np.ones(len(places)) if weights is None else weights
        parts: list[Logistic | lightgbm.Booster] = []
        for shape in candidate.parts:
            if not isinstance(shape, Shape):
                ridge = np.where(encoder.straight, RIDGE, shape)
                parts.append(Logistic.fit(encoder.design(columns, len(places)), outcomes, weights, ridge))
            else:
                codes = encoder.codes(columns, len(places))
                parts.append(boost(codes, outcomes, weights, encoder.choices, shape))
        return Learned(encoder, parts)


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows to be judged by; in time, ``until`` ends the first block after the origin."""

    label: str
    train: Ints
    test: Ints
    next_block: Ints
    """Those of the test rows that calibration and measures are of."""


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
    _need(table, [target, *without, *keep, *([time] if time else [])])
    outcomes, known, positive = outcome(table, target, positive)
    table = table.filter(pa.array(known))
    outcomes = outcomes[known]
    clock = Clock(time) if time else Clock.of_order(table) if in_order else None
    try:
        timeline = clock.read(table) if clock else None
    except NoTime as fault:
        raise _no_time(str(time), fault, np.flatnonzero(known)) from None
    order = timeline.order if timeline else np.arange(table.num_rows)
    said("columns")
    columns, left_out = _columns(table, order, {target, *without, *([time] if time else [])})
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
    splits = _origins(rows) if timeline else _folds(rows)
    if not splits:
        raise Refused(
            f"数据太少:起点前后各需至少 {FEWEST} 行有结果、{FEWEST} 行没有",
            f"too few rows: before and after an origin {FEWEST} of each outcome are needed",
        )
    choice = _choose(rows, splits, said)
    said(choice.candidate.name)
    every = np.arange(len(outcomes))
    learned = rows.learn(choice.candidate, every, _weights(rows, every, choice.half_life))
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
        "metrics": _measured(rows, choice),
        "drift": _drift_inside(rows) if timeline else {},
        "spread": {name: _spread(values) for name, values in columns.items()},
    }
    return Model(facts, learned, rule)


def outcome(table: pa.Table, target: str, positive: str | None) -> tuple[Floats, Any, str]:
    """1 and 0 for each row, whether a row has an outcome at all, and the value that is 1."""
    cells = texts(table[target])
    values = sorted({cell for cell in cells if cell})
    if len(values) != 2:
        shown = ", ".join(values[:5]) + (" …" if len(values) > 5 else "")
        raise Refused(
            f"结果列“{target}”须恰有两种值(如 yes/no、1/0),现有 {len(values)} 种: {shown}",
            f"the outcome {target} has to have exactly two values (such as yes/no, 1/0); it has {len(values)}: {shown}",
        )
    if positive is None:
        known = [value for value in values if value.lower() in POSITIVE]
        opposite = [value for value in values if value.lower() in NEGATIVE]
        if len(known) == 1 and len(opposite) == 1:
            positive = known[0]
        else:
            # of two other values, the rarer one is what a list is made for
            positive = min(values, key=lambda value: (cells.count(value), value))
    elif positive not in values:
        raise Refused(
            f"结果列“{target}”没有值“{positive}”,只有: {', '.join(values)}",
            f"the outcome {target} has no value {positive}, only: {', '.join(values)}",
        )
    outcomes = np.array([cell == positive for cell in cells], np.float64)
    known_rows = np.array([bool(cell) for cell in cells])
    count = int(outcomes.sum())
    if min(count, int(known_rows.sum()) - count) < 2 * FEWEST:
        raise Refused(
            f"数据太少:“{positive}”有 {count} 行,其余 {int(known_rows.sum()) - count} 行,各需至少 {2 * FEWEST} 行",
            f"too few rows: {count} are {positive} and {int(known_rows.sum()) - count} are not;"
            f" at least {2 * FEWEST} of each are needed",
        )
    return outcomes, known_rows, positive


def _need(table: pa.Table, names: Iterable[str]) -> None:
    lacking = [name for name in names if name not in table.column_names]
    if lacking:
        present = ", ".join(table.column_names[:30])
        raise Refused(
            f"表中没有列: {', '.join(lacking)}。现有: {present}",
            f"the table lacks: {', '.join(lacking)}. It has: {present}",
        )


def _no_time(column: str, fault: NoTime, places: Ints) -> Refused:
    row = int(places[fault.row]) + 2
    return Refused(
        f"第 {row} 行“{column}”不是日期: “{fault.found}”;应如 2026-06-30",
        f"row {row}, {column}: {fault.found!r} is no date; expected one like 2026-06-30",
    )


def _columns(table: pa.Table, order: Ints, skipped: set[str]) -> tuple[dict[str, Raw], dict[str, str]]:
    """The columns that can be learned from, and why others cannot."""
    columns: dict[str, Raw] = {}
    left_out: dict[str, str] = {}
    for name in table.column_names:
        if name in skipped:
            continue
        cells = texts(table[name])
        kind = kind_of(cells)
        if kind in ("number", "choice"):
            columns[name] = raw(cells, kind)[order]
        else:
            left_out[name] = kind
    return columns, left_out


def _groups(columns: dict[str, Raw], timeline: Timeline | None) -> dict[str, str]:
    """Which columns speak of the time: those that the day (or the month) of a row already tells."""
    groups = dict.fromkeys(columns, "row")
    if timeline:
        parts = timeline.blocks if timeline.days is None else timeline.days
        for name, values in columns.items():
            if max(explained(values, parts), explained(values, timeline.blocks)) >= OF_THE_DAY:
                groups[name] = "time"
    return groups


def _enough(outcomes: Floats) -> bool:
    return bool(FEWEST <= outcomes.sum() <= len(outcomes) - FEWEST)


def _origins(rows: Rows) -> list[Split]:
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
        if origin >= least and _enough(before) and _enough(after):
            test = np.arange(origin, count)
            splits.append(Split(timeline.labels[block], np.arange(origin), test, np.arange(end - origin)))
    return splits[-ORIGINS:]


def _folds(rows: Rows) -> list[Split]:
    """Random folds with the outcomes spread evenly."""
    count = len(rows.outcomes)
    folds = FOLDS if count <= MANY_ROWS else FEWER_FOLDS
    random = np.random.default_rng(SEED)
    order = random.permutation(count)
    order = order[np.argsort(rows.outcomes[order], kind="stable")]
    fold = np.empty(count, np.int64)
    fold[order] = np.arange(count) % folds
    splits = []
    for number in range(folds):
        test = np.flatnonzero(fold == number)
        splits.append(Split(str(number + 1), np.flatnonzero(fold != number), test, np.arange(len(test))))
    return splits


def _weights(rows: Rows, places: Ints, half_life: float | None) -> Floats:
    """Of training rows: half for each half-life of blocks that they are older than the last."""
    if half_life is None or rows.timeline is None:
        return np.ones(len(places))
    blocks = rows.timeline.blocks[places]
    return np.asarray(0.5 ** ((blocks.max() - blocks) / half_life), np.float64)


@dataclass(frozen=True)
class Chosen:
    """What won on the inner origins, and what it scored there."""

    candidate: Candidate
    half_life: float | None
    rule: Candidate
    trials: list[dict[str, Any]]
    calibration: tuple[float, float]
    rule_calibration: tuple[float, float]
    judged: Ints
    """The places of the rows that were judged, in the first block after each origin."""
    scores: Floats
    rule_scores: Floats


def _choose(rows: Rows, splits: list[Split], said: Callable[[str], None]) -> Chosen:
    """The best candidate; a more complicated one only if it is clearly better."""
    trials: list[dict[str, Any]] = []
    logits: dict[str, list[Floats]] = {}

    def tried(candidate: Candidate, half_life: float | None, key: str) -> list[float]:
        said(key)
        logits[key] = [_judged(rows, split, candidate, half_life) for split in splits]
        return [auc(rows.outcomes[split.test], found) for split, found in zip(splits, logits[key], strict=True)]

    rule, best_scores = _rule(rows, splits)
    tried(rule, None, "rule")
    trials.append({"name": f"rule: {rule.groups[0]}", "auc": best_scores})
    best, key, half_life = rule, "rule", None
    present = set(rows.groups.values())
    for candidate in IN_TIME if rows.timeline else IN_NO_ORDER:
        if not set(candidate.groups) <= present:
            continue
        scores = tried(candidate, None, candidate.name)
        trials.append({"name": candidate.name, "auc": scores})
        if _better(scores, best_scores):
            best, best_scores, key = candidate, scores, candidate.name
    if rows.timeline:
        winner = best
        for life in HALF_LIVES:
            name = f"{winner.name}, half-life {life:g}"
            scores = tried(winner, life, name)
            trials.append({"name": name, "auc": scores})
            if _better(scores, best_scores):
                best_scores, key, half_life = scores, name, life
    judged = np.concatenate([split.test[split.next_block] for split in splits])
    part = np.concatenate([np.full(len(split.next_block), place) for place, split in enumerate(splits)])
    outcomes = rows.outcomes[judged]
    found, by_rule = _next_block(logits[key], splits), _next_block(logits["rule"], splits)
    shift, rule_shift = _calibrated(found, outcomes, part), _calibrated(by_rule, outcomes, part)
    scores_judged, rule_judged = _shifted(found, shift), _shifted(by_rule, rule_shift)
    return Chosen(best, half_life, rule, trials, shift, rule_shift, judged, scores_judged, rule_judged)


def _judged(rows: Rows, split: Split, candidate: Candidate, half_life: float | None) -> Floats:
    learned = rows.learn(candidate, split.train, _weights(rows, split.train, half_life))
    return learned.logits(rows.of(candidate.groups, split.test), len(split.test))


def _next_block(logits: list[Floats], splits: list[Split]) -> Floats:
    return np.concatenate([found[split.next_block] for found, split in zip(logits, splits, strict=True)])


def _rule(rows: Rows, splits: list[Split]) -> tuple[Candidate, list[float]]:
    """The simple rule to beat: the one column that does best on the same origins."""
    tried = []
    for name in rows.columns:
        candidate = Candidate("rule", (name,), (REGRESSION,))
        scores = [auc(rows.outcomes[split.test], _judged(rows, split, candidate, None)) for split in splits]
        tried.append((float(np.mean(scores)), candidate, scores))
    _, candidate, scores = max(tried, key=lambda entry: entry[0])
    return candidate, scores


def _better(scores: list[float], before: list[float]) -> bool:
    gains = np.subtract(scores, before)
    error = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else 0.0
    return bool(gains.mean() >= max(BETTER, 0.5 * error))


def _shifted(logits: Floats, shift: tuple[float, float]) -> Floats:
    return sigmoid(shift[0] + shift[1] * logits)


def _calibrated(logits: Floats, outcomes: Floats, part: Ints) -> tuple[float, float]:
    """Intercept and slope that make scores probabilities, where they do so on parts (origins) they are not from.

    A market that turns gives each origin another correction; then the model's own probabilities stay.
    """
    gains = []
    for number in np.unique(part):
        own, others = part == number, part != number
        if not _enough(outcomes[others]):
            return UNCHANGED
        corrected = _shifted(logits[own], _line(logits[others], outcomes[others]))
        gains.append(_loss(sigmoid(logits[own]), outcomes[own]) - _loss(corrected, outcomes[own]))
    if len(gains) < 2 or np.mean(gains) <= np.std(gains, ddof=1) / np.sqrt(len(gains)):
        return UNCHANGED
    return _line(logits, outcomes)


def _line(logits: Floats, outcomes: Floats) -> tuple[float, float]:
    """The likeliest intercept and slope; the order is never turned round."""
    fitted = Logistic.fit(logits[:, None], outcomes, np.ones(len(outcomes)), ridge=1.0)
    slope = float(fitted.weights[0] / fitted.scales[0])
    return (float(fitted.intercept - slope * fitted.means[0]), slope) if slope > 0 else UNCHANGED


def _loss(rates: Floats, outcomes: Floats) -> float:
    return float(-np.mean(np.log(np.where(outcomes == 1, rates, 1 - rates))))


def _measured(rows: Rows, choice: Chosen) -> dict[str, Any]:
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


def _spread(values: Raw) -> dict[str, Any]:
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


def _psi(spread: dict[str, Any], values: Raw) -> float:
    """How far values lie from a kept spread (population stability index)."""
    if "values" in spread:
        cells = values.astype(str)
        found = [float((cells == value).mean()) for value in spread["values"]]
        now = np.array([*found, 1 - sum(found)])
    else:
        now = np.array(_shares(np.asarray(values, np.float64), np.array(spread["bounds"])))
    before, now = np.maximum(spread["shares"], 1e-4), np.maximum(now, 1e-4)
    return float(((now - before) * np.log(now / before)).sum())


def _drift_inside(rows: Rows) -> dict[str, float]:
    """How far each column's later half lies from its earlier one."""
    half = len(rows.outcomes) // 2
    return {name: round(_psi(_spread(values[:half]), values[half:]), 3) for name, values in rows.columns.items()}


@dataclass(frozen=True)
class Model:
    """What was learned, and everything that is known of it."""

    facts: dict[str, Any]
    learned: Learned
    rule: Learned
    """The simple rule beside it."""

    def score(self, table: pa.Table, by_rule: bool = False) -> tuple[Floats, dict[str, float]]:
        """A probability for each row in the table's order, and the columns that drifted. Raises Refused."""
        learned = self.rule if by_rule else self.learned
        columns, order = self._columns(table, learned.encoder)
        rows = table.num_rows
        shift = self.facts["rule_calibration" if by_rule else "calibration"]
        found = _shifted(learned.logits(columns, rows), shift) if rows else np.zeros(0)
        scores = np.empty(rows)
        scores[order] = found
        return scores, self._drifted(columns) if rows else {}

    def _columns(self, table: pa.Table, encoder: Encoder) -> tuple[dict[str, Raw], Ints]:
        facts = self.facts
        clock = Clock(**facts["clock"]) if facts["clock"] else None
        used = [column for column in encoder.columns if facts["groups"][column.name] != "pace"]
        paced = len(used) < len(encoder.columns)
        timed = clock.columns if clock and paced else []
        _need(table, [*(column.name for column in used), *timed])
        order = np.arange(table.num_rows)
        columns: dict[str, Raw] = {}
        if clock and paced:
            try:
                timeline = clock.read(table, Tail(**facts["tail"]) if facts["tail"] else None)
            except NoTime as fault:
                raise _no_time(str(clock.time), fault, order) from None
            order = timeline.order
            columns[PACE] = timeline.pace if timeline.pace is not None else np.zeros(0)
        for column in used:
            cells = texts(table[column.name])
            columns[column.name] = raw(cells, column.kind)[order]
            _readable(column.name, column.kind, cells)
        return columns, order

    def _drifted(self, columns: dict[str, Raw]) -> dict[str, float]:
        found = {name: _psi(self.facts["spread"][name], values) for name, values in columns.items()}
        return {name: value for name, value in sorted(found.items(), key=lambda item: -item[1]) if value >= DRIFTED}

    def save(self, folder: Path) -> None:
        """To a folder of JSON and model texts; an earlier model there is replaced as a whole."""
        fresh = folder.with_name(f".{folder.name}")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        kept = self.facts | {"learned": self.learned.kept(fresh), "by_rule": self.rule.kept(fresh)}
        (fresh / "model.json").write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)

    @classmethod
    def load(cls, folder: Path) -> Model:
        """From what ``save`` wrote; raises Refused."""
        try:
            kept = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise Refused(f"没有模型“{folder.name}”", f"there is no model {folder.name}") from None
        learned, rule = (Learned.read(kept.pop(key), folder) for key in ("learned", "by_rule"))
        return cls(kept, learned, rule)


def scored(model: Model, table: pa.Table) -> tuple[pa.Table, dict[str, float]]:
    """The table with the column ``score``, and the columns that drifted. Raises Refused."""
    if SCORE in table.column_names:
        raise Refused(f"表中已有列“{SCORE}”", f"the table has a column {SCORE} already")
    scores, drifted = model.score(table)
    return table.append_column(SCORE, pa.array(scores.round(DIGITS), pa.float64())), drifted


def _readable(name: str, kind: str, cells: list[str]) -> None:
    """Refuse a column of numbers that has become mostly words."""
    filled = [cell for cell in cells if cell]
    if kind == "number" and filled and np.isnan(numbers(filled)).mean() > 0.5:
        example = next(cell for cell in filled if np.isnan(numbers([cell]))[0])
        raise Refused(
            f"列“{name}”应为数字,现有“{example}”等",
            f"column {name} has to be numbers; found {example!r} and the like",
        )


def check_name(name: str) -> None:
    """Refuse a name that is no plain word."""
    if not NAME.fullmatch(name):
        raise Refused(
            f"名称“{name}”只能用文字、数字、“-”和“_”,最多 60 个",
            f"the name {name!r} may have letters, digits, - and _ only, at most 60",
        )
