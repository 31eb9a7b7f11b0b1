"""Which column of a workbook holds what (列对应): found by its titles, by the catalogue's names and what others call them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from weihu.rules.sections.fields import CatalogueField
from weihu.sources.workbook import Cell, Sheet, cell_text

CUSTOMER = "customer_id"
"""The column that names the customer by number; no field of the catalogue."""
CUSTOMER_TITLES = ("customer_id", "客户号", "客户编号", "客户代码", "customer id", "customer number")
TALLEST_HEAD = 2


@dataclass(frozen=True)
class Head:
    """A sheet's titles: one per column, the key of the field each means ("" if none), the first row of data (from 0)."""

    titles: list[str]
    mapping: list[str]
    data_from: int


def find_head(sheet: Sheet, fields: dict[str, CatalogueField]) -> Head:
    """Where the titles stand: those rows, one or two, in which most columns are recognised."""
    known = _names(fields)
    best, tallest = Head([], [], 0), TALLEST_HEAD
    for start in range(len(sheet.head)):
        for height in range(1, TALLEST_HEAD + 1):
            rows = sheet.head[start : start + height]
            if len(rows) < height or (height > 1 and len(set(filter(None, rows[0]))) < height):
                continue  # a heading over the whole table is no title
            titles = [_title(rows, place) for place in range(sheet.width)]
            head = Head([title for title, _ in titles], _meant([parts for _, parts in titles], known), start + height)
            if (_found(head), height) > (_found(best), tallest):
                best, tallest = head, height
    return best


def plain(title: str) -> str:
    """A title without spaces, remarks in brackets, marks and case."""
    text = unicodedata.normalize("NFKC", title).lower()
    text = re.sub(r"[((\[【].*?[))\]】]", "", text)
    return re.sub(r"[\s*:_\-/、.]+", "", text)


def _found(head: Head) -> int:
    return sum(map(bool, head.mapping))


def _names(fields: dict[str, CatalogueField]) -> dict[str, str]:
    names = {plain(title): CUSTOMER for title in CUSTOMER_TITLES}
    for key, field in fields.items():
        for name in (*field.also, key, field.en, field.zh):
            names[plain(name)] = key
    return names


def _title(rows: list[list[Cell]], place: int) -> tuple[str, list[str]]:
    """A column's title, and what it may be known by: all of it or its lowest part. Equal parts are one."""
    parts = [cell_text(row[place]) for row in rows if place < len(row)]
    parts = list(dict.fromkeys(part for part in parts if part))
    return " ".join(parts), ["".join(parts), *parts[-1:]]


def _meant(titles: list[list[str]], known: dict[str, str]) -> list[str]:
    """The field of each column; of two columns that mean the same the first has it."""
    taken: set[str] = set()
    meant = []
    for parts in titles:
        key = next((known[plain(part)] for part in parts if known.get(plain(part))), "")
        meant.append("" if key in taken else key)
        taken.add(key)
    return meant
