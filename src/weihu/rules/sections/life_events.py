"""``[life_events]``: what payments let one ask about a life (a child, a new job), never say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from weihu.rules.sections.entry import Broken, Count, Days, Entry, FieldName, Section, broken_rule

Paid = Literal["salary", "transfer", "payment", "loan"]
"""Kinds of transactions that name a party which tells something."""


class Sign(Section):
    """What speaks for an event among the transactions of ``of`` that come in (``comes``) or go, whose party has one of
    ``words`` in its name and none of ``without`` (no words: any party that is named).

    ``begins``: at least ``times`` in the last ``within`` days, and at most ``earlier`` in the days before. ``replaced``:
    a party began within these days, at least ``times``, and the one before it, that had been as often, has ended. If more
    than ``together`` customers have the same two parties, the party has another name and nobody's life has changed.
    """

    how: Literal["begins", "replaced"]
    of: Annotated[list[Paid], Field(min_length=1)]
    comes: bool = False
    words: list[str] = []
    without: list[str] = []
    times: Days
    earlier: Count = 0
    within: Days
    together: Days = 3


class LifeEvent(Entry):
    """An event that may have happened (``signs``: any of them speaks for it), and the archive's ``field`` in which it is
    recorded if the customer says so."""

    field: FieldName
    signs: Annotated[list[Sign], Field(min_length=1)]


class LifeEvents(Section):
    """Transactions of ``days`` days are looked at. Who was not seen for ``seen_days`` before a sign's time is not asked:
    what looks new may be old. After an answer the same is not asked again for ``rest_days``."""

    days: Days
    seen_days: Days
    rest_days: Days
    kinds: dict[str, LifeEvent]

    @model_validator(mode="after")
    def _seen_before(self) -> LifeEvents:
        for key, event in self.kinds.items():
            for place, sign in enumerate(event.signs):
                if sign.within + self.seen_days > self.days:
                    most = self.days - self.seen_days
                    path = ("kinds", key, "signs", place, "within")
                    raise broken_rule(Broken(path, f"不超过 {most}", f"at most {most}", ("days",)))
        return self
