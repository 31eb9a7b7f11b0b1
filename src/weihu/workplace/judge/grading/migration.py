"""Grade migrations (等级迁移) between two dates: how many went from where to where, and who."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import GradeChange, Run, rulebooks_of
from weihu.workplace.gate.reach import Gate


@dataclass(frozen=True)
class Move:
    """A customer whose grade differs between the two dates. ``before`` None: came in between.

    ``last`` is the latest change in the time, which says why.
    """

    customer_id: str
    before: int | None
    after: int
    last: GradeChange


def changes(gate: Gate, after: date, until: date) -> QuerySet[GradeChange]:
    """The changes of customers within reach behind ``after`` and up to ``until``; of a night run twice, the later."""
    rows = GradeChange.objects.filter(on__gt=after, on__lte=until, run_id__lte=gate.run.number)
    if replaced := _replaced(after, until, gate.run.number):
        rows = rows.exclude(run_id__in=replaced)
    return rows.filter(customer_id__in=gate.standings().order_by().values("customer_id"))


def moves(gate: Gate, after: date, until: date, book: RuleBook) -> list[Move]:
    """Everybody whose grade at the end of ``until`` is another than at the end of ``after``, in ranks of ``book``.

    A grade before that the book does not have counts as none.
    """
    first: dict[str, GradeChange] = {}
    last: dict[str, GradeChange] = {}
    for change in changes(gate, after, until).order_by("on", "run_id"):
        first.setdefault(change.customer_id, change)
        last[change.customer_id] = change
    books = rulebooks_of({row.run_id for row in (*first.values(), *last.values())})

    def rank(change: GradeChange, own: int | None) -> int | None:
        key = list(books[change.run_id].grades)[own] if own is not None else None
        return book.rank(key) if key in book.grades else None

    ranked = [
        (key, rank(first[key], first[key].rank_before), rank(row, row.rank_after), row) for key, row in last.items()
    ]
    return [Move(key, old, new, row) for key, old, new, row in ranked if new is not None and old != new]


def matrix(moved: list[Move], now: dict[int, int], ranks: int) -> list[list[int]]:
    """Customers from each rank (and, as the last row, from nowhere) to each rank; those who stayed on the diagonal.

    ``now``: customers per rank at the later date.
    """
    counts = [[0] * ranks for _ in range(ranks + 1)]
    for move in moved:
        counts[ranks if move.before is None else move.before][move.after] += 1
    for rank in range(ranks):
        came = sum(row[rank] for row in counts)
        counts[rank][rank] = max(0, now.get(rank, 0) - came)
    return counts


def _replaced(after: date, until: date, last: int) -> list[int]:
    """Runs of dates in the time that were run again later."""
    runs = Run.objects.filter(business_date__gt=after, business_date__lte=until, number__lte=last)
    latest: dict[date, int] = {}
    replaced = []
    for on, number in runs.order_by("number").values_list("business_date", "number"):
        if on in latest:
            replaced.append(latest[on])
        latest[on] = number
    return replaced
