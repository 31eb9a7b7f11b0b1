"""Upcoming occasions of customers (近期日子), from dates in the archive and birthdays of relatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q
from django.utils.translation import get_language

from weihu.rules.occasions import Life, Occasion, Relative, due, occasions
from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import Standing
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.facts import archives_of
from weihu.workplace.know.relations.models import Relation

AT_ONCE = 500
MOST = 5000
"""At most this many customers of a portfolio are searched for occasions."""


@dataclass(frozen=True)
class UpcomingOccasion:
    """An occasion of a customer."""

    standing: Standing
    occasion: Occasion

    def words(self, book: RuleBook) -> str:
        """The occasion in the reader's language: 孩子入学 小学(王小宝), 生日 46岁."""
        language = get_language() or "zh-hans"
        occasion = self.occasion
        entry = book.occasions[occasion.kind]
        parts = [entry.name(language)]
        if occasion.what:
            parts.append(occasion.what.name(language))
        if occasion.years:
            parts.append(entry.counted(occasion.years, language))
        return " ".join(filter(None, parts)) + (f" ({occasion.who})" if occasion.who else "")


def portfolio(gate: Gate) -> list[Standing]:
    """The customers that the reader is responsible for."""
    own = gate.staff.staff_id
    rows = gate.standings().filter(Q(primary_id=own) | Q(deputy_id=own)) if gate.reach != "own" else gate.standings()
    return list(rows.order_by("-grade_rank", "-aum", "customer_id")[:MOST])


def upcoming_occasions(standings: list[Standing], book: RuleBook, first: date, days: int) -> list[UpcomingOccasion]:
    """The customers' occasions in the ``days`` from ``first`` on."""
    last = first + timedelta(days=days - 1)
    return _found(standings, book, first, lambda life: occasions(life, book, first, last))


def occasions_to_show(standings: list[Standing], book: RuleBook, first: date, until: date) -> list[UpcomingOccasion]:
    """The customers' occasions from ``first`` on that the book would show on a day up to ``until``."""
    return _found(standings, book, first, lambda life: due(life, book, first, until))


def _found(
    standings: list[Standing], book: RuleBook, first: date, occasions_of: Callable[[Life], list[Occasion]]
) -> list[UpcomingOccasion]:
    rows = []
    for start in range(0, len(standings), AT_ONCE):
        batch = standings[start : start + AT_ONCE]
        for standing, life in zip(batch, lives_of(batch, book, first), strict=True):
            rows += [UpcomingOccasion(standing, occasion) for occasion in occasions_of(life)]
    return sorted(rows, key=lambda row: (row.occasion.on, -row.standing.grade_rank, row.standing.customer_id))


def lives_of(standings: list[Standing], book: RuleBook, on: date) -> list[Life]:
    """The facts of each customer from which occasions are derived."""
    keys = {key for entry in book.occasions.values() for key in entry.fields} | {"sex", "birth_date", "retires_in"}
    fields = {key: field for key, field in book.fields.items() if key in keys or key == "child_birth_date"}
    ids = [row.customer_id for row in standings]
    archives = archives_of([row.customer for row in standings], fields, on)
    relatives: dict[str, list[Relative]] = {customer: [] for customer in ids}
    for row in Relation.objects.filter(customer_id__in=ids, withdrawn_at__isnull=True):
        kind = book.relations.get(row.kind)
        if kind and kind.family and row.born:
            relatives[row.customer_id].append(Relative(row.kind, row.name, date.fromisoformat(row.born)))
    return [
        Life(
            archives[row.customer_id]["sex"].value if "sex" in fields else "",
            row.grade_rank,
            {key: state.value for key, state in archives[row.customer_id].items() if state.value},
            relatives[row.customer_id],
        )
        for row in standings
    ]
