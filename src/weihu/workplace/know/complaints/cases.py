"""The life of a complaint: opened, assigned, noted, closed, reopened, followed up. Every step is recorded once."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import Staff, Standing
from weihu.workplace.base import audit
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.workdays import days_of_branches
from weihu.workplace.know.complaints.models import Act, Complaint, Step

PARTS = ("open", "mine", "overdue", "to_ask", "closed")


def within(gate: Gate) -> QuerySet[Complaint]:
    """The complaints of customers within reach."""
    reached = gate.standings().order_by().filter(customer_id=OuterRef("customer_id"))
    return Complaint.objects.filter(Exists(reached))


def part_of(part: str, gate: Gate, book: RuleBook, on: date) -> QuerySet[Complaint]:
    """One of PARTS, the most urgent first."""
    ask_from = on - timedelta(days=book.complaints.ask_after_days)
    conditions = {
        "open": Q(closed_on__isnull=True),
        "mine": Q(closed_on__isnull=True, assigned_to=gate.staff.staff_id),
        "overdue": Q(closed_on__isnull=True, due_on__lt=on),
        "to_ask": Q(closed_on__lte=ask_from, asked_on__isnull=True),
        "closed": Q(closed_on__isnull=False),
    }
    order = ("-closed_on", "-pk") if part == "closed" else ("due_on", "pk")
    return within(gate).filter(conditions[part]).order_by(*order)


def of_customer(standing: Standing) -> list[Complaint]:
    """The complaints of a customer within reach: open ones first, the earliest due before the others."""
    rows = Complaint.objects.filter(customer_id=standing.customer_id).order_by("-closed_on", "-pk")
    return sorted(rows, key=lambda row: (row.closed_on is not None, row.due_on if row.closed_on is None else date.min))


def assignable(customer_id: str, gate: Gate) -> list[Staff]:
    """Whom a customer's complaint can be assigned to: the customer's own staff, and posts of the branch that decide."""
    standing = gate.standing(customer_id)
    candidates = Q(branch_id=standing.branch_id) | Q(staff_id__in=[standing.primary_id, standing.deputy_id])
    people = Staff.objects.filter(candidates, is_active=True).order_by("post", "staff_id")
    owners = {standing.primary_id, standing.deputy_id}
    posts = gate.run.rulebook.posts
    wide = {key for key, post in posts.items() if post.decides}
    return [member for member in people if member.staff_id in owners or member.post in wide]


def open_case(customer_id: str, values: dict[str, str], by: str, on: date, book: RuleBook, token: UUID) -> Complaint:
    """Open a case from ``origin``, ``subject`` and ``text``; repeating the same ``token`` returns the same case."""
    with transaction.atomic():
        case, created = Complaint.objects.get_or_create(
            token=token,
            defaults={
                "customer_id": customer_id,
                "origin": values["origin"],
                "subject": values["subject"],
                "text": values.get("text", ""),
                "raised_on": on,
                "raised_by": by,
                "due_on": _due(on, book),
            },
        )
        if created:
            step(case, Act.OPENED, by, on)
    return case


def _due(on: date, book: RuleBook) -> date:
    """When a case opened on a day is due."""
    return days_of_branches(book, on).after(on, book.complaints.due_days, "complaints")


def assign(case: Complaint, to: str, by: str, on: date) -> None:
    """Assign an open case to somebody."""
    _change(case, Q(closed_on__isnull=True), {"assigned_to": to}, Act.ASSIGNED, by, on, to)


def close(case: Complaint, note: str, by: str, on: date) -> None:
    """Close an open case; ``note`` is the answer."""
    _change(case, Q(closed_on__isnull=True), {"closed_on": on}, Act.CLOSED, by, on, note)


def reopen(case: Complaint, note: str, by: str, on: date, book: RuleBook) -> None:
    """Reopen a closed case with a new due date."""
    again: dict[str, object] = {"closed_on": None, "asked_on": None, "satisfaction": None, "due_on": _due(on, book)}
    _change(case, Q(closed_on__isnull=False), again, Act.REOPENED, by, on, note)


class OwnAnswer(ValueError):
    """Nobody scores an answer that he or she gave."""


def answered_by(case: Complaint) -> set[str]:
    """Who handled a case or closed it."""
    closed = case.steps.filter(act=Act.CLOSED).values_list("staff_id", flat=True)
    return {case.assigned_to, *closed} - {""}


def ask(case: Complaint, satisfaction: int, note: str, by: str, on: date) -> None:
    """Record the customer's satisfaction with the answer to a closed case. Raises OwnAnswer."""
    if by in answered_by(case):
        raise OwnAnswer
    changes = {"asked_on": on, "satisfaction": satisfaction}
    _change(case, Q(closed_on__isnull=False, asked_on__isnull=True), changes, Act.ASKED, by, on, note)


def step(case: Complaint, act: Act, by: str, on: date, note: str = "") -> None:
    """Record a step."""
    Step.objects.create(complaint=case, act=act, staff_id=by, on=on, at=timezone.now(), note=note)
    audit.record(by, f"complaint.{act}", case.customer_id, str(case.pk))


def _change(case: Complaint, still: Q, changes: dict[str, object], act: Act, by: str, on: date, note: str) -> None:
    """Change a case if it is still in the state that the act needs; of two people at once, only one succeeds."""
    with transaction.atomic():
        if Complaint.objects.filter(still, pk=case.pk).update(**changes):
            step(case, act, by, on, note)
