"""The list of customers: the page, its filters, saved views, and actions on many customers at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.http import HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_GET, require_POST

from weihu.rules.catalogue import Unfit, read
from weihu.rules.sections.fields import CatalogueField, Choice
from weihu.workplace.bank.models import Branch, Staff, Standing
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.paging import ROWS
from weihu.workplace.base.words import called
from weihu.workplace.base.workbooks import XLSX
from weihu.workplace.gate.limits import Kind, LimitReached, left
from weihu.workplace.gate.requests import WorkRequest, needs_run
from weihu.workplace.gate.sheets import SERVICE
from weihu.workplace.know.archive.export import Order, export_list
from weihu.workplace.know.archive.facts import FactContent, NewFact, record_facts
from weihu.workplace.know.archive.lists import (
    OWN_COLUMNS,
    ListQuery,
    TooWide,
    cells,
    example_of,
    following,
    ordered,
    place_of,
    titles,
)
from weihu.workplace.know.archive.models import Confidence, SavedView

MOST_AT_ONCE = 500
YES_NO = [Choice(key="yes", zh="是", en="Yes"), Choice(key="no", zh="否", en="No")]
TOO_WIDE = lazy("Too many customers for a range of numbers: narrow the list by grade or another condition.")


@needs_run
@require_GET
def customers(request: WorkRequest) -> HttpResponse:
    """The customers within reach by grade and assets, highest first; ``after`` is the last place of the page before."""
    query, on = ListQuery.of(request.GET, request.book), request.run.work_date
    too_wide = ""
    rows: list[Standing] = []
    try:
        standings = following(query.standings(request.gate, on), request.GET.get("after", ""))
        rows = list(ordered(standings)[: ROWS + 1])
    except TooWide:
        too_wide = str(TOO_WIDE)
    page_rows = rows[:ROWS]
    context = {
        "rows": list(zip(page_rows, cells(page_rows, query, request.book, on), strict=True)),
        "titles": titles(query.columns, request.book),
        "more": query.address(after=place_of(page_rows[-1])) if len(rows) > ROWS else "",
        "list": query.address() or "all",
        "query": query,
        "address": query.address(),
        "too_wide": too_wide,
        "grades": list(enumerate(request.book.grades.values())),
    }
    shown = [row.customer_id for row in page_rows] if query.q or query.filters else []
    audit.found(request.user.staff_id, "customers.search" if shown else "customers.list", shown, len(page_rows))
    if request.htmx and request.GET.get("after"):
        return render(request, "archive/rows.html", context)
    context |= {"total": query.total(request.gate), "scope_chips": _scope_chips(query)}
    context |= _tools(request, query)
    return render(request, "archive/listed.html" if request.htmx else "archive/list.html", context)


def _scope_chips(query: ListQuery) -> list[tuple[str, str]]:
    """Whose customers the list is limited to, by name, and the query without it."""
    chips = []
    if query.branch:
        branch = Branch.objects.filter(pk=query.branch).first()
        chips.append((branch.name if branch else query.branch, replace(query, branch="").address()))
    if query.staff:
        person = Staff.objects.filter(pk=query.staff).first()
        chips.append((person.name if person else query.staff, replace(query, staff="").address()))
    return chips


@needs_run
@require_GET
def filter_input(request: WorkRequest) -> HttpResponse:
    """The input for a condition on a field: its choices, or text with an example."""
    entry = request.book.fields.get(request.GET.get("field", ""))
    if entry is None:
        return render(request, "archive/filter_input.html", {})
    offered = entry.choices or (YES_NO if entry.kind == "boolean" else [])
    context = {"entry": entry, "offered": offered, "example": example_of(entry)}
    return render(request, "archive/filter_input.html", context)


@needs_run
@require_POST
def view_save(request: WorkRequest) -> HttpResponse:
    """Keep the list under a name, or forget one."""
    own = SavedView.objects.filter(staff_id=request.user.staff_id)
    name = request.POST.get("name", "").strip()[:60]
    if request.POST.get("act") == "forget":
        own.filter(pk=request.POST["view"] if request.POST.get("view", "").isdecimal() else 0).delete()
    elif name:
        query = ListQuery.of(QueryDict(request.POST.get("list", "")), request.book)
        own.filter(name=name).delete()
        SavedView.objects.create(staff_id=request.user.staff_id, name=name, query=query.address())
        toasts.say(request, _("Saved as %(name)s.") % {"name": name})
        return redirect(reverse("customers") + "?" + query.address())
    return redirect("customers")


@needs_run
@require_POST
def bulk(request: WorkRequest) -> HttpResponse:
    """Export many customers as a workbook, or record the same fact for all of them.

    ``chosen`` are customer numbers; without any, the whole list is meant.
    """
    query, on = ListQuery.of(QueryDict(request.POST.get("list", "")), request.book), request.run.work_date
    if wrong_filters := [
        condition for condition in query.filters if condition.wrong
    ]:  # ignoring it would select more than the page shows
        return _refused(request, f"{wrong_filters[0].words}: {wrong_filters[0].wrong}", 422)
    try:
        standings = query.standings(request.gate, on)
    except TooWide:
        return _refused(request, str(TOO_WIDE), 422)
    if chosen := request.POST.getlist("chosen"):
        standings = standings.filter(customer_id__in=chosen)
    rows = list(ordered(standings)[: request.book.limits.export_rows_per_day + 1])
    act = request.POST.get("act")
    if act == "export":
        return _export(request, query, rows)
    if act == "fact" and len(rows) <= MOST_AT_ONCE:
        return _record_of_all(request, query, rows)
    return HttpResponseBadRequest(str(_("At most 500 customers at once.")))


def _tools(request: WorkRequest, query: ListQuery) -> dict[str, Any]:
    """The context around the list: conditions, views, columns, purposes."""
    grouped: dict[str, list[tuple[str, CatalogueField]]] = {}
    for key, entry in request.book.fields.items():
        grouped.setdefault(entry.category, []).append((key, entry))
    return {
        "categories": grouped.items(),
        "own_columns": OWN_COLUMNS.items(),
        "chips": [(condition, query.without(condition).address()) for condition in query.filters],
        "views": SavedView.objects.filter(staff_id=request.user.staff_id).order_by("name"),
        "purposes": [(key, entry) for key, entry in request.book.consents.items() if "export" in entry.needed_for],
        "left_today": left(Kind.ROWS, request.gate),
    }


def _export(request: WorkRequest, query: ListQuery, rows: list[Standing]) -> HttpResponse:
    purpose, why = request.POST.get("purpose", ""), request.POST.get("why", "").strip()[:200]
    if not why or (purpose != SERVICE and purpose not in request.book.consents):
        return HttpResponseBadRequest(str(_("Please state the purpose of the list.")))
    try:
        content = export_list(rows, Order(query, purpose, why), request.gate, request.book, request.run.work_date)
    except LimitReached as over:
        refusal = _("You may export %(left)d more rows today.") % {"left": over.left}
        return _refused(request, refusal, 403)
    name = f"customers-{request.run.work_date}.xlsx"
    return HttpResponse(content, XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _record_of_all(request: WorkRequest, query: ListQuery, rows: list[Standing]) -> HttpResponse:
    """Record the same fact for all rows, without replacing what is known."""
    key, text = request.POST.get("field", ""), request.POST.get("value", "").strip()
    entry = request.book.fields.get(key)
    if entry is None or entry.consent or key in ("name", "identity_number") or not text:
        return HttpResponseBadRequest(str(_("Please choose a field and a value.")))
    try:
        value = read(entry, text)
    except Unfit as unfit:
        refusal = f"{called(entry)}: {unfit.text(get_language() or 'zh-hans')}"
        return _refused(request, refusal, 422)
    content = FactContent(
        key, value, Channel.SERVICE, Confidence.TOLD, source=request.POST.get("why", "").strip()[:200]
    )
    facts = [NewFact(row.customer_id, content, uuid4()) for row in rows]
    record_facts(facts, request.user.staff_id, request.run.work_date, "list")
    toasts.say(request, _("Recorded for %(count)s customers.") % {"count": len(facts)})
    return redirect(reverse("customers") + "?" + query.address())


def _refused(request: WorkRequest, refusal: str, status: int) -> HttpResponse:
    return render(request, "archive/refused.html", {"said": refusal}, status=status)
