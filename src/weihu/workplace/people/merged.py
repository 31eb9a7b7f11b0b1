"""Which customers are one person (合并), for the gate."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from weihu.workplace.duplicates.models import Merge


def gone() -> QuerySet[Merge, Any]:
    """The customers that are another one now, as a subquery."""
    return Merge.objects.filter(undone_on__isnull=True).values("gone_id")


def numbers_of(customer_id: str) -> list[str]:
    """All the core system's numbers of a person, the customer's own first."""
    found = [customer_id]
    for one in found:
        found += Merge.objects.filter(kept_id=one, undone_on__isnull=True).values_list("gone_id", flat=True)
    return found


def kept_for(customer_id: str) -> str | None:
    """The customer that a merged one is now; None if it is not merged."""
    kept = None
    while found := Merge.objects.filter(gone_id=kept or customer_id, undone_on__isnull=True).first():
        kept = found.kept_id
    return kept
