"""Merge two customers who are one person, and undo it.

What people recorded moves to the customer that is kept; an undo moves exactly that back, and what was recorded since
stays. What the core system delivers stays as it is: pages read both, and the night counts both as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from weihu.workplace.act.care.models import CarePlan
from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.act.messaging.models import Message
from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.base import audit
from weihu.workplace.consent.models import Consent
from weihu.workplace.contact.models import Answer, Contact
from weihu.workplace.customer.models import Candidate, Erasure, Hold, Moved, Verdict
from weihu.workplace.gate.models import HandedCustomer, Merge, Referral
from weihu.workplace.judge.grading.models import GradeException
from weihu.workplace.judge.portfolio.models import Claim
from weihu.workplace.know.archive.models import Fact
from weihu.workplace.know.complaints.models import Complaint
from weihu.workplace.know.intake.models import Reply
from weihu.workplace.know.life.models import Goal
from weihu.workplace.know.relations.models import Household, Member, Relation

MOVES: dict[str, tuple[type[models.Model], str]] = {
    "facts": (Fact, "customer_id"),
    "contacts": (Contact, "customer_id"),
    "answers": (Answer, "customer_id"),
    "consents": (Consent, "customer_id"),
    "relations": (Relation, "customer_id"),
    "relations back": (Relation, "other_id"),
    "members": (Member, "customer_id"),
    "heads": (Household, "head_id"),
    "goals": (Goal, "customer_id"),
    "complaints": (Complaint, "customer_id"),
    "replies": (Reply, "customer_id"),
    "holds": (Hold, "customer_id"),
    "erasures": (Erasure, "customer_id"),
    "exceptions": (GradeException, "customer_id"),
    "handed over": (HandedCustomer, "customer_id"),
    "claims": (Claim, "customer_id"),
    "referrals": (Referral, "customer_id"),
    "care plans": (CarePlan, "customer_id"),
    "introductions": (Introduction, "introducer_id"),
    "introduced": (Introduction, "introduced_id"),
    "messages": (Message, "customer_id"),
    "visits": (Visit, "customer_id"),
}
"""What people recorded of a customer, and the column that says whose it is."""


LEFT = "left household"


class CannotMerge(ValueError):
    """The two cannot be merged or unmerged: one of them already is merged, or they are the same."""


def merge(kept_id: str, gone_id: str, by: str, on: date) -> Merge:
    """From now on ``gone_id`` is the same person as ``kept_id``. Raises CannotMerge."""
    with transaction.atomic():
        merged = set(Merge.objects.filter(undone_on__isnull=True).values_list("gone_id", flat=True))
        if kept_id == gone_id or {kept_id, gone_id} & merged:
            raise CannotMerge
        made = Merge.objects.create(kept_id=kept_id, gone_id=gone_id, by=by, on=on, at=timezone.now())
        if Member.objects.filter(customer_id=kept_id, left_on__isnull=True).exists():
            _leave_household(made, gone_id, on)
        for name, (model, column) in MOVES.items():
            rows = model._default_manager.filter(**{column: gone_id})
            moved = list(rows.values_list("pk", flat=True))
            Moved.objects.bulk_create((Moved(merge=made, table=name, row=pk) for pk in moved), batch_size=500)
            rows.update(**{column: kept_id}, **({"changed_on": on} if model is Fact else {}))
        _decide(kept_id, gone_id, Verdict.MERGED, by)
        audit.record(by, "customer.merge", kept_id, gone_id)
    return made


def undo(merge: Merge, by: str, on: date) -> None:
    """The two are two again; twice is once. Raises CannotMerge if the kept one is merged itself: that comes first."""
    with transaction.atomic():
        if Merge.objects.filter(gone_id=merge.kept_id, undone_on__isnull=True).exists():
            raise CannotMerge
        if not Merge.objects.filter(pk=merge.pk, undone_on__isnull=True).update(undone_on=on, undone_by=by):
            return
        for name, (model, column) in MOVES.items():
            moved = list(merge.moved.filter(table=name).values_list("row", flat=True))
            for start in range(0, len(moved), 500):
                rows = model._default_manager.filter(pk__in=moved[start : start + 500], **{column: merge.kept_id})
                rows.update(**{column: merge.gone_id}, **({"changed_on": on} if model is Fact else {}))
        left = merge.moved.filter(table=LEFT).values("row")
        Member.objects.filter(pk__in=left).update(left_on=None)
        Fact.objects.filter(customer_id=merge.kept_id).update(changed_on=on)
        _decide(merge.kept_id, merge.gone_id, Verdict.OPEN, by)
        audit.record(by, "customer.unmerge", merge.kept_id, merge.gone_id)


def preview(gone_id: str) -> dict[str, int]:
    """How many records of each kind would move."""
    found = {
        name: model._default_manager.filter(**{column: gone_id}).count() for name, (model, column) in MOVES.items()
    }
    return {name: count for name, count in found.items() if count}


def refuse(candidate: Candidate, by: str) -> None:
    """They are different people; nobody is asked again."""
    with transaction.atomic():
        if Candidate.objects.filter(pk=candidate.pk, verdict=Verdict.OPEN).update(
            verdict=Verdict.DIFFERENT, decided_by=by
        ):
            audit.record(by, "customer.different", candidate.left_id, candidate.right_id)


def _leave_household(made: Merge, gone_id: str, on: date) -> None:
    """Nobody is in two households; which one was left is kept for an undo."""
    for member in Member.objects.filter(customer_id=gone_id, left_on__isnull=True):
        Moved.objects.create(merge=made, table=LEFT, row=member.pk)
        Member.objects.filter(pk=member.pk).update(left_on=on)


def _decide(one: str, other: str, verdict: Verdict, by: str) -> None:
    left, right = sorted((one, other))
    Candidate.objects.filter(left_id=left, right_id=right).update(verdict=verdict, decided_by=by)


def undecided(found: Iterable[Candidate]) -> None:
    """Keep new candidates; those that were decided keep their verdict, those still open get the new score."""
    for one in found:
        known = Candidate.objects.filter(left_id=one.left_id, right_id=one.right_id)
        if not known.filter(~Q(verdict=Verdict.OPEN)).exists() and not known.update(
            probability=one.probability, reasons=one.reasons
        ):
            one.save(force_insert=True)
