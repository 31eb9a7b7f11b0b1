"""A person's list as a page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from weihu.rules.advice import told_to
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.urgency import Urgency
from weihu.workplace.act.messaging.fatigue import tired_customers
from weihu.workplace.act.signals.reasons import Names, Reason, open_signals, reasons_of
from weihu.workplace.bank.models import Signal, Standing, Task
from weihu.workplace.bank.planned import Planned
from weihu.workplace.contact.models import Contact, Outcome
from weihu.workplace.gate.requests import WorkRequest
from weihu.workplace.judge.portfolio.models import Staffing
from weihu.workplace.know.archive.facts import barred_customers


@dataclass(frozen=True)
class TodayTask:
    """A task with its customer, its reasons, and what came of it today (None: nothing yet).

    ``chips``: the keys of the book's filters that show it; with a result, none does. ``urgency``: its group of the list;
    ``change``: of AUM over 30 days.
    """

    position: int
    minutes: int
    value: Decimal
    promised: bool
    top: bool
    standing: Standing
    reasons: list[Reason]
    contact: Contact | None
    chips: tuple[str, ...]
    urgency: Urgency
    change: Decimal

    @property
    def customer_id(self) -> str:
        """The customer."""
        return str(self.standing.customer_id)

    @property
    def outcome(self) -> str:
        """The result in words."""
        return str(Outcome(self.contact.outcome).label) if self.contact else ""


@dataclass(frozen=True)
class NotPlanned:
    """A customer with reasons whom the day does not hold: why, and for how many days the oldest reason has waited."""

    standing: Standing
    reasons: list[Reason]
    why: str
    days: int


WHY_NOT = {
    "barred": _("Do not contact"),
    "tired": _("Contacted often enough recently"),
    "dial": _("The rest of the day is kept for top customers"),
    "full": _("The day is full of tasks worth more per minute"),
}


@dataclass(frozen=True)
class TodayList:
    """The reader's tasks of the run in order, what the night planned, the minutes that the day has, and the day.

    ``top_share``: the share of time for the best customers; None where it says nothing of the reader's work.
    """

    tasks: list[TodayTask]
    planned: Planned
    capacity: int
    on: date
    top_share: float | None

    @classmethod
    def of(cls, request: WorkRequest) -> TodayList:
        """The list of the request's reader."""
        gate, staff = request.gate, request.user
        rows = list(Task.objects.filter(run=request.run, staff_id=staff.staff_id).order_by("position"))
        ids = [row.customer_id for row in rows]
        standings = {row.customer_id: row for row in gate.standings().filter(customer_id__in=ids)}
        reasons = open_signals(gate, ids)
        done = _contacts_today(request, ids)
        at_work = gate.deputies_at_work(standings.values())
        names, groups = Names(request.book), list(request.book.urgency.values())
        told = {
            customer: told_to(
                reasons[customer], row.deputy_id == staff.staff_id, row.deputy_id in at_work, request.book
            )
            for customer, row in standings.items()
            if customer in reasons
        }
        tasks = [
            TodayTask(
                row.position,
                row.minutes,
                row.value,
                row.promised,
                row.top,
                standings[row.customer_id],
                reasons_of(names, told.get(row.customer_id, [])),
                done.get(row.customer_id),
                () if row.customer_id in done else _chips(request.book, told[row.customer_id]),
                groups[row.urgency],
                row.flow_30,
            )
            for row in rows
            if row.customer_id in standings and (row.customer_id in told or row.customer_id in done)
        ]
        post = request.book.posts.get(staff.post)
        own = Staffing.objects.filter(pk=staff.staff_id, minutes_per_day__isnull=False).first()
        capacity = own.minutes_per_day if own else post.minutes_per_day if post else 0
        planned = Planned.of(rows)
        top_share = planned.top_share_of(staff.post, request.book)
        return cls(tasks, planned, capacity or 0, rows[0].on if rows else gate.list_day, top_share)

    @property
    def done(self) -> int:
        """How many tasks have a result."""
        return sum(task.contact is not None for task in self.tasks)

    @property
    def minutes_left(self) -> int:
        """What the tasks without a result take."""
        return sum(task.minutes for task in self.tasks if task.contact is None)

    def in_chip(self, chip: str) -> int:
        """How many tasks one of the book's filters shows."""
        return sum(chip in task.chips for task in self.tasks)

    @property
    def done_share(self) -> int:
        """Per cent done."""
        return round(100 * self.done / len(self.tasks)) if self.tasks else 0

    def find(self, customer_id: str) -> TodayTask | None:
        """The task of a customer."""
        return next((task for task in self.tasks if task.customer_id == customer_id), None)

    def first_open(self) -> TodayTask | None:
        """The first task without a result, else the first."""
        return next((task for task in self.tasks if task.contact is None), self.tasks[0] if self.tasks else None)

    def after(self, customer_id: str, chip: str = "") -> TodayTask | None:
        """The next task without a result behind a customer's, or from the start again; if there is one, of the chip."""
        place = next((index for index, task in enumerate(self.tasks) if task.customer_id == customer_id), -1)
        following = [task for task in self.tasks[place + 1 :] + self.tasks[: place + 1] if task.contact is None]
        shown = [task for task in following if chip in task.chips]
        return next(iter(shown or following), self.first_open())

    def neighbours(self, customer_id: str) -> tuple[TodayTask | None, TodayTask | None]:
        """The tasks before and behind a customer's."""
        place = next((index for index, task in enumerate(self.tasks) if task.customer_id == customer_id), 0)
        before = self.tasks[place - 1] if place else None
        behind = self.tasks[place + 1] if place + 1 < len(self.tasks) else None
        return before, behind


NOT_PLANNED_SHOWN = 50


def _chips(book: RuleBook, signals: list[Signal]) -> tuple[str, ...]:
    kinds = {signal.kind for signal in signals}
    return tuple(key for key, chip in book.chips.items() if kinds & set(chip.kinds))


def _contacts_today(request: WorkRequest, customer_ids: list[str]) -> dict[str, Contact]:
    contacts = Contact.objects.filter(
        customer_id__in=customer_ids, on=request.run.work_date, staff_id=request.user.staff_id
    ).order_by("id")
    return {contact.customer_id: contact for contact in contacts}


def not_planned(request: WorkRequest, today: TodayList) -> tuple[list[NotPlanned], int]:
    """The reader's other customers with open reasons, and how many they are; the best of them with why."""
    planned = {task.customer_id for task in today.tasks}
    own = request.gate.standings().filter(primary_id=request.user.staff_id)
    others = (
        Signal.objects.listed_at(request.run)
        .filter(customer_id__in=own.values("customer_id"), held_out=False)
        .exclude(customer_id__in=planned)
        .values_list("customer_id", flat=True)
        .distinct()
    )
    ids = list(others)
    shown = list(own.filter(customer_id__in=ids).order_by("-grade_rank", "-aum")[:NOT_PLANNED_SHOWN])
    reasons = open_signals(request.gate, [row.customer_id for row in shown])
    waiting = [row for row in shown if row.customer_id in reasons]
    named = [row.customer_id for row in waiting]
    on = request.run.work_date
    sets = {"barred": barred_customers(request.book, on, named), "tired": tired_customers(request.book, on, named)}
    plan = today.planned
    dial = plan.minutes > plan.top_minutes and plan.minutes < today.capacity
    top_from = Decimal(request.run.report.get("top_from", "0"))
    listed, names = [], Names(request.book)
    for row in waiting:
        hindrance = next((why for why, customers in sets.items() if row.customer_id in customers), "")
        why = hindrance or ("dial" if dial and row.aum < top_from else "full")
        oldest = min(signal.raised_on for signal in reasons[row.customer_id])
        listed.append(
            NotPlanned(row, reasons_of(names, reasons[row.customer_id]), str(WHY_NOT[why]), (on - oldest).days)
        )
    return listed, len(ids)
