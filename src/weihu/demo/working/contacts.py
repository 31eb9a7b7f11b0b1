"""The contacts of a day: who was reached how, how it ended, what was noted, and what was agreed on."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
from django.utils import timezone

from weihu.demo.working.diligence import done_of
from weihu.demo.working.talk import Talk, talk
from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.bank.models import Run, Signal, Staff, Task
from weihu.workplace.contact.models import Contact, Outcome, Way

BEGINS, ENDS = time(8, 40), time(17, 20)
"""The working hours within which contacts are recorded."""
WAYS: dict[str, dict[Way, float]] = {
    "relationship_manager": {Way.PHONE: 0.66, Way.MESSAGE: 0.16, Way.VISIT: 0.1, Way.COUNTER: 0.08},
    "lobby_manager": {Way.COUNTER: 0.6, Way.PHONE: 0.4},
}
AT_THE_COUNTER = {Way.COUNTER: 0.55, Way.PHONE: 0.45}
"""How people reach customers, by their post; all others serve at a counter."""
VISITED_SHARE = 0.4
"""When somebody interested agrees on a day with a relationship manager, it is a visit this often."""
VISIT_TIMES = (time(9, 30), time(10, 30), time(14, 0), time(15, 0), time(16, 0))
PLACES = ("网点贵宾室", "网点理财室", "客户单位", "客户家中")
AT_ONCE = 500


@dataclass(frozen=True)
class Done:
    """A task that was done, and how."""

    task: Task
    way: Way
    at: datetime
    talk: Talk


def work_through(
    run: Run, reasons: Mapping[str, Sequence[Signal]], open_days: Sequence[date], rng: np.random.Generator
) -> list[Done]:
    """What everybody gets done of the lists for the run's day. ``reasons``: by customer, the heaviest signal first."""
    lists: dict[str, list[Task]] = defaultdict(list)
    for task in Task.objects.filter(run=run, on=run.work_date).order_by("staff_id", "position"):
        lists[task.staff_id].append(task)
    posts = dict(Staff.objects.values_list("staff_id", "post"))
    done = []
    for staff_id, tasks in lists.items():
        chosen = done_of(tasks, rng)
        for task, at in zip(chosen, _times(run.work_date, len(chosen)), strict=True):
            signals = reasons.get(task.customer_id, ())
            kind, detail = (signals[0].kind, signals[0].detail) if signals else ("cadence_due", "")
            result = talk(kind, detail, run.work_date, open_days, rng)
            done.append(Done(task, _way(posts[staff_id], kind, result, rng), at, result))
    return done


def record(run: Run, done: Sequence[Done], rng: np.random.Generator) -> dict[str, Contact]:
    """Record the day's contacts; returns them by customer."""
    contacts = [
        Contact(
            token=uuid.UUID(bytes=rng.bytes(16)),
            customer_id=entry.task.customer_id,
            staff_id=entry.task.staff_id,
            on=run.work_date,
            recorded_at=entry.at,
            way=entry.way,
            outcome=entry.talk.outcome,
            note=entry.talk.note,
            interest=entry.talk.offer,
            follow_up_on=entry.talk.again_on if entry.talk.outcome == Outcome.RESCHEDULED else None,
        )
        for entry in done
    ]
    return {contact.customer_id: contact for contact in Contact.objects.bulk_create(contacts, batch_size=AT_ONCE)}


def agree_on_visits(run: Run, done: Sequence[Done], rng: np.random.Generator) -> None:
    """Some of the interested come to see their relationship manager on the day that was agreed on."""
    managers = set(Staff.objects.filter(post="relationship_manager").values_list("staff_id", flat=True))
    minutes = run.rulebook.signals["visit"].minutes
    visits = []
    for entry in done:
        interested, agreed_on = entry.talk.outcome == Outcome.INTERESTED, entry.talk.again_on
        if interested and agreed_on and entry.task.staff_id in managers and rng.random() < VISITED_SHARE:
            visits.append(
                Visit(
                    token=uuid.UUID(bytes=rng.bytes(16)),
                    customer_id=entry.task.customer_id,
                    staff_id=entry.task.staff_id,
                    on=agreed_on,
                    at=VISIT_TIMES[int(rng.integers(len(VISIT_TIMES)))],
                    minutes=minutes,
                    place=PLACES[min(int(rng.integers(6)), len(PLACES) - 1)],
                    made_on=run.work_date,
                )
            )
    Visit.objects.bulk_create(visits, batch_size=AT_ONCE)


def _way(post: str, kind: str, result: Talk, rng: np.random.Generator) -> Way:
    """How a customer was reached; who could not be reached was called."""
    if result.outcome == Outcome.NOT_REACHED:
        return Way.PHONE
    if kind == "visit":
        return Way.VISIT
    ways = WAYS.get(post, AT_THE_COUNTER)
    return list(ways)[int(rng.choice(len(ways), p=list(ways.values())))]


def _times(on: date, count: int) -> list[datetime]:
    """So many moments of the working day, one after the other."""
    begins, ends = (timezone.make_aware(datetime.combine(on, at)) for at in (BEGINS, ENDS))
    step = (ends - begins) / max(count, 1)
    return [begins + step * place + timedelta(minutes=place * 7 % 11) for place in range(count)]
