"""An answer as a table, as its chart, and as the rows of a workbook."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import product
from typing import Any

from django.utils.translation import gettext as _

from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.questions.asking import Asked
from weihu.workplace.act.questions.dimensions import DIMENSIONS, Value
from weihu.workplace.act.questions.measures import MEASURES, Sums
from weihu.workplace.act.questions.reading import Answer
from weihu.workplace.act.questions.state import Keys
from weihu.workplace.base.words import day

MOST_LINES = 200
MOST_DRAWN = 20
MOST_SERIES = 8


@dataclass(frozen=True)
class Cell:
    """A value and its words."""

    value: Decimal | int | None
    text: str


@dataclass(frozen=True)
class Line:
    """A row: what its customers have in common, and its cells. ``group``: the customers as the page asks for them, "" where
    they are of another night than the latest."""

    names: Sequence[str]
    cells: Sequence[Cell]
    group: str = ""


@dataclass(frozen=True)
class Head:
    """A column: the place of its night, the value of the columns' dimension (None: of all), and its measure."""

    name: str
    night: int
    value: str | None
    measure: str


class Table:
    """Where customers are grouped once, measures stand side by side. With columns one measure is shown; with months one
    measure is, each month is a column, and both groupings are rows."""

    def __init__(self, asked: Asked, answer: Answer, book: RuleBook) -> None:
        self._asked, self._answer, self._book = asked, answer, book
        self._across = len(asked.axes) > 1 and not asked.months
        self._row_axes = asked.axes[:1] if self._across else asked.axes

    @cached_property
    def titles(self) -> list[str]:
        """What the leading columns are called."""
        return [str(DIMENSIONS[key].title) for key in self._row_axes]

    @cached_property
    def heads(self) -> list[Head]:
        """The columns as the page shows them."""
        return self._heads([self._asked.shown] if self.single else list(self._asked.measures))

    @property
    def single(self) -> bool:
        """Whether there is room for one measure only."""
        return self._across or bool(self._asked.months)

    @cached_property
    def lines(self) -> list[Line]:
        """The rows, at most MOST_LINES."""
        return [self._line(keys, names, self.heads) for keys, names in self._rows[:MOST_LINES]]

    @property
    def more(self) -> int:
        """How many rows are left out."""
        return max(0, len(self._rows) - MOST_LINES)

    @property
    def total(self) -> Line:
        """The last row."""
        names = [_("In all"), *[""] * (len(self._row_axes) - 1)]
        return self._line((None,) * len(self._row_axes), names, self.heads)

    @property
    def overlapping(self) -> bool:
        """Whether a customer may stand in several rows or columns."""
        return any(DIMENSIONS[key].kind == "several" for key in self._asked.axes)

    @property
    def unanswered(self) -> list[str]:
        """The nights whose rule book does not know a condition."""
        return [day(night.business_date) for night, groups in self._answer.nights if groups is None]

    @property
    def chart(self) -> dict[str, Any] | None:
        """The shown measure as bars, or over the nights as lines; None where there is nothing to compare."""
        measure = MEASURES[self._asked.shown]
        heads = [head for head in self._heads([self._asked.shown]) if head.value is not None or not self._across]
        lines = [self._line(keys, names, heads) for keys, names in self._rows[:MOST_DRAWN]]
        if self._asked.months:
            nights = [night.business_date.isoformat() for night, _groups in self._answer.nights]
            drawn = lines[:MOST_SERIES] or [self._line((), [], heads)]
            series = [(" · ".join(line.names) or _("In all"), line.cells) for line in drawn]
            kind, places = "lines", nights
        else:
            kind, places = "bars", [" · ".join(line.names) for line in lines]
            series = [
                (head.name, [line.cells[place] for line in lines]) for place, head in enumerate(heads[:MOST_SERIES])
            ]
        if not places or (kind == "lines" and len(places) < 2):
            return None
        told = [{"name": name, "values": [_plain(cell.value) for cell in cells]} for name, cells in series]
        return {"kind": kind, "unit": measure.unit, "name": str(measure.title), "places": places, "series": told}

    def sheet(self) -> tuple[list[str], list[list[Any]]]:
        """Columns and rows of a workbook: every measure that was chosen, the total last."""
        heads = self._heads(list(self._asked.measures))
        if self.single:
            titles = [f"{MEASURES[head.measure].title} · {head.name}" for head in heads]
        else:
            titles = [head.name for head in heads]
        lines = [self._line(keys, names, heads) for keys, names in self._rows]
        names = [_("In all"), *[""] * max(0, len(self._row_axes) - 1)]
        lines.append(self._line((None,) * len(self._row_axes), names, heads))
        return [*(self.titles or [""]), *titles], [
            [*line.names, *(cell.value for cell in line.cells)] for line in lines
        ]

    def _heads(self, measures: Sequence[str]) -> list[Head]:
        if self._asked.months:
            nights = enumerate(self._answer.nights)
            return [
                Head(day(night.business_date), place, None, key)
                for (place, (night, _groups)), key in _each_of(nights, measures)
            ]
        if self._across:
            values: list[tuple[str | None, str]] = [(value.key, value.name) for value in self._answer.values[1]]
            return [
                Head(name, 0, value, key) for (value, name), key in _each_of([*values, (None, _("In all"))], measures)
            ]
        return [Head(str(MEASURES[key].title), 0, None, key) for key in measures]

    @cached_property
    def _rows(self) -> list[tuple[Keys, list[str]]]:
        """The keys and names of all rows that have customers on some night."""
        values: Sequence[Sequence[Value]] = self._answer.values[: len(self._row_axes)]
        if not values:
            return []
        has = {self._whole(keys) for _night, groups in self._answer.nights for keys in groups or {}}
        rows = [(tuple(value.key for value in row), [value.name for value in row]) for row in product(*values)]
        return [(keys, names) for keys, names in rows if keys in has]

    def _whole(self, keys: Keys) -> Keys:
        """The row that a group stands in."""
        return keys[:1] if self._across else keys

    def _line(self, keys: Keys, names: Sequence[str], heads: Sequence[Head]) -> Line:
        cells = [self._cell((*keys, head.value) if self._across else keys, head) for head in heads]
        return Line(names, cells, self._group((*keys, None) if self._across else keys))

    def _cell(self, keys: Keys, head: Head) -> Cell:
        groups = self._answer.nights[head.night][1]
        measure = MEASURES[head.measure]
        sums: Sums | None = (groups or {}).get(keys)
        if sums is None:
            nothing = groups is not None and head.measure == "customers"
            return Cell(0 if nothing else None, "0" if nothing else "—")
        value = measure.of(sums)
        return Cell(value, measure.text(value, self._book))

    def _group(self, keys: Keys) -> str:
        """A group's keys as the page sends them."""
        return "" if self._asked.when else json.dumps(keys)


def _each_of(heads: Any, measures: Sequence[str]) -> list[tuple[Any, str]]:
    every = list(heads)
    return [(head, key) for key in measures for head in every]


def _plain(value: Decimal | int | None) -> float | None:
    """As a chart draws it."""
    return None if value is None else float(value)
