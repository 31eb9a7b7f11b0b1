"""Which customers are one person (合并), for the gate."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet

from weihu.workplace.gate.models import Merge


def merged_ids() -> QuerySet[Merge, Any]:
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


def merges_on(on: date) -> list[dict[str, Any]]:
    """All merges up to a day: ``gone``, the customer that is ``kept`` in the end, whether it is ``active`` on that day.

    Of several between the same two, the active one or the last.
    """
    rows = list(Merge.objects.filter(on__lte=on).order_by("pk"))
    active = {row.gone_id: row.kept_id for row in rows if row.undone_on is None or row.undone_on > on}
    found = {row.gone_id: {"gone": row.gone_id, "kept": row.kept_id, "active": False} for row in rows}
    for gone in list(active):
        found[gone] = {"gone": gone, "kept": _last(gone, active), "active": True}
    return [found[gone] for gone in sorted(found)]


def _last(gone: str, active: dict[str, str]) -> str:
    """The customer at the end of a chain of merges."""
    while gone in active:
        gone = active[gone]
    return gone
