"""The candidate that does best on the inner origins, and the probabilities it gives there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from weihu.insight.learners import Logistic, sigmoid
from weihu.insight.measures import Floats, Ints, auc
from weihu.insight.response.candidates import IN_NO_ORDER, IN_TIME, REGRESSION, Candidate, Rows
from weihu.insight.response.origins import Split, enough, weights

BETTER = 0.002
"""A candidate takes over from a simpler one if it gains so much AUC on average, and its own standard error."""
HALF_LIVES = (1.0, 3.0)
"""In blocks; tried for the candidate that won without."""
UNCHANGED = (0.0, 1.0)
"""Intercept and slope of scores that are probabilities as they are."""


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


def choose(rows: Rows, splits: list[Split], said: Callable[[str], None]) -> Chosen:
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
    scores_judged, rule_judged = shifted(found, shift), shifted(by_rule, rule_shift)
    return Chosen(best, half_life, rule, trials, shift, rule_shift, judged, scores_judged, rule_judged)


def _judged(rows: Rows, split: Split, candidate: Candidate, half_life: float | None) -> Floats:
    learned = rows.learn(candidate, split.train, weights(rows, split.train, half_life))
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


def shifted(logits: Floats, shift: tuple[float, float]) -> Floats:
    return sigmoid(shift[0] + shift[1] * logits)


def _calibrated(logits: Floats, outcomes: Floats, part: Ints) -> tuple[float, float]:
    """Intercept and slope that make scores probabilities, where they do so on parts (origins) they are not from.

    A market that turns gives each origin another correction; then the model's own probabilities stay.
    """
    gains = []
    for number in np.unique(part):
        own, others = part == number, part != number
        if not enough(outcomes[others]):
            return UNCHANGED
        corrected = shifted(logits[own], _line(logits[others], outcomes[others]))
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
