"""The bank's working days: the rule book's, with the days and shifts that people have entered."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from django.db.models import Q

from weihu.rules.rulebook import RuleBook
from weihu.rules.workdays import WorkingDays
from weihu.workplace.bank.models import Staff
from weihu.workplace.gate.models import OwnDay, Shift

SPAN = timedelta(days=400)


def working_days(book: RuleBook, around: date, people: Collection[Staff] | None = None) -> WorkingDays:
    """The working days from a year before a day to a year after it: of everybody, or of some people and their branches.

    The shifts of a whole branch are read, because they say who is on duty on a day of its own.
    """
    own = OwnDay.objects.filter(on__gt=around - SPAN, on__lt=around + SPAN)
    shifts = Shift.objects.filter(on__gt=around - SPAN, on__lt=around + SPAN)
    if people is not None:
        branches = {member.branch_id for member in people}
        own = own.filter(branch_id__in={"", *branches})
        shifts = shifts.filter(Q(branch_id__in=branches) | Q(staff_id__in={member.staff_id for member in people}))
    entered = list(shifts)
    return WorkingDays(
        book.working_days,
        {(row.branch_id, row.on): row.open for row in own},
        {(row.staff_id, row.on): row.works for row in entered},
        frozenset((row.branch_id, row.on) for row in entered if row.works),
    )
