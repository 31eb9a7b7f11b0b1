"""``[working_days]``: when branches are open, and what counts in working days (工作日)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from weihu.rules.sections.entry import Section

StatutoryDay = Annotated[str, Field(pattern=r"^((lunar )?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|30|31)|qingming)$")]
Deadline = Literal["cadences", "care_plans", "complaints", "handovers", "referrals"]


class WorkingDays(Section):
    """Branches are open from Monday to Friday.

    ``arrangement``: ``china``, the State Council's yearly arrangement of holidays and make-up days (调休), or ``none``.
    ``statutory``: the public holidays by law, which are all that is known of a year without an announced arrangement:
    ``10-01``, ``lunar 01-01`` (the last day of a month that lacks the 30th), or ``qingming``. ``counted_in``: which of
    the book's days are working days; the others are days of the calendar.
    """

    arrangement: Literal["china", "none"]
    statutory: list[StatutoryDay]
    counted_in: list[Deadline]
