"""What the history tells of contribution to come, judged on months that came later.

How many of a grade's customers are here a year later, what those who are contribute then, against their own level, and
what those came to bring who brought little. A candidate may know the first only (the level is held) or all; the simple
rule is the contribution of the last twelve months, as often as there are years. What is foretold at an origin is held
against the contribution that came, before any discount.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from weihu.insight.files import TooFew
from weihu.insight.measures import SEED, Floats, Groups, Ints
from weihu.rules.rulebook import RuleBook
from weihu.rules.worth import SIX, YEAR, Outlook, after, cell_of

FEWEST_MONTHS = 2 * YEAR + 1
"""Months' ends: a year to learn from, a year to judge by."""
ALIKE = 200
"""A cell counts as much as what it lies in (its grade, all) from so many customers on."""
TENTHS, FIFTH = 10, 0.2
RESAMPLES = 200
CANDIDATES = ("held", "changing")
"""From the simpler on."""
BESIDE = ("rule", "aum")
"""The simple rules: the contribution of the last twelve months, and the largest AUM first (which only ranks)."""


@dataclass(frozen=True)
class End:
    """Customers at the end of a month, as tables.WORTHS has them. Money in yuan, contribution a year."""

    on: date
    customers: list[str]
    margin: Floats
    level: Floats
    aum: Floats
    effective: NDArray[np.bool_]
    grades: Ints
    ages: Ints
    products: Ints

    def places(self, customers: Sequence[str]) -> Ints:
        """Where customers stand; -1 for those who do not."""
        place = {customer: at for at, customer in enumerate(self.customers)}
        return np.array([place.get(customer, -1) for customer in customers], np.int64)


@dataclass(frozen=True)
class Model:
    """What is looked ahead by now, and everything that is known of it."""

    outlook: Outlook
    facts: dict[str, Any]

    @property
    def content(self) -> dict[str, Any]:
        """As it is kept."""
        return {"outlook": self.outlook.model_dump(mode="json"), "facts": self.facts}


def train(ends: Sequence[End], book: RuleBook, groups: Groups) -> Model:
    """What to look ahead by from now on. ``ends``: all that are kept, one a month, the oldest first. Raises TooFew."""
    if len(ends) < FEWEST_MONTHS:
        raise TooFew(
            f"留存的月末不够:需要 {FEWEST_MONTHS} 个,现有 {len(ends)} 个",
            f"the home has not kept enough: {FEWEST_MONTHS} months' ends are needed, it has {len(ends)}",
        )
    ahead = min(book.worth.months, len(ends) - 1 - YEAR)
    origin = len(ends) - 1 - ahead
    judged = Judged.of(ends, origin, learn("changing", ends[: origin + 1], book), book)
    metrics = {name: judged.measured(name) for name in (*CANDIDATES, *BESIDE)}
    winner = "changing" if judged.nearer("changing", "held") else "held"
    outlook = learn(winner, ends, book)
    facts = {
        "kind": winner,
        "learned_on": outlook.learned_on,
        "period": [str(ends[0].on), str(ends[-1].on)],
        "origin": str(ends[origin].on),
        "months": ahead,
        "judged": len(judged.came),
        "came": float(judged.came.sum()),
        "metrics": metrics,
        "tenths": judged.tenths(winner),
        "stays": {grade: float(share) for grade, share in outlook.stays.items()},
        "years_told": len(outlook.changes),
        "fairness": {by: judged.compared(winner, of) for by, of in groups.items()},
    }
    return Model(outlook, facts)


def learn(candidate: str, ends: Sequence[End], book: RuleBook) -> Outlook:
    """What the ends of months tell, as far as each year after one of them is over."""
    stays = _stays(ends, book)
    most = min(book.worth.months, len(ends) - 1) // YEAR if candidate == "changing" else 0
    years = range(1, most + 1)
    return Outlook(
        learned_on=str(ends[-1].on),
        stays=stays,
        changes=tuple(_changes(ends, year, stays, book) for year in years),
        gains=tuple(_gains(ends, year, book) for year in years),
    )


def _stays(ends: Sequence[End], book: RuleBook) -> dict[str, Decimal]:
    """By grade the share of customers who are here a year later: who are effective and have kept more than the share of
    their AUM from which on the book says that somebody left."""
    here, all_of = np.zeros((2, len(book.grades)))
    for before, then in zip(ends, ends[YEAR:], strict=False):
        told = before.effective & (before.aum >= float(book.attrition.amount))
        places = then.places(before.customers)
        kept = _at(then.aum, places) > float(book.attrition.left) * before.aum
        stays = kept & (_at(then.effective.astype(np.float64), places) > 0)
        here += np.bincount(before.grades[told & stays], minlength=len(here))
        all_of += np.bincount(before.grades[told], minlength=len(here))
    # customers come back month after month, so a month's worth of them is one customer's worth of evidence
    months = max(len(ends) - YEAR, 1)
    share = here.sum() / max(all_of.sum(), 1)
    of_grade = (here / months + ALIKE * share) / (all_of / months + ALIKE)
    return {grade: _exact(min(max(each, 0.01), 1.0)) for grade, each in zip(book.grades, of_grade, strict=True)}


def _changes(ends: Sequence[End], year: int, stays: dict[str, Decimal], book: RuleBook) -> dict[str, Decimal]:
    """By cell the contribution so many years later, against the level of those who should be here still."""
    here = np.array([float(stays[grade]) ** year for grade in book.grades])
    came, held, many = _later(ends, year, book, little=False)
    return _by_cell(came, held * here[:, None, None], many, 1.0, book)


def _gains(ends: Sequence[End], year: int, book: RuleBook) -> dict[str, Decimal]:
    """By cell the contribution so many years later of those who brought little, yuan a year."""
    came, _, many = _later(ends, year, book, little=True)
    return _by_cell(came, many, many, 0.0, book)


def _later(ends: Sequence[End], year: int, book: RuleBook, little: bool) -> tuple[Floats, Floats, Floats]:
    """By cell, of those who bring ``little`` or of the others, a month on average: the contribution so many years later,
    the level before, and how many they are."""
    came, held, many = np.zeros((3, len(book.grades), len(book.worth.ages) + 2, len(book.worth.products) + 1))
    pairs = list(zip(ends, ends[year * YEAR :], strict=False))
    for before, then in pairs:
        some = np.flatnonzero((before.level < float(book.worth.little)) == little)
        cell = (before.grades[some], before.ages[some] + 1, before.products[some])
        np.add.at(came, cell, _at(then.margin, then.places(before.customers))[some])
        np.add.at(held, cell, before.level[some])
        np.add.at(many, cell, 1.0)
    return came / len(pairs), held / len(pairs), many / len(pairs)


def _by_cell(came: Floats, whole: Floats, many: Floats, otherwise: float, book: RuleBook) -> dict[str, Decimal]:
    """What came against the ``whole`` by cell, each drawn towards its grade and that towards all."""
    every = _ratio(came.sum(), whole.sum(), otherwise)
    found = {}
    for rank, grade in enumerate(book.grades):
        of_grade = _shrunk(came[rank].sum(), whole[rank].sum(), many[rank].sum(), every)
        for place in np.ndindex(came[rank].shape):
            here = _shrunk(came[rank][place], whole[rank][place], many[rank][place], of_grade)
            found[cell_of(grade, place[0] - 1, place[1])] = _exact(max(here, 0.0))
    return found


def _shrunk(came: float, held: float, many: float, whole: float) -> float:
    """The ratio, drawn towards that of what it lies in: as if ALIKE more customers of the same level were like that."""
    more = ALIKE * held / many if many else 1.0
    return _ratio(came + more * whole, held + more, whole)


def _ratio(part: float, whole: float, otherwise: float) -> float:
    return part / whole if whole > 0 else otherwise


def _exact(number: float) -> Decimal:
    return Decimal(f"{number:.6f}").quantize(SIX)


def _at(values: Floats, places: Ints) -> Floats:
    """Values at places; 0 for who is not there."""
    return np.asarray(np.where(places >= 0, values[np.maximum(places, 0)], 0.0), np.float64)


@dataclass(frozen=True)
class Judged:
    """What was said at an origin (``said``: yuan by candidate and rule, for AUM what ranks) and what ``came``."""

    customers: list[str]
    came: Floats
    said: dict[str, Floats]

    @classmethod
    def of(cls, ends: Sequence[End], origin: int, outlook: Outlook, book: RuleBook) -> Judged:
        """Of the customers at an origin, by what was known then. ``outlook``: learned from it and the ends before."""
        then = ends[origin]
        ahead = len(ends) - 1 - origin
        came = sum(
            (_at(end.margin, end.places(then.customers)) for end in ends[origin + 1 :]), np.zeros(len(then.customers))
        )
        year = ends[origin - YEAR + 1 : origin + 1]
        lately = sum((_at(end.margin, end.places(then.customers)) for end in year), np.zeros(len(then.customers)))
        held = Outlook(stays=outlook.stays)
        said = {
            "held": _said(then, held, ahead, book),
            "changing": _said(then, outlook, ahead, book),
            "rule": lately / YEAR * ahead / YEAR,
            "aum": then.aum,
        }
        return cls(then.customers, came / YEAR, said)

    def measured(self, name: str) -> dict[str, list[float]]:
        """Each measure with its 95 % interval, customers resampled."""
        measures = {"rank": _rank, "fifth": _fifth}
        if name != "aum":
            measures |= {"error": _error, "tenths": _by_tenths, "total": _total}
        random = np.random.default_rng(SEED)
        said, rows = self.said[name], len(self.came)
        drawn: dict[str, list[float]] = {key: [] for key in measures}
        for _ in range(RESAMPLES):
            some = random.integers(0, rows, rows)
            for key, measure in measures.items():
                drawn[key].append(measure(said[some], self.came[some]))
        return {
            key: [measure(said, self.came), *(float(end) for end in np.percentile(drawn[key], [2.5, 97.5]))]
            for key, measure in measures.items()
        }

    def nearer(self, new: str, old: str) -> bool:
        """Whether one is nearer to what came than another, tenth by tenth, by half a standard error.

        The expected sum is asked for: whoever says what most customers bring would be nearer to most of them, and far
        from all of them together.
        """
        random = np.random.default_rng(SEED)
        better = []
        for _ in range(RESAMPLES):
            some = random.integers(0, len(self.came), len(self.came))
            came = self.came[some]
            better.append(_by_tenths(self.said[old][some], came) - _by_tenths(self.said[new][some], came))
        return bool(np.mean(better) > 0.5 * np.std(better))

    def tenths(self, name: str) -> list[list[float]]:
        """By tenths of what was said, the best first: customers, and yuan said and come each."""
        order = np.argsort(-self.said[name], kind="stable")
        return [
            [len(part), float(self.said[name][part].mean()), float(self.came[part].mean())]
            for part in np.array_split(order, TENTHS)
            if len(part)
        ]

    def compared(self, name: str, group_of: Mapping[str, str]) -> list[dict[str, Any]]:
        """By group: customers, and what was said and came, yuan."""
        groups = np.array([group_of.get(customer, "") for customer in self.customers])
        return [
            {
                "group": str(group),
                "customers": int((groups == group).sum()),
                "said": float(self.said[name][groups == group].sum()),
                "came": float(self.came[groups == group].sum()),
            }
            for group in np.unique(groups)
        ]


def _said(then: End, outlook: Outlook, ahead: int, book: RuleBook) -> Floats:
    """What each customer is expected to bring in so many months, yuan, without a discount (as rules.worth does)."""
    known: dict[tuple[int, int, int], tuple[float, float]] = {}
    cells = list(zip(then.grades.tolist(), then.ages.tolist(), then.products.tolist(), strict=True))
    for rank, age, products in set(cells):
        grade = list(book.grades)[rank]
        cell, stays = cell_of(grade, age, products), float(outlook.stays[grade])
        changes = [Decimal(1), *(told[cell] for told in outlook.changes)]
        gains = [Decimal(0), *(told[cell] for told in outlook.gains)]
        months = range(1, ahead + 1)
        years = sum(stays ** (month / YEAR) * float(after(changes, month)) for month in months) / YEAR
        known[rank, age, products] = years, sum(float(after(gains, month)) for month in months) / YEAR
    found = np.array([known[cell] for cell in cells], np.float64)
    count, gain = found[:, 0], found[:, 1]
    return np.asarray(then.level * count + np.where(then.level < float(book.worth.little), gain, 0.0), np.float64)


def _rank(said: Floats, came: Floats) -> float:
    """Spearman's correlation of ranks."""
    return float(np.corrcoef(rankdata(said), rankdata(came))[0, 1])


def _fifth(said: Floats, came: Floats) -> float:
    """The share of all that came which those brought who stand in the best fifth of what was said."""
    best = np.argsort(-said, kind="stable")[: max(1, int(len(said) * FIFTH))]
    return float(came[best].sum() / came.sum())


def _error(said: Floats, came: Floats) -> float:
    """The errors of single customers as a share of all that came."""
    return float(np.abs(said - came).sum() / came.sum())


def _by_tenths(said: Floats, came: Floats) -> float:
    """The errors of tenths of customers, by what was said, as a share of all that came."""
    parts = np.array_split(np.argsort(-said, kind="stable"), TENTHS)
    return float(sum(abs(said[part].sum() - came[part].sum()) for part in parts) / came.sum())


def _total(said: Floats, came: Floats) -> float:
    """The error of the sum."""
    return float(said.sum() / came.sum() - 1)
