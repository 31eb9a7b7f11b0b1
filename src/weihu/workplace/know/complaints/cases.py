"""What happens to a complaint: opened, assigned, noted, closed, opened again, asked about. Each once, each kept."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.complaints.models import Act, Complaint, Step

PARTS = ("open", "mine", "overdue", "to_ask", "closed")


def within(gate: Gate) -> QuerySet[Complaint]:
    """The complaints of customers within reach."""
    reached = gate.standings().order_by().filter(customer_id=OuterRef("customer_id"))
    return Complaint.objects.filter(Exists(reached))


def part_of(part: str, gate: Gate, book: RuleBook, on: date) -> QuerySet[Complaint]:
    """One of PARTS, the most urgent first."""
    ask_from = on - timedelta(days=book.complaints.ask_after_days)
    meant = {
        "open": Q(closed_on__isnull=True),
        "mine": Q(closed_on__isnull=True, assigned_to=gate.staff.staff_id),
        "overdue": Q(closed_on__isnull=True, due_on__lt=on),
        "to_ask": Q(closed_on__lte=ask_from, asked_on__isnull=True),
        "closed": Q(closed_on__isnull=False),
    }
    order = ("-closed_on", "-pk") if part == "closed" else ("due_on", "pk")
    return within(gate).filter(meant[part]).order_by(*order)


def assignable(customer_id: str, gate: Gate) -> list[Staff]:
    """Those of the reader's branch, and those who answer for the customer, who can reach him."""
    standing = gate.standing(customer_id)
    candidates = Q(branch_id=standing.branch_id) | Q(staff_id__in=[standing.primary_id, standing.deputy_id])
    people = Staff.objects.filter(candidates, is_active=True).order_by("post", "staff_id")
    owners = {standing.primary_id, standing.deputy_id}
    posts = gate.run.rulebook.posts
    wide = {key for key, post in posts.items() if post.decides}
    return [member for member in people if member.staff_id in owners or member.post in wide]


def open_case(customer_id: str, values: dict[str, str], by: str, on: date, book: RuleBook, token: UUID) -> Complaint:
    """A new case of ``origin``, ``subject`` and ``text``; the same ``token`` again is the same case."""
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
                "due_on": on + timedelta(days=book.complaints.due_days),
            },
        )
        if created:
            step(case, Act.OPENED, by, on)
    return case


def assign(case: Complaint, to: str, by: str, on: date) -> None:
    """Somebody answers for an open case from now on."""
    _change(case, Q(closed_on__isnull=True), {"assigned_to": to}, Act.ASSIGNED, by, on, to)


def close(case: Complaint, note: str, by: str, on: date) -> None:
    """An open case is answered: ``note`` says how."""
    _change(case, Q(closed_on__isnull=True), {"closed_on": on}, Act.CLOSED, by, on, note)


def reopen(case: Complaint, note: str, by: str, on: date, book: RuleBook) -> None:
    """A closed case is open again, with a new date until which it is due."""
    due_on = on + timedelta(days=book.complaints.due_days)
    again: dict[str, object] = {"closed_on": None, "asked_on": None, "satisfaction": None, "due_on": due_on}
    _change(case, Q(closed_on__isnull=False), again, Act.REOPENED, by, on, note)


def ask(case: Complaint, satisfaction: int, note: str, by: str, on: date) -> None:
    """The customer was asked how the answer to a closed case was."""
    changes = {"asked_on": on, "satisfaction": satisfaction}
    _change(case, Q(closed_on__isnull=False, asked_on__isnull=True), changes, Act.ASKED, by, on, note)


def step(case: Complaint, act: Act, by: str, on: date, note: str = "") -> None:
    """Note what was done."""
    Step.objects.create(complaint=case, act=act, staff_id=by, on=on, at=timezone.now(), note=note)
    audit.record(by, f"complaint.{act}", case.customer_id, str(case.pk))


def _change(case: Complaint, still: Q, changes: dict[str, object], act: Act, by: str, on: date, note: str) -> None:
    """Change a case that is still as the act needs it; of two who do the same at once, one does it."""
    with transaction.atomic():
        if Complaint.objects.filter(still, pk=case.pk).update(**changes):
            step(case, act, by, on, note)
