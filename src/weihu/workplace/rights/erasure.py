"""Erasing what was recorded of a customer (PIPL, article 47): asked, approved by another person, done after the wait.

The core system's records, which the anti-money-laundering law wants kept, are not touched; a legal hold or an open
complaint puts it off.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from weihu.rules.rulebook import RuleBook
from weihu.workplace.archive.models import Fact, FactKey
from weihu.workplace.audit import log
from weihu.workplace.complaints.models import Complaint, Step
from weihu.workplace.duplicates.merging import MOVES
from weihu.workplace.duplicates.models import Candidate
from weihu.workplace.fields import SealedField
from weihu.workplace.intake.models import ImportRow
from weihu.workplace.introductions.models import Introduction
from weihu.workplace.life.models import Goal
from weihu.workplace.people.merged import numbers_of
from weihu.workplace.relations.models import Member, Relation
from weihu.workplace.rights.models import Erasure, Hold

RUNNING = Q(done_on__isnull=True, taken_back_by="")


PROOFS = (Hold, Erasure)
"""What says why something was kept or erased stays."""


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
        found = running_for(customer_id)
        if found is None:
            found = Erasure.objects.create(customer_id=customer_id, why=why, asked_by=by, asked_on=on)
            log.record(by, "erasure.ask", customer_id)
    return found


def approve(erasure: Erasure, by: str, on: date, book: RuleBook) -> None:
    """Somebody else has looked at it. Raises ErasureRefused."""
    if by == erasure.asked_by or held(erasure.customer_id):
        raise ErasureRefused
    with transaction.atomic():
        due_on = on + timedelta(days=book.limits.erasure_wait_days)
        waiting = Erasure.objects.filter(RUNNING, pk=erasure.pk, approved_by="")
        if waiting.update(approved_by=by, due_on=due_on):
            log.record(by, "erasure.approve", erasure.customer_id)


def take_back(erasure: Erasure, by: str) -> None:
    """It is not wanted any more."""
    with transaction.atomic():
        if Erasure.objects.filter(RUNNING, pk=erasure.pk).update(taken_back_by=by):
            log.record(by, "erasure.take_back", erasure.customer_id)


def carry_out(on: date) -> int:
    """Erase what is due on a day; what is held waits. Returns how many customers' data were erased."""
    count = 0
    for erasure in Erasure.objects.filter(RUNNING, due_on__lte=on).order_by("pk"):
        if not held(erasure.customer_id):
            with transaction.atomic():
                _erase(numbers_of(erasure.customer_id), on)
                Erasure.objects.filter(pk=erasure.pk).update(done_on=on, why="")
                log.record("night", "erasure.done", erasure.customer_id)
            count += 1
    return count


def _erase(ids: list[str], on: date) -> None:
    """Empty every sealed column of the customer's records, and end what would otherwise say something."""
    at = timezone.now()
    facts = Fact.objects.filter(customer_id__in=ids)
    FactKey.objects.filter(fact__in=facts).delete()
    facts.filter(withdrawn_at__isnull=True).update(withdrawn_at=at, withdrawn_by="night", changed_on=on)
    mine = Q(customer_id__in=ids)
    Relation.objects.filter(mine | Q(other_id__in=ids), withdrawn_at__isnull=True).update(withdrawn_at=at)
    Goal.objects.filter(mine, ended_on__isnull=True).update(ended_on=on)
    Member.objects.filter(mine, left_on__isnull=True).update(left_on=on)
    Candidate.objects.filter(Q(left_id__in=ids) | Q(right_id__in=ids)).delete()
    Introduction.objects.filter(Q(introducer_id__in=ids) | Q(introduced_id__in=ids)).update(phone_index="")
    cases = Complaint.objects.filter(mine)
    records: list[tuple[type[models.Model], Q]] = [(ImportRow, mine), (Step, Q(complaint__in=cases))]
    records += [(model, Q(**{f"{column}__in": ids})) for model, column in MOVES.values() if model not in PROOFS]
    for model, rows in records:
        sealed = {field.name: "" for field in model._meta.fields if isinstance(field, SealedField)}
        if sealed:
            model._default_manager.filter(rows).update(**sealed)
