"""``[habits]``: how a customer's habit with money is kept (资金习惯)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from weihu.rules.sections.entry import Broken, Count, Days, Money, Section, broken_rule, rising

HABIT_SIZES = 13
"""So many counts are kept of a customer a side (tables.HABITS)."""


def _sizes_rise(sizes: list[Money]) -> list[Money]:
    if not rising(sizes) or sizes[0] <= 0:
        raise broken_rule(Broken((), "由小到大的正数", "positive amounts, from the smallest to the largest"))
    return sizes


class Habits(Section):
    """How a customer's habit is kept. ``sizes`` in yuan: a day counts for every size that its movement reaches. Counts
    are halved after ``halved_after_days``; a salary of up to ``usual_salary`` times the last one is no news. When more
    customers than twice the expected number and ``customers_by_chance`` go beyond their usual range, every range
    widens, by ``widens_at_most`` sizes."""

    sizes: Annotated[list[Money], Field(min_length=HABIT_SIZES, max_length=HABIT_SIZES), AfterValidator(_sizes_rise)]
    halved_after_days: Annotated[int, Field(ge=2)]
    usual_salary: Days
    customers_by_chance: Count
    widens_at_most: Count
