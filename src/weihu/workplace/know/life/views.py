"""Financial goals on the customer page; answers to what payments let staff ask."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from weihu.workplace.base import audit, toasts
from weihu.workplace.base.answers import refused
from weihu.workplace.gate.requests import WorkRequest, customer_page, needs_run
from weihu.workplace.know.life.goals import GoalForm, Yuan, note_progress, set_goal
from weihu.workplace.know.life.models import Goal
from weihu.workplace.know.life.questions import dismiss


@needs_run
@require_POST
def goals(request: WorkRequest, customer_id: str) -> HttpResponse:
    """A new goal of a customer."""
    request.gate.standing(customer_id)
    form = GoalForm(request.POST)
    if not form.is_valid():
        return refused(form)
    set_goal(customer_id, form.cleaned_data, request.user.staff_id, request.run.work_date)
    toasts.say(request, _("The goal is recorded."))
    return redirect(customer_page(customer_id, "archive", "goals"))


@needs_run
@require_POST
def goal_act(request: WorkRequest, customer_id: str, number: int) -> HttpResponse:
    """Record progress of a goal, or end it."""
    request.gate.standing(customer_id)
    goal = Goal.objects.filter(pk=number, customer_id=customer_id).first()
    if goal is None:
        raise Http404
    if request.POST.get("act") == "end":
        Goal.objects.filter(pk=number).update(ended_on=request.run.work_date)
        audit.record(request.user.staff_id, "goal.end", customer_id)
        toasts.say(request, _("The goal is ended."))
    else:
        try:
            saved = Yuan(lowest=0).clean(request.POST.get("saved"))
        except ValidationError as error:
            return HttpResponseBadRequest("; ".join(error.messages))
        note_progress(goal, saved, request.user.staff_id, request.run.work_date)
        toasts.say(request, _("Progress recorded."))
    return redirect(customer_page(customer_id, "archive", "goals"))


@needs_run
@require_POST
def life_dismiss(request: WorkRequest, customer_id: str, number: int) -> HttpResponse:
    """What payments made one ask has not happened; back to the page that asked."""
    request.gate.standing(customer_id)
    if not dismiss(number, customer_id, request):
        raise Http404
    toasts.say(request, _("Noted: not asked again."))
    return redirect("task" if request.POST.get("from") == "task" else "customer", customer_id)
