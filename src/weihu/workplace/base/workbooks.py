"""Excel workbooks. Every list that leaves the system as a workbook is written here and marked with who exported it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import xlsxwriter

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MARK_EVERY = 30
WATERMARK = {
    "width": 620,
    "height": 60,
    "fill": {"none": True},
    "line": {"none": True},
    "font": {"color": "#D9DEE3", "size": 24},
    "object_position": 3,
}
"""A text box across the cells that names who exported the list; it neither moves nor resizes with the cells."""


def write_workbook(
    title: str, columns: Sequence[Any], rows: Sequence[Sequence[Any]], mark: str, author: str, note: str = ""
) -> bytes:
    """One worksheet: ``note`` (if any) on the first row, then the titles, frozen and filterable, then the rows.

    Amounts, counts and dates are written as typed cells. ``mark`` stands in header, footer and watermark.
    """
    content = io.BytesIO()
    file = Workbook(content)
    page = file.add_worksheet(title[:31].translate(str.maketrans("[]:*?/\\", "       ")))
    bold, grey = {"bold": True, "bg_color": "#E4F0ED"}, {"font_color": "#667382"}
    formats = [file.add_format({"num_format": form}) for form in ("#,##0.00", "#,##0", "yyyy-mm-dd")]
    head = 1 if note else 0
    if note:
        file.write_text(page, 0, 0, note, grey)
    for place, name in enumerate(columns):
        file.write_text(page, head, place, str(name), bold)
    for line, row in enumerate(rows, head + 1):
        for place, cell in enumerate(row):
            _write(file, page, line, place, cell, formats)
    page.set_column(0, max(0, len(columns) - 1), 16)
    page.freeze_panes(head + 1, 1)
    page.autofilter(head, 0, head + max(1, len(rows)), max(0, len(columns) - 1))
    put_mark(page, mark, head + 1, len(rows))
    file.set_properties({"author": author, "comments": mark})
    file.close()
    return content.getvalue()


def put_mark(page: Any, mark: str, first: int, rows: int) -> None:
    """Name who exported a worksheet and when: in header, footer, and across its rows."""
    for line in range(first, first + max(1, rows), MARK_EVERY):
        page.insert_textbox(line, 1, mark, WATERMARK)
    page.set_header(f"&C{mark}")
    page.set_footer(f"&C{mark}  &P/&N")


class Workbook(xlsxwriter.Workbook):  # type: ignore[misc]
    """A workbook in which text is text: what begins like a formula stays text even when somebody edits its cell."""

    def __init__(self, content: io.BytesIO, **options: Any) -> None:
        super().__init__(content, {"strings_to_formulas": False, "strings_to_urls": False, **options})
        self._quoted: dict[tuple[tuple[str, Any], ...], Any] = {}

    def write_text(self, page: Any, line: int, place: int, text: str, form: Mapping[str, Any] | None = None) -> None:
        """Write a cell of text; ``form`` are a format's properties."""
        properties = {**(form or {}), **({"quote_prefix": True} if text.startswith(LIKE_FORMULAS) else {})}
        key = tuple(sorted(properties.items()))
        if key not in self._quoted:
            self._quoted[key] = self.add_format(properties) if properties else None
        page.write_string(line, place, text, self._quoted[key])


LIKE_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def _write(file: Workbook, page: Any, line: int, place: int, cell: Any, formats: list[Any]) -> None:
    money, whole, day = formats
    if isinstance(cell, Decimal):
        page.write_number(line, place, cell, money)
    elif isinstance(cell, date):
        page.write_datetime(line, place, cell, day)
    elif isinstance(cell, int):
        page.write_number(line, place, cell, whole)
    else:
        file.write_text(page, line, place, "" if cell is None else str(cell))
