"""Customers: the list, one customer's page, and showing a masked value in full."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from weihu.workplace.archive.facts import Known, archive_of
from weihu.workplace.archive.portrait import portrait, products
from weihu.workplace.archive.search import matching
from weihu.workplace.archive.timeline import timeline
from weihu.workplace.audit import log
from weihu.workplace.duplicates.models import Merge
from weihu.workplace.grading.models import Standing
from weihu.workplace.life.goals import goal_form, goals_of
from weihu.workplace.life.upcoming import Coming, coming
from weihu.workplace.people.merged import kept_for
from weihu.workplace.relations.network import household_of, links_of, picture
from weihu.workplace.requests import WorkRequest, at_work
from weihu.workplace.rights.consents import answers_of
from weihu.workplace.runs.models import rulebooks_of
from weihu.workplace.words import reason
from weihu.workplace.worklist.list import Reason, open_signals

PAGE = 50
OCCASION_DAYS = 120


@at_work
@require_GET
def customers(request: WorkRequest) -> HttpResponse:
    """The customers within reach by grade, the largest first; a page begins where the one before ended."""
    found = following(_filtered(request, request.gate.standings()), request.GET.get("after", ""))
    rows = list(found.order_by("-grade_rank", "-aum", "customer_id")[: PAGE + 1])
    more = urlencode({**_kept(request), "after": _place(rows[PAGE - 1])}) if len(rows) > PAGE else ""
    context = {
        "rows": rows[:PAGE],
        "more": more,
        "here": "customers",
        "query": request.GET.get("q", ""),
        "grades": list(enumerate(request.book.grades.values())),
        "chosen_grade": request.GET.get("grade", ""),
        "watched": request.GET.get("watch", ""),
    }
    if request.GET.get("q"):
        log.record(request.user.staff_id, "customers.search")
    return render(request, "archive/rows.html" if request.htmx else "archive/list.html", context)


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
    signals = open_signals(request.gate, [customer_id]).get(customer_id, [])
    context = {
        **portrait(request, standing),
        "accounts": accounts,
        "holdings": holdings,
        "here": "customers",
        "reasons": [Reason(signal, reason(signal, request.book)) for signal in signals],
        "changes": _changes(request, standing),
        "consents": answers_of(customer_id, request.book),
        "occasions": [(row, row.words(request.book)) for row in _occasions(request, standing)],
        "goals": goals_of(customer_id),
        "goal_form": goal_form(),
        "home": household_of(customer_id, request.gate),
        "token": uuid4(),
        "merges": Merge.objects.filter(kept_id=customer_id, undone_on__isnull=True),
    }
    context["categories"] = _by_category(context["archive"])
    context["links"] = links_of(customer_id, request.gate, request.book)
    context["network"] = picture(standing, context["links"], request.gate, request.book)
    context["events"], context["more_events"] = timeline(request, standing)
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


def _occasions(request: WorkRequest, standing: Standing) -> list[Coming]:
    """The customer's own occasions of the next months; festivals are everybody's."""
    found = coming([standing], request.book, request.run.work_date, OCCASION_DAYS)
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


def _filtered(request: WorkRequest, found: QuerySet[Standing]) -> QuerySet[Standing]:
    query = request.GET.get("q", "").strip()
    if query:
        found = found.filter(matching(query, request.gate))
    if (grade := request.GET.get("grade", "")).isdecimal():
        found = found.filter(grade_rank=int(grade))
    if request.GET.get("watch"):
        found = found.filter(watch_since__isnull=False)
    return found


def _kept(request: WorkRequest) -> dict[str, str]:
    """The filters, for the next page's address (never the query of an identity number or phone)."""
    return {name: request.GET[name] for name in ("q", "grade", "watch") if request.GET.get(name)}


def _place(row: Standing) -> str:
    """Where a row stands in the list's order."""
    return f"{row.grade_rank} {row.aum} {row.customer_id}"


def following(found: QuerySet[Standing], place: str) -> QuerySet[Standing]:
    """The rows after a place; all of them if it names none."""
    rank, _, rest = place.partition(" ")
    amount, _, customer_id = rest.partition(" ")
    if not (rank.isdecimal() and re.fullmatch(r"-?\d{1,16}\.\d\d", amount)):
        return found
    same = Q(grade_rank=int(rank), aum=Decimal(amount), customer_id__gt=customer_id)
    less = Q(grade_rank__lt=int(rank)) | Q(grade_rank=int(rank), aum__lt=Decimal(amount))
    # the first condition follows from the others; an index serves it
    return found.filter(grade_rank__lte=int(rank)).filter(less | same)


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
