"""One customer on one page (客户360°): the tab that is asked for, a quick note, a masked value in full."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_GET, require_POST

from weihu.workplace.act.worklist.forms import TokenForm
from weihu.workplace.act.worklist.undo import is_alone, undo
from weihu.workplace.act.worklist.views import contact_form, save_contact
from weihu.workplace.bank.models import Standing
from weihu.workplace.base import audit
from weihu.workplace.customer.head import head, urgent
from weihu.workplace.customer.tabs import OVERVIEW, TABS
from weihu.workplace.customer.timeline import PAGE, timeline
from weihu.workplace.gate.limits import Kind, LimitReached, is_reason, take
from weihu.workplace.gate.merged import kept_for
from weihu.workplace.gate.requests import WorkRequest, needs_run
from weihu.workplace.know.archive.facts import archive_of
from weihu.workplace.know.archive.portrait import portrait

LATEST = 5
"""The events that the overview shows."""


NO_REASON = lazy("Please give the reason in words.")


@needs_run
@require_GET
def customer(request: WorkRequest, customer_id: str) -> HttpResponse:
    """A tab of a customer's page; to htmx the tab alone. Each tab that is read is logged."""
    kept = kept_for(customer_id)
    if kept and request.gate.standing(kept):
        return redirect("customer", kept)
    standing = request.gate.standing(customer_id)
    tab = request.GET.get("tab", OVERVIEW)
    if tab not in TABS:
        raise Http404
    audit.record(request.user.staff_id, "customer.view", customer_id, "" if tab == OVERVIEW else tab)
    alone = request.htmx and not request.htmx.history_restore_request
    return shown(request, standing, tab, "customer/tab.html" if alone else "customer/page.html")


def shown(request: WorkRequest, standing: Standing, tab: str, template: str, **more: Any) -> HttpResponse:
    """A tab of the page of a customer within reach: alone, below its head, or as a whole page. With ``refused`` it is
    a refusal."""
    context: dict[str, Any] = {**portrait(request, standing), "tab": tab, "tabs": TABS}
    context["came_from"] = request.GET.get("list", "")
    if template != "customer/tab.html" or tab == OVERVIEW:
        context |= urgent(request, standing)
    if template != "customer/tab.html":
        context |= head(request, standing, context)
    context |= TABS[tab].context(request, standing, context)
    return render(request, template, {**context, **more}, status=409 if more.get("refused") else 200)


@needs_run
@require_POST
def note(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Record a contact on the customer's page, or take back the one recorded last; the answer is the tab again."""
    standing = request.gate.standing(customer_id)
    tab = request.POST.get("tab", OVERVIEW)
    if tab not in TABS:
        raise Http404
    if request.POST.get("undo"):
        asked = TokenForm(request.POST)
        by = request.user.staff_id
        taken_back = asked.is_valid() and undo(asked.cleaned_data["token"], customer_id, by, request.book)
        return _noted(request, standing, tab, taken_back=taken_back, late=not taken_back)
    archive = archive_of(standing.customer, request.book, request.run.work_date)
    form = contact_form(request, standing, archive, request.POST)
    if not form.is_valid():
        answer = _noted(request, standing, tab, note=form)
        answer.status_code = 422
        return answer
    contact = save_contact(request, standing, form, archive)
    undoable = contact if is_alone(contact, request.book) else None
    return _noted(request, standing, tab, noted=contact, undoable=undoable)


def _noted(request: WorkRequest, standing: Standing, tab: str, **more: Any) -> HttpResponse:
    template = "customer/whole.html" if request.htmx else "customer/page.html"
    return shown(request, standing, tab, template, **more)


@needs_run
@require_GET
def timeline_page(request: WorkRequest, customer_id: str) -> HttpResponse:
    """More of what happened, further back; with ``latest`` the few events that the overview shows."""
    standing = request.gate.standing(customer_id)
    start, latest = request.GET.get("start", ""), bool(request.GET.get("latest"))
    events, more = timeline(request, standing, int(start) if start.isdecimal() else 0, LATEST if latest else PAGE)
    context = {"events": events, "more_events": 0 if latest else more, "customer": standing.customer}
    return render(request, "customer/timeline.html", context)


@needs_run
@require_POST
def reveal(request: WorkRequest, customer_id: str) -> HttpResponse:
    """One C2 value in full, with the reason given, logged before it is shown."""
    standing = request.gate.standing(customer_id)
    archive = archive_of(standing.customer, request.book, request.run.work_date)
    field, why = request.POST.get("field", ""), request.POST.get("why", "").strip()
    if field not in archive or not archive[field].field.masked:
        return HttpResponseBadRequest()
    if not is_reason(why, request.book):
        return HttpResponseBadRequest(str(NO_REASON))
    try:
        take(Kind.REVEALS, request.gate)
    except LimitReached:
        return HttpResponseForbidden(str(_("You have seen as many values in full today as you may.")))
    audit.record(request.user.staff_id, "customer.reveal", customer_id, f"{field}: {why}"[:200])
    return render(request, "customer/revealed.html", {"value": archive[field].value})
