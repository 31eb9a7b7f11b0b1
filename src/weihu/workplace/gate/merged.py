"""Which of the core system's customer numbers are one person (合并)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet

from weihu.workplace.gate.models import Merge


def merged_ids() -> QuerySet[Merge, Any]:
    """The numbers merged into another customer, as a subquery."""
    return Merge.objects.filter(undone_on__isnull=True).values("gone_id")


def numbers_of(customer_id: str) -> list[str]:
    """All the core system's numbers of a person, the customer's own first."""
    numbers = [customer_id]
    for number in numbers:
        numbers += Merge.objects.filter(kept_id=number, undone_on__isnull=True).values_list("gone_id", flat=True)
    return numbers


def kept_for(customer_id: str) -> str | None:
    """The customer that a merged number belongs to now; None if it is not merged."""
    kept = None
    while merge := Merge.objects.filter(gone_id=kept or customer_id, undone_on__isnull=True).first():
        kept = merge.kept_id
    return kept


def merges_on(on: date) -> list[dict[str, Any]]:
    """All merges up to a day: ``gone``, the customer ``kept`` in the end, whether it is ``active`` on that day.

    If a number was merged several times, only the active merge or the last one is listed.
    """
    rows = list(Merge.objects.filter(on__lte=on).order_by("pk"))
    active = {row.gone_id: row.kept_id for row in rows if row.undone_on is None or row.undone_on > on}
    merges = {row.gone_id: {"gone": row.gone_id, "kept": row.kept_id, "active": False} for row in rows}
    for gone in list(active):
        merges[gone] = {"gone": gone, "kept": _last(gone, active), "active": True}
    return [merges[gone] for gone in sorted(merges)]


def _last(gone: str, active: dict[str, str]) -> str:
    """The customer kept at the end of a chain of merges."""
    while gone in active:
        gone = active[gone]
    return gone
