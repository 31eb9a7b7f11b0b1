"""Everything that happened with a customer (时间线), the latest first: contacts, money, grades, facts, complaints, consents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice, pairwise

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from weihu.rules.sections.signals import LargeInflow, LargeOutflow
from weihu.workplace.archive.models import Fact
from weihu.workplace.care.models import CarePlan, CareStep
from weihu.workplace.complaints.models import Complaint, Step
from weihu.workplace.grading.models import Standing
from weihu.workplace.messaging.models import Message
from weihu.workplace.people.models import Staff
from weihu.workplace.relations.models import Relation
from weihu.workplace.requests import WorkRequest
from weihu.workplace.rights.models import Consent
from weihu.workplace.runs.models import rulebooks_of
from weihu.workplace.team.models import Visit
from weihu.workplace.words import amount_text, called, fact_words
from weihu.workplace.worklist.models import Answer

PAGE = 12


@dataclass(frozen=True)
class Event:
    """One thing that happened: the day, what kind, a title, more words, who did it."""

    on: date
    kind: str
    title: str
    text: str = ""
    staff_id: str = ""


def timeline(request: WorkRequest, standing: Standing, start: int = 0) -> tuple[list[tuple[Event, Staff | None]], int]:
    """A page of events from the ``start``-th on with who did them, and where the next page starts (0: nowhere).

    Each kind gives no more than could be shown, so a page costs the same however long the history is.
    """
    most = start + PAGE + 1
    events = [event for source in SOURCES for event in islice(source(request, standing, most), most)]
    events.sort(key=lambda event: event.on, reverse=True)
    page = events[start : start + PAGE]
    people = Staff.objects.in_bulk({event.staff_id for event in page if event.staff_id})
    following = start + PAGE if len(events) > start + PAGE else 0
    return [(event, people.get(event.staff_id)) for event in page], following


def _contacts(request: WorkRequest, standing: Standing, most: int) -> Iterator[Event]:
    for row in request.gate.contacts(standing)[:most]:
        liked = request.book.offers.get(row.interest)
        title = " · ".join([row.get_way_display(), row.get_outcome_display(), *([called(liked)] if liked else [])])
        yield Event(row.on, "contact", title, row.note, row.staff_id)


def _answered(request: WorkRequest, standing: Standing, most: int) -> Iterator[Event]:
    signals = request.book.signals
    rows = Answer.objects.filter(customer_id=standing.customer_id).select_related("contact").order_by("-on", "-pk")
    for row in rows[:most]:
        if row.kind in signals:
            yield Event(row.on, "signal", called(signals[row.kind]), _("Answered"), row.contact.staff_id)


def _facts(request: WorkRequest, standing: Standing, most: int) -> Iterator[Event]:
    fields = request.book.fields
    rows = Fact.objects.filter(customer_id=standing.customer_id, field__in=list(fields)).order_by("-on", "-pk")
    for row in rows[:most]:
        field = fields[row.field]
        said = _("Did not want to tell") if row.refused else fact_words(field, row.value)
        title = f"{called(field)}: {said}" + (f" ({_('withdrawn')})" if row.withdrawn_at else "")
        yield Event(row.on, "fact", title, str(row.get_channel_display()), row.staff_id)


def _grades(request: WorkRequest, standing: Standing, most: int) -> Iterator[Event]:
    """Changes of grade, and moves of money as large as the book's signals want them."""
    history = request.gate.history(standing)
    books = rulebooks_of(row.since_run for row in history)
    currency = request.book.currency
    for before, after in reversed(list(pairwise(history))):
        was, now = (list(books[row.since_run].grades.values())[row.grade_rank] for row in (before, after))
        if was != now:
            yield Event(
                after.since, "grade", f"{called(was)} → {called(now)}", f"AUM {amount_text(after.aum, currency)}"
            )
        change = after.aum - before.aum
        least = _least_move(request, LargeInflow if change > 0 else LargeOutflow)
        if least is not None and abs(change) >= least:
            title = _("Money came in") if change > 0 else _("Money went out")
            yield Event(after.since, "flow", f"{title} {amount_text(abs(change), currency)}", "")


def _least_move(request: WorkRequest, kind: type[LargeInflow | LargeOutflow]) -> Decimal | None:
    signal = request.book.signal(kind)
    return signal.amount if signal else None


def _complaints(request: WorkRequest, standing: Standing, most: int) -> Iterator[Event]:
    cases = Complaint.objects.filter(customer_id=standing.customer_id)
    for row in Step.objects.filter(complaint__in=cases).select_related("complaint").order_by("-on", "-pk")[:most]:
        yield Event(row.on, "complaint", f"{row.get_act_display()}: {row.complaint.subject}", "", row.staff_id)


def _consents(request: WorkRequest, standing: Standing, most: int) -> Iterator[Event]:
    rows = Consent.objects.filter(customer_id=standing.customer_id).order_by("-on", "-pk")
    for row in rows[:most]:
        purpose = request.book.consents.get(row.purpose)
        title = f"{_('Agreed') if row.given else _('Refused or withdrawn')}: {called(purpose) or row.purpose}"
        yield Event(row.on, "consent", title, "", row.staff_id)


def _relations(request: WorkRequest, standing: Standing, most: int) -> Iterator[Event]:
    rows = Relation.objects.filter(customer_id=standing.customer_id).order_by("-on", "-pk")
    for row in rows[:most]:
        kind = request.book.relations.get(row.kind)
        if kind:
            yield Event(row.on, "relation", kind.name(get_language() or "zh-hans"), row.name, row.staff_id)


def _messages(request: WorkRequest, standing: Standing, most: int) -> Iterator[Event]:
    rows = Message.objects.filter(customer_id=standing.customer_id).select_related("template").order_by("-on", "-pk")
    for row in rows[:most]:
        title = f"{row.template.get_medium_display()} · {row.get_state_display()}"
        yield Event(row.on, "message", title, row.text, row.staff_id)


def _care(request: WorkRequest, standing: Standing, most: int) -> Iterator[Event]:
    """Care plans as they began, steps as they were done."""
    plans = request.book.care_plans
    for row in CarePlan.objects.filter(customer_id=standing.customer_id).order_by("-started_on", "-pk")[:most]:
        yield Event(row.started_on, "care", f"{_('Care plan')}: {called(plans.get(row.plan)) or row.plan}")
    done = CareStep.objects.filter(care_plan__customer_id=standing.customer_id, done_on__isnull=False)
    for step in done.select_related("care_plan").order_by("-done_on", "-pk")[:most]:
        plan = plans.get(step.care_plan.plan)
        words = called(plan.steps[step.place]) if plan and step.place < len(plan.steps) else ""
        yield Event(step.done_on or step.due_on, "care", words or step.care_plan.plan, "", step.done_by)


def _visits(request: WorkRequest, standing: Standing, most: int) -> Iterator[Event]:
    rows = Visit.objects.filter(customer_id=standing.customer_id, on__lte=request.run.work_date, cancelled=False)
    for row in rows.order_by("-on", "-pk")[:most]:
        yield Event(row.on, "visit", f"{_('Visits')} {row.at:%H:%M}", row.place, row.staff_id)


SOURCES: tuple[Callable[[WorkRequest, Standing, int], Iterator[Event]], ...] = (
    _contacts,
    _answered,
    _facts,
    _grades,
    _complaints,
    _consents,
    _relations,
    _messages,
    _care,
    _visits,
)
"""Where events come from, each the latest first."""
