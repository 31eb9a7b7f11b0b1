"""A segment's conditions: rows of field, comparison and value in groups, as forms send them and as they are kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal, Self

from weihu.rules.catalogue import Unfit, read
from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.segments.fields import COMPARISONS, SegmentField, fields_of
from weihu.workplace.know.archive.lists import plain_number

Join = Literal["all", "any", "none"]
JOINS: tuple[Join, ...] = ("all", "any", "none")
MOST_GROUPS, MOST_ROWS = 6, 12
MOST_DAYS, MOST_NUMBER = 36_600, 10**6
MONTHS = range(1, 13)


@dataclass(frozen=True)
class Condition:
    """A row of a segment. ``value`` as entered; none where the comparison takes none."""

    field: str
    comparison: str
    value: str = ""

    @property
    def amount(self) -> Decimal:
        """The value of an amount, yuan, of either sign. Raises decimal.InvalidOperation."""
        plain = self.value.strip().replace("−", "-")
        size = plain_number(plain.removeprefix("-"))
        return -size if plain.startswith("-") else size

    @property
    def number(self) -> int:
        """The value of a count or of days. Raises ValueError."""
        return int(self.value.strip())


@dataclass(frozen=True)
class Group:
    """Conditions of which all, any or none must hold."""

    join: Join
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Definition:
    """Groups of which all, any or none must hold."""

    join: Join
    groups: tuple[Group, ...]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every row."""
        return tuple(condition for group in self.groups for condition in group.conditions)

    def complete(self, book: RuleBook) -> Self:
        """Without rows that cannot be used yet, and without groups that have none."""
        fields = fields_of(book)
        groups = (
            replace(group, conditions=tuple(row for row in group.conditions if not fault(row, fields)))
            for group in self.groups
        )
        return replace(self, groups=tuple(group for group in groups if group.conditions))

    def narrowed(self, *others: Definition) -> Definition | None:
        """Who meets this and the others too; None where groups of rows cannot say it."""
        groups: list[Group] = []
        for part in (self, *others):
            needed = part.groups
            if part.join == "none":
                needed = tuple(group for group in map(_opposite, part.groups) if group)
            if len(needed) < len(part.groups) or (part.join == "any" and len(part.groups) > 1):
                return None
            groups += needed
        fits = len(groups) <= MOST_GROUPS and all(len(group.conditions) <= MOST_ROWS for group in groups)
        return Definition("all", tuple(groups)) if fits else None

    def written(self) -> str:
        """As it is kept."""
        groups = [[group.join, [[*_parts(row)] for row in group.conditions]] for group in self.groups]
        return json.dumps([self.join, groups], ensure_ascii=False)

    @classmethod
    def kept(cls, written: str) -> Self:
        """As ``written`` left it."""
        join, groups = json.loads(written)
        return cls(join, tuple(Group(own, tuple(Condition(*row) for row in rows)) for own, rows in groups))

    @classmethod
    def of(cls, sent: Mapping[str, Any], fields: Mapping[str, SegmentField]) -> Self:
        """As a form sends it: ``join``; of each group ``g0-join``, and of each of its rows ``g0-r0-field``, ``-comparison``
        and ``-value``. A row whose field was changed begins with the usual comparison."""
        groups = []
        for group in range(MOST_GROUPS):
            prefix = f"g{group}"
            if f"{prefix}-join" in sent:
                rows = (_row(sent, f"{prefix}-r{row}", fields) for row in range(MOST_ROWS))
                groups.append(Group(_join(sent, f"{prefix}-join"), tuple(row for row in rows if row)))
        return cls(_join(sent, "join"), tuple(groups))


def _opposite(group: Group) -> Group | None:
    """Who does not meet a group; None where no group says it."""
    if group.join == "all":
        return Group("none", group.conditions) if len(group.conditions) == 1 else None
    return Group("none" if group.join == "any" else "any", group.conditions)


def _parts(row: Condition) -> tuple[str, ...]:
    return (row.field, row.comparison, row.value) if row.value else (row.field, row.comparison)


def _join(sent: Mapping[str, Any], name: str) -> Join:
    return next((join for join in JOINS if join == sent.get(name)), "all")


def _row(sent: Mapping[str, Any], prefix: str, fields: Mapping[str, SegmentField]) -> Condition | None:
    key = str(sent.get(f"{prefix}-field", ""))
    if key not in fields:
        return None
    comparison = str(sent.get(f"{prefix}-comparison", ""))
    if comparison not in fields[key].comparisons:
        return Condition(key, fields[key].comparisons[0])
    value = str(sent.get(f"{prefix}-value", ""))[:200].strip()
    return Condition(key, comparison, "" if COMPARISONS[comparison].takes == "nothing" else value)


def fault(row: Condition, fields: Mapping[str, SegmentField]) -> str:
    """What is wrong with a row: "" or the key of a text in ``words.FAULTS``."""
    field = fields.get(row.field)
    if field is None or row.comparison not in field.comparisons:
        return "gone"
    takes = COMPARISONS[row.comparison].takes
    if takes == "nothing":
        return ""
    if not row.value:
        return "empty"
    return _unfit(row, field, takes)


def _unfit(row: Condition, field: SegmentField, takes: str) -> str:
    try:
        if takes == "amount":
            fits = row.amount.is_finite() and abs(row.amount) < 10**15
            return "" if fits else "amount"
        if takes == "number":
            if row.comparison == "month":
                return "" if row.number in MONTHS else "month"
            most = MOST_DAYS if field.kind in ("past", "ahead") else MOST_NUMBER
            return "" if 0 <= row.number <= most else "number"
        if field.entry:
            read(field.entry, row.value)
    except (ArithmeticError, ValueError):
        return takes
    except Unfit:
        return "text"
    return ""
