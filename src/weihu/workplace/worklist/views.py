"""Today (今日工作): the person's list, one task at a time, and the result of a contact."""

from __future__ import annotations

from typing import Any
from uuid import uuid4, uuid5

from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from weihu.workplace.archive import facts
from weihu.workplace.archive.facts import Known, Written, archive_of, barred_customers, with_derived
from weihu.workplace.archive.models import Channel, Confidence
from weihu.workplace.archive.portrait import missing, portrait
from weihu.workplace.audit import log
from weihu.workplace.care import doing as care
from weihu.workplace.grading.models import Standing
from weihu.workplace.messaging.sending import drafts
from weihu.workplace.requests import WorkRequest, at_work
from weihu.workplace.rights.consents import agreed, lacking
from weihu.workplace.worklist.forms import ContactForm
from weihu.workplace.worklist.list import TodayList, not_planned, open_signals
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
def left(request: WorkRequest) -> HttpResponse:
    """What the day does not hold, with why; under the list, once that is there."""
    rows, count = not_planned(request, TodayList.of(request))
    return render(request, "worklist/left.html", {"left": rows, "count": count})


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
    archive = archive_of(standing.customer, request.book, request.run.work_date)
    form = _form(request, standing, archive, request.POST)
    if not form.is_valid():
        tasks = TodayList.of(request)
        context = {"tasks": tasks, "here": "today", **_panel(request, tasks, customer_id), "form": form}
        return render(request, "worklist/panel.html", context, status=422)
    _save(request, standing.customer_id, form, archive)
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


@at_work
@require_POST
def call(request: WorkRequest, customer_id: str) -> HttpResponse:
    """The telephone number in full for a call, logged before it is shown."""
    standing = request.gate.standing(customer_id)
    archive = archive_of(standing.customer, request.book, request.run.work_date)
    if barred_customers(request.book, request.run.work_date, [customer_id]) or not archive["phone"].value:
        return HttpResponseBadRequest(str(_("There is no number to call.")))
    log.record(request.user.staff_id, "phone.call", customer_id)
    return render(request, "worklist/call.html", {"number": archive["phone"].value})


def _form(
    request: WorkRequest, standing: Standing, archive: dict[str, Known], *args: Any, **kwargs: Any
) -> ContactForm:
    customer_id, book = standing.customer_id, request.book
    return ContactForm(
        *args,
        book=book,
        work_date=request.run.work_date,
        unasked=lacking(customer_id, "message", book),
        agreed=agreed([customer_id], book.consents)[customer_id],
        lacking=[known.key for known in missing(archive, standing, book)],
        **kwargs,
    )


def _save(request: WorkRequest, customer_id: str, form: ContactForm, archive: dict[str, Known]) -> None:
    """The contact, the signals it answers, what was learned and what becomes of care plans, once: the form's token
    tells a repeated post."""
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
                "interest": said["interest"],
                "note": said["note"],
            },
        )
        if not created:
            return
        if contact.outcome != Outcome.NOT_REACHED:
            answered = open_signals(request.gate, [customer_id]).get(customer_id, [])
            Answer.objects.bulk_create(
                Answer(
                    contact=contact, customer_id=customer_id, kind=signal.kind, subject=signal.subject, on=contact.on
                )
                for signal in answered
            )
            care.apply(contact, answered, request.book)
        if said["learned"] and said["learned_value"]:
            _learn(request, customer_id, said, archive)
        log.record(request.user.staff_id, "contact", customer_id, contact.outcome)


def _learn(request: WorkRequest, customer_id: str, said: dict[str, Any], archive: dict[str, Known]) -> None:
    """A fact that the customer told in passing goes into the archive, in place of what was known."""
    fact = Written(said["learned"], said["learned_value"], Channel.SERVICE, Confidence.TOLD)
    known = {key for key, one in archive.items() if one.known}
    for one in with_derived(fact, known):
        seen = [row.pk for row in archive[one.field].facts]
        token = uuid5(said["token"], one.field)
        facts.record(customer_id, one, seen, request.user.staff_id, request.run.work_date, token)


def _panel(request: WorkRequest, tasks: TodayList, customer_id: str) -> dict[str, Any]:
    """What the panel shows of one task; Http404 for customers that are not on the list."""
    chosen = tasks.find(customer_id)
    if chosen is None:
        raise Http404
    log.record(request.user.staff_id, "task.view", customer_id)
    shown = portrait(request, chosen.standing)
    signals = [signal for reason in chosen.reasons for signal in (reason.signal, *reason.others)]
    offers, unrated = suggestions(request, chosen.standing, shown["archive"], signals)
    return {
        **shown,
        "offers": offers,
        "unrated": unrated,
        "task": chosen,
        "form": _form(request, chosen.standing, shown["archive"], initial={"token": uuid4()}),
        "drafts": drafts(request, chosen.standing, shown["archive"], [signal.kind for signal in signals]),
        "message_token": uuid4(),
        "unasked": lacking(customer_id, "message", request.book),
        "barred": barred_customers(request.book, request.run.work_date, [customer_id]),
        "outcomes": list(enumerate(Outcome.choices, 1)),
    }
