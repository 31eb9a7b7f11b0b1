"""Grade migrations (等级迁移) between two dates: which customers moved, and how many from each grade to each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import GradeChange, Run, rulebooks_of
from weihu.workplace.gate.reach import Gate


@dataclass(frozen=True)
class Move:
    """A customer whose grade differs between the two dates; ``before`` is None for new customers.

    ``last`` is the latest change in the period, which says why.
    """

    customer_id: str
    before: int | None
    after: int
    last: GradeChange


def changes(gate: Gate, after: date, until: date) -> QuerySet[GradeChange]:
    """Grade changes of customers within reach after ``after`` up to ``until``; of a date run twice, the later run's."""
    rows = GradeChange.objects.filter(on__gt=after, on__lte=until, run_id__lte=gate.run.number)
    if replaced := _replaced(after, until, gate.run.number):
        rows = rows.exclude(run_id__in=replaced)
    return rows.filter(customer_id__in=gate.standings().order_by().values("customer_id"))


def moves(gate: Gate, after: date, until: date, book: RuleBook) -> list[Move]:
    """Customers whose grade at the end of ``until`` differs from that at the end of ``after``, in ranks of ``book``.

    An earlier grade that the book does not have counts as none.
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
    """Numbers of customers from each rank (the last row: new customers) to each rank; the diagonal has those who stayed.

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
    """Runs in the period whose business date was run again later."""
    runs = Run.objects.filter(business_date__gt=after, business_date__lte=until, number__lte=last)
    latest: dict[date, int] = {}
    replaced = []
    for on, number in runs.order_by("number").values_list("business_date", "number"):
        if on in latest:
            replaced.append(latest[on])
        latest[on] = number
    return replaced
