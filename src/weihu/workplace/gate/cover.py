"""Who is away, who covers for them, and which customers were handed to somebody since the last night.

A cover opens the customers of who is away, so it counts once a second person has agreed to it; until then each
customer's deputy covers.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import QuerySet

from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import Staff
from weihu.workplace.gate.models import Absence, Placement, Referral
from weihu.workplace.gate.workdays import days_of_people


def absent_on(on: date) -> QuerySet[Absence]:
    """The absences of a day, oldest entry first; of two entries for a person, the later one counts."""
    return Absence.objects.filter(from_on__lte=on, to_on__gte=on, withdrawn=False).order_by("pk")


def away(
    after: date, book: RuleBook, cover_id: str | None = None, among: Collection[str] | None = None
) -> dict[str, str]:
    """Who is away on the day that his or her next list would be for, with who covers; all, those of one cover, or those
    ``among`` some people."""
    rows = Absence.objects.filter(to_on__gt=after, withdrawn=False).order_by("pk")
    if cover_id is not None:
        rows = rows.filter(cover_id=cover_id).exclude(agreed_by="")
    if among is not None:
        rows = rows.filter(staff_id__in=among)
    absences = list(rows)
    if not absences:
        return {}
    people = Staff.objects.in_bulk({row.staff_id for row in absences})
    days = days_of_people(book, after, list(people.values()))
    listed = {key: days.list_day(after, member.branch_id, key).on for key, member in people.items()}
    return {
        row.staff_id: row.cover_id if row.agreed_by else ""
        for row in absences
        if row.staff_id in listed and row.from_on <= listed[row.staff_id] <= row.to_on
    }


def handed_to(staff_id: str, on: date) -> list[str]:
    """Customers placed with somebody that no night has moved yet, and those referred to him or her for an answer.

    A hand-over opens nobody before a supervisor has approved it.
    """
    placed = Placement.objects.filter(staff_id=staff_id, on__gte=on).values_list("customer_id", flat=True)
    referred = Referral.objects.filter(to_id=staff_id, state=Referral.State.OPEN).values_list("customer_id", flat=True)
    return sorted({*placed, *referred})
