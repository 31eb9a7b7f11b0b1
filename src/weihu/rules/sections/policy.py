"""``[policy]``: what is measured and when a grade changes (分级办法)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from weihu.rules.sections.entry import Broken, Count, MeasureName, MonthDay, Section, broken_rule


class Policy(Section):
    """The grading policy (分级办法): what is measured and when a grade changes.

    ``metric``: the measure that leads; ``also``: others, each graded alone, the highest of all counts. ``top_of``:
    whether ``within_top`` is of the whole bank or of each branch. ``review_on``: fixed days (MM-DD) on which grades
    are reviewed by that night's measures, instead of each month's first night by the month just ended.
    ``upgrade``: ``nightly`` (as soon as it is reached), ``month_end`` (on the month's last night), ``next_month`` (on
    the next month's first night, by the month just ended) or ``review`` (on a fixed day).
    ``downgrade_after_months``: so many reviews in a row below the grade before it falls; 0 falls the same night, or at
    once on a fixed day. ``watch_after_months``: so many before the watch begins. ``falls_to_best_of_months``: it falls
    to the highest grade that any of the last so many reviews reached. A grade may override both counts.
    """

    metric: MeasureName
    also: list[MeasureName] = []
    top_of: Literal["bank", "branch"] = "bank"
    review_on: list[MonthDay] = []
    upgrade: Literal["nightly", "month_end", "next_month", "review"]
    downgrade_after_months: Count = 0
    watch_after_months: Count = 0
    falls_to_best_of_months: Annotated[int, Field(ge=1, le=6)] = 1

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.upgrade == "review") != bool(self.review_on):
            raise broken_rule(
                Broken(
                    ("upgrade",),
                    "review 与 review_on 同时写或都不写",
                    "review together with review_on, and neither without the other",
                    ("review_on",),
                )
            )
        return self

    @property
    def measures(self) -> list[str]:
        """Everything customers are graded by, the leading measure first."""
        return [self.metric, *self.also]
