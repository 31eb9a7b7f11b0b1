"""Ways to learn, from a rule of one column to boosted trees, and what they have learned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from weihu.insight.columns import Encoder, Raw
from weihu.insight.learners import LARGE, MIDDLE, RIDGE, SMALL, Logistic, Shape, boost, tree_logits
from weihu.insight.measures import Floats, Ints
from weihu.insight.timeline import PACE, Timeline


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
