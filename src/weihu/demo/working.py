"""A day at work in the demo: contacts with mixed results, what customers told in them, and what came of it."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import numpy as np
from django.db import transaction
from django.utils import timezone

from weihu.rules.catalogue import read
from weihu.workplace.act.care.models import CarePlan
from weihu.workplace.act.care.results import apply
from weihu.workplace.bank.models import Run, Signal, Task
from weihu.workplace.base.channels import Channel
from weihu.workplace.contact.models import Answer, Contact, Outcome
from weihu.workplace.know.archive.facts import FactContent, NewFact, record_facts
from weihu.workplace.know.archive.models import Confidence

RESULTS = {
    Outcome.INTERESTED: 0.28,
    Outcome.CONSIDERING: 0.34,
    Outcome.NOT_REACHED: 0.24,
    Outcome.RESCHEDULED: 0.09,
    Outcome.DECLINED: 0.05,
}
"""How often a contact ends how."""
WITH_NOTE = (Outcome.INTERESTED, Outcome.CONSIDERING)
NOTES = (
    "客户表示下周来网点详谈。",
    "想了解两年期大额存单。",
    "孩子今年升学,近期有支出。",
    "对基金有兴趣,先做风险测评。",
    "",
    "",
    "",
)
ANSWERED = {
    "employer": ["市第一中学", "恒通物流公司", "人民医院", "华新机械厂", "区税务局", "自营商店"],
    "occupation": ["教师", "医生", "企业主", "工程师", "公务员", "退休"],
    "income": ["8000", "1.2万", "2万", "3.5万"],
}
"""What customers say when they are asked for a field without choices."""
TOLD_SHARE, REFUSED_SHARE = 0.6, 0.08
SOURCE = "电话回访"
LATER_DAYS = (2, 9)
"""When somebody asks for another time, it is from so many days on and before so many."""
AT_ONCE = 500


def worked_on(on: date) -> bool:
    """Whether people have worked on a day already."""
    return Contact.objects.filter(on=on).exists()


def work(run: Run, share: float) -> None:
    """Do a share of the day's tasks, all of it or nothing; who does not work has none for the day. The same run gives
    the same day."""
    rng = np.random.default_rng(run.number)
    with transaction.atomic():
        contacts = _contacts(run, share, rng)
        reached = {key for key, contact in contacts.items() if contact.outcome != Outcome.NOT_REACHED}
        signals = Signal.objects.listed_at(run).filter(customer_id__in=reached, held_out=False)
        answered: dict[str, list[Signal]] = defaultdict(list)
        for signal in signals.order_by("customer_id", "kind", "subject"):
            answered[signal.customer_id].append(signal)
        _tell(run, answered, contacts, rng)
        _answer(run, answered, contacts)


def _contacts(run: Run, share: float, rng: np.random.Generator) -> dict[str, Contact]:
    """The day's contacts by customer."""
    listed = list(Task.objects.filter(run=run, on=run.work_date).order_by("staff_id", "position"))
    tasks = [task for task, chance in zip(listed, rng.random(len(listed)), strict=True) if chance < share]
    at = timezone.make_aware(datetime.combine(run.work_date, time(10)))
    outcomes = rng.choice([str(outcome) for outcome in RESULTS], len(tasks), p=list(RESULTS.values()))
    notes = rng.choice(NOTES, len(tasks))
    days = rng.integers(*LATER_DAYS, len(tasks))
    contacts = [
        Contact(
            token=uuid.UUID(bytes=rng.bytes(16)),
            customer_id=task.customer_id,
            staff_id=task.staff_id,
            on=run.work_date,
            recorded_at=at,
            way="phone",
            outcome=str(outcome),
            note=str(note) if outcome in WITH_NOTE else "",
            follow_up_on=run.work_date + timedelta(days=int(later)) if outcome == Outcome.RESCHEDULED else None,
        )
        for task, outcome, note, later in zip(tasks, outcomes, notes, days, strict=True)
    ]
    return {contact.customer_id: contact for contact in Contact.objects.bulk_create(contacts, batch_size=AT_ONCE)}


def _tell(run: Run, answered: dict[str, list[Signal]], contacts: dict[str, Contact], rng: np.random.Generator) -> None:
    """Of what was missing, customers told some and refused a little; each member of staff records what he heard."""
    by_staff: dict[str, list[NewFact]] = defaultdict(list)
    for customer_id, signals in answered.items():
        asked = [key for signal in signals if signal.kind == "missing_facts" for key in signal.detail.split(",")]
        by_staff[contacts[customer_id].staff_id] += _told(run, customer_id, asked, rng)
    for staff_id, facts in by_staff.items():
        if facts:
            record_facts(facts, staff_id, run.work_date, SOURCE)


def _told(run: Run, customer_id: str, asked: Sequence[str], rng: np.random.Generator) -> list[NewFact]:
    facts = []
    for key in asked:
        field = run.rulebook.fields[key]
        values = [choice.key for choice in field.choices] or ANSWERED.get(key, [])
        if not values or rng.random() > TOLD_SHARE:
            continue
        refused = bool(rng.random() < REFUSED_SHARE)
        value = "" if refused else read(field, values[int(rng.integers(len(values)))])
        written = FactContent(key, value, Channel.SERVICE, Confidence.TOLD, refused, SOURCE)
        facts.append(NewFact(customer_id, written, uuid.UUID(bytes=rng.bytes(16))))
    return facts


def _answer(run: Run, answered: dict[str, list[Signal]], contacts: dict[str, Contact]) -> None:
    """A contact answers the reasons it was made for, and moves the care plans that run."""
    Answer.objects.bulk_create(
        (
            Answer(
                contact=contacts[customer_id],
                customer_id=customer_id,
                kind=signal.kind,
                subject=signal.subject,
                on=run.work_date,
            )
            for customer_id, signals in answered.items()
            for signal in signals
        ),
        batch_size=AT_ONCE,
    )
    running = CarePlan.objects.filter(customer_id__in=answered, ended_on__isnull=True).order_by("customer_id")
    for customer_id in running.values_list("customer_id", flat=True).distinct():
        apply(contacts[customer_id], answered[customer_id], run.rulebook)
