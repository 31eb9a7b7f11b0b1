"""The list of complaints, one case, and a new one from the customer page."""

from __future__ import annotations

from uuid import uuid4

from django import forms
from django.http import Http404, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.paging import page_of
from weihu.workplace.gate.requests import WorkRequest, needs_run
from weihu.workplace.know.archive.facts import archive_of
from weihu.workplace.know.archive.portrait import alerts
from weihu.workplace.know.complaints import cases
from weihu.workplace.know.complaints.models import Act, Complaint, Origin, Satisfaction

PART_NAMES = {
    "open": _("Open"),
    "mine": _("Mine"),
    "overdue": _("Overdue"),
    "to_ask": _("To ask"),
    "closed": _("Closed"),
}


class ComplaintForm(forms.Form):
    """A new complaint."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    origin = forms.ChoiceField(
        label=_("How it came"), choices=Origin.choices, widget=forms.Select(attrs={"class": "form-select"})
    )
    subject = forms.CharField(
        label=_("Subject"), max_length=100, widget=forms.TextInput(attrs={"class": "form-control"})
    )
    text = forms.CharField(
        label=_("In the customer's words"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 4}),
    )


@needs_run
@require_GET
def complaints(request: WorkRequest) -> HttpResponse:
    """Complaints of customers within reach."""
    if request.gate.reach == "none":
        raise Http404
    part = request.GET.get("part", "open")
    if part not in cases.PARTS:
        raise Http404
    on = request.run.work_date
    page = page_of(request, cases.part_of(part, request.gate, request.book, on))
    rows = list(page)
    standings = request.gate.reached({row.customer_id for row in rows})
    audit.record(request.user.staff_id, "complaints.view")
    context = {
        "part": part,
        "parts": [
            (key, name, cases.part_of(key, request.gate, request.book, on).count()) for key, name in PART_NAMES.items()
        ],
        "rows": [(row, standings[row.customer_id], row.overdue(on)) for row in rows],
        "page": page,
        "people": Staff.objects.in_bulk({row.assigned_to for row in rows}),
    }
    return render(request, "complaints/list.html", context)


@needs_run
@require_http_methods(["GET", "POST"])
def new_complaint(request: WorkRequest, customer_id: str) -> HttpResponse:
    """A new case of a customer."""
    standing = request.gate.standing(customer_id)
    form = ComplaintForm(request.POST or None, initial={"token": uuid4()})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        by, on = request.user.staff_id, request.run.work_date
        case = cases.open_case(customer_id, values, by, on, request.book, values["token"])
        toasts.say(request, _("The complaint is open."))
        return redirect("complaint", case.pk)
    context = {"form": form, "customer": standing.customer, "standing": standing}
    return render(request, "complaints/new.html", context, status=422 if form.errors else 200)


@needs_run
@require_http_methods(["GET", "POST"])
def complaint(request: WorkRequest, number: int) -> HttpResponse:
    """A case with its steps; a POST adds the next step."""
    case = cases.within(request.gate).filter(pk=number).first()
    if case is None:
        raise Http404
    if request.method == "POST":
        return _act(request, case)
    steps = list(case.steps.order_by("pk"))
    audit.record(request.user.staff_id, "complaint.view", case.customer_id, str(number))
    on = request.run.work_date
    people = cases.assignable(case.customer_id, request.gate)
    standing = request.gate.standing(case.customer_id)
    context = {
        "case": case,
        "standing": standing,
        "alerts": alerts(archive_of(standing.customer, request.book, on)),
        "steps": steps,
        "people": Staff.objects.in_bulk(
            {step.staff_id for step in steps} | {step.note for step in steps} | {case.assigned_to}
        ),
        "assignable": [(member, request.book.posts.get(member.post)) for member in people],
        "overdue": case.overdue(on),
        "answered": request.user.staff_id in cases.answered_by(case),
        "to_ask": case.to_ask(on, request.book.complaints),
        "satisfactions": Satisfaction.choices,
    }
    return render(request, "complaints/case.html", context)


def _act(request: WorkRequest, case: Complaint) -> HttpResponse:
    by, on, act = request.user.staff_id, request.run.work_date, request.POST.get("act")
    note = request.POST.get("note", "").strip()[:2000]
    if act == Act.ASSIGNED:
        to = request.POST.get("to", "")
        if to not in {member.staff_id for member in cases.assignable(case.customer_id, request.gate)}:
            return HttpResponseBadRequest()
        cases.assign(case, to, by, on)
    elif act == Act.ASKED:
        score = request.POST.get("satisfaction", "")
        if score not in map(str, Satisfaction.values):
            return HttpResponseBadRequest()
        try:
            cases.ask(case, int(score), note, by, on)
        except cases.OwnAnswer:
            return HttpResponseForbidden(str(_("Whoever handled or closed the complaint does not score the answer.")))
    elif not note:
        return HttpResponseBadRequest(str(_("Please describe what was done.")))
    elif act == Act.NOTED:
        cases.step(case, Act.NOTED, by, on, note)
    elif act == Act.CLOSED:
        cases.close(case, note, by, on)
    elif act == Act.REOPENED:
        cases.reopen(case, note, by, on, request.book)
    else:
        return HttpResponseBadRequest()
    toasts.say(request, _("Recorded."))
    return redirect("complaint", case.pk)
