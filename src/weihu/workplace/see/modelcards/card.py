"""What is known of the model of who leaves, as its card shows it: figures in the order of the page, names in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from weihu.insight.kept import Model
from weihu.insight.measures import auc_interval

DRIFTING, DRIFTED = 0.1, 0.25
"""From which population stability index on an input is shown, and counts as another one than was learned from."""

KINDS: dict[str, Promise] = {
    "rule": _("Rule (what is left of the own level)"),
    "regression": _("Regression"),
    "trees": _("Boosted trees"),
}
MEASURES: dict[str, Promise | str] = {
    "auc": "AUC",
    "average_precision": _("Average precision"),
    "precision": _("Precision of warnings"),
}
GROUPS: dict[str, Promise] = {"sex": _("Sex"), "age": _("Age"), "branch": _("Branch")}
SEXES: dict[str, Promise] = {"F": _("Female"), "M": _("Male")}
INPUTS: dict[str, Promise] = {
    "left": _("Assets against the own level"),
    "month": _("Average of 4 weeks against the own level"),
    "quarter": _("Average of 13 weeks against the own level"),
    "demand": _("On demand"),
    "demand_then": _("On demand 13 weeks ago"),
    "maturing": _("Matures within 30 days"),
    "went_month": _("To other banks in 4 weeks"),
    "went_quarter": _("To other banks in 13 weeks"),
    "came_month": _("From other banks in 4 weeks"),
    "came_quarter": _("From other banks in 13 weeks"),
    "salary": _("Salary of half a year"),
    "spent": _("Spent in half a year"),
    "sendings": _("Transfers to other banks in 4 weeks"),
    "spendings": _("Payments in 4 weeks"),
    "spendings_half": _("Payments in half a year"),
    "spending_pace": _("Pace of payments"),
    "own_pace": _("Pace of movements"),
    "salary_pace": _("Pace of the salary"),
    "salary_days": _("Days since the last salary"),
    "contact_days": _("Days since the last contact"),
    "complaint_days": _("Days since the last complaint"),
    "products": _("Products held"),
    "size": _("Size of the own level"),
    "opened_days": _("Days with the bank"),
    "risk": _("Risk rating"),
    "branch_left": _("Share of the branch's customers who left"),
}


@dataclass(frozen=True)
class Month:
    """A later month: customers, who left, and of the model and of the rule AUC with its interval and precision."""

    on: date
    customers: int
    left: int
    measured: list[tuple[float, tuple[float, float], float]]


@dataclass(frozen=True)
class Card:
    """A kept model's facts for the page."""

    model: Model

    @property
    def kind(self) -> Promise:
        """What it is."""
        return KINDS[self.model.scorer.kind]

    @cached_property
    def facts(self) -> dict[str, Any]:
        """As they were kept, dates as dates."""
        facts = dict(self.model.facts)
        first, last = (date.fromisoformat(day) for day in facts["period"])
        return facts | {"first": first, "last": last, "learned_on": date.fromisoformat(facts["learned_on"])}

    @property
    def rate(self) -> float:
        """The share of those learned from who left."""
        return float(self.facts["left"] / self.facts["rows"])

    @property
    def measures(self) -> list[tuple[Promise, bool, list[tuple[float, float, float]]]]:
        """By candidate: its name, whether it is the model, and each measure with its interval."""
        return [
            (KINDS[kind], kind == self.model.scorer.kind, [tuple(found[name]) for name in MEASURES])
            for kind, found in self.facts["metrics"].items()
        ]

    @property
    def months(self) -> list[Month]:
        """The later months."""
        kinds = dict.fromkeys((self.model.scorer.kind, "rule"))
        return [
            Month(
                date.fromisoformat(row["on"]),
                row["customers"],
                row["left"],
                [
                    (
                        row[kind]["auc"],
                        auc_interval(row[kind]["auc"], row["left"], row["customers"] - row["left"]),
                        row[kind]["precision"],
                    )
                    for kind in kinds
                ],
            )
            for row in self.facts["judged"]
        ]

    @property
    def beside(self) -> list[Promise]:
        """What ``months`` are measured of."""
        return [KINDS[kind] for kind in dict.fromkeys((self.model.scorer.kind, "rule"))]

    @property
    def drifts(self) -> list[tuple[Promise, float, bool]]:
        """The inputs that have moved, the most first: name, index, whether too far."""
        moved = sorted(self.facts["stability"].items(), key=lambda pair: -pair[1])
        return [(INPUTS[name], value, value >= DRIFTED) for name, value in moved if value >= DRIFTING]

    @property
    def fairness(self) -> list[tuple[Promise, list[tuple[str | Promise, dict[str, Any]]]]]:
        """By what customers are compared, and each group with its figures."""
        return [
            (GROUPS[by], [(SEXES.get(row["group"], row["group"]) or _("Not known"), row) for row in rows])
            for by, rows in self.facts["fairness"].items()
        ]

    @property
    def duel(self) -> list[tuple[date, float, float]]:
        """The months that neither champion nor challenger has seen, with the AUC of each."""
        duel = self.facts.get("duel", {"months": [], "champion": [], "challenger": []})
        rows = zip(duel["months"], duel["champion"], duel["challenger"], strict=True)
        return [(date.fromisoformat(on), old, new) for on, old, new in rows]

    @property
    def challenger(self) -> Promise | None:
        """What the last challenger was that did not take over."""
        shadow = self.facts.get("challenger")
        return KINDS[shadow["kind"]] if shadow else None
