"""``[retirement.M]``, ``[retirement.F]``: the age of retirement (退休年龄)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weihu.rules.sections.entry import Section


class Retirement(Section):
    """The age of retirement of one sex, and how it rises (decision of the NPC of 13 September 2024).

    From the month ``rises_from`` on, those who would have retired then do so a month later for every ``step_months``
    months begun, up to ``highest_age``.
    """

    age: Annotated[int, Field(ge=40, le=75)]
    rises_from: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    step_months: Annotated[int, Field(ge=1)]
    highest_age: Annotated[int, Field(ge=40, le=75)]
