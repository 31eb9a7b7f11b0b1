"""What customers probably have at other banks: learned from those who told it, judged on those who told it later.

A bank knows what somebody has elsewhere only where staff were told, and then as a band. A regression of the logarithm
is fitted to the bands as such (each row says "between these amounts", none is replaced by a middle). The range comes
from rows that a fold did not learn from, by grade (split conformal): a row whose band is told counts as lying in the
range by the part of its band that does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import ndtr, ndtri

from weihu.insight.files import TooFew
from weihu.insight.measures import Floats, Ints, interval
from weihu.rules.rulebook import RuleBook
from weihu.rules.wallet import NAMES

NAME = "wallet"
"""The folder of the home's models in which it is kept."""
FEWEST_TOLD, FEWEST_JUDGED = 60, 30
"""Customers who told of their assets elsewhere, to learn from and to judge by."""
FEWEST_GRADE = 40
"""Of a grade, to have a range of its own."""
FOLDS = 5
RIDGE = 3.0
YEAR = 364
ACTIVE = 24
"""Payments a year from which an account is one that is lived from."""
REASONS = 3
STEP = 1_000
"""Yuan to which estimates are rounded, and below which the logarithm is nearly straight."""
SURE = 1e-12
NARROW = 1e-4
"""How exactly the width of a range is found."""
CANDIDATES = ("peers", "flows", "both")
"""From the simplest on: the rule is what peers have."""

REASON_OF = {
    "aum": "assets",
    "products": "assets",
    "income": "income",
    "no_income": "income",
    "stage": "stage",
    "salary": "salary",
    "no_salary": "salary",
    "spent": "use",
    "spendings": "use",
    "active": "use",
    "active_aum": "use",
    "active_income": "use",
    "went": "transfers",
    "sendings": "transfers",
    "came": "transfers",
    "comings": "transfers",
    "main_went": "transfers",
    "main_came": "transfers",
    "main_share": "transfers",
}
"""What each input is told as."""
PEERS = ("aum", "products", "income", "no_income", "stage")
FLOWS = (
    "aum",
    *(name for name, reason in REASON_OF.items() if reason in ("salary", "transfers")),
    "spent",
    "spendings",
)
USED = {"peers": PEERS, "flows": FLOWS, "both": tuple(REASON_OF)}


def too_few(early: int, late: int) -> TooFew:
    """Of those who told up to the night from which on the others judge, and after it."""
    return TooFew(
        f"档案中记录了他行资产的客户太少:前期 {early} 人,后期 {late} 人;需要 {FEWEST_TOLD} 人和 {FEWEST_JUDGED} 人",
        f"too few customers have told of their assets elsewhere: {early} in the first part of the time, {late} in the"
        f" last; {FEWEST_TOLD} and {FEWEST_JUDGED} are needed",
    )


@dataclass(frozen=True)
class Night:
    """Customers as they stood on a night; ``grades``: their ranks, ``banks``: the other bank of most of their money."""

    on: date
    customers: list[str]
    inputs: Ints
    grades: Ints
    banks: list[str]

    def column(self, name: str) -> Floats:
        """One of wallet.NAMES."""
        return self.inputs[:, NAMES.index(name)].astype(np.float64)

    def rows(self, customers: Sequence[str]) -> Ints:
        """Where customers stand; -1 for those who do not."""
        places = {customer: at for at, customer in enumerate(self.customers)}
        return np.array([places.get(customer, -1) for customer in customers], np.int64)

    def at(self, rows: Ints) -> Night:
        """Some of the rows."""
        return Night(
            self.on,
            [self.customers[row] for row in rows],
            self.inputs[rows],
            self.grades[rows],
            [self.banks[row] for row in rows],
        )


@dataclass(frozen=True)
class Told:
    """What a customer told of assets elsewhere: a band of the book, and when."""

    customer_id: str
    on: date
    band: str


@dataclass(frozen=True)
class Estimate:
    """What a customer probably has elsewhere, in yuan, the range, and up to three reasons: what, whether it speaks for
    more (1) or for less (-1) than others have, and the customer's own numbers."""

    customer_id: str
    amount: Decimal
    low: Decimal
    high: Decimal
    reasons: list[tuple[str, int, dict[str, int | str]]]


def designed(night: Night, stages: Sequence[int]) -> dict[str, Floats]:
    """What the regression sees, by input; flows as of a year. Stages of life are several columns of one input."""
    of_year = YEAR / night.column("known_days")
    yearly = {name: night.column(name) * of_year for name in NAMES if name not in ("aum", "products", "age", "income")}
    money = {"aum": night.column("aum"), "income": night.column("income"), **yearly}
    seen = {name: np.log1p(np.maximum(values, 0) / STEP)[:, None] for name, values in money.items()}
    for name in ("spendings", "sendings", "comings"):
        seen[name] = np.log1p(yearly[name])[:, None]
    age = night.column("age")
    active = (yearly["spendings"] >= ACTIVE).astype(np.float64)[:, None]
    exchanged = np.maximum(yearly["went"] + yearly["came"], 1)
    return seen | {
        "products": night.column("products")[:, None],
        "no_income": (night.column("income") == 0).astype(np.float64)[:, None],
        "no_salary": (night.column("salary") == 0).astype(np.float64)[:, None],
        "stage": np.column_stack([age < 0, *(age >= begins for begins in stages)]).astype(np.float64),
        "active": active,
        "active_aum": active * seen["aum"],
        "active_income": active * seen["income"],
        "main_share": ((yearly["main_went"] + yearly["main_came"]) / exchanged)[:, None],
    }


@dataclass(frozen=True)
class Regression:
    """Of the logarithm of what lies elsewhere. ``names``: the input of each weight; ``widths``: by grade the part of the
    distribution that the range takes, under -1 for all other grades."""

    kind: str
    names: list[str]
    means: list[float]
    scales: list[float]
    weights: list[float]
    intercept: float
    sigma: float
    widths: dict[int, float] = field(default_factory=dict)

    def parts(self, night: Night, stages: Sequence[int]) -> Floats:
        """What each weight adds for each row, against the average of those it was learned from."""
        seen = designed(night, stages)
        inputs = np.column_stack([seen[name] for name in USED[self.kind]])
        return np.asarray((inputs - self.means) / self.scales * self.weights, np.float64)

    def middle(self, night: Night, stages: Sequence[int]) -> Floats:
        """The middle of the distribution, as a logarithm."""
        return np.asarray(self.intercept + self.parts(night, stages).sum(axis=1), np.float64)

    def spread(self, grades: Ints) -> Floats:
        """How far the range goes to both sides, as a logarithm."""
        other = self.widths[-1]
        wide = np.array([self.widths.get(int(grade), other) for grade in grades], np.float64)
        return np.asarray(ndtri((1 + wide) / 2) * self.sigma, np.float64)


def log_of(amount: Floats) -> Floats:
    """The scale on which amounts are estimated."""
    return np.asarray(np.log1p(amount / STEP), np.float64)


def amount_of(logarithm: Floats) -> Floats:
    """Yuan; never below 0."""
    return np.asarray(np.maximum(np.expm1(logarithm), 0) * STEP, np.float64)


def bounds(bands: Sequence[str], book: RuleBook) -> tuple[Floats, Floats]:
    """The bands in yuan."""
    of = book.wallet.bands
    low = np.array([float(of[band].least) for band in bands], np.float64)
    most = [of[band].most for band in bands]
    return low, np.array([np.inf if high is None else float(high) for high in most], np.float64)


def fit(kind: str, night: Night, bands: Sequence[str], book: RuleBook) -> Regression:
    """A candidate from rows whose band is told; without ranges."""
    seen = designed(night, book.wallet.stages)
    inputs = np.column_stack([seen[name] for name in USED[kind]])
    names = [name for name in USED[kind] for _ in range(seen[name].shape[1])]
    means, spread = inputs.mean(axis=0), inputs.std(axis=0)
    scales = np.where(spread > SURE, spread, np.inf)
    design = np.column_stack([np.ones(len(inputs)), (inputs - means) / scales])
    penalty = np.append(0.0, np.full(inputs.shape[1], RIDGE))
    low, high = bounds(bands, book)
    least, most = np.where(low <= 0, -np.inf, log_of(low)), log_of(high)

    def loss(found: Floats) -> tuple[float, Floats]:
        """The negative likelihood of the bands, and its slope; the last value is the logarithm of sigma."""
        weights, sigma = found[:-1], np.exp(found[-1])
        middle = design @ weights
        below, above = (least - middle) / sigma, (most - middle) / sigma
        chance = np.maximum(ndtr(above) - ndtr(below), SURE)
        dense_below, dense_above = _density(below), _density(above)
        by_middle = (dense_below - dense_above) / chance / sigma
        by_sigma = (_times(dense_below, below) - _times(dense_above, above)) / chance
        value = -float(np.log(chance).sum()) + 0.5 * float(penalty @ weights**2)
        return value, np.append(-design.T @ by_middle + penalty * weights, -by_sigma.sum())

    start = np.append(np.zeros(design.shape[1]), 0.5)
    start[0] = float(np.median(log_of(low)))
    found = np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x, np.float64)
    return Regression(
        kind,
        names,
        means.tolist(),
        np.where(np.isinf(scales), 1.0, scales).tolist(),
        np.where(np.isinf(scales), 0.0, found[1:-1]).tolist(),
        float(found[0]),
        float(np.exp(found[-1])),
    )


def _density(at: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * np.minimum(at**2, 1e6)) / np.sqrt(2 * np.pi), np.float64)


def _times(dense: Floats, at: Floats) -> Floats:
    return dense * np.where(np.isinf(at), 0.0, at)


def learn(kind: str, night: Night, bands: Sequence[str], book: RuleBook) -> Regression:
    """A candidate with ranges that hold as often as the book says on rows that a fold did not learn from."""
    fold = np.arange(len(bands)) % FOLDS
    own, near = np.zeros((2, len(bands))), np.full((4, len(bands)), np.nan)
    for number in range(FOLDS):
        out, others = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        model = fit(kind, night.at(others), np.array(bands)[others].tolist(), book)
        middle = model.middle(night.at(out), book.wallet.stages)
        told = np.array(bands)[out].tolist()
        own[:, out] = placed(middle, model.sigma, *bounds(told, book))
        for place, step in ((0, -1), (2, 1)):
            there, beside = _beside(told, step, book)
            near[place : place + 2, out[there]] = placed(middle[there], model.sigma, *bounds(beside, book))
    widths = {-1: width(own, near, book)}
    for grade in np.unique(night.grades):
        rows = night.grades == grade
        if rows.sum() >= FEWEST_GRADE:
            widths[int(grade)] = width(own[:, rows], near[:, rows], book)
    return replace(fit(kind, night, bands, book), widths=widths)


def placed(middle: Floats, sigma: float, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Where bands begin and end in the distributions of their rows."""
    under = np.where(low <= 0, 0.0, ndtr((log_of(low) - middle) / sigma))
    return under, np.asarray(ndtr((log_of(high) - middle) / sigma), np.float64)


def _beside(bands: Sequence[str], step: int, book: RuleBook) -> tuple[Ints, list[str]]:
    """The rows that have a band so many steps above their own, and that band."""
    keys = list(book.wallet.bands)
    places = np.array([keys.index(band) + step for band in bands])
    there = np.flatnonzero((places >= 0) & (places < len(keys)))
    return there, [keys[place] for place in places[there]]


def width(own: Floats, near: Floats, book: RuleBook) -> float:
    """The middle part of the distributions in which what people have lies as often as the book says.

    ``own``: where the bands begin and end that were told (two rows); ``near``: those below and above them (four rows,
    NaN where there is none). The book's share of what is told is wrong by a band, so of the rows told as many lie in the
    range as of the right ones and of the wrong ones, who are like all others told one band off.
    """
    wrong = float(book.wallet.mistold)
    wanted = min(float(book.wallet.range) * (1 + 1 / own.shape[1]), 1.0)
    beside = np.concatenate([near[:2], near[2:]], axis=1)
    beside = beside[:, ~np.isnan(beside[0])]

    def held(part: float) -> float:
        of_wrong = float(inside(beside[0], beside[1], part).mean()) if beside.size else 0.0
        return (float(inside(own[0], own[1], part).mean()) - wrong * of_wrong) / (1 - wrong)

    low, high = 0.0, 1.0
    while high - low > NARROW:
        middle = (low + high) / 2
        low, high = (low, middle) if held(middle) >= wanted else (middle, high)
    return min(high, 1 - NARROW)


def inside(under: Floats, over: Floats, part: Floats | float) -> Floats:
    """How much of each band lies in the middle ``part`` of its distribution."""
    first, last = (1 - np.asarray(part)) / 2, (1 + np.asarray(part)) / 2
    common = np.maximum(np.minimum(over, last) - np.maximum(under, first), 0)
    whole = over - under
    point = (under >= first) & (under <= last)
    return np.asarray(np.where(whole > SURE, common / np.maximum(whole, SURE), point), np.float64)


@dataclass(frozen=True)
class Model:
    """What estimates now, and everything that is known of it."""

    regression: Regression
    facts: dict[str, Any]

    @property
    def content(self) -> dict[str, Any]:
        """As it is kept."""
        return {"regression": asdict(self.regression), "facts": self.facts}

    @classmethod
    def of(cls, content: dict[str, Any]) -> Model:
        """What ``content`` was made of."""
        regression = content["regression"]
        widths = {int(grade): part for grade, part in regression["widths"].items()}
        return cls(Regression(**(regression | {"widths": widths})), content["facts"])

    def estimates(self, night: Night, book: RuleBook) -> list[Estimate]:
        """Of everybody on a night, adults or not, with reasons."""
        stages = book.wallet.stages
        parts = self.regression.parts(night, stages)
        middle, spread = self.regression.intercept + parts.sum(axis=1), self.regression.spread(night.grades)
        amounts, lows, highs = (_rounded(amount_of(at)) for at in (middle, middle - spread, middle + spread))
        names = np.array([REASON_OF[name] for name in self.regression.names])
        kinds = list(dict.fromkeys(names))
        speaks = np.column_stack([parts[:, names == kind].sum(axis=1) for kind in kinds])
        order = np.argsort(-np.abs(speaks), axis=1, kind="stable")[:, :REASONS]
        return [
            Estimate(
                customer,
                Decimal(int(amounts[row])),
                Decimal(int(lows[row])),
                Decimal(int(highs[row])),
                [(kinds[at], 1 if speaks[row, at] > 0 else -1, _numbers(kinds[at], night, row)) for at in order[row]],
            )
            for row, customer in enumerate(night.customers)
        ]


def _rounded(amounts: Floats) -> Ints:
    return (np.round(amounts / STEP) * STEP).astype(np.int64)


def _numbers(kind: str, night: Night, row: int) -> dict[str, int | str]:
    """The customer's own numbers that a reason tells; flows of a month or a year."""
    own = dict(zip(NAMES, (int(value) for value in night.inputs[row]), strict=True))
    days = own["known_days"]
    told: dict[str, dict[str, int | str]] = {
        "assets": {"amount": own["aum"], "products": own["products"]},
        "income": {"amount": own["income"]},
        "stage": {"age": own["age"]},
        "salary": {"amount": own["salary"] * YEAR // days // 12},
        "use": {"times": own["spendings"] * YEAR // days // 12},
        "transfers": {"bank": night.banks[row], "went": own["main_went"], "came": own["main_came"], "days": days},
    }
    return told[kind]


def split(told: Sequence[Told], kept: Sequence[date]) -> date | None:
    """The kept night up to which two thirds had told: what came later judges. None if no night parts them."""
    days = sorted(row.on for row in told)
    if not days:
        return None
    wanted = days[len(days) * 2 // 3]
    before = [on for on in kept if on < wanted]
    return max(before, default=None)


def train(then: Night, now: Night, told: Sequence[Told], book: RuleBook) -> Model:
    """The model that estimates from now on: the simplest candidate that none is better than on what was told after
    ``then`` by others than those who taught it. Raises TooFew."""
    earliest = now.on - timedelta(days=book.wallet.told_days)
    known = [row for row in told if row.band in book.wallet.bands and row.on > earliest]
    early = _matched([row for row in known if row.on <= then.on], then)
    before = {row.customer_id for row, _ in early}
    late = _matched([row for row in known if row.on > then.on and row.customer_id not in before], then)
    every = _matched(known, now)
    if len(early) < FEWEST_TOLD or len(late) < FEWEST_JUDGED:
        raise too_few(len(early), len(late))
    judged, bands = then.at(_places(late)), [row.band for row, _ in late]
    models = {kind: learn(kind, then.at(_places(early)), [row.band for row, _ in early], book) for kind in CANDIDATES}
    errors = {kind: measured(model, judged, bands, book) for kind, model in models.items()}
    winner = CANDIDATES[0]
    for kind in CANDIDATES[1:]:
        if _better(errors[kind]["error"], errors[winner]["error"]):
            winner = kind
    regression = learn(winner, now.at(_places(every)), [row.band for row, _ in every], book)
    facts = {
        "kind": winner,
        "period": [str(min(row.on for row in known)), str(max(row.on for row in known))],
        "then": str(then.on),
        "on": str(now.on),
        "told": len(every),
        "judged": len(late),
        "book": book.wallet.model_dump(mode="json"),
        "metrics": {
            kind: {name: _interval(values) for name, values in found.items()} for kind, found in errors.items()
        },
        "grades": _by_grade(judged.grades, errors[winner], book),
        "weights": _weights(regression),
    }
    return Model(regression, facts)


def _matched(told: Sequence[Told], night: Night) -> list[tuple[Told, int]]:
    """The last thing that each customer told, with the row of the night, in the order of the customers."""
    last = {row.customer_id: row for row in sorted(told, key=lambda row: row.on)}
    rows = [last[customer] for customer in sorted(last)]
    places = night.rows([row.customer_id for row in rows])
    return [(row, int(place)) for row, place in zip(rows, places, strict=True) if place >= 0]


def _places(matched: Sequence[tuple[Told, int]]) -> Ints:
    return np.array([place for _, place in matched], np.int64)


def measured(model: Regression, night: Night, bands: Sequence[str], book: RuleBook) -> dict[str, Floats]:
    """Of each row: how far the estimated wallet share lies outside of what was told (``error``), whether the amount lies
    within the band (``in_band``), and how much of the band lies in the range (``covered``)."""
    middle = model.middle(night, book.wallet.stages)
    low, high = bounds(bands, book)
    here = np.maximum(night.column("aum"), 1)
    amount = amount_of(middle)
    nearest = np.clip(amount, low, high)
    under, over = placed(middle, model.sigma, low, high)
    part = 2 * ndtr(model.spread(night.grades) / model.sigma) - 1
    return {
        "error": np.abs(here / (here + amount) - here / (here + nearest)),
        "in_band": ((amount >= low) & (amount <= high)).astype(np.float64),
        "covered": inside(under, over, part),
    }


def _better(new: Floats, old: Floats) -> bool:
    gains = old - new
    return bool(gains.mean() > 0.5 * gains.std(ddof=1) / np.sqrt(len(gains)))


def _interval(values: Floats) -> list[float]:
    measure: Callable[[NDArray[np.int64]], float] = lambda rows: float(values[rows].mean())  # noqa: E731
    return [float(values.mean()), *interval(measure, None, len(values))]


def _by_grade(grades: Ints, found: dict[str, Floats], book: RuleBook) -> list[dict[str, Any]]:
    names = list(book.grades)
    return [
        {
            "grade": names[grade],
            "judged": int((grades == grade).sum()),
            **{name: float(values[grades == grade].mean()) for name, values in found.items()},
        }
        for grade in np.unique(grades)
    ]


def _weights(model: Regression) -> dict[str, float]:
    """By what is told: how much it moves the estimate, as the spread of its part in the logarithm (weights are of
    standardised inputs)."""
    told: dict[str, float] = {}
    for name, weight in zip(model.names, model.weights, strict=True):
        told[REASON_OF[name]] = told.get(REASON_OF[name], 0.0) + weight**2
    return {reason: round(float(np.sqrt(square)), 3) for reason, square in told.items()}
