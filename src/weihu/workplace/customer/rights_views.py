"""The customer's rights: a copy of his data, erasure, legal holds."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from weihu.workplace.base import audit, toasts
from weihu.workplace.base.workbooks import XLSX
from weihu.workplace.customer import erasure
from weihu.workplace.customer.copy import copy_of
from weihu.workplace.customer.models import Hold
from weihu.workplace.customer.page import NO_REASON, shown
from weihu.workplace.gate.limits import Kind, LimitReached, is_reason, take
from weihu.workplace.gate.requests import WorkRequest, customer_page, needs_run
from weihu.workplace.gate.sheets import mark_of


@needs_run
@require_POST
def rights(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Ask for the erasure, approve it, take it back, hold or lift; a refusal is said on the compliance tab."""
    if not request.gate.decides:
        raise Http404
    standing = request.gate.standing(customer_id)
    try:
        if _act(request, customer_id):
            toasts.say(request, _("Recorded."))
            return redirect(customer_page(customer_id, "compliance"))
        return HttpResponseBadRequest()
    except erasure.ErasureRefused:
        refused = _("Not possible: a legal hold or an open complaint stands against it, or you asked for it yourself.")
    answer = shown(request, standing, "compliance", "customer/page.html", refused=refused)
    answer.status_code = 409
    return answer


@needs_run
@require_POST
def data_copy(request: WorkRequest, customer_id: str) -> HttpResponse:
    """The customer's copy of his data, with the reason given."""
    why = request.POST.get("why", "").strip()[:150]
    if not request.gate.decides:
        raise Http404
    standing = request.gate.standing(customer_id)
    if not is_reason(why, request.book):
        return HttpResponseBadRequest(str(NO_REASON))
    try:
        take(Kind.COPIES, request.gate)
    except LimitReached:
        return HttpResponseForbidden(str(_("You have made as many copies today as you may.")))
    audit.record(request.user.staff_id, "customer.copy", customer_id, why)
    content = copy_of(standing, request.gate, request.book, mark_of(request.user, timezone.now()))
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
        audit.record(by, "hold.set", customer_id)
    elif act == "lift":
        Hold.objects.filter(customer_id=customer_id, lifted_on__isnull=True).update(lifted_on=on, lifted_by=by)
        audit.record(by, "hold.lift", customer_id)
    else:
        return False
    return True
