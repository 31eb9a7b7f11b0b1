"""Workbooks and text tables as branches keep them: Excel files, CSV in any usual encoding. Read into plain cells.

Nothing is interpreted here: a cell is text, a number, a date or empty. Merged cells are filled where the merge goes
downwards; in the first rows, where titles stand, in both directions. The bytes are read by a process of their own
(sources.cells), which may use so much memory and time and no more.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import IO, Any, cast

from weihu.rules.sections.entry import Bilingual
from weihu.sources import cells

Cell = str | float | bool | date | time | timedelta | None

PATIENCE = 90
"""Seconds on the clock after which a file that is still being read is given up."""
LAST_SECONDS = 2
"""That the reader has to end by itself, once nobody listens any more."""
MOST_BYTES = 512 << 20
"""Of rows as the reader writes them."""

FAULTS = {
    "password": ("文件有密码,请先去掉密码", "the file has a password; take it off first"),
    "workbook": (
        "不是 Excel 或 CSV 文件(.xlsx .xls .ods .csv),或文件已损坏",
        "not an Excel or CSV file (.xlsx .xls .ods .csv), or a damaged one",
    ),
    "empty": ("文件是空的", "the file is empty"),
    "encoding": ("既不是 UTF-8 也不是 GBK 文字", "text that is neither UTF-8 nor GBK"),
    "large": (
        "表格太大,无法读取:请删除数据以外的行和列,或分成几个文件",
        "the table is too large to be read: delete the rows and columns beyond the data, or split the file",
    ),
    "columns": (
        f"表格有 {{0}} 列,最多 {cells.COLUMNS} 列:请删除数据以外的列",
        f"the table has {{0}} columns, at most {cells.COLUMNS} are read: delete those beyond the data",
    ),
    "line": ("CSV 第 {0} 行无法读取", "CSV line {0} cannot be read"),
}
"""What the reader's faults mean, in Chinese and English."""


class Unreadable(Bilingual):
    """A file that is no workbook and no text table, or one too large to be read."""


@dataclass(frozen=True)
class Sheet:
    """A table of cells; row 1 is the first of the file. ``head`` is its beginning with merges filled both ways."""

    name: str
    rows: list[list[Cell]] = field(repr=False)
    head: list[list[Cell]]

    @property
    def width(self) -> int:
        """The number of columns of the widest row."""
        return max((len(row) for row in self.rows), default=0)


def read(content: bytes, name: str) -> Sheet:
    """The first sheet of a file that holds anything; raises Unreadable."""
    text = name.lower().endswith((".csv", ".txt", ".tsv"))
    with _reader("text" if text else "workbook") as (source, target):
        _send(content, source)
        lines = _bounded_lines(target)
        first = json.loads(next(lines, "null"))
        if not isinstance(first, dict) or "head" not in first:
            raise _unreadable(first)
        rows: list[list[Cell]] = []
        for line in lines:
            row = json.loads(line)
            if isinstance(row, dict):
                if row.get("end") == len(rows):
                    return Sheet(first["name"] or name, rows, [_row(cells) for cells in first["head"]])
                raise _unreadable(row)
            rows.append(_row(row))
    raise _unreadable(None)


@contextmanager
def _reader(kind: str) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The process that reads; it is gone afterwards, whatever state it is in."""
    command = [sys.executable, "-m", cells.__name__, kind]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    # the command is our own: ``kind`` is one of two words
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nowhere) as process:  # noqa: S603
        clock = threading.Timer(PATIENCE, process.kill)
        clock.start()
        try:
            yield cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        finally:
            clock.cancel()
            with suppress(OSError):
                cast("IO[bytes]", process.stdout).close()
            try:
                process.wait(LAST_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _send(content: bytes, source: IO[bytes]) -> None:
    try:
        source.write(content)
        source.close()
    except BrokenPipeError:
        raise _unreadable(None) from None


def _bounded_lines(target: IO[bytes]) -> Iterator[bytes]:
    """Whole lines; none beyond what a table may take."""
    left = MOST_BYTES
    while line := target.readline(left):
        left -= len(line)
        if not line.endswith(b"\n"):
            return
        yield line


def _unreadable(fault: dict[str, Any] | None) -> Unreadable:
    """A fault in words; without one, the reader was stopped by its bounds."""
    key, _, value = str((fault or {}).get("fault", "large")).partition(" ")
    zh, en = FAULTS[key]
    return Unreadable(zh.format(value), en.format(value))


def _row(values: list[Any]) -> list[Cell]:
    return [_cell(value) if isinstance(value, list) else value for value in values]


def _cell(value: list[Any]) -> Cell:
    kind, content = value
    if kind == "date":
        return date.fromisoformat(content)
    return time.fromisoformat(content) if kind == "time" else timedelta(seconds=content)


def cell_text(cell: Cell) -> str:
    """A cell as somebody would have typed it: whole numbers without a point, dates as 1980-05-01."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
