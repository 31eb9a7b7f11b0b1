"""What is known of whom a contact helps, as its card shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from weihu.rules.rulebook import RuleBook
from weihu.workplace.base.words import called
from weihu.workplace.see.modelcards.card import DRIFTING, GROUPS, INPUTS, SEXES

RANKINGS: dict[str, Promise] = {
    "regression": _("Model"),
    "kinds": _("Averages of the kinds of signal"),
    "aum": _("Largest AUM first"),
}
WORDS: dict[str, Promise] = {
    "call": _("A contact helps"),
    "same": _("Makes no sure difference"),
    "leave": _("Better left alone"),
}


@dataclass(frozen=True)
class ModelCard:
    """One model: of all kinds of signal together, or of one."""

    name: str | Promise
    facts: dict[str, Any]

    @property
    def judged(self) -> int:
        """Later trials that it was judged on."""
        return int(self.facts["judged"])

    @property
    def first(self) -> date:
        """The day on which the first of them began."""
        return date.fromisoformat(self.facts["from"])

    @property
    def metrics(self) -> list[tuple[Promise, list[float]]]:
        """The Qini coefficient of each ranking with its interval."""
        return [(RANKINGS[name], found) for name, found in self.facts["metrics"].items()]

    @property
    def fifths(self) -> list[tuple[Promise, dict[str, Any]]]:
        """Each fifth: what follows, and what was said and came."""
        return [(WORDS[row["word"]], row) for row in self.facts["fifths"]]

    @property
    def drifts(self) -> list[tuple[Promise, float]]:
        """The inputs that have moved, the most first."""
        moved = sorted(self.facts["stability"].items(), key=lambda pair: -pair[1])
        return [(INPUTS[name], value) for name, value in moved if value >= DRIFTING]

    @property
    def fairness(self) -> list[tuple[Promise, list[tuple[str | Promise, dict[str, Any]]]]]:
        """By what customers are compared, and each group with its figures."""
        return [
            (GROUPS[by], [(SEXES.get(row["group"], row["group"]) or _("Not known"), row) for row in rows])
            for by, rows in self.facts["fairness"].items()
        ]


@dataclass(frozen=True)
class UpliftCard:
    """What was kept last."""

    facts: dict[str, Any]
    book: RuleBook

    @property
    def needed(self) -> int:
        """How many more trials it takes to tell more than averages."""
        return int(self.facts["needed"])

    @property
    def trials(self) -> int:
        """How many have ended."""
        return int(self.facts["trials"])

    @property
    def first(self) -> date:
        """When the first one began."""
        return date.fromisoformat(self.facts["period"][0])

    @property
    def last(self) -> date:
        """When the last one ended."""
        return date.fromisoformat(self.facts["period"][1])

    @property
    def models(self) -> dict[str, Any]:
        """By kind of signal; empty while there are averages only."""
        return dict(self.facts["models"])

    @property
    def sure(self) -> bool:
        """Whether some ranking is better than chance: zero lies outside of its interval."""
        return any(found["metrics"]["regression"][1] > 0 for found in self.models.values())

    @property
    def averages(self) -> Iterator[tuple[str | Promise, dict[str, Any]]]:
        """By kind of signal, all together first."""
        return ((self._named(row["kind"]), row) for row in self.facts["averages"])

    @property
    def cards(self) -> list[ModelCard]:
        """The card of each model."""
        return [ModelCard(self._named(kind), found) for kind, found in self.models.items()]

    def _named(self, kind: str) -> str | Promise:
        return (called(self.book.signals.get(kind)) or kind) if kind else _("All kinds")
