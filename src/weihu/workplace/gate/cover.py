"""Who is away, who covers for them, and which customers were handed to somebody since the last night."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from weihu.workplace.gate.models import Absence, Handover, Placement, Referral


def absent_on(on: date) -> QuerySet[Absence]:
    """The absences of a day, oldest entry first; of two entries for a person, the later one counts."""
    return Absence.objects.filter(from_on__lte=on, to_on__gte=on, withdrawn=False).order_by("pk")


def covered_by(staff_id: str, on: date) -> list[str]:
    """The people whom ``staff_id`` covers for on a day."""
    return sorted(set(absent_on(on).filter(cover_id=staff_id).values_list("staff_id", flat=True)))


def handed_to(staff_id: str, on: date) -> list[str]:
    """Customers placed with somebody that no night has moved yet, and those waiting for his or her answer."""
    placed = Placement.objects.filter(staff_id=staff_id, on__gte=on).values_list("customer_id", flat=True)
    referred = Referral.objects.filter(to_id=staff_id, state=Referral.State.OPEN).values_list("customer_id", flat=True)
    proposed = Handover.objects.filter(to_id=staff_id, state=Handover.State.PROPOSED)
    offered = proposed.values_list("customers__customer_id", flat=True)
    return sorted({*placed, *referred, *offered} - {None})
