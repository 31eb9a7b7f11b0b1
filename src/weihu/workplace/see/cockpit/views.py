"""The cockpit (驾驶舱): customers, money, loss, care and work of a person, a branch, a region, at any date."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from weihu.workplace.bank.models import Branch, Staff
from weihu.workplace.base import audit
from weihu.workplace.base.pdf import PDF, Grid, Page, write_pdf
from weihu.workplace.base.words import amount_text, called, day, per_cent
from weihu.workplace.gate.figures import FigureScope, scope_of
from weihu.workplace.gate.requests import WorkRequest, needs_run, require_reach
from weihu.workplace.gate.sheets import Sheet, download
from weihu.workplace.see.cockpit.collecting import collected
from weihu.workplace.see.cockpit.reading import (
    MEASURES,
    SHARES,
    Period,
    Sums,
    by_part,
    effects_of,
    results_in_words,
    total_of,
    trend,
)

LINES = 24
"""Rows on a printed page."""


@needs_run
@require_GET
def cockpit(request: WorkRequest) -> HttpResponse:
    """The figures of a scope and a period, a trend, and the breakdown by parts."""
    scope, period = _scope_and_period(request)
    measure = request.GET.get("measure", "aum")
    measure = measure if measure in MEASURES else "aum"
    context: dict[str, Any] = {**_base(request, scope, period), "measure": measure, "room": "figures"}
    if period:
        parts = _parts(scope, period)
        if request.GET.get("xlsx"):
            head, lines = _lines(request, parts, plain=True)
            return download(request, Sheet(str(_("Cockpit")), head, lines))
        total = total_of(sums for _part, sums in parts)
        points = trend(scope, period, measure)
        context |= {
            "parts": parts,
            "total": total,
            "results": results_in_words(total.results),
            "figures": _figures(request, total),
            "grades": _grades(request, scope, period),
            "collected": collected(scope, period, request.run, request.book),
            "trend": {
                "name": str(MEASURES[measure]),
                "points": [(str(on), float(value)) for on, value in points],
                "share": measure in SHARES,
                "target": _target(request, measure),
                "target_name": str(_("target")),
            },
        }
    audit.record(request.user.staff_id, "cockpit.view", detail=scope.title)
    return render(request, "cockpit/cockpit.html", context)


@needs_run
@require_GET
def effects(request: WorkRequest) -> HttpResponse:
    """The effect of acting on each kind of signal, against the control group."""
    scope, period = _scope_and_period(request)
    if not request.gate.decides or scope.staff_id:
        raise Http404
    rows = effects_of(scope, period, request.book) if period else []
    if request.GET.get("xlsx"):
        return download(request, _effects_sheet(request, rows))
    audit.record(request.user.staff_id, "effects.view", detail=scope.title)
    context = {
        **_base(request, scope, period),
        "rows": [(request.book.signals[row.kind], row) for row in rows],
        "horizon": request.book.effects.horizon_days,
        "confidence": request.book.effects.confidence,
        "room": "effects",
    }
    return render(request, "cockpit/effects.html", context)


@needs_run
@require_GET
def cockpit_pdf(request: WorkRequest) -> HttpResponse:
    """The cockpit's tables for a meeting."""
    scope, period = _scope_and_period(request)
    if period is None:
        raise Http404
    parts = _parts(scope, period)
    total = total_of(sums for _part, sums in parts)
    head, lines = _lines(request, parts, plain=False)
    figures = [[row["name"], row["text"], row["target"]] for row in _figures(request, total)]
    grades = [
        [called(row["grade"]), row["now"], row["net"], amount_text(row["aum"], request.book.currency)]
        for row in _grades(request, scope, period)
    ]
    whole_grids = [
        Grid(_("Figures"), ["", "", _("target")], figures, (6, 4, 3), frozenset({1, 2})),
        Grid(
            _("Customers per grade"),
            [_("Grade"), _("Customers"), _("Net"), "AUM"],
            grades,
            (5, 3, 3, 4),
            frozenset({1, 2, 3}),
        ),
    ]
    under = _("%(after)s to %(until)s") % {"after": day(period.after), "until": day(period.until)}
    mark = f"{request.user.name} {request.user.staff_id} {timezone.localtime():%Y-%m-%d %H:%M}"
    title = f"{_('Cockpit')} · {scope.title}"
    pages = [Page(title, under, [], whole_grids)]
    for place in range(0, len(lines), LINES):
        shares, right = (4, *[2] * (len(head) - 1)), frozenset(range(1, len(head)))
        pages.append(Page(title, under, [], [Grid(_("Parts"), head, lines[place : place + LINES], shares, right)]))
    content = write_pdf(pages, mark, wide=True)
    audit.record(request.user.staff_id, "cockpit.print", detail=scope.title)
    name = f"weihu-cockpit-{period.until}.pdf"
    return HttpResponse(content, PDF, headers={"Content-Disposition": f'inline; filename="{name}"'})


def _scope_and_period(request: WorkRequest) -> tuple[FigureScope, Period | None]:
    gate = require_reach(request)
    scope = scope_of(gate, request.GET.get("branch", ""), request.GET.get("staff", ""))
    if scope is None:
        raise Http404
    until = _date(request, "until") or request.run.business_date
    after = _date(request, "after") or until - timedelta(days=request.book.pages.period_days)
    return scope, Period.of(after, until, request.run)


def _date(request: WorkRequest, name: str) -> date | None:
    try:
        return parse_date(request.GET.get(name, ""))
    except ValueError:
        return None


def _base(request: WorkRequest, scope: FigureScope, period: Period | None) -> dict[str, Any]:
    kept = {name: value for name in ("branch", "staff") if (value := request.GET.get(name))}
    return {
        "scope": scope,
        "period": period,
        "measures": MEASURES.items(),
        "kept": kept,
        "back": scope.kind != "bank" and bool(kept),
        "here": "cockpit",
    }


def _parts(scope: FigureScope, period: Period) -> list[tuple[dict[str, str], Sums]]:
    """The parts of a scope, largest AUM first: branches of the bank, people of a branch, or the person alone."""
    part = "branch_id" if scope.kind == "bank" or len(scope.branches or []) > 1 else "staff_id"
    sums_by_part = by_part(scope, period, part)
    rows: list[tuple[dict[str, str], Sums]] = []
    if part == "branch_id":
        branches = Branch.objects.in_bulk(list(sums_by_part))
        for key, sums in sums_by_part.items():
            name = branches[key].name if key in branches else key
            rows.append(({"name": name, "query": f"branch={key}"}, sums))
    else:
        people = Staff.objects.in_bulk([key for key in sums_by_part if key])
        for key, sums in sums_by_part.items():
            name = people[key].name if key in people else str(_("Nobody"))
            rows.append(({"name": name, "query": f"staff={key}" if key in people else ""}, sums))
    return sorted(rows, key=lambda row: (-row[1].now["aum"], row[0]["name"]))


def _figures(request: WorkRequest, total: Sums) -> list[dict[str, Any]]:
    """The measures of the total with their targets and whether these are reached."""
    rows = []
    for key, name in MEASURES.items():
        value, target = total.value(key), _target(request, key)
        reached = None
        if target is not None and value is not None:
            reached = float(value) <= target if key == "lost" else float(value) >= target
        rows.append(
            {
                "key": key,
                "name": str(name),
                "text": _text(request, key, value),
                "target": per_cent(target) if target is not None else "",
                "reached": reached,
            }
        )
    return rows


def _grades(request: WorkRequest, scope: FigureScope, period: Period) -> list[dict[str, Any]]:
    """Customers and AUM per grade with their net change, highest grade first, in ranks of the current rule book."""
    sums_by_rank = by_part(scope, period, "grade_rank")
    grades = list(request.book.grades.values())
    return [
        {
            "rank": rank,
            "grade": grades[rank],
            "now": sums_by_rank[rank].now["customers"],
            "net": sums_by_rank[rank].net_customers,
            "aum": sums_by_rank[rank].now["aum"],
            "net_aum": sums_by_rank[rank].net_aum,
        }
        for rank in sorted(sums_by_rank, reverse=True)
        if rank < len(grades)
    ]


def _target(request: WorkRequest, measure: str) -> float | None:
    if measure == "top":
        return float(request.book.top_time)
    target = dict(request.book.targets).get(measure)  # type: ignore[call-overload]
    return float(target) if target is not None else None


def _text(request: WorkRequest, measure: str, value: Decimal | None) -> str:
    if value is None:
        return "—"
    if measure == "aum":
        return amount_text(value, request.book.currency)
    if measure in SHARES:
        return per_cent(value)
    return f"{value:,.2f}" if measure == "products" else f"{value:,.0f}"


def _lines(
    request: WorkRequest, parts: list[tuple[dict[str, str], Sums]], plain: bool
) -> tuple[list[str], list[list[Any]]]:
    """The parts as rows of a sheet; ``plain`` keeps amounts as numbers for a workbook."""
    head = [
        _("Name"),
        _("Customers"),
        _("Net"),
        "AUM",
        _("Net AUM"),
        _("Lost"),
        _("Won back"),
        _("Contacts"),
        _("Tasks"),
        _("Introductions"),
        *(str(MEASURES[key]) for key in ("products", "cadence", "completeness", "top")),
    ]
    lines = []
    for part, sums in parts:
        money = [Decimal(sums.now["aum"]), sums.net_aum]
        aum = money if plain else [amount_text(amount, request.book.currency) for amount in money]
        rates = [_text(request, key, sums.value(key)) for key in ("products", "cadence", "completeness", "top")]
        lines.append(
            [
                part["name"],
                sums.now["customers"],
                sums.net_customers,
                *aum,
                sums.flow["lost"],
                sums.flow["won_back"],
                sums.contacts,
                sums.flow["tasks"],
                sums.introductions,
                *rates,
            ]
        )
    return head, lines


def _effects_sheet(request: WorkRequest, rows: list[Any]) -> Sheet:
    head = [
        _("Reason"),
        _("Told"),
        _("Held out"),
        _("Difference per customer"),
        _("Interval from"),
        _("Interval to"),
        _("In all"),
    ]
    lines = []
    for row in rows:
        ends = (row.each.difference, row.each.low, row.each.high) if row.each else (None, None, None)
        numbers = [Decimal(f"{end:.2f}") if end is not None else None for end in ends]
        whole_effect = Decimal(f"{row.all.difference:.2f}") if row.all else None
        lines.append([called(request.book.signals[row.kind]), row.acted.size, row.held.size, *numbers, whole_effect])
    return Sheet(str(_("Effect")), head, lines)
