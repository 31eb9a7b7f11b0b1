"""The table that a model is learned from: its outcome, the columns to learn from, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from weihu.insight.columns import Raw, kind_of, numbers, raw, texts
from weihu.insight.measures import Floats, Ints
from weihu.insight.timeline import NoTime
from weihu.rules.sections.entry import Bilingual

POSITIVE = {"yes", "y", "true", "t", "1", "是", "有", "成功", "已办理"}
NEGATIVE = {"no", "n", "false", "f", "0", "否", "无", "失败", "未办理"}
FEWEST = 20
"""Rows of each outcome that a part needs to be learned from or judged by."""


class Refused(Bilingual):
    """A table or a name that cannot be used, and why, in both languages."""


def outcome(table: pa.Table, target: str, positive: str | None) -> tuple[Floats, Any, str]:
    """1 and 0 for each row, whether a row has an outcome at all, and the value that is 1."""
    cells = texts(table[target])
    values = sorted({cell for cell in cells if cell})
    if len(values) != 2:
        shown = ", ".join(values[:5]) + (" …" if len(values) > 5 else "")
        raise Refused(
            f"结果列“{target}”须恰有两种值(如 yes/no、1/0),现有 {len(values)} 种: {shown}",
            f"the outcome {target} has to have exactly two values (such as yes/no, 1/0); it has {len(values)}: {shown}",
        )
    if positive is None:
        known = [value for value in values if value.lower() in POSITIVE]
        opposite = [value for value in values if value.lower() in NEGATIVE]
        if len(known) == 1 and len(opposite) == 1:
            positive = known[0]
        else:
            # of two other values, the rarer one is what a list is made for
            positive = min(values, key=lambda value: (cells.count(value), value))
    elif positive not in values:
        raise Refused(
            f"结果列“{target}”没有值“{positive}”,只有: {', '.join(values)}",
            f"the outcome {target} has no value {positive}, only: {', '.join(values)}",
        )
    outcomes = np.array([cell == positive for cell in cells], np.float64)
    known_rows = np.array([bool(cell) for cell in cells])
    count = int(outcomes.sum())
    if min(count, int(known_rows.sum()) - count) < 2 * FEWEST:
        raise Refused(
            f"数据太少:“{positive}”有 {count} 行,其余 {int(known_rows.sum()) - count} 行,各需至少 {2 * FEWEST} 行",
            f"too few rows: {count} are {positive} and {int(known_rows.sum()) - count} are not;"
            f" at least {2 * FEWEST} of each are needed",
        )
    return outcomes, known_rows, positive


def need(table: pa.Table, names: Iterable[str]) -> None:
    lacking = [name for name in names if name not in table.column_names]
    if lacking:
        present = ", ".join(table.column_names[:30])
        raise Refused(
            f"表中没有列: {', '.join(lacking)}。现有: {present}",
            f"the table lacks: {', '.join(lacking)}. It has: {present}",
        )


def no_time(column: str, fault: NoTime, places: Ints) -> Refused:
    row = int(places[fault.row]) + 2
    return Refused(
        f"第 {row} 行“{column}”不是日期: “{fault.found}”;应如 2026-06-30",
        f"row {row}, {column}: {fault.found!r} is no date; expected one like 2026-06-30",
    )


def usable(table: pa.Table, order: Ints, skipped: set[str]) -> tuple[dict[str, Raw], dict[str, str]]:
    """The columns that can be learned from, and why others cannot."""
    columns: dict[str, Raw] = {}
    left_out: dict[str, str] = {}
    for name in table.column_names:
        if name in skipped:
            continue
        cells = texts(table[name])
        kind = kind_of(cells)
        if kind in ("number", "choice"):
            columns[name] = raw(cells, kind)[order]
        else:
            left_out[name] = kind
    return columns, left_out


def check_readable(name: str, kind: str, cells: list[str]) -> None:
    """Refuse a column of numbers that has become mostly words."""
    filled = [cell for cell in cells if cell]
    if kind == "number" and filled and np.isnan(numbers(filled)).mean() > 0.5:
        example = next(cell for cell in filled if np.isnan(numbers([cell]))[0])
        raise Refused(
            f"列“{name}”应为数字,现有“{example}”等",
            f"column {name} has to be numbers; found {example!r} and the like",
        )
