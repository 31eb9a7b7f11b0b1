"""Duplicates: the pairs to look at, one pair side by side with its reasons, merging and undoing."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from weihu.insight.duplicates import Reason
from weihu.workplace.bank.models import Standing
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.paging import page_of
from weihu.workplace.customer import merging
from weihu.workplace.customer.models import Candidate, Verdict
from weihu.workplace.gate.models import Merge
from weihu.workplace.gate.requests import WorkRequest, needs_run
from weihu.workplace.know.archive.facts import archive_of


@needs_run
@require_GET
def duplicates(request: WorkRequest) -> HttpResponse:
    """Pairs of customers who may be one person, both within reach, the likeliest first."""
    _allowed(request)
    verdict = request.GET.get("verdict", Verdict.OPEN)
    page = page_of(request, _within(request).filter(verdict=verdict).order_by("-probability", "pk"))
    rows = list(page)
    standings = request.gate.reached({customer for row in rows for customer in (row.left_id, row.right_id)})
    audit.record(request.user.staff_id, "duplicates.view")
    context = {
        "rows": [(row, standings[row.left_id], standings[row.right_id], _reasons(row)) for row in rows],
        "page": page,
    }
    return render(request, "customer/duplicates.html", context)


@needs_run
@require_http_methods(["GET", "POST"])
def duplicate(request: WorkRequest, number: int) -> HttpResponse:
    """One pair side by side, with what a merge would move. A post merges them (``keep``) or says they are two."""
    _allowed(request)
    row = _within(request).filter(pk=number, verdict=Verdict.OPEN).first()
    if row is None:
        raise Http404
    by, on = request.user.staff_id, request.run.work_date
    if request.method == "POST":
        keep = request.POST.get("keep", "")
        if request.POST.get("act") == "different":
            merging.refuse(row, by)
            toasts.say(request, _("Recorded: two different people."))
            return redirect("duplicates")
        if keep not in (row.left_id, row.right_id):
            return HttpResponseBadRequest()
        merging.merge(keep, row.right_id if keep == row.left_id else row.left_id, by, on)
        toasts.say(request, _("The two are one customer now."))
        return redirect("customer", keep)
    audit.record(by, "duplicate.view", row.left_id, row.right_id)
    sides = [request.gate.standing(customer) for customer in (row.left_id, row.right_id)]
    context = {
        "row": row,
        "per_cent": f"{100 * row.probability:.1f}",
        "reasons": _reasons(row),
        "sides": [
            {"standing": side, "accounts": request.gate.accounts(side), "moves": merging.preview(side.customer_id)}
            for side in sides
        ],
        "fields": _side_by_side(request, sides),
    }
    return render(request, "customer/pair.html", context)


@needs_run
@require_POST
def unmerge(request: WorkRequest, customer_id: str, number: int) -> HttpResponse:
    """Undo a merge: the two are two again."""
    _allowed(request)
    request.gate.standing(customer_id)
    merged = Merge.objects.filter(pk=number, kept_id=customer_id, undone_on__isnull=True).first()
    if merged is None:
        raise Http404
    merging.undo(merged, request.user.staff_id, request.run.work_date)
    toasts.say(request, _("The two are two customers again."))
    return redirect("customer", customer_id)


def _allowed(request: WorkRequest) -> None:
    if not request.gate.decides:
        raise Http404


def _within(request: WorkRequest) -> QuerySet[Candidate]:
    """The pairs of which both customers are within reach."""
    own = request.gate.standings().order_by()
    left, right = (own.filter(customer_id=OuterRef(side)) for side in ("left_id", "right_id"))
    return Candidate.objects.filter(Exists(left), Exists(right))


def _reasons(row: Candidate) -> list[tuple[str, float, bool]]:
    """The reasons in words, what weighs most first."""
    language = get_language() or "zh-hans"
    reasons = [Reason(*reason) for reason in row.reasons]
    reasons.sort(key=lambda reason: -abs(reason.weight))
    return [(reason.text(language), reason.weight, reason.weight > 0) for reason in reasons]


def _side_by_side(request: WorkRequest, sides: list[Standing]) -> list[dict[str, Any]]:
    """Every field that one of the two has: both values, and whether they differ."""
    archives = [archive_of(side.customer, request.book, request.run.work_date) for side in sides]
    rows = []
    for key, field in request.book.fields.items():
        left, right = (archive[key] for archive in archives)
        if left.value or right.value:
            rows.append({"field": field, "left": left, "right": right, "differs": left.value != right.value})
    return rows
