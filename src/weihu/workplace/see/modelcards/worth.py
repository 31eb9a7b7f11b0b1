"""What is known of the worth of customers, as its card shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from weihu.rules.rulebook import RuleBook
from weihu.workplace.base.words import called
from weihu.workplace.see.modelcards.card import GROUPS, SEXES

WAYS: dict[str, Promise] = {
    "held": _("Level held, with the chance to stay"),
    "changing": _("With the change that the history tells"),
    "rule": _("Rule: contribution of the last 12 months"),
    "aum": _("Rule: largest AUM first"),
}


@dataclass(frozen=True)
class WorthCard:
    """What was learned last."""

    facts: dict[str, Any]
    book: RuleBook

    @property
    def way(self) -> Promise:
        """By what worth is foretold."""
        return WAYS[self.facts["kind"]]

    @property
    def first(self) -> date:
        """The first end of a month that was learned from."""
        return date.fromisoformat(self.facts["period"][0])

    @property
    def last(self) -> date:
        """The last one."""
        return date.fromisoformat(self.facts["period"][1])

    @property
    def origin(self) -> date:
        """From where on later months judge."""
        return date.fromisoformat(self.facts["origin"])

    @property
    def metrics(self) -> list[tuple[Promise, bool, dict[str, list[float]]]]:
        """Of each way and rule: its name, whether it is the one, and its measures with their intervals."""
        return [(WAYS[name], name == self.facts["kind"], found) for name, found in self.facts["metrics"].items()]

    @property
    def ranks_better(self) -> bool:
        """Whether it ranks customers surely no worse than the contribution of the last 12 months does."""
        own, rule = (self.facts["metrics"][name]["rank"] for name in (self.facts["kind"], "rule"))
        return bool(own[0] >= rule[0])

    @property
    def stays(self) -> list[tuple[str, float]]:
        """By grade, the highest first, the share of customers who are here a year later."""
        told = self.facts["stays"]
        return [(called(grade), told[key]) for key, grade in reversed(self.book.grades.items()) if key in told]

    @property
    def groups(self) -> list[tuple[Promise, list[tuple[str | Promise, int, float | None]]]]:
        """By what customers are compared: each group, its size, and what was said as a share of what came."""
        return [
            (
                GROUPS[by],
                [
                    (
                        SEXES.get(row["group"], row["group"]) or _("Not known"),
                        row["customers"],
                        row["said"] / row["came"] if row["came"] > 0 else None,
                    )
                    for row in rows
                ],
            )
            for by, rows in self.facts["fairness"].items()
        ]
