"""Erasing what was recorded of a customer (PIPL, article 47): asked, approved by another person, done after the wait.

The core system's records, which the anti-money-laundering law wants kept, are not touched; a legal hold or an open
complaint puts it off.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q

from weihu.rules.rulebook import RuleBook
from weihu.workplace.base import audit
from weihu.workplace.customer.models import Erasure, Hold
from weihu.workplace.customer.record import RECORD
from weihu.workplace.gate.merged import numbers_of
from weihu.workplace.know.complaints.models import Complaint

RUNNING = Q(done_on__isnull=True, taken_back_by="")


class ErasureRefused(ValueError):
    """It cannot be done: held by law, a complaint is open, or the same person asks and approves."""


def running_for(customer_id: str) -> Erasure | None:
    """The customer's erasure that is neither done nor taken back."""
    return Erasure.objects.filter(RUNNING, customer_id=customer_id).first()


def held(customer_id: str) -> bool:
    """Whether something keeps the customer's data: a legal hold or an open complaint."""
    ids = numbers_of(customer_id)
    holds = Hold.objects.filter(customer_id__in=ids, lifted_on__isnull=True)
    return holds.exists() or Complaint.objects.filter(customer_id__in=ids, closed_on__isnull=True).exists()


def ask(customer_id: str, why: str, by: str, on: date) -> Erasure:
    """A customer wishes it; once at a time."""
    with transaction.atomic():
        erasure = running_for(customer_id)
        if erasure is None:
            erasure = Erasure.objects.create(customer_id=customer_id, why=why, asked_by=by, asked_on=on)
            audit.record(by, "erasure.ask", customer_id)
    return erasure


def approve(erasure: Erasure, by: str, on: date, book: RuleBook) -> None:
    """Somebody else has looked at it. Raises ErasureRefused."""
    if by == erasure.asked_by or held(erasure.customer_id):
        raise ErasureRefused
    with transaction.atomic():
        due_on = on + timedelta(days=book.limits.erasure_wait_days)
        waiting = Erasure.objects.filter(RUNNING, pk=erasure.pk, approved_by="")
        if waiting.update(approved_by=by, due_on=due_on):
            audit.record(by, "erasure.approve", erasure.customer_id)


def take_back(erasure: Erasure, by: str) -> None:
    """It is not wanted any more."""
    with transaction.atomic():
        if Erasure.objects.filter(RUNNING, pk=erasure.pk).update(taken_back_by=by):
            audit.record(by, "erasure.take_back", erasure.customer_id)


def carry_out(on: date) -> int:
    """Erase what is due on a day; what is held waits. Returns how many customers' data were erased."""
    count = 0
    for erasure in Erasure.objects.filter(RUNNING, due_on__lte=on).order_by("pk"):
        if not held(erasure.customer_id):
            with transaction.atomic():
                _erase(numbers_of(erasure.customer_id), on)
                Erasure.objects.filter(pk=erasure.pk).update(done_on=on, why="")
                audit.record("night", "erasure.done", erasure.customer_id)
            count += 1
    return count


def _erase(customer_ids: list[str], on: date) -> None:
    """What the record says of each table."""
    for kept in RECORD:
        kept.erase(kept.rows(customer_ids), on)
