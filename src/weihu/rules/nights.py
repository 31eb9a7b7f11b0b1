"""Which nights stand for a date: every day has one, or, in a past that was taken over, the months' ends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

HALF_A_MONTH = timedelta(days=16)
"""A past that was taken over by months has a night within so many days of every day."""


def is_month_end(on: date) -> bool:
    """Whether a date is a month's last day: nights keep their columns of these."""
    return (on + timedelta(days=1)).day == 1


def nearest(wanted: date, nights: Iterable[date]) -> date | None:
    """The night that is nearest to a date, the earlier of two; None if none is within half a month."""
    near = [on for on in nights if abs(on - wanted) <= HALF_A_MONTH]
    return min(near, key=lambda on: (abs(on - wanted), on), default=None)
