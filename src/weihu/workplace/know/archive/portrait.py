"""What a page shows of one customer: facts, money, chart, what is missing, what was said."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.measures import OWN_MEASURES
from weihu.rules.value import WINDOW_DAYS
from weihu.workplace.bank.metric import distance_to, thresholds_of
from weihu.workplace.bank.models import Branch, Product, Run, Staff, Standing, change_over
from weihu.workplace.base.words import called, grade_words, other_ways
from weihu.workplace.gate.requests import WorkRequest
from weihu.workplace.know.archive.facts import FieldState, archive_of


def portrait(request: WorkRequest, standing: Standing) -> dict[str, Any]:
    """The customer's standing in words and numbers; the caller has it from the gate."""
    history = request.gate.history(standing)
    grades = list(request.book.grades.values())
    following = grades[standing.grade_rank + 1] if standing.grade_rank + 1 < len(grades) else None
    away = distance_to(standing, standing.grade_rank + 1, request.run)
    archive = archive_of(standing.customer, request.book, request.run.work_date)
    return {
        "standing": standing,
        "customer": standing.customer,
        "monthly_average": standing.monthly_average(request.run),
        "metric": None if request.book.policy.metric in OWN_MEASURES else standing.metric(request.run),
        "next_grade": grade_words(following, request.book) if following else "",
        "other_ways": other_ways(following, request.book) if following and not away else "",
        "gap": away.lacking if away and away.lacking else None,
        "near": bool(away and away.near),
        "flows": flows(request.run, history),
        "chart": chart(request, standing, history),
        "people": Staff.objects.in_bulk([person for person in (standing.primary_id, standing.deputy_id) if person]),
        "branch": Branch.objects.filter(branch_id=standing.branch_id).first(),
        "contacts": request.gate.contacts(standing)[:10],
        "archive": archive,
        "alerts": alerts(archive),
        "missing": missing(archive, standing, request.book),
        "expected_count": len(request.book.expected(standing.grade_rank)),
    }


def flows(run: Run, history: list[Standing]) -> list[tuple[int, Decimal]]:
    """Net change of AUM over each window, from the rows themselves."""
    return [(days, change_over(history, days, run)) for days in WINDOW_DAYS]


def chart(request: WorkRequest, standing: Standing, history: list[Standing]) -> dict[str, Any]:
    """AUM of the last year as steps; where AUM as it stands is what grades, the customer's thresholds as bands."""
    until = request.run.business_date
    start = until - timedelta(days=request.book.pages.chart_days)
    points: list[tuple[str, float]] = [(str(max(row.since, start)), float(row.aum)) for row in history]
    past = [point for point in points if point[0] == str(start)]
    points = past[-1:] + [point for point in points if point[0] > str(start)]
    points.append((str(until), float(history[-1].aum)))
    thresholds = thresholds_of(standing, request.run) if request.book.policy.metric == "aum" else {}
    grades = list(request.book.grades.values())
    bands = [{"name": called(grades[rank]), "from": float(bound)} for rank, bound in sorted(thresholds.items())]
    return {"points": points, "bands": bands}


def alerts(archive: dict[str, FieldState]) -> list[FieldState]:
    """Wishes and limits, for every page on which somebody acts for the customer (M7)."""
    return [known for known in archive.values() if known.field.alert and known.value]


def missing(archive: dict[str, FieldState], standing: Standing, book: RuleBook) -> list[FieldState]:
    """What the customer's grade expects and nobody has told, in the order in which to ask."""
    return [archive[key] for key in book.expected(standing.grade_rank) if not archive[key].known]


def products() -> dict[str, Product]:
    """Products by id."""
    return Product.objects.in_bulk()
