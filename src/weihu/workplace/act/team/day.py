"""A team's day as data, for pages and printed sheets: what is planned, done and open for each person."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Q

from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.act.team.models import Undone, WorkNote
from weihu.workplace.bank.models import Run, Staff, Task
from weihu.workplace.bank.planned import Planned
from weihu.workplace.contact.models import Contact, Outcome
from weihu.workplace.gate.cover import absent_on
from weihu.workplace.gate.models import Absence

MOST_PEOPLE = 200


@dataclass
class PersonDay:
    """A person's day: planned tasks (by customer), contacts made, reasons for undone tasks (by customer)."""

    staff: Staff
    planned: dict[str, Task] = field(default_factory=dict)
    contacts: list[Contact] = field(default_factory=list)
    undone: dict[str, Undone] = field(default_factory=dict)
    notes: list[WorkNote] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    absence: Absence | None = None

    @property
    def done(self) -> set[str]:
        """The planned customers who have been contacted."""
        return {contact.customer_id for contact in self.contacts} & set(self.planned)

    @property
    def open(self) -> list[str]:
        """The planned customers not yet contacted, in order."""
        return [customer for customer in self.planned if customer not in self.done]

    @property
    def plan(self) -> Planned:
        """What the whole list takes."""
        return Planned.of(self.planned.values())

    @property
    def share(self) -> int:
        """Per cent done."""
        return round(100 * len(self.done) / len(self.planned)) if self.planned else 0

    @property
    def outcomes(self) -> list[tuple[str, str, int]]:
        """The results with their names and how many there are."""
        counted = Counter(contact.outcome for contact in self.contacts)
        return [(key, str(label), counted[key]) for key, label in Outcome.choices if counted[key]]

    @property
    def last(self) -> datetime | None:
        """When the last contact was recorded."""
        return max((contact.recorded_at for contact in self.contacts), default=None)


def day_of(people: list[Staff], run: Run | None, on: date) -> list[PersonDay]:
    """A day of several people: the lists of the run that planned it, and what they recorded.

    What is recorded on closed days belongs to the next open one, until a later run plans that day anew.
    """
    rows = {member.staff_id: PersonDay(member) for member in people[:MOST_PEOPLE]}
    if run is not None:
        tasks = Task.objects.filter(run=run, staff_id__in=rows, on=on).order_by("staff_id", "position")
        for task in tasks:
            rows[task.staff_id].planned[task.customer_id] = task
    mine = Q(staff_id__in=rows, on=on)
    since = min(run.work_date, on) if run else on
    for contact in Contact.objects.filter(staff_id__in=rows, on__gte=since, on__lte=on).order_by("id"):
        rows[contact.staff_id].contacts.append(contact)
    for reason in Undone.objects.filter(mine):
        rows[reason.staff_id].undone[reason.customer_id] = reason
    for note in WorkNote.objects.filter(mine).order_by("pk"):
        rows[note.staff_id].notes.append(note)
    for visit in Visit.objects.filter(mine, cancelled=False).order_by("at"):
        rows[visit.staff_id].visits.append(visit)
    for absence in absent_on(on).filter(staff_id__in=rows):
        rows[absence.staff_id].absence = absence
    return list(rows.values())


def run_for(on: date) -> Run | None:
    """The run whose lists for a day were the last: that of the day before, if there is one."""
    run = Run.objects.filter(published=True, business_date__lt=on).order_by("-number").first()
    return run if run and run.work_date == on else None


def followed_up(days: list[PersonDay]) -> dict[date, int]:
    """The number of follow-ups agreed for each day."""
    counts: dict[date, int] = defaultdict(int)
    for row in days:
        for contact in row.contacts:
            if contact.follow_up_on:
                counts[contact.follow_up_on] += 1
    return dict(sorted(counts.items()))
