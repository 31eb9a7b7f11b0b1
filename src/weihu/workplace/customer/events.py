"""How what is kept of a customer shows on the timeline (时间线): each source gives its events, the latest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.signals import LargeInflow, LargeOutflow
from weihu.workplace.act.campaigns.models import CampaignTarget
from weihu.workplace.act.care.models import CarePlan, CareStep
from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.act.messaging.models import Message
from weihu.workplace.act.reception.models import Memo
from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.bank.models import Staff, Standing, rulebooks_of
from weihu.workplace.base.words import amount_text, called, fact_words
from weihu.workplace.consent.models import Consent
from weihu.workplace.contact.models import Answer
from weihu.workplace.gate.models import Placement, Referral
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.benefits.models import BenefitUse
from weihu.workplace.judge.grading.models import GradeException
from weihu.workplace.know.archive.models import Fact
from weihu.workplace.know.complaints.models import Step
from weihu.workplace.know.life.models import Goal
from weihu.workplace.know.relations.models import Relation


@dataclass(frozen=True)
class Subject:
    """A customer who is read about: the standing came through the reader's gate."""

    standing: Standing
    gate: Gate
    book: RuleBook

    @property
    def customer_id(self) -> str:
        """The customer's number."""
        return str(self.standing.customer_id)


@dataclass(frozen=True)
class Event:
    """One thing that happened: the day, the icon of its kind, a title, more words, who did it."""

    on: date
    icon: str
    title: str
    text: str = ""
    staff_id: str = ""


Events = Iterator[Event]
"""At most as many as asked for, the latest first."""


def contacts(subject: Subject, most: int) -> Events:
    """Contacts, and which offer the customer liked."""
    for row in subject.gate.contacts(subject.standing)[:most]:
        liked = subject.book.offers.get(row.interest)
        title = " · ".join([row.get_way_display(), row.get_outcome_display(), *([called(liked)] if liked else [])])
        yield Event(row.on, "phone", title, row.note, row.staff_id)


def answers(subject: Subject, most: int) -> Events:
    """Reasons that a contact answered."""
    signals = subject.book.signals
    rows = Answer.objects.filter(customer_id=subject.customer_id).select_related("contact").order_by("-on", "-pk")
    for row in rows[:most]:
        if row.kind in signals:
            yield Event(row.on, "bell", called(signals[row.kind]), _("Answered"), row.contact.staff_id)


def facts(subject: Subject, most: int) -> Events:
    """What was recorded in the archive."""
    fields = subject.book.fields
    rows = Fact.objects.filter(customer_id=subject.customer_id, field__in=list(fields)).order_by("-on", "-pk")
    for row in rows[:most]:
        field = fields[row.field]
        value = _("Declined to say") if row.refused else fact_words(field, row.value)
        title = f"{called(field)}: {value}" + (f" ({_('withdrawn')})" if row.withdrawn_at else "")
        yield Event(row.on, "clipboard-text", title, str(row.get_channel_display()), row.staff_id)


def grades_and_flows(subject: Subject, most: int) -> Events:
    """Changes of grade, and moves of money as large as the book's signals want them."""
    history = subject.gate.history(subject.standing)
    books = rulebooks_of(row.since_run for row in history)
    currency = subject.book.currency
    for before, after in reversed(list(pairwise(history))):
        was, now = (list(books[row.since_run].grades.values())[row.grade_rank] for row in (before, after))
        if was != now:
            text = f"AUM {amount_text(after.aum, currency)}"
            yield Event(after.since, "stairs", f"{called(was)} → {called(now)}", text)
        change = after.aum - before.aum
        least = _least_move(subject.book, LargeInflow if change > 0 else LargeOutflow)
        if least is not None and abs(change) >= least:
            title = _("Money came in") if change > 0 else _("Money went out")
            yield Event(after.since, "transfer", f"{title} {amount_text(abs(change), currency)}")


def _least_move(book: RuleBook, kind: type[LargeInflow | LargeOutflow]) -> Decimal | None:
    signal = book.signal(kind)
    return signal.amount if signal else None


def complaint_steps(subject: Subject, most: int) -> Events:
    """What was done about complaints."""
    rows = Step.objects.filter(complaint__customer_id=subject.customer_id).select_related("complaint")
    for row in rows.order_by("-on", "-pk")[:most]:
        title = f"{row.get_act_display()}: {row.complaint.subject}"
        yield Event(row.on, "message-exclamation", title, "", row.staff_id)


def consents(subject: Subject, most: int) -> Events:
    """Answers to the texts of purposes."""
    for row in Consent.objects.filter(customer_id=subject.customer_id).order_by("-on", "-pk")[:most]:
        purpose = subject.book.consents.get(row.purpose)
        title = f"{_('Agreed') if row.given else _('Refused or withdrawn')}: {called(purpose) or row.purpose}"
        yield Event(row.on, "signature", title, "", row.staff_id)


def relations(subject: Subject, most: int) -> Events:
    """Relations as they were recorded."""
    for row in Relation.objects.filter(customer_id=subject.customer_id).order_by("-on", "-pk")[:most]:
        kind = subject.book.relations.get(row.kind)
        if kind:
            yield Event(row.on, "users-group", kind.name(get_language() or "zh-hans"), row.name, row.staff_id)


def messages(subject: Subject, most: int) -> Events:
    """Messages, with what became of them."""
    rows = Message.objects.filter(customer_id=subject.customer_id).select_related("template").order_by("-on", "-pk")
    for row in rows[:most]:
        title = f"{row.template.get_medium_display()} · {row.get_state_display()}"
        yield Event(row.on, "message", title, row.text, row.staff_id)


def memos(subject: Subject, most: int) -> Events:
    """What the counter told who answers."""
    for row in Memo.objects.filter(customer_id=subject.customer_id).order_by("-on", "-pk")[:most]:
        yield Event(row.on, "message-2", f"{_('At the counter')}: {row.get_kind_display()}", row.text, row.from_id)


def care_plans(subject: Subject, most: int) -> Events:
    """Care plans as they began."""
    plans = subject.book.care_plans
    for row in CarePlan.objects.filter(customer_id=subject.customer_id).order_by("-started_on", "-pk")[:most]:
        title = f"{_('Care plan')}: {called(plans.get(row.plan)) or row.plan}"
        yield Event(row.started_on, "heart-handshake", title, "", row.started_by)


def care_steps(subject: Subject, most: int) -> Events:
    """Steps of care plans as they were done."""
    plans = subject.book.care_plans
    done = CareStep.objects.filter(care_plan__customer_id=subject.customer_id, done_on__isnull=False)
    for step in done.select_related("care_plan").order_by("-done_on", "-pk")[:most]:
        plan = plans.get(step.care_plan.plan)
        words = called(plan.steps[step.place]) if plan and step.place < len(plan.steps) else ""
        yield Event(step.done_on or step.due_on, "heart-handshake", words or step.care_plan.plan, "", step.done_by)


def visits(subject: Subject, most: int) -> Events:
    """Visits that took place."""
    rows = Visit.objects.filter(
        customer_id=subject.customer_id, on__lte=subject.gate.run.work_date, cancelled=False
    ).order_by("-on", "-pk")
    for row in rows[:most]:
        yield Event(row.on, "calendar", f"{_('Visits')} {row.at:%H:%M}", row.place, row.staff_id)


def placements(subject: Subject, most: int) -> Events:
    """To whom people gave the customer."""
    rows = list(Placement.objects.filter(customer_id=subject.customer_id).order_by("-on", "-pk")[:most])
    people = Staff.objects.in_bulk([row.staff_id for row in rows])
    for row in rows:
        receiver = people.get(row.staff_id)
        title = f"{row.get_origin_display()} → {receiver.name if receiver else row.staff_id}"
        yield Event(row.on, "user-check", title, "", row.decided_by)


def referrals(subject: Subject, most: int) -> Events:
    """Referrals inside the bank, with how they stand."""
    for row in Referral.objects.filter(customer_id=subject.customer_id).order_by("-on", "-pk")[:most]:
        yield Event(row.on, "user-up", f"{_('Referral')}: {row.get_state_display()}", row.evidence, row.from_id)


def benefit_uses(subject: Subject, most: int) -> Events:
    """Benefits that were used."""
    rows = BenefitUse.objects.filter(customer_id=subject.customer_id, undone=False).order_by("-on", "-pk")
    for row in rows[:most]:
        title = f"{_('Benefit')}: {called(subject.book.benefits.get(row.benefit)) or row.benefit}"
        yield Event(row.on, "gift", title, "", row.staff_id)


def exceptions(subject: Subject, most: int) -> Events:
    """Grades granted whatever the policy says."""
    for row in GradeException.objects.filter(customer_id=subject.customer_id).order_by("-from_on", "-pk")[:most]:
        title = f"{_('Exception')}: {called(subject.book.grades.get(row.grade)) or row.grade}"
        title += "" if row.agreed_by else f" ({_('not agreed yet')})"
        yield Event(row.from_on, "award", title, row.reason, row.granted_by)


def introductions(subject: Subject, most: int) -> Events:
    """Whom the customer brought."""
    rows = Introduction.objects.filter(introducer_id=subject.customer_id, withdrawn=False).order_by("-on", "-pk")
    for row in rows[:most]:
        yield Event(row.on, "users-plus", _("Introductions"), row.name, row.staff_id)


def goals(subject: Subject, most: int) -> Events:
    """Goals as they were set."""
    for row in Goal.objects.filter(customer_id=subject.customer_id).order_by("-on", "-pk")[:most]:
        title = f"{_('Goal')}: {row.name}"
        yield Event(row.on, "target", title, amount_text(row.target, subject.book.currency), row.staff_id)


def campaign_waves(subject: Subject, most: int) -> Events:
    """Campaigns whose call was due; of a control group nobody hears."""
    rows = CampaignTarget.objects.filter(
        customer_id=subject.customer_id, control=False, wave_on__lte=subject.gate.run.work_date
    )
    for row in rows.select_related("campaign").order_by("-wave_on", "-pk")[:most]:
        if row.wave_on:
            yield Event(row.wave_on, "speakerphone", f"{_('Campaign')}: {row.campaign.title}")
