"""Today (今日工作): the reader's list, one task at a time, and recording the result of a contact."""

from __future__ import annotations

from typing import Any
from uuid import uuid4, uuid5

from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from weihu.rules.advice import told_to
from weihu.rules.sections.chips import Chip
from weihu.workplace.act.care import results as care
from weihu.workplace.act.introductions import thanking
from weihu.workplace.act.messaging.sending import drafts
from weihu.workplace.act.signals.reasons import open_signals
from weihu.workplace.act.worklist.forms import ContactForm, TokenForm
from weihu.workplace.act.worklist.sparkline import sparkline
from weihu.workplace.act.worklist.suggestions import advice_for, uplift_of
from weihu.workplace.act.worklist.today import TodayList, not_planned
from weihu.workplace.act.worklist.undo import is_alone, undo
from weihu.workplace.bank.models import Standing
from weihu.workplace.base import audit
from weihu.workplace.base.channels import Channel
from weihu.workplace.consent.consents import agreed_purposes, missing_consents
from weihu.workplace.contact.models import CHOSEN, Answer, Contact, Outcome
from weihu.workplace.gate.limits import Kind, LimitReached, take
from weihu.workplace.gate.requests import WorkRequest, needs_run
from weihu.workplace.know.archive import facts
from weihu.workplace.know.archive.facts import FactContent, FieldState, archive_of, barred_customers, with_derived
from weihu.workplace.know.archive.models import Confidence
from weihu.workplace.know.archive.portrait import missing, portrait
from weihu.workplace.know.life.questions import questions_of


@needs_run
@require_GET
def today(request: WorkRequest) -> HttpResponse:
    """The list with the first open task beside it. Posts without a list are sent to a page that they may read."""
    post = request.book.posts.get(request.user.post)
    if post and not post.minutes_per_day:
        reads = {
            "cockpit": post.decides,
            "customers": post.reach != "none",
            "runs": post.sees_runs,
            "audit": post.reads_audit,
        }
        if page := next((page for page, may in reads.items() if may), None):
            return redirect(page)
    tasks = TodayList.of(request)
    chosen = tasks.first_open()
    context = {
        "tasks": tasks,
        "on": tasks.on,
        "chips": _chips(request, tasks),
        **(_panel(request, tasks, chosen.customer_id) if chosen else {}),
    }
    return render(request, "worklist/today.html", context)


@needs_run
@require_GET
def left(request: WorkRequest) -> HttpResponse:
    """What did not fit into the day, with the reasons; loaded after the list."""
    rows, count = not_planned(request, TodayList.of(request))
    return render(request, "worklist/left.html", {"left": rows, "count": count})


@needs_run
@require_GET
def task(request: WorkRequest, customer_id: str) -> HttpResponse:
    """One task of the reader's list, for the panel beside it."""
    tasks = TodayList.of(request)
    context = {
        "tasks": tasks,
        "on": tasks.on,
        "chips": _chips(request, tasks),
        "opened": True,
        **_panel(request, tasks, customer_id),
    }
    return render(request, "worklist/panel.html" if request.htmx else "worklist/today.html", context)


@needs_run
@require_POST
def record(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Record a contact; the response is the next task's panel and the updated list."""
    standing = request.gate.standing(customer_id)
    archive = archive_of(standing.customer, request.book, request.run.work_date)
    form = contact_form(request, standing, archive, request.POST)
    if not form.is_valid():
        tasks = TodayList.of(request)
        context = {"tasks": tasks, "on": tasks.on, **_panel(request, tasks, customer_id), "form": form}
        return render(request, "worklist/panel.html", context, status=422)
    contact = save_contact(request, standing, form, archive)
    tasks = TodayList.of(request)
    following = tasks.after(customer_id, request.POST.get("chip", ""))
    context = {
        "tasks": tasks,
        "chips": _chips(request, tasks),
        "saved": standing.customer,
        "undoable": contact if is_alone(contact, request.book) else None,
        **(_panel(request, tasks, following.customer_id) if following else {}),
    }
    response = render(request, "worklist/recorded.html", context)
    if following:
        response.headers["HX-Push-Url"] = reverse("task", args=[following.customer_id])
    return response


@needs_run
@require_POST
def take_back(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Undo the result recorded last; the response is the customer's own panel again and the updated list."""
    standing = request.gate.standing(customer_id)
    form = TokenForm(request.POST)
    if not form.is_valid() or not undo(
        form.cleaned_data["token"], standing.customer_id, request.user.staff_id, request.book
    ):
        return HttpResponseBadRequest(str(_("This can no longer be undone.")))
    tasks = TodayList.of(request)
    context = {
        "tasks": tasks,
        "chips": _chips(request, tasks),
        "undone": standing.customer,
        **_panel(request, tasks, customer_id),
    }
    response = render(request, "worklist/recorded.html", context)
    response.headers["HX-Push-Url"] = reverse("task", args=[customer_id])
    return response


@needs_run
@require_POST
def call(request: WorkRequest, customer_id: str) -> HttpResponse:
    """The full telephone number for a call; showing it is logged first."""
    standing = request.gate.standing(customer_id)
    archive = archive_of(standing.customer, request.book, request.run.work_date)
    if barred_customers(request.book, request.run.work_date, [customer_id]) or not archive["phone"].value:
        return HttpResponseBadRequest(str(_("There is no number to call.")))
    try:
        take(Kind.CALLS, request.gate)
    except LimitReached:
        return HttpResponseForbidden(str(_("You have called as many numbers today as you may.")))
    audit.record(request.user.staff_id, "phone.call", customer_id)
    return render(request, "worklist/call.html", {"number": archive["phone"].value})


def _chips(request: WorkRequest, tasks: TodayList) -> list[tuple[str, Chip, int]]:
    """The filters above the list: key, entry of the book, and how many tasks each shows."""
    return [(key, chip, tasks.in_chip(key)) for key, chip in request.book.chips.items()]


def contact_form(
    request: WorkRequest, standing: Standing, archive: dict[str, FieldState], *args: Any, **kwargs: Any
) -> ContactForm:
    """The form of a contact's result with a customer."""
    customer_id, book = standing.customer_id, request.book
    return ContactForm(
        *args,
        book=book,
        work_date=request.run.work_date,
        next_open=request.gate.days.list_day(request.run.work_date, request.user.branch_id, request.user.staff_id).on,
        unasked=missing_consents(customer_id, "message", book),
        agreed=agreed_purposes([customer_id], book.consents)[customer_id],
        lacking=[state.key for state in missing(archive, standing, book)],
        **kwargs,
    )


def save_contact(
    request: WorkRequest, standing: Standing, form: ContactForm, archive: dict[str, FieldState]
) -> Contact:
    """Save the contact, the signals it answers, the fact learned and the changes of care plans; once per token."""
    values, customer_id = form.cleaned_data, standing.customer_id
    with transaction.atomic():
        contact, created = Contact.objects.get_or_create(
            token=values["token"],
            defaults={
                "customer_id": customer_id,
                "staff_id": request.user.staff_id,
                "on": request.run.work_date,
                "recorded_at": timezone.now(),
                "way": values["way"],
                "outcome": values["outcome"],
                "follow_up_on": values["follow_up_on"],
                "interest": values["interest"],
                "note": values["note"],
            },
        )
        if not created:
            return contact
        if contact.outcome != Outcome.NOT_REACHED:
            signals = open_signals(request.gate, [customer_id]).get(customer_id, [])
            is_deputy = standing.deputy_id == request.user.staff_id
            has_deputy = bool(request.gate.deputies_at_work([standing]))
            answered = told_to(signals, is_deputy, has_deputy, request.book)
            Answer.objects.bulk_create(
                Answer(
                    contact=contact, customer_id=customer_id, kind=signal.kind, subject=signal.subject, on=contact.on
                )
                for signal in answered
            )
            care.apply(contact, answered, request.book)
            thanking.thank(contact, answered)
        if values["learned"] and values["learned_value"]:
            _learn(request, customer_id, values, archive)
        audit.record(request.user.staff_id, "contact", customer_id, contact.outcome)
    return contact


def _learn(request: WorkRequest, customer_id: str, values: dict[str, Any], archive: dict[str, FieldState]) -> None:
    """Record a fact learned during the contact, in place of what was known."""
    content = FactContent(values["learned"], values["learned_value"], Channel.SERVICE, Confidence.TOLD)
    known_keys = {key for key, state in archive.items() if state.known}
    for new in with_derived(content, known_keys):
        replaced_ids = [row.pk for row in archive[new.field].facts]
        token = uuid5(values["token"], new.field)
        facts.record_fact(customer_id, new, replaced_ids, request.user.staff_id, request.run.work_date, token)


def _panel(request: WorkRequest, tasks: TodayList, customer_id: str) -> dict[str, Any]:
    """The context of a task's panel; Http404 for customers who are not on the list."""
    chosen = tasks.find(customer_id)
    if chosen is None:
        raise Http404
    audit.record(request.user.staff_id, "task.view", customer_id)
    customer_context = portrait(request, chosen.standing)
    kinds = [signal.kind for reason in chosen.reasons for signal in reason.signals]
    return {
        **customer_context,
        "advice": advice_for(request, chosen.standing, customer_context["archive"], chosen.reasons),
        "life_questions": questions_of(request, customer_id, customer_context["archive"]),
        "uplift": uplift_of(request, chosen.standing),
        "task": chosen,
        "spark": sparkline(customer_context["chart"]["points"]),
        "form": contact_form(request, chosen.standing, customer_context["archive"], initial={"token": uuid4()}),
        "drafts": drafts(request, chosen.standing, customer_context["archive"], kinds),
        "message_token": uuid4(),
        "unasked": missing_consents(customer_id, "message", request.book),
        "barred": barred_customers(request.book, request.run.work_date, [customer_id]),
        "outcomes": list(enumerate(CHOSEN, 1)),
    }
