"""Goals on the customer page, the reader's upcoming occasions, and the calendar feed."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import Any

import icalendar
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.http import require_GET, require_POST

from weihu.workplace.audit import log
from weihu.workplace.fields import seal
from weihu.workplace.life.goals import GoalForm, Yuan, note_progress, set_goal
from weihu.workplace.life.models import Feed, Goal
from weihu.workplace.life.upcoming import coming, portfolio
from weihu.workplace.people.gate import Gate
from weihu.workplace.people.models import Staff
from weihu.workplace.requests import WorkRequest, at_work
from weihu.workplace.runs.current import current
from weihu.workplace.team.visits import agreed_by, event
from weihu.workplace.words import name_mask


@at_work
@require_POST
def goals(request: WorkRequest, customer_id: str) -> HttpResponse:
    """A new goal of a customer."""
    request.gate.standing(customer_id)
    form = GoalForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest(form.errors.as_text())
    set_goal(customer_id, form.cleaned_data, request.user.staff_id, request.run.work_date)
    return redirect(reverse("customer", args=[customer_id]) + "#goals")


@at_work
@require_POST
def goal_act(request: WorkRequest, customer_id: str, number: int) -> HttpResponse:
    """What is there of a goal now, or that it has ended."""
    request.gate.standing(customer_id)
    goal = Goal.objects.filter(pk=number, customer_id=customer_id).first()
    if goal is None:
        raise Http404
    if request.POST.get("act") == "end":
        Goal.objects.filter(pk=number).update(ended_on=request.run.work_date)
        log.record(request.user.staff_id, "goal.end", customer_id)
    else:
        try:
            saved = Yuan(lowest=0).clean(request.POST.get("saved"))
        except ValidationError as error:
            return HttpResponseBadRequest("; ".join(error.messages))
        note_progress(goal, saved, request.user.staff_id, request.run.work_date)
    return redirect(reverse("customer", args=[customer_id]) + "#goals")


@at_work
@require_GET
def upcoming(request: WorkRequest) -> HttpResponse:
    """The occasions of the reader's own customers in the next weeks, and the address of the calendar."""
    if request.gate.reach == "none":
        raise Http404
    pages = request.book.pages
    days = pages.far_ahead_days if request.GET.get("days") == str(pages.far_ahead_days) else pages.ahead_days
    rows = coming(portfolio(request.gate), request.book, request.run.work_date, days)
    feed = Feed.objects.filter(staff_id=request.user.staff_id).first()
    log.record(request.user.staff_id, "occasions.view")
    context = {
        "rows": [(row, row.words(request.book), request.book.occasions[row.occasion.kind]) for row in rows],
        "days": days,
        "windows": (pages.ahead_days, pages.far_ahead_days),
        "visits": agreed_by(request.gate, request.run.work_date, request.run.work_date + timedelta(days=days)),
        "feed": request.build_absolute_uri(reverse("feed", args=[feed.secret])) if feed else "",
        "here": "occasions",
    }
    return render(request, "life/upcoming.html", context)


@at_work
@require_POST
def feed_act(request: WorkRequest) -> HttpResponse:
    """Make a new address (the old one is gone), or revoke it."""
    if request.gate.reach == "none":
        raise Http404
    with transaction.atomic():
        Feed.objects.filter(staff_id=request.user.staff_id).delete()
        if request.POST.get("act") == "make":
            secret = secrets.token_urlsafe(32)
            index = seal().index(secret, "feed")
            Feed.objects.create(
                staff_id=request.user.staff_id, secret=secret, secret_index=index, made_on=request.run.work_date
            )
        log.record(request.user.staff_id, "feed.make" if request.POST.get("act") == "make" else "feed.revoke")
    return redirect("occasions")


@login_not_required
@require_GET
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The calendar of who owns the address: customers by masked names, as calendars are kept on private telephones."""
    run = current()
    found = Feed.objects.filter(secret_index=seal().index(secret, "feed")).first()
    staff = Staff.objects.filter(staff_id=found.staff_id, is_active=True).first() if found else None
    if run is None or found is None or staff is None:
        raise Http404
    gate, book = Gate(staff, run), run.rulebook
    if gate.reach == "none":
        raise Http404
    with override("zh-hans"):
        calendar = icalendar.Calendar()
        for name, value in (("version", "2.0"), ("prodid", "-//Weihu//occasions//ZH"), ("x-wr-calname", "维护 Weihu")):
            calendar.add(name, value)
        for row in coming(portfolio(gate), book, run.work_date, book.pages.feed_days):
            calendar.add_component(_event(row, book, run.work_date))
        for visit, standing in agreed_by(gate, run.work_date, run.work_date + timedelta(days=book.pages.feed_days)):
            calendar.add_component(event(visit, standing, run.work_date))
    log.record(staff.staff_id, "feed.read")
    return HttpResponse(calendar.to_ical(), "text/calendar; charset=utf-8")


def _event(row: Any, book: Any, made: date) -> icalendar.Event:
    """An all-day event that keeps its identity from day to day; the relative's name stays in the bank."""
    one = row.occasion
    entry = book.occasions[one.kind]
    what = f" {one.what.name('zh')}" if one.what else ""
    place = seal().index(f"{row.standing.customer_id} {one.kind} {one.on} {one.who}", "event")
    return icalendar.Event.new(
        summary=f"{name_mask(row.standing.customer.name)} {entry.name('zh')}{what}",
        description=entry.talk("zh"),
        start=one.on,
        end=one.on + timedelta(days=1),
        uid=f"{place}@weihu",
        stamp=made,
    )
