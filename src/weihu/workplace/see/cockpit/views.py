"""The cockpit (驾驶舱): customers, money, loss, care and work of a person, a branch, a region, in any period."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_GET

from weihu.workplace.bank.models import Branch, Staff
from weihu.workplace.base import audit
from weihu.workplace.base.paging import page_of
from weihu.workplace.base.pdf import PDF, Grid, Page, write_pdf
from weihu.workplace.base.pictures import Picture
from weihu.workplace.base.words import amount_text, called, day, per_cent
from weihu.workplace.gate.figures import FigureScope, scope_of
from weihu.workplace.gate.requests import WorkRequest, needs_run, require_reach
from weihu.workplace.gate.sheets import Sheet, download, mark_of
from weihu.workplace.see.cockpit.attention import largest_losses, waiting
from weihu.workplace.see.cockpit.collecting import Collected, collected
from weihu.workplace.see.cockpit.counted import COUNTS, Whose, addresses, counted, opens
from weihu.workplace.see.cockpit.headlines import Headline, headlines
from weihu.workplace.see.cockpit.periods import CHOICES, asked_for
from weihu.workplace.see.cockpit.reading import (
    MEASURES,
    SHARES,
    Cells,
    Night,
    Period,
    Sums,
    bridge_of,
    by_grade,
    by_part,
    cells_of,
    effects_of,
    levels_on,
    lost_by_night,
    nights_between,
    results_in_words,
    scope_part,
    total_of,
    trend,
)
from weihu.workplace.see.cockpit.waterfall import curve, waterfall

LINES = 24
"""Rows on a printed page."""

BESIDES = ("products", "cadence", "completeness", "done", "top")
"""The measures that stand under the four headline figures."""

STEPS = {
    "start": lazy("At the start"),
    "inflow": lazy("Came in"),
    "opened": lazy("New accounts"),
    "outflow": lazy("Went out"),
    "matured": lazy("Matured and left"),
    "closed": lazy("Closed accounts"),
    "moved": lazy("Handed over"),
    "end": lazy("At the end"),
}
COLUMNS: dict[str, Promise | str] = {
    "customers": lazy("Customers"),
    "net": lazy("Net"),
    "watched": lazy("On watch"),
    "aum": "AUM",
    "net_aum": lazy("Net AUM"),
    "lost": lazy("Lost"),
    "won_back": lazy("Won back"),
    "contacts": lazy("Contacts"),
    "tasks": lazy("Tasks"),
    "introductions": lazy("Introductions"),
    "products": lazy("Products per customer"),
    "cadence": lazy("Contacted in time"),
    "completeness": lazy("Archive complete"),
    "top": lazy("Top customers"),
}
"""What is said of everybody, in order; the table can be sorted by each."""
SHOWN = [name for name in COLUMNS if name not in ("won_back", "introductions", "products")]
"""The columns that the page has room for; the workbook has all."""


@dataclass(frozen=True)
class Part:
    """A branch or a person of a scope: its name, its key as a filter of addresses, its post, its figures, and
    where its counts lead."""

    name: str
    kept: dict[str, str]
    post: str
    sums: Sums
    opens: dict[str, str]

    @property
    def query(self) -> str:
        """The filter as a query string; empty for the customers of nobody."""
        return urlencode(self.kept)

    def value(self, column: str) -> Any:
        """What a column says."""
        sums = self.sums
        if column in ("customers", "aum", "watched"):
            return sums.now[column]
        if column in ("lost", "won_back", "tasks"):
            return sums.flow[column]
        own = {"net": sums.net_customers, "net_aum": sums.net_aum, "contacts": sums.contacts}
        own["introductions"] = sums.introductions
        return own[column] if column in own else sums.value(column)


@dataclass(frozen=True)
class Figures:
    """Everything that the page, the workbook and the printed sheet say of a scope in a period."""

    scope: FigureScope
    period: Period
    earlier: Period | None
    cells: Cells
    parts: list[Part]
    total: Sums
    nights: list[Night]
    headlines: list[Headline]

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.period.until - self.period.after).days


@needs_run
@require_GET
def cockpit(request: WorkRequest) -> HttpResponse:
    """The headline figures of a scope and a period, what needs the manager, the bridge of AUM, grades and people."""
    scope, period = _scope_and_period(request)
    measure = request.GET.get("measure", "aum")
    measure = measure if measure in MEASURES else "aum"
    context: dict[str, Any] = {**_base(request, scope, period), "measure": measure, "room": "figures"}
    if period:
        figures = _read(request, scope, period)
        if request.GET.get("xlsx"):
            head, lines = _lines(request, figures.parts, plain=True)
            return download(request, Sheet(str(_("Cockpit")), head, lines))
        points = trend(figures.nights, scope, period, measure)
        steps = bridge_of(figures.total)
        context |= {
            "figures": figures,
            "parts": [(part, part.sums) for part in figures.parts],
            "groups": _groups(request, figures),
            "by_person": scope_part(scope) == "staff_id",
            "same_period": _same_period(context["chosen"], period),
            "columns": [(name, COLUMNS[name], _order_by(request, name)) for name in SHOWN],
            "sort": request.GET.get("sort", "aum"),
            "down": request.GET.get("down", "1") == "1",
            "most": max((part.sums.now["aum"] for part in figures.parts), default=0),
            "total": figures.total,
            "whole": Part("", kept := _kept(request, scope), "", figures.total, addresses(kept, period, request.run)),
            "besides": _besides(request, figures.total),
            "planned": scope.planned(request.run),
            "results": _results(figures, kept),
            "grades": (grades := _grades(request, figures)),
            "largest": max((row["aum"] for row in grades), default=0),
            "moves": urlencode({**_kept(request, scope), "after": str(period.after), "until": str(period.until)}),
            "collected": [(row, _duty_addresses(row, kept, period)) for row in collected(request.gate, scope, period)],
            "waiting": waiting(request.gate),
            "losses": largest_losses(request.gate, scope, period),
            "money_list": urlencode({**_kept(request, scope), "on": str(period.until), "days": str(figures.days)}),
            "bridge": _bridge(request, steps),
            "steps": [(STEPS[name], amount) for name, amount in steps],
            "trend_rows": [(on, _text(request, measure, value)) for on, value in points],
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
def people_counted(request: WorkRequest) -> HttpResponse:
    """The rows behind a count. Of what is out of reach by now a row says everything but the customer."""
    scope, period = _scope_and_period(request)
    if period is None:
        raise Http404
    of = request.GET.get("of", "")
    whose = Whose.of(request.GET, request.gate, scope, period)
    found = counted(of, whose)
    page = page_of(request, found.items)
    rows = [found.read(item) for item in page]
    reached = request.gate.reached(row.customer_id for row in rows)
    people = Staff.objects.in_bulk({row.staff_id for row in rows if row.staff_id})
    audit.record(request.user.staff_id, "cockpit.people", detail=f"{of} {whose.title}")
    context = {
        "of": COUNTS[of],
        "whose": whose.title,
        "period": period,
        "total": page.paginator.count if found.total is None else found.total,
        "parts": found.parts,
        "page": page,
        "rows": [(row, reached.get(row.customer_id), people.get(row.staff_id or "")) for row in rows],
        "has": {name: any(getattr(row, name) for row in rows) for name in ("on", "what", "amount")},
        "back": urlencode({**_kept(request, scope), "after": str(period.after), "until": str(period.until)}),
    }
    return render(request, "cockpit/counted.html", context)


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
    """The cockpit for a meeting: figures, the bridge and the trend as charts, grades, everybody."""
    scope, period = _scope_and_period(request)
    if period is None:
        raise Http404
    figures = _read(request, scope, period)
    head, lines = _lines(request, figures.parts, plain=False)
    under = _("%(after)s to %(until)s") % {"after": day(period.after), "until": day(period.until)}
    mark = mark_of(request.user, timezone.now())
    title = f"{_('Cockpit')} · {scope.title}"
    told = [[row.name, row.text, row.change, row.before] for row in figures.headlines]
    measures = [[row["name"], row["text"], row["target"]] for row in _besides(request, figures.total)]
    grids = [
        Grid(_("Figures"), ["", "", _("Change"), _("The period before")], told, (5, 4, 5, 4), frozenset({1, 2, 3})),
        Grid("", ["", "", _("target")], measures, (6, 4, 3), frozenset({1, 2})),
        Grid(
            _("Customers per grade"),
            [_("Grade"), _("Customers"), _("Net"), "AUM", _("Net AUM")],
            [
                [called(row["grade"]), row["now"], row["net"], *_amounts(request, row["aum"], row["net_aum"])]
                for row in _grades(request, figures)
            ],
            (5, 3, 3, 4, 4),
            frozenset({1, 2, 3, 4}),
        ),
    ]
    pictures = [_bridge(request, bridge_of(figures.total)), _curve(request, figures)]
    pages = [Page(title, under, [], grids), Page(title, under, [], [], pictures)]
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
    _chosen, after, until = asked_for(request.GET, request.run.business_date, request.book.pages.period_days)
    return scope, Period.of(after, until, request.run)


def _base(request: WorkRequest, scope: FigureScope, period: Period | None) -> dict[str, Any]:
    kept = {name: value for name in ("branch", "staff") if (value := request.GET.get(name))}
    chosen, _after, _until = asked_for(request.GET, request.run.business_date, request.book.pages.period_days)
    return {
        "scope": scope,
        "period": period,
        "chosen": chosen,
        "choices": [(name, urlencode({**kept, "period": name})) for name in CHOICES[:-1]],
        "days": request.book.pages.period_days,
        "measures": MEASURES.items(),
        "kept": kept,
        "back": scope.kind != "bank" and bool(kept),
    }


def _read(request: WorkRequest, scope: FigureScope, period: Period) -> Figures:
    part = scope_part(scope)
    cells, earlier = cells_of(scope, period, part), period.earlier
    kept = _kept(request, scope)
    sums = by_part(cells, scope, period, part)
    parts = _parts(sums, part, request, lambda own: addresses(own, period, request.run), kept)
    nights = nights_between(scope, period)
    told = headlines(
        cells,
        cells_of(scope, earlier, part) if earlier else None,
        nights,
        lost_by_night(scope, period),
        period,
        request.book,
        kept,
        levels_on(scope, period, period.year_before) if period.year_before else None,
    )
    return Figures(scope, period, earlier, cells, parts, total_of(part.sums for part in parts), nights, told)


def _kept(request: WorkRequest, scope: FigureScope) -> dict[str, str]:
    """The scope as a filter of addresses: nothing for all that the reader is responsible for, but for a person's own."""
    if scope.staff_id:
        return {"staff": scope.staff_id}
    return {"branch": request.GET["branch"]} if request.GET.get("branch") else {}


def _parts(
    sums_by_part: dict[Any, Sums],
    part: str,
    request: WorkRequest,
    opening: Callable[[dict[str, str]], dict[str, str]],
    kept: dict[str, str],
) -> list[Part]:
    """The parts of a scope: branches of the bank, people of a branch, or the person alone, in the order asked for."""
    if part == "branch_id":
        branches = Branch.objects.in_bulk(list(sums_by_part))
        rows = [
            Part(branches[key].name if key in branches else key, own := {"branch": key}, "", sums, opening(own))
            for key, sums in sums_by_part.items()
        ]
    else:
        people = Staff.objects.in_bulk([key for key in sums_by_part if key])
        rows = [
            Part(people[key].name, own := {"staff": key}, people[key].post, sums, opening(own))
            if key in people
            else Part(str(_("Nobody")), {}, "", sums, opening({**kept, "nobody": "1"}))
            for key, sums in sums_by_part.items()
        ]
    column = request.GET.get("sort", "aum")
    rows.sort(key=lambda row: row.name, reverse=column == "name" and request.GET.get("down", "1") == "1")
    if column in COLUMNS:
        known = [row for row in rows if row.value(column) is not None]
        known.sort(key=lambda row: row.value(column), reverse=request.GET.get("down", "1") == "1")
        rows = known + [row for row in rows if row.value(column) is None]
    return rows


def _groups(request: WorkRequest, figures: Figures) -> list[tuple[str, Part, list[Part]]]:
    """The people by post in the book's order, each post with its total; branches are one group without a name."""
    posts = {post: [part for part in figures.parts if part.post == post] for post in [*request.book.posts, ""]}
    kept = _kept(request, figures.scope)
    return [
        (
            called(request.book.posts.get(post)),
            Part(
                "",
                {},
                post,
                total_of(row.sums for row in rows),
                addresses({**kept, "post": post}, figures.period, request.run),
            ),
            rows,
        )
        for post, rows in posts.items()
        if rows
    ]


def _results(figures: Figures, kept: dict[str, str]) -> list[tuple[str, int, str]]:
    """The results of contacts with their names, how many there are, and where these are."""
    return [
        (name, count, opens("contacts", {**kept, "outcome": key}, figures.period))
        for key, name, count in results_in_words(figures.total.results)
    ]


def _duty_addresses(row: Collected, kept: dict[str, str], period: Period) -> dict[str, str]:
    return {of: opens(of, {**kept, "post": row.post}, period) for of in ("facts", "lacking")}


def _same_period(chosen: str, period: Period) -> str:
    """The period as a query string, for the cockpit of a part."""
    if chosen == "own":
        return urlencode({"after": str(period.after), "until": str(period.until)})
    return urlencode({"period": chosen})


def _order_by(request: WorkRequest, column: str) -> str:
    """The query string that orders the people by a column, the other way round if they are already."""
    now = request.GET.get("sort", "aum"), request.GET.get("down", "1")
    parameters = {name: value for name, value in request.GET.items() if name not in ("sort", "down", "xlsx")}
    return urlencode({**parameters, "sort": column, "down": "0" if now == (column, "1") else "1"})


def _bridge(request: WorkRequest, steps: list[tuple[str, Decimal]]) -> Picture:
    """The bridge without the steps in which nothing happened."""
    shown = [
        (str(STEPS[name]), amount, _amounts(request, amount)[0])
        for name, amount in steps
        if amount or name in ("start", "end")
    ]
    return waterfall(_("AUM from start to end"), shown)


def _curve(request: WorkRequest, figures: Figures) -> Picture:
    """AUM over the period, for paper."""
    values = [float(night.sums.now["aum"]) for night in figures.nights]
    low, high = _amounts(request, *(Decimal(end(values, default=0.0)) for end in (min, max)))
    ends = day(figures.period.after), day(figures.period.until)
    return curve("AUM", values, ends, (low, high))


def _amounts(request: WorkRequest, *amounts: Decimal) -> list[str]:
    return [amount_text(amount, request.book.currency) for amount in amounts]


def _besides(request: WorkRequest, total: Sums) -> list[dict[str, Any]]:
    """The measures under the headline figures with their targets and whether these are reached."""
    rows = []
    for key in BESIDES:
        value, target = total.value(key), _target(request, key)
        rows.append(
            {
                "key": key,
                "name": str(MEASURES[key]),
                "text": _text(request, key, value),
                "target": per_cent(target) if target is not None else "",
                "reached": None if target is None or value is None else float(value) >= target,
            }
        )
    return rows


def _grades(request: WorkRequest, figures: Figures) -> list[dict[str, Any]]:
    """Customers and AUM per grade with their net change, highest grade first, in ranks of the current rule book; and where
    the counts lead."""
    sums_by_rank = by_grade(figures.cells)
    kept = _kept(request, figures.scope)
    grades = list(request.book.grades.values())
    return [
        {
            "rank": rank,
            "grade": grades[rank],
            "now": sums_by_rank[rank].now["customers"],
            "net": sums_by_rank[rank].net_customers,
            "aum": sums_by_rank[rank].now["aum"],
            "net_aum": sums_by_rank[rank].net_aum,
            "opens": addresses({**kept, "grade": str(rank)}, figures.period, request.run),
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


def _lines(request: WorkRequest, parts: list[Part], plain: bool) -> tuple[list[str], list[list[Any]]]:
    """The parts as rows of a sheet; ``plain`` keeps amounts as numbers for a workbook."""
    head = [_("Name"), *(str(title) for title in COLUMNS.values())]
    return head, [[part.name, *(_cell(request, part, name, plain) for name in COLUMNS)] for part in parts]


def _cell(request: WorkRequest, part: Part, column: str, plain: bool) -> Any:
    value = part.value(column)
    if column in ("aum", "net_aum"):
        return Decimal(value) if plain else amount_text(value, request.book.currency)
    return _text(request, column, value) if column in MEASURES and column not in ("customers", "lost") else value


def _effects_sheet(request: WorkRequest, rows: list[Any]) -> Sheet:
    head = [
        _("Reason"),
        _("Told"),
        _("Held out"),
        _("Difference per customer"),
        _("Interval from"),
        _("Interval to"),
        _("In all"),
        _("Customers still needed"),
    ]
    lines = []
    for row in rows:
        ends = (row.each.difference, row.each.low, row.each.high) if row.each else (None, None, None)
        numbers = [Decimal(f"{end:.2f}") if end is not None else None for end in ends]
        whole_effect = Decimal(f"{row.all.difference:.2f}") if row.all else None
        sizes = [row.acted.size, row.held.size]
        lines.append([called(request.book.signals[row.kind]), *sizes, *numbers, whole_effect, row.still_needed or None])
    return Sheet(str(_("Effect")), head, lines)
