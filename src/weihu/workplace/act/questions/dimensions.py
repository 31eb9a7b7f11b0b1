"""By what customers are grouped: each value of a dimension is conditions of a segment, so a row of a table is one too."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal

import ibis
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from ibis.expr.types import StringValue, Table

from weihu.rules.ages import bands
from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.segments import found
from weihu.workplace.act.segments.definition import Condition, Definition, Group
from weihu.workplace.act.segments.fields import CATEGORY_NAMES, FIELDS
from weihu.workplace.act.segments.reading import visible
from weihu.workplace.bank.models import Branch, Staff
from weihu.workplace.base.words import called
from weihu.workplace.gate.reach import Gate

Kind = Literal["column", "first", "several"]


@dataclass(frozen=True)
class Value:
    """A value of a dimension: its key, what it is called, and who has it."""

    key: str
    name: str
    meets: Definition


@dataclass(frozen=True)
class Dimension:
    """``kind``: the night's column says the value (``column``); it is the first one whose conditions a customer meets; or
    a customer may have ``several``. ``values``: in the order of pages, those of a column for the keys that were found.
    ``by_size``: the largest comes first."""

    title: Promise | str
    kind: Kind
    values: Callable[[Gate, Collection[str]], list[Value]]
    column: Callable[[Table, RuleBook], StringValue] | None = None
    by_size: bool = False


def _having(*conditions: Condition, without: tuple[Condition, ...] = ()) -> Definition:
    groups = (Group("all", conditions), Group("none", without))
    return Definition("all", tuple(group for group in groups if group.conditions))


def _grades(gate: Gate, keys: Collection[str]) -> list[Value]:
    grades = reversed(gate.run.rulebook.grades.items())
    return [Value(key, called(grade), _having(Condition("grade", "is", key))) for key, grade in grades if key in keys]


def _grade_of(rows: Table, book: RuleBook) -> StringValue:
    return ibis.cases(*((rows.grade_rank == rank, key) for rank, key in enumerate(book.grades)), else_="")


def _branches(gate: Gate, keys: Collection[str]) -> list[Value]:
    names = dict(Branch.objects.filter(pk__in=keys).values_list("branch_id", "name"))
    return [Value(key, names.get(key, key), _having(Condition("branch", "is", key))) for key in sorted(keys)]


def _people(gate: Gate, keys: Collection[str]) -> list[Value]:
    names = dict(Staff.objects.filter(pk__in=keys).values_list("staff_id", "name"))
    people = [
        Value(key, f"{names.get(key, '')} {key}".strip(), _having(Condition("primary", "is", key)))
        for key in sorted(keys)
        if key
    ]
    return [*people, Value("", _("Without a primary"), _having(Condition("unassigned", "yes")))]


def _ages(gate: Gate, keys: Collection[str]) -> list[Value]:
    found = []
    for first, last in bands(gate.run.rulebook.groups.ages):
        conditions = [Condition("age", "from", str(first))]
        if last is not None:
            conditions.append(Condition("age", "to", str(last)))
        found.append(Value(str(first), f"{first}–{last}" if last is not None else f"{first}+", _having(*conditions)))
    return [*found, Value("", _("Not known"), _having(without=(Condition("age", "from", "0"),)))]


def _counts(gate: Gate, keys: Collection[str]) -> list[Value]:
    most = gate.run.rulebook.groups.products
    few = [Value(str(n), str(n), _having(Condition("products", "equal", str(n)))) for n in range(most)]
    return [*few, Value(str(most), f"{most}+", _having(Condition("products", "from", str(most))))]


def _several(field: str) -> Callable[[Gate, Collection[str]], list[Value]]:
    """The values of a field of which a customer may have several."""
    return lambda gate, keys: [
        Value(key, name, _having(Condition(field, "has", key))) for key, name in FIELDS[field].choices(gate)
    ]


def _categories(gate: Gate, keys: Collection[str]) -> list[Value]:
    return [Value(key, str(name), _having(Condition("holds", "has", key))) for key, name in CATEGORY_NAMES.items()]


def _segments(gate: Gate, keys: Collection[str]) -> list[Value]:
    book = gate.run.rulebook
    return [Value(str(row.pk), row.name, Definition.kept(row.definition).complete(book)) for row in visible(gate)]


def _found(gate: Gate, keys: Collection[str]) -> list[Value]:
    named = found.names()
    letters = [Value(letter, name, _having(Condition("found", "is", letter))) for letter, name in named.items()]
    nobodys = _having(without=tuple(Condition("found", "is", letter) for letter in named))
    return [*letters, Value("", _("none of them"), nobodys)]


def _answers(field: str) -> Callable[[Gate, Collection[str]], list[Value]]:
    def values(gate: Gate, keys: Collection[str]) -> list[Value]:
        told = {"yes": _("Yes"), "no": _("No")}
        return [Value(key, name, _having(Condition(field, key))) for key, name in told.items()]

    return values


def _spans(field: str, gate: Gate) -> list[Value]:
    """Spans of days, the nearest first."""
    found, before = [], 0
    for days in gate.run.rulebook.groups.days:
        beyond = (Condition(field, "not_within", str(before)),) if before else ()
        name = _("%(first)d–%(last)d days") if before else _("up to %(last)d days")
        words = name % {"first": before + 1, "last": days}
        found.append(Value(str(days), words, _having(Condition(field, "within", str(days)), *beyond)))
        before = days
    return found


def _contacts(gate: Gate, keys: Collection[str]) -> list[Value]:
    last = str(gate.run.rulebook.groups.days[-1])
    never, long_ago = Condition("last_contact", "never"), Condition("last_contact", "not_within", last)
    return [
        *_spans("last_contact", gate),
        Value("never", _("never"), _having(never)),
        Value("", _("longer ago"), _having(long_ago, without=(never,))),
    ]


def _maturities(gate: Gate, keys: Collection[str]) -> list[Value]:
    rest = _having(Condition("term_matures", "not_within", str(gate.run.rulebook.groups.days[-1])))
    return [*_spans("term_matures", gate), Value("", _("later, or none"), rest)]


def _opened(gate: Gate, keys: Collection[str]) -> list[Value]:
    """Years or months (2026, 2026-03), the latest first."""
    return [_since(key, gate.run.work_date) for key in sorted(keys, reverse=True)]


def _since(key: str, today: date) -> Value:
    if not key:
        return Value("", _("Not known"), _having(without=(Condition("customer_since", "within", "36500"),)))
    year, month = int(key[:4]), int(key[5:] or 0)
    first = date(year, month or 1, 1)
    last = date(year, month or 12, calendar.monthrange(year, month or 12)[1])
    conditions = [Condition("customer_since", "within", str((today - first).days))]
    if last < today:
        conditions.append(Condition("customer_since", "not_within", str((today - last).days - 1)))
    return Value(key, key, _having(*conditions))


def _year(rows: Table, book: RuleBook) -> StringValue:
    return rows.opened_on.year().cast("string")


def _month(rows: Table, book: RuleBook) -> StringValue:
    return _year(rows, book) + "-" + rows.opened_on.month().cast("string").lpad(2, "0")


DIMENSIONS: dict[str, Dimension] = {
    "grade": Dimension(lazy("Grade"), "column", _grades, _grade_of),
    "branch": Dimension(lazy("Branch"), "column", _branches, lambda rows, book: rows.branch_id),
    "primary": Dimension(lazy("Primary"), "column", _people, lambda rows, book: rows.primary_id, by_size=True),
    "age": Dimension(lazy("Age band"), "first", _ages),
    "segment": Dimension(lazy("Segment"), "several", _segments),
    "found": Dimension(lazy("Segment found from data"), "first", _found),
    "holds": Dimension(lazy("Kind of product held"), "several", _categories),
    "product": Dimension(lazy("Single products held"), "several", _several("product"), by_size=True),
    "products": Dimension(lazy("Number of products"), "first", _counts),
    "term_matures": Dimension(lazy("A term deposit matures"), "first", _maturities),
    "last_contact": Dimension(lazy("Last contact"), "first", _contacts),
    "signal": Dimension(lazy("Open signals"), "several", _several("signal"), by_size=True),
    "losing": Dimension(lazy("On the early loss list"), "first", _answers("losing")),
    "watch": Dimension(lazy("On watch"), "first", _answers("watch")),
    "opened_year": Dimension(lazy("Year of opening"), "column", _opened, _year),
    "opened_month": Dimension(lazy("Month of opening"), "column", _opened, _month),
}
"""In the order in which they are offered."""
