"""Consents on the customer page; the customer's rights: a copy of his data, erasure, legal holds."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from weihu.workplace.archive.models import Channel
from weihu.workplace.audit import log
from weihu.workplace.people.models import Staff
from weihu.workplace.requests import WorkRequest, at_work
from weihu.workplace.rights import erasure
from weihu.workplace.rights.consents import Said, record_consent
from weihu.workplace.rights.copy import copy_of
from weihu.workplace.rights.models import Hold
from weihu.workplace.workbooks import XLSX


@at_work
@require_POST
def consent(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Record that the customer agreed to a purpose's text or withdrew."""
    request.gate.standing(customer_id)
    said = request.POST
    purpose = request.book.consents.get(said.get("purpose", ""))
    try:
        token = UUID(said.get("token", ""))
    except ValueError:
        return HttpResponseBadRequest()
    if purpose is None or said.get("given") not in ("yes", "no"):
        return HttpResponseBadRequest()
    answer = Said(
        said["purpose"], purpose.version, said["given"] == "yes", Channel.SERVICE, said.get("evidence", "")[:200]
    )
    record_consent(customer_id, answer, request.user.staff_id, request.run.work_date, token)
    return redirect(reverse("customer", args=[customer_id]) + "#consents")


@at_work
@require_http_methods(["GET", "POST"])
def rights(request: WorkRequest, customer_id: str) -> HttpResponse:
    """What the customer may ask for. A post asks for the erasure, approves it, takes it back, holds or lifts."""
    if not request.gate.decides:
        raise Http404
    standing = request.gate.standing(customer_id)
    refused = ""
    if request.method == "POST":
        try:
            if _act(request, customer_id):
                return redirect("rights", customer_id)
            return HttpResponseBadRequest()
        except erasure.ErasureRefused:
            refused = _(
                "Not possible: a legal hold or an open complaint stands against it, or you asked for it yourself."
            )
    running = erasure.running_for(customer_id)
    holds = list(Hold.objects.filter(customer_id=customer_id, lifted_on__isnull=True).order_by("pk"))
    context = {
        "customer": standing.customer,
        "standing": standing,
        "running": running,
        "holds": holds,
        "held": erasure.held(customer_id),
        "refused": refused,
        "wait_days": request.book.limits.erasure_wait_days,
        "people": Staff.objects.in_bulk([hold.by for hold in holds] + ([running.asked_by] if running else [])),
        "here": "customers",
    }
    return render(request, "rights/rights.html", context, status=409 if refused else 200)


@at_work
@require_POST
def data_copy(request: WorkRequest, customer_id: str) -> HttpResponse:
    """The customer's copy of his data, with the reason given."""
    why = request.POST.get("why", "").strip()[:150]
    if not request.gate.decides:
        raise Http404
    standing = request.gate.standing(customer_id)
    if not why:
        return HttpResponseBadRequest()
    log.record(request.user.staff_id, "customer.copy", customer_id, why)
    content = copy_of(standing, request.gate, request.book)
    name = f"{customer_id}.xlsx"
    return HttpResponse(content, XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _act(request: WorkRequest, customer_id: str) -> bool:
    """Do what a post asks for; False if it asks for nothing that can be done. Raises erasure.ErasureRefused."""
    by, on, act = request.user.staff_id, request.run.work_date, request.POST.get("act")
    why = request.POST.get("why", "").strip()[:500]
    running = erasure.running_for(customer_id)
    if act == "ask" and why:
        erasure.ask(customer_id, why, by, on)
    elif act == "approve" and running:
        erasure.approve(running, by, on, request.book)
    elif act == "take_back" and running:
        erasure.take_back(running, by)
    elif act == "hold" and why:
        Hold.objects.create(customer_id=customer_id, why=why, by=by, on=on)
        log.record(by, "hold.set", customer_id)
    elif act == "lift":
        Hold.objects.filter(customer_id=customer_id, lifted_on__isnull=True).update(lifted_on=on, lifted_by=by)
        log.record(by, "hold.lift", customer_id)
    else:
        return False
    return True
