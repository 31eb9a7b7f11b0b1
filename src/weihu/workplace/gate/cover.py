"""Who is away and who stands in, and what was given to somebody since the last night; for the gate and the night."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from weihu.workplace.gate.models import Absence, Handover, Placement, Referral


def absent_on(on: date) -> QuerySet[Absence]:
    """The absences of a day; of two of a person the later entered counts."""
    return Absence.objects.filter(from_on__lte=on, to_on__gte=on, withdrawn=False).order_by("pk")


def covered_by(staff_id: str, on: date) -> list[str]:
    """The people for whom somebody stands in on a day."""
    return sorted(set(absent_on(on).filter(cover_id=staff_id).values_list("staff_id", flat=True)))


def handed_to(staff_id: str, on: date) -> list[str]:
    """Customers given to somebody whom no night has moved yet, and those offered to him or her for an answer."""
    given = Placement.objects.filter(staff_id=staff_id, on__gte=on).values_list("customer_id", flat=True)
    asked = Referral.objects.filter(to_id=staff_id, state=Referral.State.OPEN).values_list("customer_id", flat=True)
    waiting = Handover.objects.filter(to_id=staff_id, state=Handover.State.PROPOSED)
    offered = waiting.values_list("customers__customer_id", flat=True)
    return sorted({*given, *asked, *offered} - {None})
