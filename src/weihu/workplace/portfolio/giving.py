"""Hand-overs (移交) and claims (认领): the pages."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from weihu.workplace.audit import log
from weihu.workplace.portfolio import deciding
from weihu.workplace.portfolio.common import LISTED, REFUSALS, names_of, with_customers
from weihu.workplace.portfolio.models import Claim, Handover
from weihu.workplace.relations.network import reach
from weihu.workplace.requests import WorkRequest, at_work, reaching
from weihu.workplace.sheets import Sheet, download
from weihu.workplace.words import name_mask

PAGE = 50


@at_work
@require_http_methods(["GET", "POST"])
def handover_list(request: WorkRequest) -> HttpResponse:
    """Hand-overs, and proposing one: of all customers of a person, of a grade, or of those that were chosen."""
    gate = reaching(request)
    refused = ""
    if request.method == "POST":
        try:
            made = _propose(request)
            return redirect("handover", made.pk)
        except deciding.DecisionRefused as reason:
            refused = str(REFUSALS[reason.reason])
    rows = list(deciding.handovers(gate)[:LISTED])
    if request.GET.get("xlsx"):
        names = names_of({one for row in rows for one in (row.from_id, row.to_id)})
        head = [_("From"), _("To"), _("Day"), _("State"), _("Customers")]
        lines = [
            [names.get(row.from_id), names.get(row.to_id), row.on, row.get_state_display(), row.customers.count()]
            for row in rows
        ]
        return download(request, Sheet(str(_("Hand-overs")), head, lines))
    giver = request.GET.get("giver", "") or request.user.staff_id
    people = list(gate.colleagues())
    carrying = with_customers(people, request)
    own = gate.standings().filter(primary_id=giver).order_by("-grade_rank", "-aum", "customer_id")
    context = {
        "rows": [(row, row.customers.count(), row.late(request.run.work_date)) for row in rows],
        "names": names_of({one for row in rows for one in (row.from_id, row.to_id)}),
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
    gate = reaching(request)
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
        except deciding.DecisionRefused as reason:
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
        "names": names_of({found.from_id, found.to_id, *(step.staff_id for step in steps)}),
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
    gate = reaching(request)
    refused = ""
    if request.method == "POST":
        try:
            _claim_act(request)
            return redirect("claims")
        except deciding.DecisionRefused as reason:
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
        "names": names_of({one for row in [*taken, *disputed] for one in (row.staff_id, row.before_id)}),
        "limits": request.book.portfolios,
        "refused": refused,
        "here": "portfolios",
        "room": "claims",
    }
    log.record(me, "claims.view")
    return render(request, "portfolio/claims.html", context, status=422 if refused else 200)


def _propose(request: WorkRequest) -> Handover:
    said, gate = request.POST, request.gate
    to = gate.colleagues().filter(staff_id=said.get("to", "")).first()
    on = parse_date(said.get("on", "") or "")
    try:
        token = UUID(said.get("token", ""))
    except ValueError:
        raise deciding.DecisionRefused("handover") from None
    if to is None or on is None:
        raise deciding.DecisionRefused("handover")
    rows = gate.standings().filter(primary_id=said.get("giver", ""))
    if chosen := said.getlist("chosen"):
        rows = rows.filter(customer_id__in=chosen)
    elif said.get("scope", "") != "all":
        raise deciding.DecisionRefused("handover")
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
