"""A day at work in the demo: everybody works down a list, customers answer, and what came of it is recorded."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import numpy as np
from django.db import transaction

from weihu.demo.working.contacts import AT_ONCE, agree_on_visits, record, work_through
from weihu.demo.working.desk import answer_referrals, refer
from weihu.demo.working.told import tell
from weihu.sources.synthetic import SyntheticBank
from weihu.workplace.act.care.models import CarePlan
from weihu.workplace.act.care.results import apply
from weihu.workplace.act.introductions.thanking import thank
from weihu.workplace.bank.models import Run, Signal, Task
from weihu.workplace.contact.models import Answer, Contact, Outcome
from weihu.workplace.gate.workdays import days_of_branches

AGREED_WITHIN = timedelta(days=30)
"""So far ahead people agree on a day."""


def worked_on(on: date) -> bool:
    """Whether people have worked on a day already."""
    return Contact.objects.filter(on=on).exists()


def work(run: Run, customers: SyntheticBank) -> None:
    """Do the work of the run's day, all of it or nothing; on closed days nobody works. The same run gives the same day."""
    rng = np.random.default_rng(run.number)
    days = days_of_branches(run.rulebook, run.work_date)
    span = [run.work_date + timedelta(days=ahead) for ahead in range(1, AGREED_WITHIN.days)]
    open_days = [day for day in span if days.is_open(day)]
    with transaction.atomic():
        reasons = _reasons(run)
        done = work_through(run, reasons, open_days, rng)
        contacts = record(run, done, rng)
        agree_on_visits(run, done, rng)
        reached = {key for key, contact in contacts.items() if contact.outcome != Outcome.NOT_REACHED}
        answered = {key: signals for key, signals in reasons.items() if key in reached}
        tell(run, answered, contacts, customers)
        _answer(run, answered, contacts)
        refer(run, answered, contacts, rng)
        answer_referrals(run, rng)


def _reasons(run: Run) -> dict[str, list[Signal]]:
    """Why customers are on the day's lists, the heaviest signal first."""
    weights = run.rulebook.signals
    listed = Task.objects.filter(run=run, on=run.work_date).values("customer_id")
    signals_of_lists = Signal.objects.listed_at(run).filter(held_out=False, customer_id__in=listed)
    reasons: dict[str, list[Signal]] = defaultdict(list)
    for signal in signals_of_lists.order_by("customer_id", "kind", "subject"):
        reasons[signal.customer_id].append(signal)
    for signals in reasons.values():
        signals.sort(key=lambda signal: -weights[signal.kind].weight)
    return dict(reasons)


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
    for customer_id, signals in answered.items():
        thank(contacts[customer_id], signals)
