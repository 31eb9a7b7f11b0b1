"""The periods of the cockpit: this month, last month, the book's days, one's own."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import QueryDict

from weihu.workplace.base.days import read_day

CHOICES = ("month", "last_month", "days", "own")


def asked_for(parameters: QueryDict, today: date, days: int) -> tuple[str, date, date]:
    """Which of CHOICES an address asks for, with the nights after and up to which it goes. ``today``: the last night;
    ``days``: how many the choice ``days`` has."""
    after, until = read_day(parameters.get("after", "")), read_day(parameters.get("until", ""))
    chosen = parameters.get("period", "")
    if after or until or chosen == "own":
        last = until or today
        return "own", after or last - timedelta(days=days), last
    this_month = today.replace(day=1) - timedelta(days=1)
    if chosen == "last_month":
        return chosen, this_month.replace(day=1) - timedelta(days=1), this_month
    if chosen == "days":
        return chosen, today - timedelta(days=days), today
    return "month", this_month, today
