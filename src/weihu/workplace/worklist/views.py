"""Today (今日工作): the person's list, one task at a time, and the result of a contact."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from weihu.workplace.archive.portrait import portrait
from weihu.workplace.audit import log
from weihu.workplace.requests import WorkRequest, at_work
from weihu.workplace.rights.consents import lacking
from weihu.workplace.worklist.forms import ContactForm
from weihu.workplace.worklist.list import TodayList, open_signals
from weihu.workplace.worklist.models import Answer, Contact, Outcome
from weihu.workplace.worklist.suggestions import suggestions


@at_work
@require_GET
def today(request: WorkRequest) -> HttpResponse:
    """The list with the first open task beside it. A post without a day's list begins with what it may read."""
    post = request.book.posts.get(request.user.post)
    if post and not post.minutes_per_day and (post.sees_runs or post.reach != "none"):
        return redirect("runs" if post.reach == "none" else "customers")
    tasks = TodayList.of(request)
    chosen = tasks.first_open()
    context = {"tasks": tasks, "here": "today", **(_panel(request, tasks, chosen.customer_id) if chosen else {})}
    return render(request, "worklist/today.html", context)


@at_work
@require_GET
def task(request: WorkRequest, customer_id: str) -> HttpResponse:
    """One task of the reader's list, for the panel beside it."""
    tasks = TodayList.of(request)
    context = {"tasks": tasks, "here": "today", **_panel(request, tasks, customer_id)}
    return render(request, "worklist/panel.html" if request.htmx else "worklist/today.html", context)


@at_work
@require_POST
def record(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Record a contact; the answer is the next task's panel, with the list brought up to date."""
    standing = request.gate.standing(customer_id)
    form = _form(request, customer_id, request.POST)
    if not form.is_valid():
        tasks = TodayList.of(request)
        context = {"tasks": tasks, "here": "today", **_panel(request, tasks, customer_id), "form": form}
        return render(request, "worklist/panel.html", context, status=422)
    _save(request, standing.customer_id, form)
    tasks = TodayList.of(request)
    following = tasks.after(customer_id)
    context = {
        "tasks": tasks,
        "here": "today",
        "saved": standing.customer,
        **(_panel(request, tasks, following.customer_id) if following else {}),
    }
    response = render(request, "worklist/recorded.html", context)
    if following:
        response.headers["HX-Push-Url"] = reverse("task", args=[following.customer_id])
    return response


def _form(request: WorkRequest, customer_id: str, *args: Any, **kwargs: Any) -> ContactForm:
    unasked = lacking(customer_id, "message", request.book)
    return ContactForm(*args, work_date=request.run.work_date, unasked=unasked, **kwargs)


def _save(request: WorkRequest, customer_id: str, form: ContactForm) -> None:
    """The contact and the signals it answers, once: the form's token tells a repeated post."""
    said = form.cleaned_data
    with transaction.atomic():
        contact, created = Contact.objects.get_or_create(
            token=said["token"],
            defaults={
                "customer_id": customer_id,
                "staff_id": request.user.staff_id,
                "on": request.run.work_date,
                "recorded_at": timezone.now(),
                "way": said["way"],
                "outcome": said["outcome"],
                "follow_up_on": said["follow_up_on"],
                "note": said["note"],
            },
        )
        if not created:
            return
        if contact.outcome != Outcome.NOT_REACHED:
            Answer.objects.bulk_create(
                Answer(
                    contact=contact, customer_id=customer_id, kind=signal.kind, subject=signal.subject, on=contact.on
                )
                for signal in open_signals(request.gate, [customer_id]).get(customer_id, [])
            )
        log.record(request.user.staff_id, "contact", customer_id, contact.outcome)


def _panel(request: WorkRequest, tasks: TodayList, customer_id: str) -> dict[str, Any]:
    """What the panel shows of one task; Http404 for customers that are not on the list."""
    chosen = tasks.find(customer_id)
    if chosen is None:
        raise Http404
    log.record(request.user.staff_id, "task.view", customer_id)
    shown = portrait(request, chosen.standing)
    signals = [reason.signal for reason in chosen.reasons]
    offers, unrated = suggestions(request, chosen.standing, shown["archive"], signals)
    return {
        **shown,
        "offers": offers,
        "unrated": unrated,
        "task": chosen,
        "form": _form(request, customer_id, initial={"token": uuid4()}),
        "outcomes": list(enumerate(Outcome.choices, 1)),
    }
