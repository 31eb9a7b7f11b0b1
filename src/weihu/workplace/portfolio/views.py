"""Who carries how much, who is away, and the staffing table."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from weihu.sources.workbook import Unreadable
from weihu.workplace.audit import log
from weihu.workplace.grading import columns
from weihu.workplace.grading.models import Standing
from weihu.workplace.people.away import absent_on
from weihu.workplace.people.models import Branch, Staff
from weihu.workplace.portfolio import deciding, staffing
from weihu.workplace.portfolio.common import LISTED, with_customers
from weihu.workplace.portfolio.models import Absence, Staffing, Unassigned
from weihu.workplace.relations.network import reach
from weihu.workplace.requests import WorkRequest, at_work, reaching
from weihu.workplace.sheets import Sheet, download
from weihu.workplace.words import called, in_language


@at_work
@require_GET
def portfolios(request: WorkRequest) -> HttpResponse:
    """Everybody's customers and minutes against what they may have; who is away; who leaves; who has nobody."""
    gate = reaching(request)
    rows, unassigned = _people(request), _unassigned(request)
    if request.GET.get("xlsx") == "unassigned":
        head = [_("Customer"), _("Customer number"), _("Branch"), "AUM", _("to be resolved by")]
        lines = [
            [one.customer.name, one.customer_id, one.branch_id, one.aum, owner.name if owner else ""]
            for _row, one, owner in unassigned
        ]
        return download(
            request, Sheet(str(_("Unassigned")), head, lines, [one.customer_id for _row, one, _owner in unassigned])
        )
    if request.GET.get("xlsx"):
        grades = list(request.book.grades.values())
        head = [
            _("Staff number"),
            _("Name"),
            _("Branch"),
            _("Post"),
            _("Customers"),
            _("at most"),
            "AUM",
            _("Contribution"),
            *map(called, grades[::-1]),
        ]
        lines = [
            [
                row["staff"].staff_id,
                row["staff"].name,
                row["branch"],
                called(row["post"]),
                row["customers"],
                row["limit"] or "",
                row["aum"],
                row["contribution"],
                *(row["ranks"].get(rank, 0) for rank in range(len(grades))[::-1]),
            ]
            for row in rows
        ]
        return download(request, Sheet(str(_("Portfolios")), head, lines))
    context = {
        "rows": rows,
        "full": sum(row["full"] for row in rows),
        "leavers": deciding.leavers(gate),
        "unassigned": unassigned[:LISTED],
        "here": "portfolios",
        "room": "people",
    }
    log.record(request.user.staff_id, "portfolios.view")
    return render(request, "portfolio/people.html", context)


@at_work
@require_http_methods(["GET", "POST"])
def staff_table(request: WorkRequest) -> HttpResponse:
    """The staffing table: download, change, upload; absences and who stands in."""
    gate = reaching(request)
    if not gate.decides:
        raise Http404
    people = list(gate.colleagues())
    if request.GET.get("xlsx"):
        return download(request, Sheet(str(_("Staffing")), staffing.columns(), staffing.lines(people, request.book)))
    context: dict[str, Any] = {"here": "portfolios", "room": "staffing", "today": request.run.work_date}
    status = 200
    if request.method == "POST":
        by, on = request.user.staff_id, request.run.work_date
        if upload := request.FILES.get("file"):
            try:
                found, problems = staffing.read(upload.read(), str(upload.name), gate)
            except Unreadable as unreadable:
                context["unreadable"], status = in_language(unreadable), 422
            else:
                if problems:
                    context["problems"], status = problems[:LISTED], 422
                else:
                    staffing.save(found, by, on)
                    context["saved"] = len(found)
        else:
            status = 422
            if _enter_absence(request, {one.staff_id for one in people}):
                return redirect("staff_table")
            context["wrong"] = _("An absence needs a person, its first and last day, and somebody else to stand in.")
    absences = Absence.objects.filter(
        staff_id__in=[one.staff_id for one in people], to_on__gte=request.run.work_date, withdrawn=False
    )
    known = Staffing.objects.in_bulk([one.staff_id for one in people])
    context |= {
        "people": [(one, request.book.posts.get(one.post), known.get(one.staff_id)) for one in people],
        "absences": absences.order_by("from_on"),
        "names": {one.staff_id: one.name for one in people},
        "posts": request.book.posts,
    }
    return render(request, "portfolio/staffing.html", context, status=status)


def _people(request: WorkRequest) -> list[dict[str, Any]]:
    """Everybody within reach who has or could have customers, the fullest first."""
    gate, book = request.gate, request.book
    loads = columns.loads(gate)
    found = list(gate.colleagues()) if gate.decides else [request.user]
    known = Staffing.objects.in_bulk([one.staff_id for one in found])
    carrying = with_customers(found, request)
    away = {row.staff_id: row for row in absent_on(request.run.work_date)}
    branches = Branch.objects.in_bulk()
    rows = []
    for one in found:
        post, own = book.posts.get(one.post), known.get(one.staff_id)
        load = loads.get(one.staff_id, {"customers": 0, "aum": 0, "contribution": 0, "ranks": {}})
        if post is None or not (load["customers"] or one.staff_id in carrying):
            continue
        limit = own.customers_max if own and own.customers_max is not None else post.customers_max
        grades = list(book.grades.values())
        needed = sum(
            count * book.portfolios.contact_minutes / days
            for rank, count in load["ranks"].items()
            if (days := grades[rank].cadence_days)
        )
        minutes = own.minutes_per_day if own and own.minutes_per_day is not None else post.minutes_per_day
        rows.append(
            {
                "staff": one,
                "branch": branches[one.branch_id].name if one.branch_id in branches else one.branch_id,
                "post": post,
                **load,
                "limit": limit,
                "share": round(100 * load["customers"] / limit) if limit else None,
                "needed": round(needed),
                "minutes": minutes,
                "away": away.get(one.staff_id),
                "full": bool(limit and load["customers"] > limit) or needed > minutes > 0,
            }
        )
    return sorted(rows, key=lambda row: (-(row["share"] or 0), row["staff"].staff_id))


def _unassigned(request: WorkRequest) -> list[tuple[Unassigned, Standing, Staff | None]]:
    within = request.gate.standings().order_by().values("customer_id")
    rows = Unassigned.objects.filter(run_id=request.run.number, customer_id__in=within).order_by("customer_id")
    seen = reach(request.gate, [row.customer_id for row in rows])
    owners = Staff.objects.in_bulk({row.owner_id for row in rows})
    return [(row, seen[row.customer_id], owners.get(row.owner_id)) for row in rows if row.customer_id in seen]


def _enter_absence(request: WorkRequest, people: set[str]) -> bool:
    said = request.POST
    if number := said.get("withdraw", ""):
        rows = Absence.objects.filter(pk=int(number) if number.isdecimal() else 0, staff_id__in=people)
        return bool(rows.update(withdrawn=True))
    first, last = (parse_date(said.get(name, "") or "") for name in ("from_on", "to_on"))
    one, cover = said.get("staff_id", ""), said.get("cover_id", "")
    if not (first and last and first <= last and one in people and (not cover or cover in people) and cover != one):
        return False
    staffing.away(one, first, last, cover, request.user.staff_id)
    return True
