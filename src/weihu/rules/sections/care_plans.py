"""``[care_plans.…]``: steps over weeks (关怀计划)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from weihu.rules.sections.entry import Broken, Count, Days, Entry, GradeName, broken_rule, rising
from weihu.rules.sections.signals import SignalKind

Result = Literal["interested", "considering", "not_reached", "rescheduled", "declined"]
"""The result of a contact (结果)."""


class Step(Entry):
    """A step of a care plan: what is done, ``day`` days after the start, by the customer's primary or deputy."""

    day: Days
    to: Literal["primary", "deputy"] = "primary"


class CarePlan(Entry):
    """A care plan (关怀计划): steps over weeks. ``starts_on``: the kinds of signal that begin it, for customers from
    ``from_grade`` to ``to_grade``, but not within ``again_after_days`` days of its end; by hand it can be begun for
    anybody. ``ends_on``: the results that end it. A result of "another time" moves the step to the day agreed."""

    from_grade: GradeName
    to_grade: GradeName | None = None
    starts_on: list[SignalKind] = []
    again_after_days: Count = 30
    ends_on: list[Result] = []
    steps: Annotated[list[Step], Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not rising([step.day for step in self.steps]):
            raise broken_rule(Broken(("steps",), "各步 day 递增", "days that rise from step to step"))
        return self
