"""The time in a table: its days and months, by a column of dates or by the order of the rows.

Rows in time order without dates often still have a weekday or the name of a month: where either changes, a new day or
month begins. The pace of a row is how many rows the day before had, together with those of its own day that stand
before it: what is known when it is its turn. How busy a day was in all is known only when it is over.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from weihu.insight.columns import as_day, texts
from weihu.insight.measures import Floats, Ints

WEEKDAYS = (
    ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    tuple(f"周{day}" for day in "一二三四五六日"),
    tuple(f"星期{day}" for day in "一二三四五六日"),
)
MONTHS = (
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    (
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ),
    tuple(f"{month}月" for month in range(1, 13)),
    tuple(f"{month}月" for month in ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")),
)
IN_RUNS = 3.0
"""The rows stand by a calendar column if its runs are so many times longer than in any order."""
FEWEST_BLOCKS = 4
EQUAL_BLOCKS = 10
PACE = "pace"
"""The name of the column that the tool makes itself; a table's own column of that name takes its place."""


class NoTime(ValueError):
    """A cell of the column of dates that is none: the row's place, and what stands there."""

    def __init__(self, row: int, found: str) -> None:
        super().__init__(found)
        self.row = row
        self.found = found


@dataclass(frozen=True)
class Tail:
    """The end of the training rows: its last day, that day's rows and those of the day before."""

    day: str
    rows: int
    before: int


@dataclass(frozen=True)
class Timeline:
    """The rows of a table in time."""

    order: Ints
    """The places of the table's rows, the earliest first; all else is in this order."""
    blocks: Ints
    """Months, or the largest parts of time that there are enough of."""
    labels: list[str]
    """Of the blocks."""
    days: Ints | None
    pace: Floats | None
    tail: Tail | None


@dataclass(frozen=True)
class Clock:
    """Where a table's time stands."""

    time: str | None = None
    weekday: str | None = None
    month: str | None = None

    @classmethod
    def of_order(cls, table: pa.Table) -> Clock:
        """For rows in time order: by what columns they stand in days and months."""
        found: dict[str, str] = {}
        for name in table.column_names:
            cells = [cell.lower() for cell in texts(table[name])]
            different = {cell for cell in cells if cell}
            for kind, words in (("weekday", WEEKDAYS), ("month", MONTHS)):
                named = len(different) > 1 and any(different <= set(spelling) for spelling in words)
                if named and kind not in found and _in_runs(cells):
                    found[kind] = name
        return cls(None, found.get("weekday"), found.get("month"))

    @property
    def columns(self) -> list[str]:
        """The columns that it reads."""
        return [name for name in (self.time, self.weekday, self.month) if name]

    def kept(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self)

    def read(self, table: pa.Table, tail: Tail | None = None) -> Timeline:
        """The rows in time; ``tail`` is what went before them. Raises NoTime."""
        return self._by_dates(table, tail) if self.time else self._by_order(table, tail)

    def _by_dates(self, table: pa.Table, tail: Tail | None) -> Timeline:
        cells = texts(table[self.time])
        dates = [as_day(cell) for cell in cells]
        for row, found in enumerate(dates):
            if found is None:
                raise NoTime(row, cells[row])
        # a time of day orders the rows of a day
        order = np.array(sorted(range(len(cells)), key=lambda row: (dates[row], cells[row])), np.int64)
        labels = [str(dates[row]) for row in order]
        days = _changes(labels)
        blocks, names = days, sorted(set(labels))
        for pattern in ("%Y-%m", "%G-W%V"):
            parts = [dates[row].strftime(pattern) for row in order]
            if len(set(parts)) >= FEWEST_BLOCKS:
                blocks, names = _changes(parts), sorted(set(parts))
                break
        if tail and labels and labels[0] < tail.day:
            tail = None
        return _timeline(order, blocks, names, days, labels, tail)

    def _by_order(self, table: pa.Table, tail: Tail | None) -> Timeline:
        rows = table.num_rows
        order = np.arange(rows)
        columns = [texts(table[name]) for name in self.columns]
        labels = [" ".join(cells) for cells in zip(*columns, strict=True)] if columns else []
        months = texts(table[self.month]) if self.month else []
        blocks = _changes(months)
        if not months or blocks[-1] + 1 < FEWEST_BLOCKS:
            blocks = order * EQUAL_BLOCKS // max(rows, 1)
            names = [f"{part + 1}/{EQUAL_BLOCKS}" for part in range(EQUAL_BLOCKS)]
        else:
            first = np.flatnonzero(np.diff(blocks, prepend=-1))
            names = [f"{number + 1} {months[place]}" for number, place in enumerate(first)]
        return _timeline(order, blocks, names, _changes(labels) if self.weekday else None, labels, tail)


def _in_runs(cells: list[str]) -> bool:
    """Whether equal cells stand together far longer than by chance."""
    rows = len(cells)
    _, counts = np.unique(np.array(cells), return_counts=True)
    expected = 1 / max(1 - ((counts / rows) ** 2).sum(), 1 / rows)
    return bool(rows / (_changes(cells)[-1] + 1) >= IN_RUNS * expected)


def _changes(cells: list[str]) -> Ints:
    """Numbers from 0 that grow by one wherever a cell differs from the one before."""
    values: NDArray[np.str_] = np.array(cells, str)
    return np.append(0, np.cumsum(values[1:] != values[:-1])) if len(values) else np.zeros(0, np.int64)


def _timeline(
    order: Ints, blocks: Ints, names: list[str], days: Ints | None, labels: list[str], tail: Tail | None
) -> Timeline:
    if days is None or not len(days):
        return Timeline(order, blocks, names, None, None, None)
    counts = np.bincount(days).astype(np.float64)
    before = np.append(np.nan, counts[:-1])
    place = np.arange(len(days)) - np.flatnonzero(np.diff(days, prepend=-1))[days]
    if tail:
        before[0] = tail.rows
        if tail.day == labels[0]:
            # the day goes on where the training rows ended
            before[0] = tail.before
            place = place + np.where(days == 0, tail.rows, 0)
            counts[0] += tail.rows
            before[1:2] = counts[0]
    pace = np.log1p(before[days] + place)
    last = -1 if len(counts) > 1 else 0
    previous = before[last]
    end = Tail(labels[-1], int(counts[last]), 0 if np.isnan(previous) else int(previous))
    return Timeline(order, blocks, names, days, pace, end)
