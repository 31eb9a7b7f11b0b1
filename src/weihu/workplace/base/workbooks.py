"""Excel workbooks. Every list that leaves the system as a workbook is written here and marked with who exported it."""

from __future__ import annotations

import io
from collections.abc import Sequence
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
    file = xlsxwriter.Workbook(content, {"strings_to_formulas": False, "strings_to_urls": False})
    page = file.add_worksheet(title[:31].translate(str.maketrans("[]:*?/\\", "       ")))
    bold, grey = file.add_format({"bold": True, "bg_color": "#E4F0ED"}), file.add_format({"font_color": "#667382"})
    formats = [file.add_format({"num_format": form}) for form in ("#,##0.00", "#,##0", "yyyy-mm-dd")]
    head = 1 if note else 0
    if note:
        page.write_string(0, 0, note, grey)
    for place, name in enumerate(columns):
        page.write_string(head, place, str(name), bold)
    for line, row in enumerate(rows, head + 1):
        for place, cell in enumerate(row):
            _write(page, line, place, cell, formats)
    for line in range(head + 1, head + 1 + len(rows), MARK_EVERY):
        page.insert_textbox(line, 1, mark, WATERMARK)
    page.set_column(0, max(0, len(columns) - 1), 16)
    page.freeze_panes(head + 1, 1)
    page.autofilter(head, 0, head + max(1, len(rows)), max(0, len(columns) - 1))
    page.set_header(f"&C{mark}")
    page.set_footer(f"&C{mark}  &P/&N")
    file.set_properties({"author": author, "comments": mark})
    file.close()
    return content.getvalue()


def _write(page: Any, line: int, place: int, cell: Any, formats: list[Any]) -> None:
    money, whole, day = formats
    if isinstance(cell, Decimal):
        page.write_number(line, place, cell, money)
    elif isinstance(cell, date):
        page.write_datetime(line, place, cell, day)
    elif isinstance(cell, int):
        page.write_number(line, place, cell, whole)
    else:
        page.write_string(line, place, "" if cell is None else str(cell))
