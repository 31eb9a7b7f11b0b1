"""Leaving: a rule, a regression and boosted trees learned from kept weeks, side by side on later months.

Nothing is judged by what it was learned from: each month is scored by what could be learned before it, with an embargo
of the outcome's whole length between. What wins there is learned from all months whose outcome is known. A kept model
stays until another does better on months that neither has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from weihu.engine.protocol import Engine, table_of
from weihu.insight.files import TooFew
from weihu.insight.kept import RULE, Grounds, Model
from weihu.insight.learners import Logistic, Shape, boost
from weihu.insight.measures import (
    TENTHS,
    Floats,
    Groups,
    Ints,
    auc,
    average_precision,
    calibration_error,
    interval,
    psi,
)
from weihu.insight.scorer import chances, notched, scores
from weihu.rules import attrition, tables
from weihu.rules.attrition import NAMES
from weihu.rules.rulebook import RuleBook
from weihu.rules.scores import MILLIONTHS, Node, Scorer

EVERY = timedelta(days=28)
FEWEST_DAYS = 91
"""Days that have to lie before a date that is learned from."""
FEWEST = 30
"""Customers who left, to learn from or to judge by."""
RIDGE = 30.0
TREES = Shape(leaves=5, rounds=150, rate=0.05, least=100)
STEPS = 20
BETTER = 0.002
"""AUC that a more complicated candidate has to gain on average, and half its own standard error."""
DRIFTED = 0.25
CANDIDATES = ("rule", "regression", "trees")
"""From the simplest on."""


@dataclass(frozen=True)
class Month:
    """Customers as they stood on a date, and who of them left; ``left`` is NaN where it is not known (yet)."""

    on: date
    customers: list[str]
    inputs: Ints
    left: Floats

    @property
    def known(self) -> NDArray[np.bool_]:
        """The rows whose outcome is known."""
        return ~np.isnan(self.left)

    def without(self, customers: Collection[str]) -> Month:
        """The same without some customers."""
        stay = np.array([customer not in customers for customer in self.customers], bool)
        kept = [customer for customer, stays in zip(self.customers, stay, strict=True) if stays]
        return Month(self.on, kept, self.inputs[stay], self.left[stay])


def origins(kept: Iterable[date]) -> list[date]:
    """The dates that are learned from: every fourth kept week, back from the last one."""
    weeks = sorted(on for on in kept if attrition.is_kept(on))
    if not weeks:
        return []
    first = weeks[0] + timedelta(days=FEWEST_DAYS)
    dates = [weeks[-1] - EVERY * step for step in range((weeks[-1] - weeks[0]) // EVERY + 1)]
    return [on for on in reversed(dates) if on >= first and on in set(weeks)]


def month(
    engine: Engine, kept: Mapping[date, Path], profiles: Path, on: date, book: RuleBook, merges: pa.Table | None = None
) -> Month:
    """How customers stood on a date, by nothing that came after it; and, if so much time has passed, who left.

    ``kept``: the levels of past nights by date; ``merges`` (columns: tables.MERGES): customers who are one person.
    """
    rule = book.attrition
    spans = attrition.spans(on, rule.level_days)
    until = on + timedelta(days=rule.embargo_days)
    past = [kept[day] for day in sorted(set(spans.values())) if day in kept]
    later = [path for day, path in kept.items() if on < day <= until + timedelta(days=attrition.WEEK)]
    engine.bind("profiles", tables.PROFILES, [profiles])
    _bind_levels(engine, "levels", [kept[on]], merges)
    _bind_levels(engine, "levels_past", past, merges)
    engine.bind_rows("spans", tables.SPANS, list(spans.items()))
    schemas = {
        "profiles": tables.PROFILES,
        "spans": tables.SPANS,
        "levels": tables.LEVELS,
        "levels_past": tables.LEVELS,
    }
    engine.derive(
        "features", attrition.features, **{name: table_of(name, schema) for name, schema in schemas.items()}, book=book
    )
    found = engine.read("features").sort_by("customer_id")
    customers = found["customer_id"].to_pylist()
    left = np.full(len(customers), np.nan)
    if max(kept) >= until:
        _bind_levels(engine, "levels_later", later, merges)
        engine.derive(
            "left",
            attrition.left,
            features=table_of("features", attrition.FEATURES),
            levels=table_of("levels", tables.LEVELS),
            levels_later=table_of("levels_later", tables.LEVELS),
            book=book,
        )
        told = engine.read("left")
        gone = dict(zip(told["customer_id"].to_pylist(), told["left"].to_pylist(), strict=True))
        left = np.array([float(gone.get(customer, np.nan)) for customer in customers])
    inputs = np.column_stack([found[name].to_numpy() for name in NAMES]).astype(np.int64)
    return Month(on, customers, inputs, left)


def _bind_levels(engine: Engine, name: str, paths: list[Path], merges: pa.Table | None) -> None:
    if merges is None or not merges.num_rows:
        engine.bind(name, tables.LEVELS, paths)
    else:
        engine.bind_arrow("merges", tables.MERGES, merges)
        stored = engine.bind(f"{name}_stored", tables.LEVELS, paths)
        engine.derive(name, attrition.levels_as_merged, stored, table_of("merges", tables.MERGES))


@dataclass(frozen=True)
class Learned:
    """A candidate, and what its reasons are worked out from."""

    scorer: Scorer
    grounds: Grounds


def learn(kind: str, inputs: Ints, left: Floats, names: Sequence[str] = NAMES) -> Learned:
    """A candidate from rows whose outcome is known."""
    if kind == "rule":
        return Learned(RULE, Grounds())
    weights = np.ones(len(left))
    if kind == "regression":
        found = Logistic.fit(notched(inputs), left, weights, RIDGE)
        steps = np.where(np.isinf(found.scales), 0.0, found.weights / found.scales)
        intercept = found.intercept - float(found.means @ steps)
        scorer = Scorer(
            kind="regression",
            intercept=round(intercept * MILLIONTHS),
            weights={name: round(float(step) * MILLIONTHS) for name, step in zip(names, steps, strict=True)},
        )
        usual = dict(zip(names, found.means.tolist(), strict=True))
        return Learned(scorer, Grounds(usual=usual))
    booster = boost(inputs.astype(np.float64), left, weights, [], TREES)
    scorer = Scorer(kind="trees", trees=[_node(tree["tree_structure"], names) for tree in _trees(booster)])
    return Learned(scorer, Grounds(booster=booster.model_to_string()))


def _trees(booster: lightgbm.Booster) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = booster.dump_model()["tree_info"]
    return found


def _node(found: dict[str, Any], names: Sequence[str]) -> Node:
    """Inputs are whole numbers, so a threshold is too."""
    if "leaf_value" in found:
        return round(float(found["leaf_value"]) * MILLIONTHS)
    most = int(np.floor(found["threshold"]))
    return [
        names[found["split_feature"]],
        most,
        _node(found["left_child"], names),
        _node(found["right_child"], names),
    ]


def calibrated(by: Scorer, found: Ints, left: Floats) -> Scorer:
    """With the chances that scores had on later months: rates of equal parts, never falling as scores rise."""
    order = np.argsort(found, kind="stable")
    blocks = [
        [int(found[part[0]]), float(left[part].sum()), len(part)] for part in np.array_split(order, STEPS) if len(part)
    ]
    joined: list[list[float]] = []
    for block in blocks:
        joined.append([*block])
        while len(joined) > 1 and joined[-2][1] * joined[-1][2] >= joined[-1][1] * joined[-2][2]:
            _, gone, rows = joined.pop()
            joined[-1][1] += gone
            joined[-1][2] += rows
    steps = [(int(least), round(1_000 * gone / rows)) for least, gone, rows in joined]
    return by.model_copy(update={"steps": steps})


def train(
    months: Sequence[Month],
    book: RuleBook,
    champion: Model | None = None,
    groups: Groups | None = None,
    said: Callable[[str], None] = lambda step: None,
) -> Model:
    """The model that scores from now on: the champion, unless what is learned now does better on months that the
    champion has not seen. Raises TooFew."""
    embargo = timedelta(days=book.attrition.embargo_days)
    known = [month for month in months if month.known.any()]
    judged = [month for month in known if _enough(_before(known, month.on - embargo))]
    if not judged or not _enough(judged):
        raise TooFew(
            f"留存的历史不够:需要约 {2 * book.attrition.embargo_days + FEWEST_DAYS} 天,流失客户至少 {2 * FEWEST} 人",
            f"the home has not kept enough: some {2 * book.attrition.embargo_days + FEWEST_DAYS} days are needed,"
            f" with {2 * FEWEST} customers who left",
        )
    later = {kind: _later(kind, known, judged, embargo, said) for kind in CANDIDATES}
    trials = {kind: [_auc(month, found) for month, found in zip(judged, later[kind], strict=True)] for kind in later}
    winner = CANDIDATES[0]
    for kind in CANDIDATES[1:]:
        if _better(trials[kind], trials[winner]):
            winner = kind
    said(winner)
    every = learn(winner, *_rows(known))
    left = np.concatenate([month.left[month.known] for month in judged])
    scorer = calibrated(
        every.scorer, np.concatenate([f[m.known] for m, f in zip(judged, later[winner], strict=True)]), left
    )
    facts = {
        "kind": winner,
        "period": [str(known[0].on), str(known[-1].on)],
        "customers": len(known[-1].customers),
        "rows": int(sum(month.known.sum() for month in known)),
        "left": int(sum(np.nansum(month.left) for month in known)),
        "book": book.attrition.model_dump(mode="json"),
        "judged": [_measured(m, {kind: later[kind][at] for kind in later}, book) for at, m in enumerate(judged)],
        "metrics": {kind: _pooled(judged, later[kind], book) for kind in CANDIDATES},
        "calibration": _calibration(judged, later[winner]),
        "stability": {
            name: round(psi(known[0].inputs[:, at], months[-1].inputs[:, at]), 3) for at, name in enumerate(NAMES)
        },
        "fairness": _fairness(judged[-1], later[winner][-1], groups or {}, book),
        "trials": trials,
        "learned_on": str(months[-1].on),
    }
    fresh = Model(scorer, facts, every.grounds)
    return _one_of(champion, fresh, judged, later[winner], embargo) if champion else fresh


def _one_of(champion: Model, fresh: Model, judged: Sequence[Month], found: Sequence[Ints], embargo: timedelta) -> Model:
    """The champion with the challenger's figures beside it, or the challenger, on months that neither has seen."""
    seen = date.fromisoformat(champion.facts["period"][1]) + embargo
    unseen = [(month, scored) for month, scored in zip(judged, found, strict=True) if month.on >= seen]
    old = [_auc(month, scores(champion.scorer, month.inputs)) for month, _ in unseen]
    new = [_auc(month, scored) for month, scored in unseen]
    duel = {"months": [str(month.on) for month, _ in unseen], "champion": old, "challenger": new}
    if unseen and _better(new, old):
        return replace(fresh, facts=fresh.facts | {"duel": duel, "took_over": True})
    shadow = {key: fresh.facts[key] for key in ("kind", "period", "metrics", "learned_on")}
    return replace(champion, facts=champion.facts | {"duel": duel, "took_over": False, "challenger": shadow})


def _before(months: Iterable[Month], on: date) -> list[Month]:
    return [month for month in months if month.on <= on]


def _enough(months: Sequence[Month]) -> bool:
    return sum(float(np.nansum(month.left)) for month in months) >= FEWEST


def _rows(months: Sequence[Month]) -> tuple[Ints, Floats]:
    inputs = np.concatenate([month.inputs[month.known] for month in months])
    return inputs, np.concatenate([month.left[month.known] for month in months])


def _later(
    kind: str, known: Sequence[Month], judged: Sequence[Month], embargo: timedelta, said: Callable[[str], None]
) -> list[Ints]:
    """The scores of each judged month, by what could be learned before it."""
    found = []
    for month in judged:
        said(f"{kind} {month.on}")
        found.append(scores(learn(kind, *_rows(_before(known, month.on - embargo))).scorer, month.inputs))
    return found


def _better(new: Sequence[float], old: Sequence[float]) -> bool:
    gains = np.subtract(new, old)
    error = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else 0.0
    return bool(gains.mean() >= max(BETTER, 0.5 * error))


def _auc(month: Month, found: Ints) -> float:
    return auc(month.left[month.known], found[month.known].astype(np.float64))


def warned(found: Ints, share: float) -> NDArray[np.bool_]:
    """The rows of the highest scores that a share of all is room for."""
    room = int(len(found) * share)
    chosen = np.zeros(len(found), bool)
    chosen[np.argsort(-found, kind="stable")[:room]] = True
    return chosen


def _measured(month: Month, found: Mapping[str, Ints], book: RuleBook) -> dict[str, Any]:
    """A judged month: who left, and of each candidate AUC and the precision of its warnings."""
    told = {}
    for kind, scored in found.items():
        hits = month.left[month.known & warned(scored, float(book.attrition.warned))]
        told[kind] = {"auc": _auc(month, scored), "precision": float(hits.mean()) if len(hits) else 0.0}
    return {"on": str(month.on), "customers": int(month.known.sum()), "left": int(np.nansum(month.left)), **told}


def _pooled(judged: Sequence[Month], found: Sequence[Ints], book: RuleBook) -> dict[str, list[float]]:
    """AUC within months, average precision and the precision of the warnings, over all judged months, with their 95 %
    intervals: customers are resampled, with all their months."""
    share = float(book.attrition.warned)
    parts = [
        (m.left[m.known], f[m.known].astype(np.float64), warned(f, share)[m.known])
        for m, f in zip(judged, found, strict=True)
    ]
    left, scored, chosen = (np.concatenate([part[at] for part in parts]) for at in range(3))
    at_month = np.concatenate([np.full(len(part[0]), place) for place, part in enumerate(parts)])
    who = np.concatenate([np.array(m.customers)[m.known] for m in judged])
    _, people = np.unique(who, return_inverse=True)

    def by_month(measure: Callable[[Floats, Floats], float], rows: Ints) -> float:
        values = [
            measure(left[rows[at_month[rows] == at]], scored[rows[at_month[rows] == at]]) for at in range(len(parts))
        ]
        return float(np.nanmean(values))

    def precision(rows: Ints) -> float:
        hits = left[rows[chosen[rows]]]
        return float(hits.mean()) if len(hits) else float("nan")

    every = np.arange(len(left))
    measures: dict[str, Callable[[Ints], float]] = {
        "auc": lambda rows: by_month(auc, rows),
        "average_precision": lambda rows: by_month(average_precision, rows),
        "precision": precision,
    }
    return {
        name: [measure(every), *interval(measure, people.astype(np.int64), len(left), resamples=100)]
        for name, measure in measures.items()
    }


def _calibration(judged: Sequence[Month], found: Sequence[Ints]) -> dict[str, Any]:
    """The chances that each judged month is told by the other ones, beside what came."""
    said, came = [], []
    for at, month in enumerate(judged):
        others = [(m, f) for place, (m, f) in enumerate(zip(judged, found, strict=True)) if place != at]
        if others:
            scored = np.concatenate([f[m.known] for m, f in others])
            steps = calibrated(RULE, scored, np.concatenate([m.left[m.known] for m, _ in others]))
            said.append(chances(steps, found[at][month.known]))
            came.append(month.left[month.known])
    if not said:
        return {}
    chance, left = np.concatenate(said), np.concatenate(came)
    parts = np.array_split(np.argsort(-chance, kind="stable"), TENTHS)
    rows = [[len(part), float(chance[part].mean()), float(left[part].mean())] for part in parts if len(part)]
    return {"error": calibration_error(left, chance), "tenths": rows}


def _fairness(month: Month, found: Ints, groups: Groups, book: RuleBook) -> dict[str, list[dict[str, Any]]]:
    """The last judged month by each group: how many leave, how many are warned of, and the AUC among them."""
    chosen = warned(found, float(book.attrition.warned))
    told: dict[str, list[dict[str, Any]]] = {}
    for by, of in groups.items():
        names = np.array([of.get(customer, "") for customer in month.customers])
        told[by] = []
        for name in sorted(set(names)):
            rows = (names == name) & month.known
            if rows.any():
                area = auc(month.left[rows], found[rows].astype(np.float64))
                told[by].append(
                    {
                        "group": name,
                        "customers": int(rows.sum()),
                        "left": float(month.left[rows].mean()),
                        "warned": float(chosen[rows].mean()),
                        "auc": None if np.isnan(area) else area,
                    }
                )
    return told
