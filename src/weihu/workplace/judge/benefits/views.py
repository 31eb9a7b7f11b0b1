"""Using a benefit at the counter, and what benefits cost per grade."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Sum
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from weihu.workplace.base import audit, toasts
from weihu.workplace.base.days import read_day
from weihu.workplace.base.words import called
from weihu.workplace.gate.requests import WorkRequest, needs_run
from weihu.workplace.gate.sheets import Sheet, download
from weihu.workplace.judge.benefits.models import BenefitUse
from weihu.workplace.judge.benefits.using import UsedUp, undo, use
from weihu.workplace.judge.grading.columns import pyramid


@needs_run
@require_POST
def benefit_use(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Use a benefit, or undo today's use."""
    standing = request.gate.standing(customer_id)
    by, on = request.user.staff_id, request.run.work_date
    if number := request.POST.get("undo", ""):
        if undo(standing, int(number) if number.isdecimal() else 0, by, on):
            toasts.say(request, _("Undone."))
        return redirect("customer", customer_id)
    try:
        used = use(standing, request.POST.get("benefit", ""), request.book, by, on, UUID(request.POST.get("token", "")))
    except UsedUp:
        return HttpResponseBadRequest(str(_("This benefit is used up.")))
    except ValueError:
        return HttpResponseBadRequest()
    toasts.say(request, _("The benefit is used."), reverse("benefit_use", args=[customer_id]), fields={"undo": used.pk})
    return redirect("customer", customer_id)


@needs_run
@require_GET
def benefits(request: WorkRequest) -> HttpResponse:
    """Per benefit and grade: how many customers are entitled to it, how often it was used, what it cost."""
    gate, book = request.gate, request.book
    if not gate.decides:
        raise Http404
    until = request.run.work_date
    after = read_day(request.GET.get("after", "")) or date(until.year, 1, 1) - timedelta(days=1)
    uses = BenefitUse.objects.filter(on__gt=after, on__lte=until, undone=False, branch_id__in=gate.branches)
    counted: dict[tuple[str, str], dict[str, Any]] = {
        (row["benefit"], row["grade"]): dict(row)
        for row in uses.values("benefit", "grade").annotate(
            times=Count("pk"), sum=Sum("cost"), people=Count("customer_id", distinct=True)
        )
    }
    customers = {row["grade_rank"]: row["customers"] for row in pyramid(gate)}
    keys, grades = list(book.grades), list(book.grades.values())
    rows = []
    for key, benefit in book.benefits.items():
        for rank in reversed(range(len(grades))):
            if key in book.due_benefits(rank):
                counts = counted.get((key, keys[rank]), {})
                used = {name: counts.get(name, 0) for name in ("times", "sum", "people")}
                rows.append(
                    {"benefit": benefit, "rank": rank, "grade": grades[rank], "due": customers.get(rank, 0), **used}
                )
    if request.GET.get("xlsx"):
        head = [_("Benefit"), _("Grade"), _("Entitled"), _("Customers who used it"), _("Uses"), _("Cost")]
        lines = [
            [called(row["benefit"]), called(row["grade"]), row["due"], row["people"], row["times"], row["sum"]]
            for row in rows
        ]
        return download(request, Sheet(str(_("Benefits")), head, lines))
    audit.record(request.user.staff_id, "benefits.view")
    whole = {"times": sum(row["times"] for row in rows), "sum": sum(row["sum"] for row in rows)}
    context = {"rows": rows, "whole": whole, "after": after, "until": until, "here": "portfolios", "room": "benefits"}
    return render(request, "benefits/benefits.html", context)
