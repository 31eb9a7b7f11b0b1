"""One customer on one page (客户360°): everything known, and showing a masked value in full."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.http import HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from weihu.workplace.act.care import views as care
from weihu.workplace.act.introductions import views as introductions
from weihu.workplace.act.lists.asking import turning
from weihu.workplace.act.schedule.visits import visits_of
from weihu.workplace.act.signals.reasons import Names, open_signals, reasons_of
from weihu.workplace.bank.models import Standing, rulebooks_of
from weihu.workplace.base import audit
from weihu.workplace.consent.consents import purpose_statuses
from weihu.workplace.customer.timeline import timeline
from weihu.workplace.gate.merged import kept_for
from weihu.workplace.gate.models import Merge
from weihu.workplace.gate.requests import WorkRequest, needs_run
from weihu.workplace.judge.portfolio.card import responsibility
from weihu.workplace.know.archive.facts import FieldState, archive_of
from weihu.workplace.know.archive.lists import ListQuery, TooWide, neighbours
from weihu.workplace.know.archive.portrait import portrait, products
from weihu.workplace.know.life.goals import goal_form, goals_of
from weihu.workplace.know.life.upcoming import UpcomingOccasion, upcoming_occasions
from weihu.workplace.know.relations.network import household_of, links_of, picture


@needs_run
@require_GET
def customer(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Everything known of one customer."""
    kept = kept_for(customer_id)
    if kept and request.gate.standing(kept):
        return redirect("customer", kept)
    standing = request.gate.standing(customer_id)
    audit.record(request.user.staff_id, "customer.view", customer_id)
    by_id = products()
    accounts = [(row, by_id.get(row.product_id), balance) for row, balance in request.gate.accounts(standing)]
    holdings = [(holding, by_id.get(holding.product_id)) for holding in request.gate.holdings(standing)]
    signals, names = open_signals(request.gate, [customer_id]).get(customer_id, []), Names(request.book)
    context = {
        **portrait(request, standing),
        "accounts": accounts,
        "holdings": holdings,
        "reasons": reasons_of(names, signals),
        "changes": _changes(request, standing),
        "consents": purpose_statuses(customer_id, request.book),
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
    return render(request, "customer/page.html", context)


@needs_run
@require_GET
def timeline_page(request: WorkRequest, customer_id: str) -> HttpResponse:
    """More of what happened, further back."""
    standing = request.gate.standing(customer_id)
    start = request.GET.get("start", "")
    events, more = timeline(request, standing, int(start) if start.isdecimal() else 0)
    context = {"events": events, "more_events": more, "customer": standing.customer}
    return render(request, "customer/timeline.html", context)


@needs_run
@require_POST
def reveal(request: WorkRequest, customer_id: str) -> HttpResponse:
    """One C2 value in full, with the reason given, logged before it is shown."""
    standing = request.gate.standing(customer_id)
    archive = archive_of(standing.customer, request.book, request.run.work_date)
    field, why = request.POST.get("field", ""), request.POST.get("why", "").strip()
    if field not in archive or not archive[field].field.masked or not why:
        return HttpResponseBadRequest()
    audit.record(request.user.staff_id, "customer.reveal", customer_id, f"{field}: {why}"[:200])
    return render(request, "customer/revealed.html", {"value": archive[field].value})


def _turning(request: WorkRequest, standing: Standing) -> dict[str, Any]:
    """Who comes before and after in the list that the reader came from."""
    came_from = request.GET.get("list", "")
    if not came_from:
        return {}
    fixed = turning(QueryDict(came_from), request.gate, standing.customer_id)
    if fixed is not None:
        listed, before_id, after_id = fixed
        page = reverse("fixed_list", args=[listed.asked.list]) + "?" + listed.address()
        around = request.gate.reached(filter(None, (before_id, after_id)))
        return {
            "came_from": came_from,
            "list_page": page,
            "before": around.get(before_id or ""),
            "after": around.get(after_id or ""),
        }
    query = ListQuery.of(QueryDict(came_from), request.book)
    try:
        before, after = neighbours(query.standings(request.gate, request.run.work_date), standing)
    except TooWide:
        before = after = None
    return {
        "came_from": came_from,
        "list_page": reverse("customers") + "?" + query.address(),
        "before": before,
        "after": after,
    }


def _occasions(request: WorkRequest, standing: Standing) -> list[UpcomingOccasion]:
    """The customer's own occasions of the next months; festivals are everybody's."""
    rows = upcoming_occasions([standing], request.book, request.run.work_date, request.book.pages.occasion_days)
    return [row for row in rows if row.occasion.kind != "festival"][:8]


def _by_category(archive: dict[str, FieldState]) -> list[tuple[str, list[FieldState], int]]:
    """The archive in its eight categories: what is known or was refused, and how many fields are empty."""
    grouped: dict[str, list[FieldState]] = {}
    for known in archive.values():
        if known.key != "name":
            grouped.setdefault(known.field.category, []).append(known)
    return [
        (category, filled := [known for known in rows if known.known], len(rows) - len(filled))
        for category, rows in grouped.items()
    ]


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
