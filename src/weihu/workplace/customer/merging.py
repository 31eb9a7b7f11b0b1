"""Merge two customers who are one person, and undo it.

What people recorded moves to the customer that is kept; an undo moves exactly that back, and what was recorded since
stays. What the core system delivers stays as it is: pages read both, and the night counts both as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, UniqueConstraint
from django.utils import timezone

from weihu.workplace.base import audit
from weihu.workplace.customer.models import Candidate, Moved, Verdict
from weihu.workplace.customer.record import MOVING, Kept, Rows, reassigned
from weihu.workplace.gate.models import Merge
from weihu.workplace.know.archive.models import Fact
from weihu.workplace.know.relations.models import Member

LEFT = "left household"
"""How the record of a merge names the household that was left."""
AT_ONCE = 500


class CannotMerge(ValueError):
    """The two cannot be merged or unmerged: one of them already is merged, or they are the same."""


def merge(kept_id: str, gone_id: str, by: str, on: date) -> Merge:
    """From now on ``gone_id`` is the same person as ``kept_id``. Raises CannotMerge."""
    with transaction.atomic():
        gone = set(Merge.objects.filter(undone_on__isnull=True).values_list("gone_id", flat=True))
        if kept_id == gone_id or {kept_id, gone_id} & gone:
            raise CannotMerge
        merged = Merge.objects.create(kept_id=kept_id, gone_id=gone_id, by=by, on=on, at=timezone.now())
        if Member.objects.filter(customer_id=kept_id, left_on__isnull=True).exists():
            _leave_household(merged, gone_id, on)
        for key, kept in MOVING.items():
            rows = _movable(kept, gone_id, kept_id)
            moved = list(rows.values_list("pk", flat=True))
            Moved.objects.bulk_create((Moved(merge=merged, table=key, row=pk) for pk in moved), batch_size=AT_ONCE)
            for start in range(0, len(moved), AT_ONCE):
                some = kept.rows([gone_id]).filter(pk__in=moved[start : start + AT_ONCE])
                kept.reassign(some, kept.column, kept_id, on)
        _decide(kept_id, gone_id, Verdict.MERGED, by)
        audit.record(by, "customer.merge", kept_id, gone_id)
    return merged


def undo(merge: Merge, by: str, on: date) -> None:
    """The two are two again; twice is once. Raises CannotMerge if the kept one is merged itself: that comes first."""
    with transaction.atomic():
        if Merge.objects.filter(gone_id=merge.kept_id, undone_on__isnull=True).exists():
            raise CannotMerge
        if not Merge.objects.filter(pk=merge.pk, undone_on__isnull=True).update(undone_on=on, undone_by=by):
            return
        for key, kept in MOVING.items():
            moved = list(merge.moved.filter(table=key).values_list("row", flat=True))
            for start in range(0, len(moved), AT_ONCE):
                rows = kept.rows([merge.kept_id]).filter(pk__in=moved[start : start + AT_ONCE])
                kept.reassign(rows, kept.column, merge.gone_id, on)
        left = merge.moved.filter(table=LEFT).values("row")
        Member.objects.filter(pk__in=left).update(left_on=None)
        Fact.objects.filter(customer_id=merge.kept_id).update(changed_on=on)
        _decide(merge.kept_id, merge.gone_id, Verdict.OPEN, by)
        audit.record(by, "customer.unmerge", merge.kept_id, merge.gone_id)


def preview(gone_id: str) -> list[tuple[str, int]]:
    """How many records of each kind would move, by the kind's name in the reader's language."""
    counts = [(str(kept.label), kept.rows([gone_id]).count()) for kept in MOVING.values()]
    return [(label, count) for label, count in counts if count]


def refuse(candidate: Candidate, by: str) -> None:
    """They are different people; nobody is asked again."""
    with transaction.atomic():
        if Candidate.objects.filter(pk=candidate.pk, verdict=Verdict.OPEN).update(
            verdict=Verdict.DIFFERENT, decided_by=by
        ):
            audit.record(by, "customer.different", candidate.left_id, candidate.right_id)


def _movable(kept: Kept, gone_id: str, kept_id: str) -> Rows:
    """What can be the kept customer's: all but rows of which a model allows one and the kept customer has it already (a
    care plan that the same signal began for both, a place in the same campaign). These keep their number. A table that has
    its own way to the other number sees to it itself."""
    rows = kept.rows([gone_id])
    if kept.reassign is not reassigned:
        return rows
    for rule in kept.model._meta.constraints:
        if isinstance(rule, UniqueConstraint) and kept.column in rule.fields:
            same = {name: OuterRef(name) for name in rule.fields if name != kept.column}
            holds = rule.condition or Q()
            twice = kept.rows([kept_id]).filter(holds, **same)
            rows = rows.exclude(pk__in=rows.filter(holds).filter(Exists(twice)).values("pk"))
    return rows


def _leave_household(merged: Merge, gone_id: str, on: date) -> None:
    """Nobody is in two households; which one was left is kept for an undo."""
    for member in Member.objects.filter(customer_id=gone_id, left_on__isnull=True):
        Moved.objects.create(merge=merged, table=LEFT, row=member.pk)
        Member.objects.filter(pk=member.pk).update(left_on=on)


def _decide(customer_id: str, other_id: str, verdict: Verdict, by: str) -> None:
    left, right = sorted((customer_id, other_id))
    Candidate.objects.filter(left_id=left, right_id=right).update(verdict=verdict, decided_by=by)


def keep_candidates(candidates: Iterable[Candidate]) -> None:
    """Keep new candidates; those that were decided keep their verdict, those still open get the new score."""
    for candidate in candidates:
        before = Candidate.objects.filter(left_id=candidate.left_id, right_id=candidate.right_id)
        score = {"probability": candidate.probability, "reasons": candidate.reasons}
        if not before.filter(~Q(verdict=Verdict.OPEN)).exists() and not before.update(**score):
            candidate.save(force_insert=True)
