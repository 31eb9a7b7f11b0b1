"""The head of a customer's page: who it is, what is urgent, who comes before and after in the reader's list."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

from django.http import QueryDict
from django.urls import reverse

from weihu.workplace.act.lists.asking import turning
from weihu.workplace.act.signals.reasons import Names, open_signals, reasons_of
from weihu.workplace.act.worklist.sparkline import sparkline
from weihu.workplace.bank.models import Standing
from weihu.workplace.gate.models import Merge
from weihu.workplace.gate.requests import WorkRequest
from weihu.workplace.know.archive.facts import FieldState, is_barred
from weihu.workplace.know.archive.lists import ListQuery, TooWide, neighbours
from weihu.workplace.know.complaints import cases


def urgent(request: WorkRequest, standing: Standing) -> dict[str, Any]:
    """What waits for an act: open reasons, the heaviest first, and open complaints; the line of the head is the
    first of the overdue complaints, else of the reasons, else of the complaints."""
    on = request.run.work_date
    signals = open_signals(request.gate, [standing.customer_id]).get(standing.customer_id, [])
    reasons = reasons_of(Names(request.book), signals)
    complaints = [row for row in cases.of_customer(standing) if row.closed_on is None]
    overdue = [row for row in complaints if row.overdue(on)]
    return {
        "reasons": reasons,
        "complaints_open": [(row, row.overdue(on)) for row in complaints],
        "urgent_complaint": next(iter(overdue or ([] if reasons else complaints)), None),
        "urgent_overdue": bool(overdue),
    }


def head(request: WorkRequest, standing: Standing, shown: dict[str, Any]) -> dict[str, Any]:
    """The context of customer/head.html; ``shown``: the portrait."""
    archive: dict[str, FieldState] = shown["archive"]
    return {
        "age": age_on(archive["birth_date"].value, request.run.work_date) if "birth_date" in archive else None,
        "spark": sparkline(shown["chart"]["points"]),
        "barred": is_barred(archive),
        "visit_token": uuid4(),
        "merges": Merge.objects.filter(kept_id=standing.customer_id, undone_on__isnull=True),
        **_turning(request, standing),
    }


def age_on(born: str, on: date) -> int | None:
    """Full years on a day; None if the birthday is not known."""
    if not born:
        return None
    birthday = date.fromisoformat(born)
    return on.year - birthday.year - ((on.month, on.day) < (birthday.month, birthday.day))


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
