"""Why a customer is warned of: what of his or her own numbers speaks most for leaving. Worked out for those only.

What each input adds to a score is its share by Shapley (for trees as LightGBM works it out); inputs that say much the
same stand for one reason. No protected attribute is among the inputs.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from weihu.insight.kept import Model
from weihu.insight.measures import Ints
from weihu.insight.scorer import notched
from weihu.rules.attrition import NAMES
from weihu.rules.kinds.leaving import Why
from weihu.rules.scores import MILLIONTHS

MOST = 3
"""Reasons that a customer's warning shows."""
THEMES = (
    ("left", "month", "quarter", "demand", "demand_then"),
    ("went_month", "went_quarter", "sendings"),
    ("came_month", "came_quarter"),
    ("salary", "salary_pace", "salary_days"),
    ("spent", "spendings", "spendings_half", "spending_pace"),
    ("own_pace",),
    ("maturing",),
    ("contact_days",),
    ("complaint_days",),
    ("products",),
    ("size",),
    ("opened_days",),
    ("risk",),
    ("branch_left",),
)
"""Inputs that are one reason; the one that adds most is told."""
BESIDE_THE_RULE = ("left", "went_quarter", "contact_days")
"""What is told where the rule warns: the one input that it looks at, and what whoever calls wants to know besides."""


def explained(leavers: pa.Table, model: Model) -> list[dict[str, str]]:
    """The rows of kinds.leaving.EXPLAINED: why each of the listed customers is."""
    if not leavers.num_rows:
        return []
    inputs = np.column_stack([leavers[name].to_numpy() for name in NAMES]).astype(np.int64)
    chosen = _chosen(inputs, model)
    return [
        {"customer_id": customer, "detail": Why(model.scorer.kind, model.learned_on, chance, told).written()}
        for customer, chance, told in zip(
            leavers["customer_id"].to_pylist(), leavers["chance"].to_pylist(), chosen, strict=True
        )
    ]


def _chosen(inputs: Ints, model: Model) -> list[list[tuple[str, int]]]:
    place = {name: at for at, name in enumerate(NAMES)}
    if model.scorer.kind == "rule":
        names: list[tuple[str, ...]] = [BESIDE_THE_RULE] * len(inputs)
    else:
        names = [_names(row, place) for row in contributions(inputs, model)]
    return [[(name, int(row[place[name]])) for name in told] for row, told in zip(inputs, names, strict=True)]


def _names(added: Ints, place: dict[str, int]) -> tuple[str, ...]:
    """The input that adds most of each of the themes that add most."""
    sums = [(int(added[[place[name] for name in theme]].sum()), theme) for theme in THEMES]
    # themes of equal sums keep their order
    highest = sorted((pair for pair in sums if pair[0] > 0), key=lambda pair: -pair[0])[:MOST]
    return tuple(max(theme, key=lambda name: int(added[place[name]])) for _, theme in highest)


def contributions(inputs: Ints, model: Model) -> Ints:
    """What each input adds to each row's log odds against the customers that were learned from, in millionths."""
    if model.scorer.kind == "regression":
        usual = np.array([model.grounds.usual[name] for name in NAMES])
        weights = np.array([model.scorer.weights[name] for name in NAMES])
        return np.asarray(np.rint((notched(inputs) - usual) * weights), np.int64)
    # loading it takes a small night longer than all else
    import lightgbm  # noqa: PLC0415

    booster = lightgbm.Booster(model_str=model.grounds.booster)
    added = np.asarray(booster.predict(inputs.astype(np.float64), pred_contrib=True))
    return np.asarray(np.rint(added[:, :-1] * MILLIONTHS), np.int64)
