"""Portfolios: who carries how much, who is away, what is handed over, claimed and referred."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from weihu.sources.workbook import Unreadable
from weihu.workplace.audit import log
from weihu.workplace.grading import columns
from weihu.workplace.grading.models import Standing
from weihu.workplace.people.away import absent_on
from weihu.workplace.people.models import Branch, Staff
from weihu.workplace.portfolio import deciding, staffing
from weihu.workplace.portfolio.models import Absence, Claim, Handover, Referral, Staffing, Unassigned
from weihu.workplace.relations.network import reach
from weihu.workplace.requests import WorkRequest, at_work
from weihu.workplace.sheets import Sheet, download
from weihu.workplace.words import amount_text, called, in_language, name_mask

LISTED = 200
SHEET_ROWS = 5000
PAGE = 50
REFUSALS = {
    "handover": lazy("Choose customers of one person, another person, and a day that has not passed."),
    "not_yours": lazy("Somebody else has to do this."),
    "receiver": lazy("The receiver has to work in the customer's branch, in a post that has customers."),
    "supervisor": lazy("A supervisor of the branch who is neither giver nor receiver decides, with a reason."),
    "settled": lazy("Somebody has decided already."),
    "not_claimable": lazy(
        "This customer cannot be claimed: somebody has claimed or talked to him lately, or the grade is not for claiming."
    ),
    "claimed": lazy("Somebody else was first."),
    "claim_limit": lazy("You have claimed as many as you may."),
    "referred": lazy("This customer is referred already and waits for an answer."),
    "reason": lazy("Please say why."),
}


@at_work
@require_GET
def portfolios(request: WorkRequest) -> HttpResponse:
    """Everybody's customers and minutes against what they may have; who is away; who leaves; who has nobody."""
    gate = _seen(request)
    rows = _people(request)
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
        "unassigned": _unassigned(request)[:LISTED],
        "here": "portfolios",
        "room": "people",
    }
    log.record(request.user.staff_id, "portfolios.view")
    return render(request, "portfolio/people.html", context)


@at_work
@require_http_methods(["GET", "POST"])
def staff_table(request: WorkRequest) -> HttpResponse:
    """The staffing table: download, change, upload; absences and who stands in."""
    gate = _seen(request)
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


@at_work
@require_http_methods(["GET", "POST"])
def handover_list(request: WorkRequest) -> HttpResponse:
    """Hand-overs, and proposing one: of all customers of a person, of a grade, or of those that were chosen."""
    gate = _seen(request)
    refused = ""
    if request.method == "POST":
        try:
            made = _propose(request)
            return redirect("handover", made.pk)
        except deciding.Refused as reason:
            refused = str(REFUSALS[reason.reason])
    rows = list(deciding.handovers(gate)[:LISTED])
    if request.GET.get("xlsx"):
        names = _names({one for row in rows for one in (row.from_id, row.to_id)})
        head = [_("From"), _("To"), _("Day"), _("State"), _("Customers")]
        lines = [
            [names.get(row.from_id), names.get(row.to_id), row.on, row.get_state_display(), row.customers.count()]
            for row in rows
        ]
        return download(request, Sheet(str(_("Hand-overs")), head, lines))
    giver = request.GET.get("giver", "") or request.user.staff_id
    people = list(gate.colleagues())
    carrying = _with_customers(people, request)
    own = gate.standings().filter(primary_id=giver).order_by("-grade_rank", "-aum", "customer_id")
    context = {
        "rows": [(row, row.customers.count(), row.late(request.run.work_date)) for row in rows],
        "names": _names({one for row in rows for one in (row.from_id, row.to_id)}),
        "givers": people if gate.decides else [],
        "receivers": [one for one in people if one.staff_id != giver and one.staff_id in carrying],
        "giver": giver,
        "owned": own.select_related("customer")[:LISTED],
        "owned_count": own.count(),
        "grades": list(enumerate(request.book.grades.values())),
        "token": uuid4(),
        "today": request.run.work_date,
        "refused": refused,
        "here": "portfolios",
        "room": "handover",
    }
    return render(request, "portfolio/handovers.html", context, status=422 if refused else 200)


@at_work
@require_http_methods(["GET", "POST"])
def handover(request: WorkRequest, number: int) -> HttpResponse:
    """One hand-over with its history; a post is the next step."""
    gate = _seen(request)
    found = deciding.handovers(gate).filter(pk=number).first()
    if found is None:
        raise Http404
    refused = ""
    if request.method == "POST":
        act, note = request.POST.get("act"), request.POST.get("note", "").strip()[:500]
        try:
            if act in ("accept", "refuse_offer"):
                deciding.answer(found, act == "accept", gate, note)
            elif act in ("approve", "refuse"):
                deciding.approve(found, act == "approve", gate, note)
            elif act == "withdraw":
                deciding.withdraw(found, gate)
            else:
                return HttpResponseBadRequest()
            return redirect("handover", number)
        except deciding.Refused as reason:
            refused = str(REFUSALS[reason.reason])
    ids = list(found.customers.values_list("customer_id", flat=True))
    seen = reach(gate, ids)
    steps = list(found.steps.order_by("pk"))
    me = request.user.staff_id
    context = {
        "handover": found,
        "customers": sorted(seen.values(), key=lambda row: (-row.grade_rank, -row.aum, row.customer_id))[:LISTED],
        "count": len(ids),
        "steps": steps,
        "names": _names({found.from_id, found.to_id, *(step.staff_id for step in steps)}),
        "may_answer": found.to_id == me and found.state == Handover.State.PROPOSED,
        "may_approve": gate.decides
        and me not in (found.from_id, found.to_id)
        and found.state == Handover.State.ACCEPTED,
        "may_withdraw": found.proposed_by == me and found.state in (Handover.State.PROPOSED, Handover.State.ACCEPTED),
        "late": found.late(request.run.work_date),
        "refused": refused,
        "here": "portfolios",
        "room": "handover",
    }
    log.record(me, "handover.view", detail=str(number))
    return render(request, "portfolio/handover.html", context, status=403 if refused else 200)


@at_work
@require_http_methods(["GET", "POST"])
def claims(request: WorkRequest) -> HttpResponse:
    """Customers to claim, one's claims, and disputes. Who is not yet one's own is shown with a masked name."""
    gate = _seen(request)
    refused = ""
    if request.method == "POST":
        try:
            _claim_act(request)
            return redirect("claims")
        except deciding.Refused as reason:
            refused = str(REFUSALS[reason.reason])
    me = request.user.staff_id
    open_ones = deciding.claimable(gate).order_by("-grade_rank", "-aum", "customer_id")
    page = Paginator(open_ones, PAGE).get_page(request.GET.get("page"))
    mine = list(Claim.objects.filter(staff_id=me).order_by("-pk")[:LISTED])
    taken = list(Claim.objects.filter(before_id=me, state=Claim.State.HELD).order_by("-pk")[:LISTED])
    disputed = (
        Claim.objects.filter(branch_id__in=gate.branches, state=Claim.State.DISPUTED)
        if gate.decides
        else Claim.objects.none()
    )
    seen = reach(gate, [row.customer_id for row in [*mine, *taken, *disputed]])
    if request.GET.get("xlsx"):
        kept = [row for row in mine if row.customer_id in seen]
        lines = [
            [seen[row.customer_id].customer.name, row.customer_id, row.on, row.get_state_display()] for row in kept
        ]
        return download(
            request,
            Sheet(
                str(_("Claims")),
                [_("Customer"), _("Customer number"), _("On"), _("State")],
                lines,
                [row.customer_id for row in kept],
            ),
        )
    context = {
        "page": page,
        "open": [(row, name_mask(row.customer.name)) for row in page],
        "mine": [(row, seen.get(row.customer_id)) for row in mine],
        "taken": [(row, seen.get(row.customer_id)) for row in taken],
        "disputed": [(row, seen.get(row.customer_id)) for row in disputed],
        "names": _names({one for row in [*taken, *disputed] for one in (row.staff_id, row.before_id)}),
        "limits": request.book.portfolios,
        "refused": refused,
        "here": "portfolios",
        "room": "claims",
    }
    log.record(me, "claims.view")
    return render(request, "portfolio/claims.html", context, status=422 if refused else 200)


@at_work
@require_http_methods(["GET", "POST"])
def referral_list(request: WorkRequest) -> HttpResponse:
    """Referrals to answer, those one made, and for supervisors the late ones; an answer is one post."""
    gate = _seen(request)
    refused = ""
    rows = deciding.referrals(gate)
    if request.method == "POST":
        number = request.POST.get("number", "")
        found = rows.filter(pk=int(number)).first() if number.isdecimal() else None
        if found is None:
            raise Http404
        try:
            accept, reason = request.POST.get("act") == "accept", request.POST.get("reason", "").strip()[:500]
            deciding.answer_referral(found, accept, gate, reason)
            return redirect("referrals")
        except deciding.Refused as wrong:
            refused = str(REFUSALS[wrong.reason])
    me, on = request.user.staff_id, request.run.work_date
    listed = list(rows[:LISTED])
    seen = reach(gate, [row.customer_id for row in listed])
    up = deciding.moved_up(listed, gate)
    names = _names({one for row in listed for one in (row.from_id, row.to_id)})
    if request.GET.get("xlsx"):
        kept = [row for row in listed if row.customer_id in seen]
        head = [_("Customer"), _("Customer number"), _("By"), _("To"), _("On"), _("State"), _("Moved up"), _("Reason")]
        lines = [
            [
                seen[row.customer_id].customer.name,
                row.customer_id,
                names.get(row.from_id),
                names.get(row.to_id),
                row.on,
                row.get_state_display(),
                _("Yes") if row.pk in up else "",
                row.reason,
            ]
            for row in kept
        ]
        return download(request, Sheet(str(_("Referrals")), head, lines, [row.customer_id for row in kept]))
    context = {
        "rows": [
            {
                "referral": row,
                "standing": seen.get(row.customer_id),
                "late": row.late(on),
                "up": row.pk in up,
                "mine": row.state == Referral.State.OPEN and (row.to_id == me or (row.late(on) and gate.decides)),
            }
            for row in listed
        ],
        "names": names,
        "made": sum(row.from_id == me for row in listed),
        "came_up": sum(row.from_id == me and row.pk in up for row in listed),
        "refused": refused,
        "here": "portfolios",
        "room": "referrals",
    }
    log.record(me, "referrals.view")
    return render(request, "portfolio/referrals.html", context, status=422 if refused else 200)


@at_work
@require_POST
def refer(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Hand a customer who can move up to who answers for the next grade, in one step."""
    standing = request.gate.standing(customer_id)
    offer = offer_of(request, standing)
    if offer is None:
        return HttpResponseBadRequest(str(REFUSALS["referred"]))
    chosen = {one.staff_id: one for one in offer["receivers"]}.get(request.POST.get("to", ""))
    try:
        deciding.refer(request.gate, standing, chosen or offer["receivers"][0], offer["target"], offer["evidence"])
    except deciding.Refused as reason:
        return HttpResponseBadRequest(str(REFUSALS[reason.reason]))
    return redirect("referrals")


def offer_of(request: WorkRequest, standing: Standing) -> dict[str, Any] | None:
    """Whether and to whom the reader may refer a customer: the next grade, the evidence in words, the receivers."""
    book, target = request.book, standing.grade_rank + 1
    if target >= len(book.grades) or Referral.objects.filter(open_key=standing.customer_id).exists():
        return None
    people = [
        one
        for one in deciding.receivers(standing, target, book)
        if one.staff_id not in (request.user.staff_id, standing.primary_id)
    ]
    bound = book.minimum(target, standing.branch_id)
    metric = standing.monthly_average(request.run) if book.policy.metric == "monthly_average" else standing.aum
    if not people or bound is None:
        return None
    grade = list(book.grades.values())[target]
    gap = max(bound - metric, Decimal(0))
    said = _("AUM %(aum)s, metric %(metric)s, %(gap)s short of %(grade)s") % {
        "aum": amount_text(standing.aum, book.currency),
        "metric": amount_text(metric, book.currency),
        "gap": amount_text(gap, book.currency),
        "grade": called(grade),
    }
    near = bound - max(metric, standing.aum) <= bound * _near_share(request)
    return {"target": target, "grade": grade, "evidence": said, "receivers": people, "near": near}


def _near_share(request: WorkRequest) -> Any:
    rule = request.book.signals.get("near_grade")
    return rule.share if rule and rule.share else 0


def _seen(request: WorkRequest) -> Any:
    if request.gate.reach == "none":
        raise Http404
    return request.gate


def _people(request: WorkRequest) -> list[dict[str, Any]]:
    """Everybody within reach who has or could have customers, the fullest first."""
    gate, book = request.gate, request.book
    loads = columns.loads(gate)
    found = list(gate.colleagues()) if gate.decides else [request.user]
    known = Staffing.objects.in_bulk([one.staff_id for one in found])
    carrying = _with_customers(found, request)
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


def _with_customers(people: list[Staff], request: WorkRequest) -> set[str]:
    """Those whose posts have customers."""
    named = {post for grade in request.book.grades.values() for post in (*grade.posts, *grade.deputy_posts)}
    named |= set(request.book.fallback_posts)
    return {staff_id for staff_id, posts in deciding.posts_of(people).items() if posts & named}


def _unassigned(request: WorkRequest) -> list[tuple[Unassigned, Standing, Staff | None]]:
    rows = Unassigned.objects.filter(run_id=request.run.number).order_by("customer_id")[:LISTED]
    seen = reach(request.gate, [row.customer_id for row in rows])
    owners = Staff.objects.in_bulk({row.owner_id for row in rows})
    return [(row, seen[row.customer_id], owners.get(row.owner_id)) for row in rows if row.customer_id in seen]


def _names(ids: Any) -> dict[str, str]:
    return {one.staff_id: one.name for one in Staff.objects.filter(pk__in=[one for one in ids if one])}


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


def _propose(request: WorkRequest) -> Handover:
    said, gate = request.POST, request.gate
    to = gate.colleagues().filter(staff_id=said.get("to", "")).first()
    on = parse_date(said.get("on", "") or "")
    try:
        token = UUID(said.get("token", ""))
    except ValueError:
        raise deciding.Refused("handover") from None
    if to is None or on is None:
        raise deciding.Refused("handover")
    rows = gate.standings().filter(primary_id=said.get("giver", ""))
    if chosen := said.getlist("chosen"):
        rows = rows.filter(customer_id__in=chosen)
    elif said.get("scope", "") != "all":
        raise deciding.Refused("handover")
    return deciding.propose(gate, to, list(rows), on, said.get("note", "").strip()[:500], token)


def _claim_act(request: WorkRequest) -> None:
    said, gate = request.POST, request.gate
    act, why = said.get("act"), said.get("why", "").strip()[:500]
    if act == "claim":
        deciding.claim(gate, said.get("customer_id", ""))
        return
    number = said.get("number", "")
    found = Claim.objects.filter(pk=int(number)).first() if number.isdecimal() else None
    if found is None:
        raise Http404
    if act == "dispute":
        deciding.dispute(found, gate, why)
    elif act in ("uphold", "return"):
        deciding.settle(found, act == "uphold", gate, why)
    else:
        raise Http404
