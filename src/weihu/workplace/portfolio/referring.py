"""Referrals (推荐): the list, the step at the counter, and whether a customer can move up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from weihu.workplace.audit import log
from weihu.workplace.grading.models import Standing
from weihu.workplace.portfolio import deciding
from weihu.workplace.portfolio.common import LISTED, REFUSALS, names_of
from weihu.workplace.portfolio.models import Referral
from weihu.workplace.relations.network import reach
from weihu.workplace.requests import WorkRequest, at_work, reaching
from weihu.workplace.sheets import Sheet, download
from weihu.workplace.words import amount_text, called


@at_work
@require_http_methods(["GET", "POST"])
def referral_list(request: WorkRequest) -> HttpResponse:
    """Referrals to answer, those one made, and for supervisors the late ones; an answer is one post."""
    gate = reaching(request)
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
        except deciding.DecisionRefused as wrong:
            refused = str(REFUSALS[wrong.reason])
    me, on = request.user.staff_id, request.run.work_date
    listed = list(rows[:LISTED])
    seen = reach(gate, [row.customer_id for row in listed])
    up = deciding.moved_up(listed, gate)
    names = names_of({one for row in listed for one in (row.from_id, row.to_id)})
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
    except deciding.DecisionRefused as reason:
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
    close = book.near_from(target, standing.branch_id)
    near = close is not None and max(metric, standing.aum) >= close
    return {"target": target, "grade": grade, "evidence": said, "receivers": people, "near": near}
