"""Referrals (推荐): the list, the step at the counter, and whether a customer can move up."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, When
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from weihu.workplace.bank.metric import distance_to, has_lost
from weihu.workplace.bank.models import Standing
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.paging import page_of
from weihu.workplace.base.words import amount_text, grade_words, measure_name, measure_text, other_ways
from weihu.workplace.gate.models import Referral
from weihu.workplace.gate.requests import WorkRequest, needs_run, require_reach
from weihu.workplace.gate.sheets import Sheet, download
from weihu.workplace.judge.portfolio import decisions
from weihu.workplace.judge.portfolio.common import LISTED, REFUSALS, names_of


@needs_run
@require_http_methods(["GET", "POST"])
def referral_list(request: WorkRequest) -> HttpResponse:
    """Referrals to answer, those one made, and for supervisors the late ones; an answer is one post."""
    gate = require_reach(request)
    refused = ""
    rows = decisions.referrals(gate)
    if request.method == "POST":
        number = request.POST.get("number", "")
        referral = rows.filter(pk=int(number)).first() if number.isdecimal() else None
        if referral is None:
            raise Http404
        try:
            accept, reason = request.POST.get("act") == "accept", request.POST.get("reason", "").strip()[:500]
            decisions.answer_referral(referral, accept, gate, reason)
            toasts.say(request, _("Answered."))
            return redirect("referrals")
        except decisions.DecisionRefused as wrong:
            refused = str(REFUSALS[wrong.reason])
    me, on = request.user.staff_id, request.run.work_date
    waiting_first = Case(When(state=Referral.State.OPEN, then=0), default=1)
    everything = rows.order_by(waiting_first, "-pk")
    page = page_of(request, everything)
    listed = list(everything[:LISTED] if request.GET.get("xlsx") else page)
    seen = gate.reached([row.customer_id for row in listed])
    waiting = set(decisions.referrals_waiting(gate).values_list("pk", flat=True))
    up, own = decisions.moved_up(listed, gate), list(rows.filter(from_id=me))
    names = names_of({staff_id for row in listed for staff_id in (row.from_id, row.to_id)})
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
                "mine": row.pk in waiting,
            }
            for row in listed
        ],
        "page": page,
        "names": names,
        "made": len(own),
        "came_up": len(decisions.moved_up(own, gate)),
        "refused": refused,
    }
    audit.record(me, "referrals.view")
    return render(request, "portfolio/referrals.html", context, status=422 if refused else 200)


@needs_run
@require_POST
def refer(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Hand a customer who can move up to who answers for the next grade, in one step."""
    standing = request.gate.standing(customer_id)
    offer = offer_of(request, standing)
    if offer is None:
        return HttpResponseBadRequest(str(REFUSALS["referred"]))
    chosen = {receiver.staff_id: receiver for receiver in offer["receivers"]}.get(request.POST.get("to", ""))
    try:
        decisions.refer(request.gate, standing, chosen or offer["receivers"][0], offer["target"], offer["evidence"])
    except decisions.DecisionRefused as reason:
        return HttpResponseBadRequest(str(REFUSALS[reason.reason]))
    toasts.say(request, _("Referred to %(name)s.") % {"name": (chosen or offer["receivers"][0]).name})
    return redirect("referrals")


def offer_of(request: WorkRequest, standing: Standing) -> dict[str, Any] | None:
    """Whether and to whom the reader may refer a customer: the next grade, the evidence in words, the receivers."""
    book, target = request.book, standing.grade_rank + 1
    if target >= len(book.grades) or decisions.open_referral(standing.customer_id):
        return None
    people = [
        receiver
        for receiver in decisions.receivers(standing, target, book)
        if receiver.staff_id not in (request.user.staff_id, standing.primary_id)
    ]
    grade = list(book.grades.values())[target]
    away, others = distance_to(standing, target, request.run), other_ways(grade, book)
    if not people or not (away or others):
        return None
    words = {
        "aum": amount_text(standing.aum, book.currency),
        "measure": measure_name(book),
        "metric": measure_text(standing.metric(request.run), book),
        "gap": measure_text(away.lacking, book) if away else "",
        "grade": grade_words(grade, book),
        "others": others,
    }
    if away and away.lacking:
        evidence = _("AUM %(aum)s, %(measure)s %(metric)s, %(gap)s short of %(grade)s") % words
    elif away:
        evidence = _("AUM %(aum)s, %(measure)s %(metric)s: enough for %(grade)s") % words
    else:
        evidence = _("AUM %(aum)s, %(measure)s %(metric)s; %(grade)s takes %(others)s") % words
    return {
        "target": target,
        "grade": grade,
        "evidence": evidence,
        "receivers": people,
        "near": bool(away and away.near and not has_lost(request.gate.history(standing), request.run)),
    }
