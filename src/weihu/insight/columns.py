"""Columns of a table as models take them: numbers, choices, and what is neither.

A value that lies farther from all others than they from each other, and is common (999 days for "never"), is no
number but a sign that there is none: it becomes an empty cell with a flag. A flag or a choice is learned only where
enough rows have it.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from weihu.insight.measures import Floats, Ints

NUMERIC = 0.95
"""So much of a column has to read as numbers; what does not is then empty."""
COMMON = 0.05
"""A sign for "none" is at least so common."""
MOSTLY = 0.5
"""A number that half of the rows have gets a flag of its own: zero contacts, zero balance."""
SKEWED = 2.0
FEW_VALUES = 10
"""A column of more numbers than this may bend."""
BENDS = (0.25, 0.5, 0.75)
EDGES = (0.01, 0.99)
MOST_CHOICES = 60
UNIQUE = 0.9
"""Texts that differ in so many rows name the rows."""
LEAST_ROWS = 50
SMALL_TABLE = 5_000

Raw = Floats | NDArray[np.object_]


def least_rows(rows: int) -> int:
    """So many rows must have a value before anything is learned of it."""
    return LEAST_ROWS if rows >= SMALL_TABLE else max(5, rows * LEAST_ROWS // SMALL_TABLE)


def texts(column: pa.ChunkedArray) -> list[str]:
    """A column's cells as text, without spaces around; an empty cell is an empty text."""
    return ["" if cell is None else _text(cell) for cell in column.to_pylist()]


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if isinstance(cell, float) and math.isnan(cell) else str(cell).strip()


def numbers(cells: list[str]) -> Floats:
    """Cells as numbers; NaN for what is none."""
    return np.array([_number(cell) for cell in cells], np.float64)


def _number(cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def as_day(cell: str) -> date | None:
    """A date as tables write it: 2026-06-30, 2026/6/30, 20260630, with or without a time."""
    day = cell.replace("T", " ").split(" ")[0].replace("/", "-").replace(".", "-")
    try:
        if day.isdigit() and len(day) == 8:
            return date(int(day[:4]), int(day[4:6]), int(day[6:]))
        year, month, number = (int(part) for part in day.split("-"))
        return date(year, month, number) if len(day.split("-")[0]) == 4 else None
    except ValueError:
        return None


def kind_of(cells: list[str]) -> str:
    """number, choice, or why a column is neither: constant, date, names (each row has its own)."""
    filled = [cell for cell in cells if cell]
    different = set(filled)
    if len(different) + (len(filled) < len(cells)) < 2:
        return "constant"
    values = numbers(filled)
    rows = len(filled)
    if np.mean(~np.isnan(values)) >= NUMERIC:
        whole = bool(np.all(np.isnan(values) | (values == np.round(values))))
        return "names" if whole and rows > LEAST_ROWS and len(different) == rows else "number"
    if sum(as_day(cell) is not None for cell in filled) >= NUMERIC * rows:
        return "date"
    return "names" if rows > LEAST_ROWS and len(different) > UNIQUE * rows else "choice"


def raw(cells: list[str], kind: str) -> Raw:
    """Cells of a number or a choice as arrays."""
    return numbers(cells) if kind == "number" else np.array(cells, object)


@dataclass(frozen=True)
class Number:
    """How a column of numbers is read."""

    name: str
    none: float | None = None
    """The number that says that there is none."""
    flag_empty: bool = False
    common: float | None = None
    log: bool = False
    low: float = -math.inf
    high: float = math.inf
    bends: list[float] = field(default_factory=list)
    middle: float = 0.0
    kind: str = "number"

    @classmethod
    def learn(cls, name: str, values: Floats, straight: bool = False) -> Number | None:
        """From the training rows; none if they show nothing. ``straight`` goes on beyond what was seen."""
        least = least_rows(len(values))
        none = sentinel(values)
        filled = values[~np.isnan(values) & (values != none)] if none is not None else values[~np.isnan(values)]
        if len(filled) < least:
            return None
        flag = min(len(filled), len(values) - len(filled)) >= least
        different, counts = np.unique(filled, return_counts=True)
        if len(different) < 2 and not flag:
            return None
        most = int(counts.argmax())
        rare = len(filled) - int(counts[most])
        if rare < least and not flag:
            return None
        common = float(different[most]) if counts[most] >= MOSTLY * len(filled) and rare >= least else None
        deviations = (filled - filled.mean()) / (filled.std() or 1.0)
        log = not straight and bool(filled.min() >= 0 and (deviations**3).mean() > SKEWED)
        scaled = np.log1p(filled) if log else filled
        low, high = (float(edge) for edge in np.quantile(scaled, EDGES))
        bends = [] if straight or len(different) <= FEW_VALUES else np.unique(np.quantile(scaled, BENDS)).tolist()
        if straight:
            low, high = -math.inf, math.inf
        inner = [bend for bend in bends if low < bend < high]
        return cls(name, none, flag, common, log, low, high, inner, float(np.clip(scaled, low, high).mean()))

    def plain(self, values: Floats) -> Floats:
        """As trees take it: NaN where there is none."""
        return np.where(values == self.none, np.nan, values) if self.none is not None else values

    def design(self, values: Floats) -> list[Floats]:
        """As a regression takes it: the number, its bends, its flags."""
        plain = self.plain(values)
        empty = np.isnan(plain)
        scaled = np.log1p(np.maximum(plain, 0)) if self.log else plain
        scaled = np.where(empty, self.middle, np.clip(scaled, self.low, self.high))
        made = [scaled, *(np.where(empty, 0.0, np.maximum(scaled - bend, 0)) for bend in self.bends)]
        if self.flag_empty:
            made.append(empty.astype(np.float64))
        if self.common is not None:
            made.append((~empty & (plain != self.common)).astype(np.float64))
        return made


def sentinel(values: Floats) -> float | None:
    """The number that stands for "none": common, at the edge, farther from the others than they from each other."""
    filled = values[~np.isnan(values)]
    different, counts = np.unique(filled, return_counts=True)
    if len(different) < 3:
        return None
    edges = (
        (different[-1], different[-1] - different[-2], different[-2] - different[0], counts[-1]),
        (different[0], different[1] - different[0], different[-1] - different[1], counts[0]),
    )
    for value, gap, spread, count in edges:
        if gap > spread and count >= COMMON * len(filled):
            return float(value)
    return None


@dataclass(frozen=True)
class Choice:
    """How a column of choices is read: those known, the most usual first."""

    name: str
    values: list[str]
    kind: str = "choice"

    @classmethod
    def learn(cls, name: str, cells: NDArray[np.object_]) -> Choice | None:
        """From the training rows; none if fewer than two values are usual enough."""
        least = least_rows(len(cells))
        counted = sorted(Counter(cells.tolist()).items(), key=lambda item: (-item[1], item[0]))
        known = [value for value, count in counted if count >= least][:MOST_CHOICES]
        others = len(cells) - sum(count for value, count in counted if value in known)
        return cls(name, known) if known and (len(known) > 1 or others >= least) else None

    def codes(self, cells: NDArray[np.object_]) -> Floats:
        """The place of each value; NaN for one that is not known."""
        places = {value: float(place) for place, value in enumerate(self.values)}
        return np.array([places.get(cell, math.nan) for cell in cells], np.float64)

    def design(self, cells: NDArray[np.object_]) -> list[Floats]:
        """A flag for each known value."""
        codes = self.codes(cells)
        return [(codes == place).astype(np.float64) for place in range(len(self.values))]


@dataclass(frozen=True)
class Encoder:
    """How the columns of a table become the inputs of models."""

    columns: list[Number | Choice]

    @classmethod
    def learn(cls, columns: dict[str, Raw], straight: frozenset[str] = frozenset()) -> Encoder:
        """From training rows."""
        learned: list[Number | Choice | None] = []
        for name, values in columns.items():
            if values.dtype == object:
                learned.append(Choice.learn(name, values.astype(object)))
            else:
                learned.append(Number.learn(name, np.asarray(values, np.float64), name in straight))
        return cls([column for column in learned if column is not None])

    def design(self, columns: dict[str, Raw], rows: int) -> Floats:
        """For a regression."""
        made: list[Floats] = []
        for column in self.columns:
            made += column.design(columns[column.name])  # type: ignore[arg-type]
        return np.column_stack(made) if made else np.zeros((rows, 0))

    def codes(self, columns: dict[str, Raw], rows: int) -> Floats:
        """For trees."""
        made = [
            column.codes(columns[column.name]) if isinstance(column, Choice) else column.plain(columns[column.name])  # type: ignore[arg-type]
            for column in self.columns
        ]
        return np.column_stack(made) if made else np.zeros((rows, 0))

    @property
    def straight(self) -> NDArray[np.bool_]:
        """Which columns of ``design`` go on beyond what was seen."""
        made: list[bool] = []
        for column in self.columns:
            if isinstance(column, Choice):
                made += [False] * len(column.values)
            else:
                flags = column.flag_empty + (column.common is not None)
                made += [math.isinf(column.low)] + [False] * (len(column.bends) + flags)
        return np.array(made, bool)

    @property
    def choices(self) -> list[int]:
        """Which columns of ``codes`` are choices."""
        return [place for place, column in enumerate(self.columns) if isinstance(column, Choice)]

    def kept(self) -> list[dict[str, Any]]:
        """As JSON keeps it."""
        return [
            {
                key: None if isinstance(value, float) and math.isinf(value) else value
                for key, value in asdict(column).items()
            }
            for column in self.columns
        ]

    @classmethod
    def read(cls, kept: list[dict[str, Any]]) -> Encoder:
        """From what ``kept`` made."""
        read: list[Number | Choice] = []
        for entry in kept:
            if entry["kind"] == "choice":
                read.append(Choice(entry["name"], entry["values"]))
            else:
                bounds = {
                    "low": -math.inf if entry["low"] is None else entry["low"],
                    "high": math.inf if entry["high"] is None else entry["high"],
                }
                read.append(Number(**(entry | bounds)))
        return cls(read)


def explained(values: Raw, groups: Ints) -> float:
    """How much of a column its group (a day) already tells, from 0 to 1; corrected for small groups."""
    order = np.argsort(groups, kind="stable")
    cuts = np.flatnonzero(np.diff(groups[order])) + 1
    rows, parts = len(values), len(cuts) + 1
    if rows - parts < 1:
        return 0.0
    if values.dtype == object:
        _, codes = np.unique(values.astype(str), return_inverse=True)
        wide = np.eye(codes.max() + 1)[codes] if codes.max() < MOST_CHOICES else np.zeros((rows, 1))
    else:
        numeric = np.asarray(values, np.float64)
        wide = np.where(np.isnan(numeric), np.nanmean(numeric), numeric)[:, None]
    total = ((wide - wide.mean(axis=0)) ** 2).sum() / (rows - 1)
    inside = sum(((part - part.mean(axis=0)) ** 2).sum() for part in np.split(wide[order], cuts)) / (rows - parts)
    return float(1 - inside / total) if total > 0 else 0.0
