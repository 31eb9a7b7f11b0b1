"""Care plans on the customer's page: starting and stopping them."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from weihu.workplace.act.care.beginning import Running, begin_by_hand
from weihu.workplace.act.care.models import CarePlan
from weihu.workplace.act.care.results import stop
from weihu.workplace.base import toasts
from weihu.workplace.base.whole import whole
from weihu.workplace.gate.requests import WorkRequest, customer_page, needs_run

SHOWN = 6


@needs_run
@require_POST
def care(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Start a plan, or stop a running one."""
    request.gate.standing(customer_id)
    if number := request.POST.get("stop", ""):
        plan = CarePlan.objects.filter(pk=whole(number) or 0, customer_id=customer_id).first()
        if plan is None:
            raise Http404
        stop(plan, request.user.staff_id, request.run.work_date)
        toasts.say(request, _("The plan is stopped."))
    else:
        try:
            key = request.POST.get("plan", "")
            begin_by_hand(customer_id, key, request.book, request.user.staff_id, request.run.work_date)
            toasts.say(request, _("The plan has begun."))
        except Running:
            return HttpResponseBadRequest(str(_("This plan is already running.")))
        except KeyError:
            raise Http404 from None
    return redirect(customer_page(customer_id, "service", "care"))


def card(request: WorkRequest, customer_id: str) -> dict[str, Any]:
    """For the customer's page: running and recent plans with their steps, and plans that can be started."""
    plans = CarePlan.objects.filter(customer_id=customer_id).order_by("-pk").prefetch_related("steps")[:SHOWN]
    rows: list[dict[str, Any]] = []
    for plan in plans:
        rule = request.book.care_plans.get(plan.plan)
        steps = sorted(plan.steps.all(), key=lambda step: step.place)
        words = rule.steps if rule else []
        rows.append(
            {
                "plan": plan,
                "rule": rule,
                "steps": [(step, words[step.place] if step.place < len(words) else None) for step in steps],
                "signal": request.book.signals.get(plan.signal.partition(" ")[0]),
            }
        )
    running = {row["plan"].plan for row in rows if row["plan"].ended_on is None}
    offered = [(key, rule) for key, rule in request.book.care_plans.items() if key not in running]
    return {
        "care_plans": [row for row in rows if row["plan"].ended_on is None],
        "care_plans_ended": [row for row in rows if row["plan"].ended_on],
        "plans_offered": offered,
    }
