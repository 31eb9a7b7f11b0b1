"""How complete the archive is (档案完整度): per branch or per person, and the most valuable gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from weihu.workplace.bank.models import Branch, Staff
from weihu.workplace.gate.requests import WorkRequest, needs_run
from weihu.workplace.know.archive.facts import archive_of
from weihu.workplace.know.archive.portrait import missing

LISTED = 20


@dataclass(frozen=True)
class Share:
    """The customers of a branch or person: their number, the facts expected of them and those known."""

    name: str
    customers: int
    expected: int
    known: int

    @property
    def lacking(self) -> int:
        """How many facts are missing."""
        return self.expected - self.known

    @property
    def per_cent(self) -> int:
        """The known share in per cent, rounded down: 100 only if nothing is missing."""
        return 100 * self.known // self.expected if self.expected else 100


@needs_run
@require_GET
def completeness(request: WorkRequest) -> HttpResponse:
    """Completeness by branch for readers of the whole bank, by person for others; and the most valuable gaps."""
    if request.gate.reach == "none":
        raise Http404
    by_branch = request.gate.reach == "bank"
    shares = _of_branches(request) if by_branch else _of_people(request)
    sums = [(share.customers, share.expected, share.known) for share in shares]
    whole = Share("", *(sum(column) for column in zip(*sums, strict=True))) if sums else Share("", 0, 0, 0)
    context = {
        "shares": sorted(shares, key=lambda share: (share.per_cent, share.name)),
        "whole": whole,
        "by_branch": by_branch,
        "gaps": _gaps(request),
    }
    return render(request, "archive/shares.html", context)


def _of_branches(request: WorkRequest) -> list[Share]:
    """As counted by the night: a page must not read the whole bank."""
    names = dict(Branch.objects.values_list("branch_id", "name"))
    totals = request.run.report["completeness"]
    return [Share(names.get(branch, branch), *numbers) for branch, numbers in totals.items()]


def _of_people(request: WorkRequest) -> list[Share]:
    rows = (
        request.gate.standings()
        .filter(effective=True)
        .order_by()
        .values("primary_id")
        .annotate(customers=Count("pk"), expected=Sum("facts_expected"), known=Sum("facts_known"))
    )
    people = Staff.objects.in_bulk([row["primary_id"] for row in rows if row["primary_id"]])
    return [
        Share(
            people[row["primary_id"]].name if row["primary_id"] in people else "—",
            row["customers"],
            row["expected"],
            row["known"],
        )
        for row in rows
    ]


def _gaps(request: WorkRequest) -> list[dict[str, Any]]:
    """Customers with missing facts, the most valuable first, without what has been recorded since the night."""
    standings = request.gate.standings().filter(effective=True).filter(facts_known__lt=F("facts_expected"))
    rows = []
    for standing in standings.order_by("-grade_rank", "-aum", "customer_id")[:LISTED]:
        archive = archive_of(standing.customer, request.book, request.run.work_date)
        if lacking := missing(archive, standing, request.book):
            rows.append({"standing": standing, "missing": lacking})
    return rows
