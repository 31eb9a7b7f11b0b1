"""The bank's working days: the rule book's, with the days and shifts that people have entered."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from weihu.rules.rulebook import RuleBook
from weihu.rules.workdays import LOOK_AHEAD, WorkingDays
from weihu.workplace.bank.models import Staff
from weihu.workplace.gate.models import OwnDay, Shift

BACK, AHEAD = timedelta(days=400), timedelta(days=740)
"""Deadlines and cadences count from so long ago; pages show the days until the end of next year."""


def everybodys_days(book: RuleBook, around: date) -> WorkingDays:
    """The working days of all branches and people, for a night."""
    return _with(book, around, OwnDay.objects.all(), Shift.objects.all())


def days_of_people(book: RuleBook, around: date, people: Collection[Staff]) -> WorkingDays:
    """The working days of some people and their branches. The shifts of a whole branch say who is on duty there."""
    branches, numbers = {member.branch_id for member in people}, {member.staff_id for member in people}
    shifts = Shift.objects.filter(Q(branch_id__in=branches) | Q(staff_id__in=numbers))
    return _with(book, around, OwnDay.objects.filter(branch_id__in={"", *branches}), shifts)


def days_of_branches(book: RuleBook, around: date, branches: Collection[str] = ()) -> WorkingDays:
    """The working days of some branches; without any, those of the whole bank."""
    return _with(book, around, OwnDay.objects.filter(branch_id__in={"", *branches}), Shift.objects.none())


def _with(book: RuleBook, around: date, own: QuerySet[OwnDay], shifts: QuerySet[Shift]) -> WorkingDays:
    days = own.filter(on__gt=around - BACK, on__lt=around + AHEAD).values_list("branch_id", "on", "open")
    near = shifts.filter(on__gt=around, on__lte=around + timedelta(days=LOOK_AHEAD))
    entered = list(near.values_list("staff_id", "branch_id", "on", "works"))
    return WorkingDays(
        book.working_days,
        {(branch, on): is_open for branch, on, is_open in days},
        {(staff, on): works for staff, _, on, works in entered},
        frozenset((branch, on) for _, branch, on, works in entered if works),
    )
