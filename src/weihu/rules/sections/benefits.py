"""``[benefits.…]``: what a grade brings the customer (权益)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from weihu.rules.sections.entry import Entry, GradeName, Money


class Benefit(Entry):
    """A benefit (权益, M21): from which grade it is due, how often in a period, and what one use costs the bank (yuan)."""

    from_grade: GradeName
    to_grade: GradeName | None = None
    quota: Annotated[int, Field(ge=1, le=366)]
    period: Literal["month", "quarter", "year"]
    cost: Money

    def period_of(self, on: date) -> tuple[date, date]:
        """The first and the last day of the period that a date lies in."""
        months = {"month": 1, "quarter": 3, "year": 12}[self.period]
        first = date(on.year, (on.month - 1) // months * months + 1, 1)
        ahead = first.year * 12 + first.month - 1 + months
        return first, date(ahead // 12, ahead % 12 + 1, 1) - timedelta(days=1)
