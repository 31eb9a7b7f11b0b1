"""Segments found from data (数据发现的细分): few, stable, and named by what makes each different from everybody.

k-means on robust columns. How many segments there are, and from which seed, is decided by how alike the segments of
resampled customers are (adjusted Rand index). Earlier segments go on from where they lay, unless others are clearly more
stable; these have the letters of the earlier ones that they overlap with. Sex and place are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, pairwise_distances_argmin
from threadpoolctl import threadpool_limits

from weihu.insight.files import TooFew

NAME = "segments"
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NONE = ""
"""The letter of nobody's segment."""

SEEDS = (1, 2, 3)
SAMPLE = 6_000
"""So many customers are looked at to choose; everybody is assigned."""
STARTS = 5
RESAMPLES, RESAMPLES_AT_LAST = 10, 60
SMALLEST_SHARE = 0.03
BETTER = 0.05
"""Earlier segments go on unless others are more stable by so much."""
FEWEST = 300
ALIKE = 0.3
"""An earlier segment goes on in one that shares so much of both."""
STRONG = 0.4
"""A deviation, in standard deviations of everybody, that is worth a name."""
MOST_WORDS = 3
FAR = 3.0

RAW = (
    "aum", "demand", "term", "invested", "owed", "products", "age", "years", "spendings", "salary", "sent", "contact"
)  # fmt: skip
"""What is known of a customer: yuan (``aum`` to ``owed``), counts, years, payments and yuan of 30 days (``spendings`` to
``sent``), and days since the last contact. Age is NaN where it is not known."""


WEIGHTS = np.array([0.6 if name in ("spendings", "salary", "sent") else 1.0 for name in RAW])
"""What comes and goes tells less of who somebody is than what is held, and differs more from month to month."""


@dataclass(frozen=True)
class Night:
    """Customers as they stood on a night, each column of RAW by its name."""

    on: date
    customers: Sequence[str]
    raw: Mapping[str, Floats]


@dataclass(frozen=True)
class Model:
    """What is kept: where the segments lie, by letter, and what is known of them (``facts``)."""

    letters: tuple[str, ...]
    centres: Floats
    middles: Floats
    spreads: Floats
    facts: dict[str, Any]

    @property
    def content(self) -> dict[str, Any]:
        """As a file keeps it."""
        arrays = {name: getattr(self, name).tolist() for name in ("centres", "middles", "spreads")}
        return {"letters": [*self.letters], **arrays, "facts": self.facts}

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """As ``content`` left it."""
        centres, middles, spreads = (np.array(content[name], np.float64) for name in ("centres", "middles", "spreads"))
        return cls(tuple(content["letters"]), centres, middles, spreads, content["facts"])

    def assigned(self, night: Night) -> list[str]:
        """The letter of each customer's segment."""
        nearest = _nearest(self._placed(night), self.centres)
        return [self.letters[place] for place in nearest]

    def _placed(self, night: Night) -> Floats:
        return placed(columns(night), self.middles, self.spreads)


def columns(night: Night) -> Floats:
    """What segments are found by: sizes as logarithms, kinds of assets as shares of them, an unknown age as usual."""
    raw = night.raw
    whole = np.maximum(raw["aum"], 1.0)
    age = np.where(np.isnan(raw["age"]), np.nanmedian(raw["age"]), raw["age"])
    return np.column_stack(
        [
            np.log10(np.maximum(raw["aum"], 0.0) + 1.0),
            *(np.clip(raw[name] / whole, 0.0, 1.0) for name in ("demand", "term", "invested")),
            np.log10(raw["owed"] + 1.0),
            raw["products"],
            age,
            raw["years"],
            np.log1p(raw["spendings"]),
            np.log10(raw["salary"] + 1.0),
            np.log10(raw["sent"] + 1.0),
            raw["contact"],
        ]
    )


def scale(values: Floats) -> tuple[Floats, Floats]:
    """The middle of each column and its spread, neither moved by a few very large ones."""
    low, middle, high = np.percentile(values, (25, 50, 75), axis=0)
    spread = (high - low) / 1.349
    spread = np.where(spread > 0, spread, values.std(axis=0))
    return middle, np.where(spread > 0, spread, 1.0)


def placed(values: Floats, middles: Floats, spreads: Floats) -> Floats:
    """Columns made comparable; what lies farther out than FAR lies there."""
    return np.asarray(np.clip((values - middles) / spreads, -FAR, FAR) * WEIGHTS, np.float64)


def fit(nights: Sequence[Night], sizes: Sequence[int], before: Model | None, said: Callable[[str], None]) -> Model:
    """Find segments among the customers of the last night, and tell how they grew over the ``nights`` (the oldest first).
    ``sizes``: how many there may be; ``before``: the earlier ones, whose letters go on. Raises TooFew."""
    last = nights[-1]
    if len(last.customers) < FEWEST:
        zh = f"可分析的客户只有 {len(last.customers)} 人,至少需要 {FEWEST} 人"
        raise TooFew(zh, f"there are {len(last.customers)} customers to look at; {FEWEST} are needed")
    values = columns(last)
    middles, spreads = scale(values)
    points = placed(values, middles, spreads)
    sample = points[np.random.default_rng(0).permutation(len(points))[:SAMPLE]]
    months = _two_months(nights, middles, spreads)
    centres, seed, tried = _choice(sample, sizes, months, said)
    carried = _carried(sample, months, before, middles, spreads)
    goes_on = carried is not None and carried[1] > max(row["stability"] for row in tried) - BETTER
    if carried and goes_on:
        centres = carried[0]
    size = len(centres)
    agreed = _agreements(sample, centres, seed, RESAMPLES_AT_LAST)
    nearest = _nearest(points, centres)
    letters = _letters(nearest, size, before, last)
    model = Model(letters, centres, middles, spreads, {})
    low, high = np.percentile(agreed, (2.5, 97.5))
    model.facts.update(
        {
            "on": last.on.isoformat(),
            "customers": len(points),
            "seed": seed,
            "stability": [float(np.mean(agreed)), float(low), float(high)],
            "candidates": tried,
            "carried": carried[1] if carried else None,
            "goes_on": goes_on,
            "stayed": _stayed(model, before, last),
            "segments": _described(points, nearest, letters, last),
            "months": _months(model, nights),
        }
    )
    return model


def kmeans(points: Floats, size: int, seed: int) -> Floats:
    """The centres of so many groups of points, the best of some starts; the same seed gives the same bits."""
    return _centres(points, KMeans(size, n_init=STARTS, random_state=seed))


def _settled(points: Floats, centres: Floats) -> Floats:
    """Centres moved to the middle of the points nearest to them, until they stay."""
    return _centres(points, KMeans(len(centres), init=centres, n_init=1))


def _centres(points: Floats, groups: KMeans) -> Floats:
    # in one thread: sums in one order, and no threads that wait for each other on a machine that has more to do
    with threadpool_limits(1):
        return np.asarray(groups.fit(points).cluster_centers_, np.float64)


def _nearest(points: Floats, centres: Floats) -> Labels:
    return np.asarray(pairwise_distances_argmin(points, centres), np.int64)


def _agreements(sample: Floats, centres: Floats, seed: int, times: int) -> list[float]:
    """How alike the groups are that resampled customers give."""
    draw, labels = np.random.default_rng(1_000 + seed), _nearest(sample, centres)
    found = []
    for turn in range(times):
        again = sample[draw.integers(len(sample), size=len(sample))]
        found.append(adjusted_rand_score(labels, _nearest(sample, kmeans(again, len(centres), 10_000 * seed + turn))))
    return found


def _two_months(nights: Sequence[Night], middles: Floats, spreads: Floats) -> tuple[Floats, Floats] | None:
    """The same customers on the last night and on the one before it; None if there is none."""
    if len(nights) < 2:
        return None
    now, then = (dict(zip(night.customers, range(len(night.customers)), strict=True)) for night in nights[:-3:-1])
    both = [customer for customer in now if customer in then]
    rows = ([now[customer] for customer in both], [then[customer] for customer in both])
    first, second = (
        placed(columns(night), middles, spreads)[row] for night, row in zip(nights[:-3:-1], rows, strict=True)
    )
    return first, second


def _stability(sample: Floats, centres: Floats, seed: int, months: tuple[Floats, Floats] | None) -> float:
    """How alike the groups of resampled customers are, and where there are two months, the same customers' groups too."""
    resampled = float(np.mean(_agreements(sample, centres, seed, RESAMPLES)))
    if months is None:
        return resampled
    now, then = (_nearest(points, centres) for points in months)
    return (resampled + float(adjusted_rand_score(now, then))) / 2


def _carried(
    sample: Floats, months: tuple[Floats, Floats] | None, before: Model | None, middles: Floats, spreads: Floats
) -> tuple[Floats, float] | None:
    """Where the earlier segments lie now, and how stable they are there."""
    if before is None:
        return None
    there = placed(before.centres / WEIGHTS * before.spreads + before.middles, middles, spreads)
    centres = _settled(sample, there)
    return centres, _stability(sample, centres, SEEDS[0], months)


def _choice(
    sample: Floats, sizes: Sequence[int], months: tuple[Floats, Floats] | None, said: Callable[[str], None]
) -> tuple[Floats, int, list[dict[str, Any]]]:
    """The most stable groups, of those without a tiny one if there are any; their seed; and all that was tried."""
    tried: list[dict[str, Any]] = []
    for size in sizes:
        for seed in SEEDS:
            said(f"{size} / {seed}")
            centres = kmeans(sample, size, seed)
            shares = np.bincount(_nearest(sample, centres), minlength=size) / len(sample)
            stable = _stability(sample, centres, seed, months)
            tried.append({"segments": size, "seed": seed, "stability": stable, "smallest": float(shares.min())})
    fair = [row for row in tried if row["smallest"] >= SMALLEST_SHARE] or tried
    best = max(fair, key=lambda row: row["stability"])
    return kmeans(sample, best["segments"], best["seed"]), best["seed"], tried


def _letters(nearest: Labels, size: int, before: Model | None, last: Night) -> tuple[str, ...]:
    """Each segment's letter: that of the earlier one with which it overlaps most, else one that is new."""
    kept: dict[int, str] = {}
    if before:
        earlier = np.array([before.letters.index(letter) for letter in before.assigned(last)], np.int64)
        both = np.zeros((size, len(before.letters)))
        np.add.at(both, (nearest, earlier), 1)
        either = both.sum(axis=1)[:, None] + both.sum(axis=0)[None, :] - both
        overlap = both / np.maximum(either, 1)
        for place, old in zip(*linear_sum_assignment(-overlap), strict=True):
            if overlap[place, old] >= ALIKE:
                kept[int(place)] = before.letters[old]
    used = {*kept.values(), *(before.letters if before else ())}
    free = _unused(used)
    order = np.argsort(-np.bincount(nearest, minlength=size), kind="stable")
    for place in order:
        kept.setdefault(int(place), next(free) if int(place) not in kept else NONE)
    return tuple(kept[place] for place in range(size))


def _unused(used: set[str]) -> Iterator[str]:
    """Letters, then pairs of them, that no segment has or had the time before."""
    pairs = (first + second for first in LETTERS for second in LETTERS)
    return (letter for letter in (*LETTERS, *pairs) if letter not in used)


def _stayed(model: Model, before: Model | None, last: Night) -> float | None:
    """Which share of the customers the earlier segments would have given the same letter."""
    if before is None:
        return None
    pairs = zip(model.assigned(last), before.assigned(last), strict=True)
    return float(np.mean([now == then for now, then in pairs]))


def _described(points: Floats, nearest: Labels, letters: Sequence[str], last: Night) -> list[dict[str, Any]]:
    """Each segment, the largest first: its customers, and what makes it different, with its average and everybody's."""
    usual, spread = points.mean(axis=0), points.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    found = []
    for place in np.argsort(-np.bincount(nearest, minlength=len(letters)), kind="stable"):
        own = nearest == place
        away = (points[own].mean(axis=0) - usual) / spread
        strongest = [column for column in np.argsort(-np.abs(away), kind="stable") if abs(away[column]) >= STRONG]
        told = strongest[:MOST_WORDS] or [int(np.argmax(np.abs(away)))]
        found.append(
            {
                "letter": letters[place],
                "customers": int(own.sum()),
                "different": [_difference(RAW[column], float(away[column]), own, last) for column in told],
            }
        )
    return found


def _difference(name: str, away: float, own: NDArray[np.bool_], last: Night) -> dict[str, Any]:
    """One thing that makes a segment different; kinds of assets as shares of all assets."""
    values = last.raw[name]
    if name in ("demand", "term", "invested"):
        values = np.clip(values / np.maximum(last.raw["aum"], 1.0), 0.0, 1.0)
    average = np.nanmedian if name == "aum" else np.nanmean
    return {"column": name, "more": away > 0, "own": float(average(values[own])), "all": float(average(values))}


def _months(model: Model, nights: Sequence[Night]) -> list[dict[str, Any]]:
    """On each night the customers of each segment, and how many had another one on the night before."""
    found: list[dict[str, Any]] = []
    earlier: dict[str, str] = {}
    for night in nights:
        now = dict(zip(night.customers, model.assigned(night), strict=True))
        both = [customer for customer in now if customer in earlier]
        moved = sum(now[customer] != earlier[customer] for customer in both)
        letters = [*now.values()]
        found.append(
            {
                "on": night.on.isoformat(),
                "sizes": {letter: letters.count(letter) for letter in model.letters},
                "stayed_customers": len(both),
                "moved": moved,
            }
        )
        earlier = now
    return found
