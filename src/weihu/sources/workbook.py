"""Workbooks and text tables as branches keep them: Excel files, CSV in any usual encoding. Read into plain cells.

Nothing is interpreted here: a cell is text, a number, a date or empty. Merged cells are filled where the merge goes
downwards; in the first rows, where titles stand, in both directions.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import python_calamine

from weihu.rules.sections.entry import Bilingual

Cell = str | float | bool | date | time | timedelta | None

HEAD_ROWS = 10
"""So many rows are looked at for titles."""
TEXT_ENCODINGS = ("utf-8-sig", "gb18030")
DELIMITERS = ",;\t|"
SNIFFED = 20_000


class Unreadable(Bilingual):
    """A file that is no workbook and no text table."""


@dataclass(frozen=True)
class Sheet:
    """A table of cells; row 1 is the first of the file. ``head`` is its beginning with merges filled both ways."""

    name: str
    rows: list[list[Cell]]
    head: list[list[Cell]]

    @property
    def width(self) -> int:
        """The number of columns of the widest row."""
        return max((len(row) for row in self.rows), default=0)


def read(content: bytes, name: str) -> Sheet:
    """The first sheet of a file that holds anything; raises Unreadable."""
    if name.lower().endswith((".csv", ".txt", ".tsv")):
        rows = _text_rows(content)
        return Sheet(name, rows, rows[:HEAD_ROWS])
    try:
        book = python_calamine.load_workbook(io.BytesIO(content))
    except python_calamine.PasswordError:
        raise Unreadable("文件有密码,请先去掉密码", "the file has a password; take it off first") from None
    except (python_calamine.CalamineError, OSError, ValueError):
        raise Unreadable(
            "不是 Excel 或 CSV 文件(.xlsx .xls .ods .csv)", "not an Excel or CSV file (.xlsx .xls .ods .csv)"
        ) from None
    for index in range(len(book.sheet_names)):
        sheet = book.get_sheet_by_index(index)
        if sheet.end is not None:
            return _filled(sheet)
    raise Unreadable("文件是空的", "the file is empty")


def _filled(sheet: python_calamine.CalamineSheet) -> Sheet:
    rows: list[list[Cell]] = [
        [None if cell == "" else cell for cell in row] for row in sheet.to_python(skip_empty_area=False)
    ]
    head = [list(row) for row in rows[:HEAD_ROWS]]
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        value = rows[top][left] if top < len(rows) and left < len(rows[top]) else None
        for place in range(top, min(bottom + 1, len(rows))):
            rows[place][left] = value
            if place < len(head):
                width = min(right + 1, len(head[place]))
                head[place][left:width] = [value] * (width - left)
    return Sheet(sheet.name, rows, head)


def _text_rows(content: bytes) -> list[list[Cell]]:
    text = _decoded(content)
    try:
        delimiter = csv.Sniffer().sniff(text[:SNIFFED], DELIMITERS).delimiter
    except csv.Error:
        delimiter = ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return [[cell.strip() or None for cell in row] for row in reader]
    except csv.Error as error:
        raise Unreadable(f"CSV 第 {reader.line_num} 行无法读取", f"CSV line {reader.line_num}: {error}") from None


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    for encoding in TEXT_ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("既不是 UTF-8 也不是 GBK 文字", "text that is neither UTF-8 nor GBK")


def cell_text(cell: Cell) -> str:
    """A cell as somebody would have typed it: whole numbers without a point, dates as 1980-05-01."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return str(cell).strip()
