"""Which column of a workbook holds which field (列对应), found by titles: the catalogue's names and their synonyms."""

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
    """A sheet's titles, one per column, the field key of each ("" if none), and the first row of data (from 0)."""

    titles: list[str]
    mapping: list[str]
    data_from: int


def find_head(sheet: Sheet, fields: dict[str, CatalogueField]) -> Head:
    """Find the titles: the one or two rows in which most columns are recognised."""
    key_by_title = _names(fields)
    best, tallest = Head([], [], 0), TALLEST_HEAD
    for start in range(len(sheet.head)):
        for height in range(1, TALLEST_HEAD + 1):
            rows = sheet.head[start : start + height]
            if len(rows) < height or (height > 1 and len(set(filter(None, rows[0]))) < height):
                continue  # a heading over the whole table is no title
            titles = [_title(rows, place) for place in range(sheet.width)]
            head = Head(
                [title for title, _ in titles],
                _field_keys([parts for _, parts in titles], key_by_title),
                start + height,
            )
            if (_recognised_count(head), height) > (_recognised_count(best), tallest):
                best, tallest = head, height
    return best


def plain(title: str) -> str:
    """A title in lower case, without spaces, punctuation and remarks in brackets."""
    text = unicodedata.normalize("NFKC", title).lower()
    text = re.sub(r"[((\[【].*?[))\]】]", "", text)
    return re.sub(r"[\s*:_\-/、.]+", "", text)


def _recognised_count(head: Head) -> int:
    return sum(map(bool, head.mapping))


def _names(fields: dict[str, CatalogueField]) -> dict[str, str]:
    names = {plain(title): CUSTOMER for title in CUSTOMER_TITLES}
    for key, field in fields.items():
        for name in (*field.also, key, field.en, field.zh):
            names[plain(name)] = key
    return names


def _title(rows: list[list[Cell]], place: int) -> tuple[str, list[str]]:
    """A column's title and the texts to recognise it by: the whole title or its lowest part."""
    parts = [cell_text(row[place]) for row in rows if place < len(row)]
    parts = list(dict.fromkeys(part for part in parts if part))
    return " ".join(parts), ["".join(parts), *parts[-1:]]


def _field_keys(titles: list[list[str]], key_by_title: dict[str, str]) -> list[str]:
    """The field key of each column; of two columns with the same field, only the first gets it."""
    used: set[str] = set()
    keys = []
    for parts in titles:
        key = next((key_by_title[plain(part)] for part in parts if key_by_title.get(plain(part))), "")
        keys.append("" if key in used else key)
        used.add(key)
    return keys
