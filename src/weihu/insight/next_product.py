"""What customers buy next: boosted trees for each kind of product beside "most popular in the grade", judged on later months.

The models of a judged month have seen only months whose purchases were over by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import lightgbm
import numpy as np

from weihu.insight.files import TooFew
from weihu.insight.learners import MIDDLE, boost, tree_logits
from weihu.insight.measures import SEED, Floats, Ints, interval
from weihu.rules.next_product import NAMES

NAME = "next_product"
"""The folder of the home's models in which it is kept."""
DAYS = 28
"""Of a month: so far lies one from the next, and so long counts what is bought in it."""
SHOWN = 3
FEWEST_BUYERS, FEWEST_JUDGED = 200, 50
MOST_JUDGED = 3
"""Months that judge, the last ones."""
MOST_ROWS = 30_000
"""Of customers and months, for trees to learn from."""
HARDLY = 20
"""Buyers of a kind, below which its grade's rate stands in for a model."""
MONEY_STEP = 1_000
CANDIDATES = ("popular", "trees")
"""From the simplest on: the rule is what is bought most in the grade."""


@dataclass(frozen=True)
class Month:
    """Customers on a night, in the columns of rules.next_product, and how many of each kind they opened after it."""

    on: date
    customers: list[str]
    inputs: Ints
    grades: Ints
    bought: Ints

    def at(self, rows: Ints) -> Month:
        """Some of the rows."""
        return Month(
            self.on,
            [self.customers[row] for row in rows],
            self.inputs[rows],
            self.grades[rows],
            self.bought[rows],
        )


def origins(weeks: Iterable[date], last: date) -> list[date]:
    """The kept nights that are learned from: every fourth one, back from the last whose month is over."""
    over = sorted(on for on in weeks if on + timedelta(days=DAYS) <= last)
    if not over:
        return []
    return [on for on in over if (over[-1] - on).days % DAYS == 0]


def designed(month: Month) -> Floats:
    """What the trees see: sums as of a month."""
    inputs = month.inputs.astype(np.float64)
    place = {name: at for at, name in enumerate(NAMES)}
    days = np.maximum(inputs[:, place["days"]], 1)
    for name in ("salary", "spent", "spendings"):
        inputs[:, place[name]] *= DAYS / days
    for name in ("aum", "demand", "maturing", "salary", "spent"):
        inputs[:, place[name]] = np.round(np.log1p(np.maximum(inputs[:, place[name]], 0) / MONEY_STEP), 2)
    inputs[:, place["days"]] = 0
    return inputs


@dataclass(frozen=True)
class Ranking:
    """How likely each kind is: by grade (``rates``, under -1 for all), and by trees where there are enough buyers."""

    kinds: list[str]
    rates: dict[int, list[float]]
    trees: dict[str, str]

    def scores(self, month: Month) -> Floats:
        """One column a kind."""
        found = np.array([self.rates.get(int(grade), self.rates[-1]) for grade in month.grades], np.float64)
        inputs = designed(month)
        for place, kind in enumerate(self.kinds):
            if kind in self.trees:
                logits = tree_logits(lightgbm.Booster(model_str=self.trees[kind]), inputs)
                found[:, place] = 1 / (1 + np.exp(-logits))
        return found

    def best(self, month: Month) -> list[list[str]]:
        """By customer the likeliest kinds, the first one first."""
        order = np.argsort(-self.scores(month), axis=1, kind="stable")[:, :SHOWN]
        return [[self.kinds[at] for at in row] for row in order]


def learn(candidate: str, months: Sequence[Month], kinds: Sequence[str]) -> Ranking:
    """A candidate from months whose purchases are known."""
    bought = np.concatenate([month.bought > 0 for month in months]).astype(np.float64)
    grades = np.concatenate([month.grades for month in months])
    rates = {-1: bought.mean(axis=0).tolist()}
    rates |= {int(grade): bought[grades == grade].mean(axis=0).tolist() for grade in np.unique(grades)}
    trees: dict[str, str] = {}
    if candidate == "trees":
        chosen, weights = _some(months)
        inputs = np.concatenate([designed(month) for month in chosen])
        outcomes = np.concatenate([month.bought > 0 for month in chosen]).astype(np.float64)
        for place, kind in enumerate(kinds):
            if outcomes[:, place].sum() >= HARDLY:
                trees[kind] = boost(inputs, outcomes[:, place], weights, [], MIDDLE).model_to_string()
    return Ranking(list(kinds), rates, trees)


def _some(months: Sequence[Month]) -> tuple[list[Month], Floats]:
    """At most so many rows as trees need, a third of them buyers, and how many each stands for: most buy nothing."""
    random = np.random.default_rng(SEED)
    buying = [np.asarray((month.bought > 0).any(axis=1), np.bool_) for month in months]
    buyers = sum(int(each.sum()) for each in buying)
    others = sum(len(each) for each in buying) - buyers
    shares = (min(1.0, 2 * MOST_ROWS / 3 / max(others, 1)), min(1.0, MOST_ROWS / 3 / max(buyers, 1)))
    chosen, weights = [], []
    for month, buys in zip(months, buying, strict=True):
        share = np.where(buys, shares[1], shares[0])
        rows = np.flatnonzero(random.random(len(buys)) < share)
        chosen.append(month.at(rows))
        weights.append(1 / share[rows])
    return chosen, np.concatenate(weights)


def average_precision(scores: Floats, bought: Ints) -> Floats:
    """Of each buyer, the precision at each of the first three kinds that was bought, on average (AP@3)."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :SHOWN]
    hits = np.take_along_axis((bought > 0).astype(np.float64), order, axis=1)
    found = hits.cumsum(axis=1) / np.arange(1, hits.shape[1] + 1)
    most = np.minimum((bought > 0).sum(axis=1), SHOWN)
    return np.asarray((hits * found).sum(axis=1) / np.maximum(most, 1), np.float64)


@dataclass(frozen=True)
class Model:
    """What ranks now, and everything that is known of it."""

    ranking: Ranking
    facts: dict[str, Any]

    @property
    def content(self) -> dict[str, Any]:
        """As it is kept."""
        rates = {str(grade): values for grade, values in self.ranking.rates.items()}
        return {"kinds": self.ranking.kinds, "rates": rates, "trees": self.ranking.trees, "facts": self.facts}

    @classmethod
    def of(cls, content: dict[str, Any]) -> Model:
        """What ``content`` was made of."""
        rates = {int(grade): values for grade, values in content["rates"].items()}
        return cls(Ranking(content["kinds"], rates, content["trees"]), content["facts"])


def train(months: Sequence[Month], kinds: Sequence[str]) -> Model:
    """The model that ranks from now on: the rule, unless the trees do better among the buyers of later months. ``months``:
    those whose purchases are known, oldest first. Raises TooFew."""
    judged = later(months, kinds)
    if sum(len(buyers.customers) for buyers, _ in judged) < FEWEST_JUDGED:
        raise TooFew(
            f"留存的历史不够:需要至少 3 个月,购买客户至少 {FEWEST_BUYERS + FEWEST_JUDGED} 人",
            f"the home has not kept enough: three months are needed, with {FEWEST_BUYERS + FEWEST_JUDGED} buyers",
        )
    who = [customer for buyers, _ in judged for customer in buyers.customers]
    found = {
        candidate: [average_precision(scores[candidate], buyers.bought) for buyers, scores in judged]
        for candidate in CANDIDATES
    }
    every = {candidate: np.concatenate(parts) for candidate, parts in found.items()}
    winner = "trees" if _better(every["trees"], every["popular"]) else "popular"
    people = np.unique(np.array(who), return_inverse=True)[1].astype(np.int64)
    facts = {
        "kind": winner,
        "period": [str(months[0].on), str(months[-1].on)],
        "judged": [str(buyers.on) for buyers, _ in judged],
        "buyers": len(who),
        "bought": dict(zip(kinds, (int((np.concatenate([m.bought for m in months]) > 0).sum(axis=0)[at]) for at in range(len(kinds))), strict=True)),
        "metrics": {candidate: _interval(values, people) for candidate, values in every.items()},
    }  # fmt: skip
    return Model(learn(winner, months, kinds), facts)


def later(months: Sequence[Month], kinds: Sequence[str]) -> list[tuple[Month, dict[str, Floats]]]:
    """The buyers of the months that judge, with the scores of each candidate by what was over before them."""
    judged = [month for month in months if _buyers(_before(months, month))][-MOST_JUDGED:]
    found = []
    for month in judged:
        buyers = month.at(np.flatnonzero((month.bought > 0).any(axis=1)))
        past = _before(months, month)
        found.append((buyers, {candidate: learn(candidate, past, kinds).scores(buyers) for candidate in CANDIDATES}))
    return found


def _before(months: Sequence[Month], judged: Month) -> list[Month]:
    return [month for month in months if month.on + timedelta(days=DAYS) <= judged.on]


def _buyers(months: Sequence[Month]) -> bool:
    return sum(int((month.bought > 0).any(axis=1).sum()) for month in months) >= FEWEST_BUYERS


def _better(new: Floats, old: Floats) -> bool:
    gains = new - old
    return bool(gains.mean() > 0.5 * gains.std(ddof=1) / np.sqrt(len(gains)))


def _interval(values: Floats, people: Ints) -> list[float]:
    def mean(rows: Ints) -> float:
        return float(values[rows].mean())

    return [float(values.mean()), *interval(mean, people, len(values))]
