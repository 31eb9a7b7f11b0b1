"""What can be learned: a logistic regression and boosted trees, kept as text that can be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from weihu.insight.measures import SEED, Floats

RIDGE = 10.0
"""Rows that each coefficient would need to be believed half, in units of a standardised column."""
STEPS = 40
SURE = 1e-9
FLATTEST = 1e-7
SHARPEST = 30.0


def sigmoid(logits: Floats) -> Floats:
    """Probabilities of logits."""
    clipped = np.clip(logits, -SHARPEST, SHARPEST)
    return np.asarray(1 / (1 + np.exp(-clipped)), np.float64)


def logit(rates: Floats) -> Floats:
    """Logits of probabilities."""
    clipped = np.clip(rates, SURE, 1 - SURE)
    return np.asarray(np.log(clipped / (1 - clipped)), np.float64)


@dataclass(frozen=True)
class Logistic:
    """A ridge logistic regression over standardised columns."""

    means: Floats
    scales: Floats
    weights: Floats
    intercept: float

    @classmethod
    def fit(cls, inputs: Floats, outcomes: Floats, weights: Floats, ridge: float | Floats = RIDGE) -> Logistic:
        """By Newton's steps, halved as long as they make it worse."""
        means = np.average(inputs, axis=0, weights=weights)
        spread = np.sqrt(np.average((inputs - means) ** 2, axis=0, weights=weights))
        scales = np.where(spread > FLATTEST, spread, np.inf)
        design = np.column_stack([np.ones(len(inputs)), (inputs - means) / scales])
        penalty = np.append(0.0, np.broadcast_to(ridge, inputs.shape[1]))
        beta = np.zeros(design.shape[1])
        beta[0] = logit(np.array([np.average(outcomes, weights=weights)]))[0]

        def loss(values: Floats) -> float:
            logits = design @ values
            return float(weights @ (np.logaddexp(0, logits) - outcomes * logits) + 0.5 * penalty @ values**2)

        now = loss(beta)
        for _ in range(STEPS):
            rates = sigmoid(design @ beta)
            steep = weights * rates * (1 - rates)
            hessian = (design * steep[:, None]).T @ design + np.diag(penalty + FLATTEST)
            step = np.linalg.solve(hessian, design.T @ (weights * (outcomes - rates)) - penalty * beta)
            size = 1.0
            while (then := loss(beta + size * step)) > now and size > FLATTEST:
                size /= 2
            beta = beta + size * step
            if now - then < FLATTEST * max(1.0, abs(now)):
                break
            now = then
        return cls(means, scales, beta[1:], float(beta[0]))

    def logits(self, inputs: Floats) -> Floats:
        """One logit a row."""
        return np.asarray((inputs - self.means) / self.scales @ self.weights + self.intercept, np.float64)

    def kept(self) -> dict[str, Any]:
        """As JSON keeps it; a column without spread has no scale."""
        scales = [None if np.isinf(scale) else float(scale) for scale in self.scales]
        return {
            "means": self.means.tolist(),
            "scales": scales,
            "weights": self.weights.tolist(),
            "intercept": self.intercept,
        }

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Logistic:
        """From what ``kept`` made."""
        scales = np.array([np.inf if scale is None else scale for scale in kept["scales"]], np.float64)
        means, weights = np.array(kept["means"], np.float64), np.array(kept["weights"], np.float64)
        return cls(means, scales, weights, kept["intercept"])


@dataclass(frozen=True)
class Shape:
    """How large boosting may grow."""

    leaves: int
    rounds: int
    rate: float
    least: int
    """Rows in a leaf."""


SMALL = Shape(leaves=2, rounds=150, rate=0.05, least=100)
"""Sums of single steps: nothing that only a few rows of one month show together."""
MIDDLE = Shape(leaves=7, rounds=150, rate=0.05, least=100)
LARGE = Shape(leaves=15, rounds=900, rate=0.03, least=10)
"""For rows in no order, where folds tell what is too much."""


def boost(inputs: Floats, outcomes: Floats, weights: Floats, choices: list[int], shape: Shape) -> lightgbm.Booster:
    """Boosted trees; the same rows give the same trees."""
    settings = {
        "objective": "binary",
        "num_leaves": shape.leaves,
        "learning_rate": shape.rate,
        "min_data_in_leaf": shape.least,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "feature_fraction": 0.6,
        "lambda_l2": 1.0,
        "cat_smooth": 20.0,
        "max_cat_threshold": 16,
        "seed": SEED,
        "deterministic": True,
        "force_row_wise": True,
        # one thread gives the same trees on any machine, and does not wait for others on a busy one
        "num_threads": 1,
        "verbose": -1,
    }
    data = lightgbm.Dataset(inputs, outcomes, weight=weights, categorical_feature=choices, free_raw_data=True)
    return lightgbm.train(settings, data, num_boost_round=shape.rounds)


def tree_logits(booster: lightgbm.Booster, inputs: Floats) -> Floats:
    """One logit a row."""
    found: Any = booster.predict(inputs, raw_score=True)
    logits: NDArray[np.float64] = np.asarray(found, np.float64)
    return logits
