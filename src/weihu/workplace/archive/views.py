"""Customers: the list, one customer's page, and showing a masked value in full."""

from __future__ import annotations

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
from weihu.workplace.archive.export import SERVICE, Order, OverLimit, left_today, take_out
from weihu.workplace.archive.facts import Given, Known, Written, archive_of, record_many
from weihu.workplace.archive.lists import (
    OWN_COLUMNS,
    ListQuery,
    TooWide,
    cells,
    example_of,
    following,
    neighbours,
    ordered,
    place_of,
    titles,
)
from weihu.workplace.archive.models import Channel, Confidence, SavedView
from weihu.workplace.archive.portrait import portrait, products
from weihu.workplace.archive.timeline import timeline
from weihu.workplace.audit import log
from weihu.workplace.care import views as care
from weihu.workplace.duplicates.models import Merge
from weihu.workplace.grading.models import Standing
from weihu.workplace.introductions import views as introductions
from weihu.workplace.life.goals import goal_form, goals_of
from weihu.workplace.life.upcoming import Coming, coming
from weihu.workplace.people.merged import kept_for
from weihu.workplace.portfolio.card import responsibility
from weihu.workplace.relations.network import household_of, links_of, picture
from weihu.workplace.requests import WorkRequest, at_work
from weihu.workplace.rights.consents import answers_of
from weihu.workplace.runs.models import rulebooks_of
from weihu.workplace.team.visits import visits_of
from weihu.workplace.words import Names, called
from weihu.workplace.workbooks import XLSX
from weihu.workplace.worklist.list import open_signals, reasons_of

PAGE = 50
MOST_AT_ONCE = 500
YES_NO = [Choice(key="yes", zh="是", en="Yes"), Choice(key="no", zh="否", en="No")]
TOO_WIDE = lazy("Too many customers for a range of numbers: narrow the list by grade or another condition.")


@at_work
@require_GET
def customers(request: WorkRequest) -> HttpResponse:
    """The customers within reach by grade, the largest first; a page begins where the one before ended."""
    query, on = ListQuery.of(request.GET, request.book), request.run.work_date
    too_wide = ""
    rows: list[Standing] = []
    try:
        found = following(query.standings(request.gate, on), request.GET.get("after", ""))
        rows = list(ordered(found)[: PAGE + 1])
    except TooWide:
        too_wide = str(TOO_WIDE)
    shown = rows[:PAGE]
    context = {
        "rows": list(zip(shown, cells(shown, query, request.book, on), strict=True)),
        "titles": titles(query.columns, request.book),
        "more": query.address(after=place_of(shown[-1])) if len(rows) > PAGE else "",
        "list": query.address() or "all",
        "query": query,
        "address": query.address(),
        "too_wide": too_wide,
        "here": "customers",
        "grades": list(enumerate(request.book.grades.values())),
    }
    if query.q or query.filters:
        log.record(request.user.staff_id, "customers.search")
    if request.htmx and request.GET.get("after"):
        return render(request, "archive/rows.html", context)
    context |= _tools(request, query)
    return render(request, "archive/listed.html" if request.htmx else "archive/list.html", context)


@at_work
@require_GET
def filter_input(request: WorkRequest) -> HttpResponse:
    """The input for a condition on a field: its choices, or text with an example."""
    entry = request.book.fields.get(request.GET.get("field", ""))
    if entry is None:
        return render(request, "archive/filter_input.html", {})
    offered = entry.choices or (YES_NO if entry.kind == "boolean" else [])
    context = {"entry": entry, "offered": offered, "example": example_of(entry)}
    return render(request, "archive/filter_input.html", context)


@at_work
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
        return redirect(reverse("customers") + "?" + query.address())
    return redirect("customers")


@at_work
@require_POST
def bulk(request: WorkRequest) -> HttpResponse:
    """Something for many customers at once: take them out as a workbook, or record the same fact of all of them.

    ``chosen`` are customers' numbers; without any, the whole list is meant.
    """
    query, on = ListQuery.of(QueryDict(request.POST.get("list", "")), request.book), request.run.work_date
    if wrong := [one for one in query.filters if one.wrong]:  # without it, more would be meant than the list says
        return _refused(request, f"{wrong[0].words}: {wrong[0].wrong}", 422)
    try:
        found = query.standings(request.gate, on)
    except TooWide:
        return _refused(request, str(TOO_WIDE), 422)
    if chosen := request.POST.getlist("chosen"):
        found = found.filter(customer_id__in=chosen)
    rows = list(ordered(found)[: request.book.limits.export_rows_per_day + 1])
    act = request.POST.get("act")
    if act == "export":
        return _export(request, query, rows)
    if act == "fact" and len(rows) <= MOST_AT_ONCE:
        return _record_of_all(request, query, rows)
    return HttpResponseBadRequest(str(_("At most 500 customers at once.")))


@at_work
@require_GET
def customer(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Everything known of one customer."""
    kept = kept_for(customer_id)
    if kept and request.gate.standing(kept):
        return redirect("customer", kept)
    standing = request.gate.standing(customer_id)
    log.record(request.user.staff_id, "customer.view", customer_id)
    known = products()
    accounts = [(row, known.get(row.product_id), balance) for row, balance in request.gate.accounts(standing)]
    holdings = [(holding, known.get(holding.product_id)) for holding in request.gate.holdings(standing)]
    signals, names = open_signals(request.gate, [customer_id]).get(customer_id, []), Names(request.book)
    context = {
        **portrait(request, standing),
        "accounts": accounts,
        "holdings": holdings,
        "here": "customers",
        "reasons": reasons_of(names, signals),
        "changes": _changes(request, standing),
        "consents": answers_of(customer_id, request.book),
        "occasions": [(row, row.words(request.book)) for row in _occasions(request, standing)],
        "goals": goals_of(customer_id),
        "goal_form": goal_form(),
        "home": household_of(customer_id, request.gate),
        "token": uuid4(),
        **_turning(request, standing),
        **responsibility(request, standing),
        **care.card(request, customer_id),
        **introductions.card(request, customer_id),
        "visits": visits_of(customer_id, request.run.work_date),
        "merges": Merge.objects.filter(kept_id=customer_id, undone_on__isnull=True),
    }
    context["categories"] = _by_category(context["archive"])
    context["links"] = links_of(customer_id, request.gate, request.book)
    context["network"] = picture(standing, context["links"], request.gate, request.book)
    return render(request, "archive/customer.html", context)


@at_work
@require_GET
def timeline_page(request: WorkRequest, customer_id: str) -> HttpResponse:
    """More of what happened, further back."""
    standing = request.gate.standing(customer_id)
    start = request.GET.get("start", "")
    events, more = timeline(request, standing, int(start) if start.isdecimal() else 0)
    context = {"events": events, "more_events": more, "customer": standing.customer}
    return render(request, "archive/timeline.html", context)


@at_work
@require_POST
def reveal(request: WorkRequest, customer_id: str) -> HttpResponse:
    """One C2 value in full, with the reason given, logged before it is shown."""
    standing = request.gate.standing(customer_id)
    archive = archive_of(standing.customer, request.book, request.run.work_date)
    field, why = request.POST.get("field", ""), request.POST.get("why", "").strip()
    if field not in archive or not archive[field].field.masked or not why:
        return HttpResponseBadRequest()
    log.record(request.user.staff_id, "customer.reveal", customer_id, f"{field}: {why}"[:200])
    return render(request, "archive/revealed.html", {"value": archive[field].value})


def _turning(request: WorkRequest, standing: Standing) -> dict[str, Any]:
    """Who comes before and after in the list that the reader came from."""
    came_from = request.GET.get("list", "")
    if not came_from:
        return {}
    query = ListQuery.of(QueryDict(came_from), request.book)
    try:
        before, after = neighbours(query.standings(request.gate, request.run.work_date), standing)
    except TooWide:
        before = after = None
    return {"came_from": came_from, "list_address": query.address(), "before": before, "after": after}


def _occasions(request: WorkRequest, standing: Standing) -> list[Coming]:
    """The customer's own occasions of the next months; festivals are everybody's."""
    found = coming([standing], request.book, request.run.work_date, request.book.pages.occasion_days)
    return [row for row in found if row.occasion.kind != "festival"][:8]


def _by_category(archive: dict[str, Known]) -> list[tuple[str, list[Known], int]]:
    """The archive in its eight categories: what is known or was refused, and how many fields are empty."""
    grouped: dict[str, list[Known]] = {}
    for known in archive.values():
        if known.key != "name":
            grouped.setdefault(known.field.category, []).append(known)
    return [
        (category, told := [known for known in rows if known.known], len(rows) - len(told))
        for category, rows in grouped.items()
    ]


def _tools(request: WorkRequest, query: ListQuery) -> dict[str, Any]:
    """What stands around the list: conditions, views, columns, purposes."""
    grouped: dict[str, list[tuple[str, CatalogueField]]] = {}
    for key, entry in request.book.fields.items():
        grouped.setdefault(entry.category, []).append((key, entry))
    return {
        "categories": grouped.items(),
        "own_columns": OWN_COLUMNS.items(),
        "chips": [(one, query.without(one).address()) for one in query.filters],
        "views": SavedView.objects.filter(staff_id=request.user.staff_id).order_by("name"),
        "purposes": [(key, entry) for key, entry in request.book.consents.items() if "export" in entry.needed_for],
        "left_today": left_today(request.gate, request.book, request.run.work_date),
    }


def _export(request: WorkRequest, query: ListQuery, rows: list[Standing]) -> HttpResponse:
    purpose, why = request.POST.get("purpose", ""), request.POST.get("why", "").strip()[:200]
    if not why or (purpose != SERVICE and purpose not in request.book.consents):
        return HttpResponseBadRequest(str(_("Please say what the list is for.")))
    try:
        content = take_out(rows, Order(query, purpose, why), request.gate, request.book, request.run.work_date)
    except OverLimit as over:
        said = _("You may take out %(left)d more rows today.") % {"left": over.left}
        return _refused(request, said, 403)
    name = f"customers-{request.run.work_date}.xlsx"
    return HttpResponse(content, XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _record_of_all(request: WorkRequest, query: ListQuery, rows: list[Standing]) -> HttpResponse:
    """The same fact of all the rows, beside what is known of each."""
    key, written = request.POST.get("field", ""), request.POST.get("value", "").strip()
    entry = request.book.fields.get(key)
    if entry is None or entry.consent or key in ("name", "identity_number") or not written:
        return HttpResponseBadRequest(str(_("Please choose a field and a value.")))
    try:
        value = read(entry, written)
    except Unfit as unfit:
        said = f"{called(entry)}: {unfit.text(get_language() or 'zh-hans')}"
        return _refused(request, said, 422)
    fact = Written(key, value, Channel.SERVICE, Confidence.TOLD, source=request.POST.get("why", "").strip()[:200])
    given = [Given(row.customer_id, fact, uuid4()) for row in rows]
    record_many(given, request.user.staff_id, request.run.work_date, "list")
    return redirect(reverse("customers") + "?" + query.address())


def _refused(request: WorkRequest, said: str, status: int) -> HttpResponse:
    return render(request, "archive/refused.html", {"said": said, "here": "customers"}, status=status)


def _changes(request: WorkRequest, standing: Standing) -> list[dict[str, Any]]:
    """The customer's grades over time, newest first."""
    history = request.gate.history(standing)
    books = rulebooks_of(row.since_run for row in history)
    changes: list[dict[str, Any]] = []
    for row in history:
        book = books[row.since_run]
        grade = list(book.grades)[row.grade_rank]
        if not changes or changes[-1]["grade"] != grade:
            changes.append(
                {"grade": grade, "book": book, "rank": row.grade_rank, "since": row.grade_since, "aum": row.aum}
            )
    return changes[::-1]
