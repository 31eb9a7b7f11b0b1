"""The pages of workload and absences, and of the staffing table."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from weihu.sources.workbook import Unreadable
from weihu.workplace.bank.models import Branch, Staff, Standing, Unassigned
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.days import read_day
from weihu.workplace.base.paging import ROWS, page_of
from weihu.workplace.base.words import called, in_language
from weihu.workplace.gate.agreeing import others_who_decide
from weihu.workplace.gate.cover import absent_on
from weihu.workplace.gate.figures import own_scope
from weihu.workplace.gate.models import Absence
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.requests import WorkRequest, needs_run, require_reach
from weihu.workplace.gate.sheets import Sheet, download
from weihu.workplace.judge.portfolio import decisions, opening, staffing
from weihu.workplace.judge.portfolio.common import LISTED, with_customers
from weihu.workplace.judge.portfolio.models import Staffing

MONDAY = date(2026, 1, 5)
"""Any Monday, for the names of the weekdays."""


@needs_run
@require_GET
def portfolios(request: WorkRequest) -> HttpResponse:
    """Everybody's customers and minutes against the limits; absences, leavers, unassigned customers."""
    gate = require_reach(request)
    rows, unassigned = _people(request), _unassigned(request)
    if request.GET.get("xlsx") == "unassigned":
        head = [_("Customer"), _("Customer number"), _("Branch"), "AUM", _("to be resolved by")]
        lines = [
            [
                standing.customer.name,
                standing.customer_id,
                standing.branch_id,
                standing.aum,
                owner.name if owner else "",
            ]
            for _row, standing, owner in unassigned
        ]
        return download(
            request,
            Sheet(str(_("Unassigned")), head, lines, [standing.customer_id for _row, standing, _owner in unassigned]),
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
    page = page_of(request, rows)
    context = {
        "rows": page,
        "page": page,
        "full": sum(row["full"] for row in rows),
        "leavers": decisions.leavers(gate),
        "unassigned": unassigned[:ROWS],
        "unassigned_count": len(unassigned),
        "room": "people",
    }
    audit.record(request.user.staff_id, "portfolios.view")
    return render(request, "portfolio/people.html", context)


@needs_run
@require_http_methods(["GET", "POST"])
def staff_table(request: WorkRequest) -> HttpResponse:
    """The staffing table: download and upload; absences and cover."""
    gate = require_reach(request)
    if not gate.decides:
        raise Http404
    people = list(gate.colleagues())
    if request.GET.get("xlsx"):
        return download(request, Sheet(str(_("Staffing")), staffing.columns(), staffing.lines(people, request.book)))
    context: dict[str, Any] = {"room": "staffing", "today": request.run.work_date}
    status = 200
    if request.method == "POST":
        by, on = request.user.staff_id, request.run.work_date
        if upload := request.FILES.get("file"):
            try:
                entries, problems = staffing.read(upload.read(), str(upload.name), gate)
            except Unreadable as unreadable:
                context["unreadable"], status = in_language(unreadable), 422
            else:
                if problems:
                    context["problems"], status = problems[:LISTED], 422
                else:
                    staffing.save(entries, by, on)
                    context["saved"] = len(entries)
        else:
            status = 422
            if _enter_absence(request, {member.staff_id for member in people}):
                toasts.say(request, _absence_said(request))
                return redirect("staff_table")
            context["wrong"] = _(
                "An absence needs a person, its first and last day, at most %(days)s days apart, and somebody else to stand"
                " in; a cover is agreed to by somebody else who decides."
            ) % {"days": request.book.portfolios.absence_days}
    absences = Absence.objects.filter(
        staff_id__in=[member.staff_id for member in people], to_on__gte=request.run.work_date, withdrawn=False
    )
    entries_by_staff = Staffing.objects.in_bulk([member.staff_id for member in people])
    deciding = others_who_decide(gate, gate.staff.branch_id)
    page = page_of(request, people)
    context |= {
        "people": [(member, request.book.posts.get(member.post)) for member in people],
        "page": page,
        "rows": [
            (member, request.book.posts.get(member.post), entries_by_staff.get(member.staff_id)) for member in page
        ],
        "absences": [
            (row, [member for member in deciding if member.staff_id not in staffing.concerned_by(row)])
            for row in absences.order_by("from_on", "pk")[:ROWS]
        ],
        "absence_count": absences.count(),
        "names": {member.staff_id: member.name for member in people},
        "posts": request.book.posts,
    }
    return render(request, "portfolio/staffing.html", context, status=status)


@needs_run
@require_http_methods(["GET", "POST"])
def days_table(request: WorkRequest) -> HttpResponse:
    """The working days of a branch or of the bank: the next months, download and upload."""
    gate = require_reach(request)
    if not gate.decides:
        raise Http404
    wanted = request.GET.get("branch", "" if gate.reach == "bank" else gate.branches[0])
    if wanted not in gate.branches and not (wanted == "" and gate.reach == "bank"):
        raise Http404
    if request.GET.get("xlsx"):
        return download(request, Sheet(str(_("Working days")), opening.columns(), opening.lines(gate, wanted)))
    context: dict[str, Any] = {"room": "days", "branch_id": wanted}
    status = 200
    if request.method == "POST" and (upload := request.FILES.get("file")):
        try:
            entries, problems = opening.read(upload.read(), str(upload.name), gate)
        except Unreadable as unreadable:
            context["unreadable"], status = in_language(unreadable), 422
        else:
            if problems:
                context["problems"], status = problems[:LISTED], 422
            else:
                context["saved"] = (len(entries), opening.save(entries, gate))
                gate = Gate(gate.staff, gate.run)  # one gate reads the days once
    this_year = request.run.work_date.year
    context |= {
        "months": opening.shown_months(gate, wanted),
        "weekdays": [MONDAY + timedelta(days=ahead) for ahead in range(7)],
        "table_address": f"?xlsx=1&branch={wanted}",
        "unknown": [year for year in (this_year, this_year + 1) if not gate.days.is_known(year)],
        "branches": Branch.objects.filter(branch_id__in=gate.branches).order_by("branch_id"),
        "whole_bank": gate.reach == "bank",
        "shifts": opening.coming_shifts(gate, wanted),
    }
    return render(request, "portfolio/days.html", context, status=status)


def _people(request: WorkRequest) -> list[dict[str, Any]]:
    """Everybody within reach who has or could have customers, the highest share of the limit first."""
    gate, book = request.gate, request.book
    loads = own_scope(gate).loads(request.run)
    members = list(gate.colleagues()) if gate.decides else [request.user]
    staffing_by_id = Staffing.objects.in_bulk([member.staff_id for member in members])
    carrying = with_customers(members, request)
    away = {row.staff_id: row for row in absent_on(request.run.work_date)}
    branches = Branch.objects.in_bulk()
    rows = []
    for member in members:
        post, staffing_entry = book.posts.get(member.post), staffing_by_id.get(member.staff_id)
        load = loads.get(member.staff_id, {"customers": 0, "aum": 0, "contribution": 0, "ranks": {}})
        if post is None or not (load["customers"] or member.staff_id in carrying):
            continue
        limit = (
            staffing_entry.customers_max
            if staffing_entry and staffing_entry.customers_max is not None
            else post.customers_max
        )
        grades = list(book.grades.values())
        needed = sum(
            count * book.portfolios.contact_minutes / days
            for rank, count in load["ranks"].items()
            if (days := grades[rank].cadence_days)
        )
        minutes = (
            staffing_entry.minutes_per_day
            if staffing_entry and staffing_entry.minutes_per_day is not None
            else post.minutes_per_day
        )
        rows.append(
            {
                "staff": member,
                "branch": branches[member.branch_id].name if member.branch_id in branches else member.branch_id,
                "post": post,
                **load,
                "limit": limit,
                "share": round(100 * load["customers"] / limit) if limit else None,
                "needed": round(needed),
                "minutes": minutes,
                "away": away.get(member.staff_id),
                "full": bool(limit and load["customers"] > limit) or needed > minutes > 0,
            }
        )
    return sorted(rows, key=lambda row: (-(row["share"] or 0), row["staff"].staff_id))


def _unassigned(request: WorkRequest) -> list[tuple[Unassigned, Standing, Staff | None]]:
    within = request.gate.standings().order_by().values("customer_id")
    rows = Unassigned.objects.filter(run_id=request.run.number, customer_id__in=within).order_by("customer_id")
    standings = request.gate.reached([row.customer_id for row in rows])
    owners = Staff.objects.in_bulk({row.owner_id for row in rows})
    return [(row, standings[row.customer_id], owners.get(row.owner_id)) for row in rows if row.customer_id in standings]


def _absence_said(request: WorkRequest) -> str:
    if request.POST.get("withdraw"):
        return _("Withdrawn.")
    if request.POST.get("agree"):
        return _("Agreed; the cover sees the customers now.")
    return _("Absence entered; the deputies cover until somebody else agrees to the cover.")


def _enter_absence(request: WorkRequest, people: set[str]) -> bool:
    form = request.POST
    if number := form.get("withdraw", ""):
        rows = Absence.objects.filter(pk=int(number) if number.isdecimal() else 0, staff_id__in=people)
        if rows.filter(withdrawn=False).update(withdrawn=True):
            audit.record(request.user.staff_id, "absence.withdraw", detail=number)
            return True
        return False
    if number := form.get("agree", ""):
        return number.isdecimal() and staffing.agree_to_cover(int(number), people, request.gate)
    first, last = (read_day(form.get(name, "")) for name in ("from_on", "to_on"))
    absent, cover = form.get("staff_id", ""), form.get("cover_id", "")
    longest = timedelta(days=request.book.portfolios.absence_days)
    if not (
        first
        and last
        and first <= last <= first + longest
        and absent in people
        and (not cover or cover in people)
        and cover != absent
    ):
        return False
    staffing.enter_absence(absent, first, last, cover, request.user.staff_id)
    return True
