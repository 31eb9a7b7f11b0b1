"""Using a benefit at the counter, and what benefits cost per grade."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Count, Sum
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from weihu.workplace.bank.models import Standing
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.days import read_day
from weihu.workplace.base.words import called
from weihu.workplace.gate.figures import own_scope
from weihu.workplace.gate.requests import WorkRequest, needs_run
from weihu.workplace.gate.sheets import Sheet, download
from weihu.workplace.judge.benefits.models import BenefitUse
from weihu.workplace.judge.benefits.using import UsedUp, due_to, undo, use


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


def card(request: WorkRequest, standing: Standing) -> dict[str, Any]:
    """For the customer's page: what the customer is entitled to, and what was used today and can be undone."""
    on = request.run.work_date
    due = due_to(standing, request.book, on)
    used = BenefitUse.objects.filter(customer_id=standing.customer_id, on=on, undone=False) if due else []
    return {"benefits": [{"due": entry, "token": uuid4()} for entry in due], "uses_today": used}


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
    customers = {row["grade_rank"]: row["customers"] for row in own_scope(gate).by_grade(request.run)}
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
    since = after + timedelta(days=1)
    context = {"rows": rows, "whole": whole, "since": since, "until": until}
    return render(request, "benefits/benefits.html", context)
