"""The pages of hand-overs (移交) and claims (认领)."""

from __future__ import annotations

from collections import Counter
from uuid import UUID, uuid4

from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods

from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.days import read_day
from weihu.workplace.base.paging import ROWS, page_of
from weihu.workplace.base.words import name_mask
from weihu.workplace.gate.agreeing import others_who_decide
from weihu.workplace.gate.models import Handover
from weihu.workplace.gate.requests import WorkRequest, needs_run, require_reach
from weihu.workplace.gate.sheets import Sheet, download
from weihu.workplace.judge.portfolio import decisions
from weihu.workplace.judge.portfolio.common import LISTED, REFUSALS, names_of, with_customers
from weihu.workplace.judge.portfolio.models import Claim


@needs_run
@require_http_methods(["GET", "POST"])
def handover_list(request: WorkRequest) -> HttpResponse:
    """The hand-overs; a POST proposes one, of all or of chosen customers of a person."""
    gate = require_reach(request)
    refused = ""
    if request.method == "POST":
        try:
            proposal = _propose(request)
            count = {"count": proposal.customers.count()}
            toasts.say(request, _("Proposed to hand over %(count)s customers.") % count)
            return redirect("handover", proposal.pk)
        except decisions.DecisionRefused as reason:
            refused = str(REFUSALS[reason.reason])
    page = page_of(request, decisions.handovers(gate))
    rows = list(decisions.handovers(gate)[:LISTED]) if request.GET.get("xlsx") else list(page)
    if request.GET.get("xlsx"):
        names = names_of({staff_id for row in rows for staff_id in (row.from_id, row.to_id)})
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
        "names": names_of({staff_id for row in rows for staff_id in (row.from_id, row.to_id)}),
        "page": page,
        "givers": people if gate.decides else [],
        "receivers": _receivers(people, giver, carrying, request.book),
        "giver": giver,
        "owned": own.select_related("customer")[:LISTED],
        "owned_count": own.count(),
        "grades": list(enumerate(request.book.grades.values())),
        "token": uuid4(),
        "today": request.run.work_date,
        "refused": refused,
    }
    return render(request, "portfolio/handovers.html", context, status=422 if refused else 200)


HANDOVER_SAID = {
    "accept": lazy("Accepted; somebody who decides approves it now."),
    "refuse_offer": lazy("Refused."),
    "approve": lazy("Approved."),
    "refuse": lazy("Refused."),
    "withdraw": lazy("Withdrawn."),
}
CLAIM_SAID = {
    "claim": lazy("Claimed."),
    "dispute": lazy("The claim is disputed; somebody who decides settles it."),
    "uphold": lazy("The claim stands."),
    "return": lazy("The customer goes back."),
}


@needs_run
@require_http_methods(["GET", "POST"])
def handover(request: WorkRequest, number: int) -> HttpResponse:
    """A hand-over with its history; a POST is the next step."""
    gate = require_reach(request)
    current = decisions.handovers(gate).filter(pk=number).first()
    if current is None:
        raise Http404
    refused = ""
    if request.method == "POST":
        act, note = request.POST.get("act"), request.POST.get("note", "").strip()[:500]
        try:
            if act in ("accept", "refuse_offer"):
                decisions.answer(current, act == "accept", gate, note)
            elif act in ("approve", "refuse"):
                decisions.approve(current, act == "approve", gate, note)
            elif act == "withdraw":
                decisions.withdraw(current, gate)
            else:
                return HttpResponseBadRequest()
            toasts.say(request, HANDOVER_SAID[str(act)])
            return redirect("handover", number)
        except decisions.DecisionRefused as reason:
            refused = str(REFUSALS[reason.reason])
    ids = list(current.customers.values_list("customer_id", flat=True))
    standings = gate.reached(ids)
    unseen = Counter(gate.ranks_of([number for number in ids if number not in standings]).values())
    grades = list(request.book.grades.values())
    steps = list(current.steps.order_by("pk"))
    me = request.user.staff_id
    waits = decisions.handovers_waiting(gate).filter(pk=number).exists()
    page = page_of(request, sorted(standings.values(), key=lambda row: (-row.grade_rank, -row.aum, row.customer_id)))
    context = {
        "handover": current,
        "customers": page,
        "page": page,
        "unseen": [(grades[rank], unseen[rank]) for rank in sorted(unseen, reverse=True)],
        "agreeing": others_who_decide(gate, current.branch_id, *decisions.concerned_by(current)),
        "count": len(ids),
        "steps": steps,
        "names": names_of({current.from_id, current.to_id, *(step.staff_id for step in steps)}),
        "may_answer": waits and current.state == Handover.State.PROPOSED,
        "may_approve": waits and current.state == Handover.State.ACCEPTED,
        "may_withdraw": current.proposed_by == me
        and current.state in (Handover.State.PROPOSED, Handover.State.ACCEPTED),
        "late": current.late(request.run.work_date),
        "refused": refused,
    }
    audit.record(me, "handover.view", detail=str(number))
    return render(request, "portfolio/handover.html", context, status=403 if refused else 200)


@needs_run
@require_http_methods(["GET", "POST"])
def claims(request: WorkRequest) -> HttpResponse:
    """Customers to claim (with masked names), the reader's claims, and disputes."""
    gate = require_reach(request)
    refused = ""
    if request.method == "POST":
        try:
            _claim_act(request)
            toasts.say(request, CLAIM_SAID[str(request.POST.get("act"))])
            return redirect("claims")
        except decisions.DecisionRefused as reason:
            refused = str(REFUSALS[reason.reason])
    me = request.user.staff_id
    claimable = decisions.claimable(gate).order_by("-grade_rank", "-aum", "customer_id")
    page = page_of(request, claimable)
    mine = list(Claim.objects.filter(staff_id=me).order_by("-pk")[: LISTED if request.GET.get("xlsx") else ROWS])
    lost_claims = list(Claim.objects.filter(before_id=me, state=Claim.State.HELD).order_by("-pk")[:ROWS])
    disputed = decisions.disputed_claims(gate)
    standings = gate.reached([row.customer_id for row in [*mine, *lost_claims, *disputed]])
    if request.GET.get("xlsx"):
        kept = [row for row in mine if row.customer_id in standings]
        lines = [
            [standings[row.customer_id].customer.name, row.customer_id, row.on, row.get_state_display()] for row in kept
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
        "mine": [(row, standings.get(row.customer_id)) for row in mine],
        "taken": [(row, standings.get(row.customer_id)) for row in lost_claims],
        "disputed": [(row, standings.get(row.customer_id)) for row in disputed],
        "names": names_of(
            {staff_id for row in [*lost_claims, *disputed] for staff_id in (row.staff_id, row.before_id)}
        ),
        "limits": request.book.portfolios,
        "refused": refused,
        "room": "claims",
    }
    audit.record(me, "claims.view")
    return render(request, "portfolio/claims.html", context, status=422 if refused else 200)


def _receivers(people: list[Staff], giver: str, carrying: set[str], book: RuleBook) -> list[Staff]:
    """Who may receive a person's customers: those of the same post first, then by post from the highest down."""
    posts = {member.staff_id: member.post for member in people}
    places = {post: place for place, post in enumerate(book.posts)}
    return sorted(
        (member for member in people if member.staff_id != giver and member.staff_id in carrying),
        key=lambda member: (member.post != posts.get(giver), -places.get(member.post, -1), member.staff_id),
    )


def _propose(request: WorkRequest) -> Handover:
    form, gate = request.POST, request.gate
    to = gate.colleagues().filter(staff_id=form.get("to", "")).first()
    on = read_day(form.get("on", ""))
    try:
        token = UUID(form.get("token", ""))
    except ValueError:
        raise decisions.DecisionRefused("handover") from None
    if to is None or on is None:
        raise decisions.DecisionRefused("handover")
    rows = gate.standings().filter(primary_id=form.get("giver", ""))
    if chosen := form.getlist("chosen"):
        rows = rows.filter(customer_id__in=chosen)
    elif form.get("scope", "") != "all":
        raise decisions.DecisionRefused("handover")
    return decisions.propose(gate, to, list(rows), on, form.get("note", "").strip()[:500], token)


def _claim_act(request: WorkRequest) -> None:
    form, gate = request.POST, request.gate
    act, why = form.get("act"), form.get("why", "").strip()[:500]
    if act == "claim":
        decisions.claim(gate, form.get("customer_id", ""))
        return
    number = form.get("number", "")
    claim = Claim.objects.filter(pk=int(number)).first() if number.isdecimal() else None
    if claim is None:
        raise Http404
    if act == "dispute":
        decisions.dispute(claim, gate, why)
    elif act in ("uphold", "return"):
        decisions.settle(claim, act == "uphold", gate, why)
    else:
        raise Http404
