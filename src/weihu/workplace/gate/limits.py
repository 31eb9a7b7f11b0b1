"""What one person may take in a day: rows of exports, values shown in full, numbers called, copies, claims, service cards.

One limiter for all kinds. A person's count of a day and a kind is one row, and taking is one statement that adds to it
if the limit of the rule book allows: of two at once the second waits for the end of the first one's transaction.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, QuerySet

from weihu.rules.rulebook import RuleBook
from weihu.workplace.gate.models import Taken
from weihu.workplace.gate.reach import Gate

Kind = Taken.Kind


class LimitReached(ValueError):
    """More than the person may still take today, which is ``left``."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left


def most_of(kind: Kind, book: RuleBook) -> int:
    """How much a person may take of a kind in a day."""
    return {
        Kind.ROWS: book.limits.export_rows_per_day,
        Kind.REVEALS: book.limits.reveals_per_day,
        Kind.CALLS: book.limits.calls_per_day,
        Kind.COPIES: book.limits.copies_per_day,
        Kind.CLAIMS: book.portfolios.claims_per_day,
        Kind.CARDS: book.reception.cards_per_day,
        Kind.MISSES: book.reception.misses_per_day,
    }[kind]


def left(kind: Kind, gate: Gate) -> int:
    """How much the person may still take today."""
    row = _row(kind, gate).first()
    return max(0, most_of(kind, gate.run.rulebook) - (row.count if row else 0))


def take(kind: Kind, gate: Gate, count: int = 1) -> None:
    """Take so much, with the transaction around or not at all; until its end nobody else takes of the same.

    Raises LimitReached.
    """
    most = most_of(kind, gate.run.rulebook)
    with transaction.atomic():
        key = {"staff_id": gate.staff.staff_id, "on": gate.run.work_date, "kind": kind}
        Taken.objects.bulk_create([Taken(**key, count=0)], ignore_conflicts=True)
        if _row(kind, gate).filter(count__lte=most - count).update(count=F("count") + count):
            return
    raise LimitReached(left(kind, gate))


def give_back(kind: Kind, gate: Gate, count: int = 1) -> None:
    """Undo what was taken in the same transaction."""
    _row(kind, gate).update(count=F("count") - count)


def is_reason(text: str, book: RuleBook) -> bool:
    """Whether a text can be a reason: it has as many different letters as the rule book wants."""
    return len({letter for letter in text.casefold() if letter.isalpha()}) >= book.limits.reason_letters


def _row(kind: Kind, gate: Gate) -> QuerySet[Taken]:
    return Taken.objects.filter(staff_id=gate.staff.staff_id, on=gate.run.work_date, kind=kind)
