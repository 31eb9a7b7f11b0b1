"""The reader of outside tables, a process of its own: a file on its standard input becomes lines of JSON.

A workbook is a small file that may stand for a table of any size, and parsers of foreign bytes have faults that no
exception tells of. So nobody's request reads one: this process does, with bounds on what it may use, and whatever
becomes of it, the one that asked goes on. It loads nothing of the system but this file.

The first line has the sheet's name, and its beginning with merged cells filled both ways; each further line is a row.
A cell is a text, a number, true, false or null; a date, a time of day or a span of seconds is a list of its kind and
its value. A file that cannot be read ends in one line {"fault": key}; a process that ends without a last line {"end":
rows} was stopped by its bounds.
"""

from __future__ import annotations

import csv
import io
import json
import resource
import sys
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import python_calamine

MEMORY = 1536 << 20
"""Bytes of address space: a branch's largest workbook (300,000 rows of 30 cells) takes half."""
SECONDS = 40
"""Of processor time: that workbook takes a tenth."""
UNPACKED = 512 << 20
"""Bytes of what a workbook's archive holds."""
COLUMNS = 500
CELLS = 15_000_000
HEAD_ROWS = 10
"""So many rows are looked at for titles."""
TEXT_ENCODINGS = ("utf-8-sig", "gb18030")
DELIMITERS = ",;\t|"
SNIFFED = 20_000

Cell = Any


class Fault(Exception):
    """Why a file cannot be read: a key of ``workbook.FAULTS``."""


def main(kind: str) -> None:
    """Read standard input as ``kind`` (text or workbook) and write its rows to standard output."""
    content = sys.stdin.buffer.read()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        name, head, rows = text_rows(content) if kind == "text" else _workbook(content)
        count = _write(name, head, rows)
    except Fault as fault:
        _say({"fault": str(fault)})
    except MemoryError:
        _say({"fault": "large"})
    else:
        _say({"end": count})


def _write(name: str, head: list[list[Cell]], rows: Iterable[list[Cell]]) -> int:
    _say({"name": name, "head": [[_plain(cell) for cell in row] for row in head]})
    count = 0
    for row in rows:
        _say([_plain(cell) for cell in row])
        count += 1
    return count


def _say(line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")


def _plain(cell: Cell) -> Any:
    if isinstance(cell, datetime):
        return ["date", cell.date().isoformat()]
    if isinstance(cell, date):
        return ["date", cell.isoformat()]
    if isinstance(cell, time):
        return ["time", cell.isoformat()]
    if isinstance(cell, timedelta):
        return ["seconds", cell.total_seconds()]
    if isinstance(cell, str):
        # a database keeps no character 0
        return cell.replace("\0", "") or None
    return cell


def _workbook(content: bytes) -> tuple[str, list[list[Cell]], list[list[Cell]]]:
    _bounded_archive(content)
    try:
        book = python_calamine.load_workbook(io.BytesIO(content))
        for index in range(len(book.sheet_names)):
            sheet = book.get_sheet_by_index(index)
            if sheet.end is not None:
                return _filled(sheet)
    except (Fault, MemoryError):
        raise
    except python_calamine.PasswordError:
        raise Fault("password") from None
    except BaseException:  # a panic of the parser is no Exception
        raise Fault("workbook") from None
    raise Fault("empty")


def _bounded_archive(content: bytes) -> None:
    """Refuse an archive that says of itself that it holds too much; one that lies meets the bounds of the process."""
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > UNPACKED:
                raise Fault("large")
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise Fault("workbook") from None


def _filled(sheet: python_calamine.CalamineSheet) -> tuple[str, list[list[Cell]], list[list[Cell]]]:
    """The rows from the file's first cell on. Merged cells are filled where the merge goes downwards, in the first
    rows, where titles stand, in both directions."""
    _bounded(sheet.total_width, sheet.total_height)
    before: list[Cell] = [None] * (sheet.start[1] if sheet.start else 0)
    rows = [before + list(row) for row in sheet.iter_rows()]
    head = [list(row) for row in rows[:HEAD_ROWS]]
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        value = rows[top][left] if top < len(rows) and left < len(rows[top]) else None
        for place in range(top, min(bottom + 1, len(rows))):
            if left < len(rows[place]):
                rows[place][left] = value
            if place < len(head):
                width = min(right + 1, len(head[place]))
                head[place][left:width] = [value] * max(width - left, 0)
    return sheet.name, head, rows


def text_rows(content: bytes) -> tuple[str, list[list[Cell]], Iterator[list[Cell]]]:
    """A text table: no name, its first rows, and all its rows as they are asked for; raises Fault."""
    text = _decoded(content)
    try:
        delimiter = csv.Sniffer().sniff(text[:SNIFFED], DELIMITERS).delimiter
    except csv.Error:
        delimiter = ","
    rows = _rows(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    head = [row for _, row in zip(range(HEAD_ROWS), rows, strict=False)]
    return "", head, _chained(head, rows)


def _chained(head: list[list[Cell]], rest: Iterator[list[Cell]]) -> Iterator[list[Cell]]:
    yield from head
    yield from rest


def _rows(reader: Any) -> Iterator[list[Cell]]:
    cells = 0
    try:
        for number, row in enumerate(reader, 1):
            cells += len(row)
            _bounded(len(row), number, cells)
            yield [cell.strip() or None for cell in row]
    except csv.Error:
        raise Fault(f"line {reader.line_num}") from None


def _bounded(width: int, height: int, cells: int | None = None) -> None:
    if width > COLUMNS:
        raise Fault(f"columns {width}")
    if (width * height if cells is None else cells) > CELLS:
        raise Fault("large")


def _decoded(content: bytes) -> str:
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else TEXT_ENCODINGS
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Fault("encoding")


if __name__ == "__main__":
    main(sys.argv[1])
