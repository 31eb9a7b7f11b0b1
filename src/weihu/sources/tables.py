"""Tables that people bring: text (any usual separator and encoding), a workbook, or Parquet, to columns and back.

A text's cells stay as they are written, so what is read can be written again. In a workbook a column of numbers only
is a column of numbers; any other is text.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from weihu.sources import workbook
from weihu.sources.cells import DELIMITERS
from weihu.sources.workbook import Unreadable

PARQUET, WORKBOOKS, TEXTS = (".parquet",), (".xlsx",), (".csv", ".txt", ".tsv")
MOST_NAMED = 5
"""So many columns are named in a refusal."""


def read(path: Path) -> pa.Table:
    """The table in a file, its first row being the columns' names; raises Unreadable."""
    if path.suffix.lower() in PARQUET:
        try:
            return _named(pq.read_table(path))
        except (pa.ArrowException, OSError):
            raise Unreadable(f"{path}: 不是 Parquet 文件,或已损坏", f"{path}: no Parquet file, or damaged") from None
    try:
        sheet = workbook.read(path.read_bytes(), path.name)
    except Unreadable as fault:
        raise Unreadable(f"{path}: {fault.zh}", f"{path}: {fault.en}") from None
    rows = [row for row in sheet.rows if any(cell is not None for cell in row)]
    if not rows:
        raise Unreadable(f"{path}: 表中没有数据", f"{path}: the table holds nothing")
    names = [workbook.cell_text(cell) for cell in rows[0]]
    while names and not names[-1]:
        names.pop()
    _same_width(path, rows, len(names))
    columns = [_column([row[place] if place < len(row) else None for row in rows[1:]]) for place in range(len(names))]
    return _named(pa.table(columns, names=names))


def write(table: pa.Table, path: Path, delimiter: str = ",") -> None:
    """The table to a file; its ending says which kind: .parquet, .xlsx or text with ``delimiter``."""
    kind = path.suffix.lower()
    if kind in PARQUET:
        pq.write_table(table, path)
    elif kind in WORKBOOKS:
        with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
            page = book.add_worksheet()
            for number, row in enumerate(_rows(table)):
                page.write_row(number, 0, row)
    elif kind in TEXTS:
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(_rows(table))
    else:
        expected = " ".join((*TEXTS, *WORKBOOKS, *PARQUET))
        raise Unreadable(f"{path}: 输出文件须为 {expected}", f"{path}: has to end in one of {expected}")


def delimiter(path: Path) -> str:
    """What separates the cells of a text; a comma for what is no text or has a single column."""
    if path.suffix.lower() not in TEXTS:
        return ","
    with path.open("rb") as file:
        first = file.readline()
    return max(DELIMITERS, key=lambda sign: first.count(sign.encode()))


def _rows(table: pa.Table) -> list[list[object]]:
    columns = [column.to_pylist() for column in table.columns]
    return [table.column_names, *(list(row) for row in zip(*columns, strict=True))]


def _same_width(path: Path, rows: list[list[workbook.Cell]], width: int) -> None:
    """Refuse a row that has more cells than there are names."""
    for number, row in enumerate(rows, 1):
        if any(cell is not None for cell in row[width:]):
            raise Unreadable(
                f"{path}: 第 {number} 行有 {len(row)} 列,表头只有 {width} 列",
                f"{path}: row {number} has {len(row)} cells, but {width} columns have names",
            )


def _column(cells: list[workbook.Cell]) -> pa.Array:
    numbers = [cell for cell in cells if cell is not None]
    if numbers and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in numbers):
        whole = all(float(cell).is_integer() for cell in numbers)  # type: ignore[arg-type]
        return pa.array(
            [None if cell is None else int(cell) if whole else float(cell) for cell in cells],  # type: ignore[arg-type]
            pa.int64() if whole else pa.float64(),
        )
    return pa.array([None if cell is None else workbook.cell_text(cell) for cell in cells], pa.string())


def _named(table: pa.Table) -> pa.Table:
    """Refuse columns without a name and names that stand twice."""
    names = table.column_names
    if "" in names:
        place = names.index("") + 1
        raise Unreadable(f"第 {place} 列没有列名", f"column {place} has no name")
    twice = sorted({name for name in names if names.count(name) > 1})[:MOST_NAMED]
    if twice:
        raise Unreadable(f"列名重复: {', '.join(twice)}", f"columns of the same name: {', '.join(twice)}")
    return table
