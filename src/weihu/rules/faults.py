"""What is wrong in a rule book, said so that whoever wrote it can put it right, in Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from tomllib import TOMLDecodeError
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from weihu.rules.places import Path, Place, Places
from weihu.rules.schema import settings_at
from weihu.rules.sections.entry import BROKEN_RULE, one_of
from weihu.rules.sections.signals import SIGNALS

SHOWN = 60
"""So many characters of a wrong value are shown."""


@dataclass(frozen=True)
class BookFault:
    """One fault of a rule book: file, place (None: it stands nowhere in the file), the setting's path, what was found
    (None: nothing), what was expected."""

    file: str
    place: Place | None
    field: str
    found: str | None
    expected_zh: str
    expected_en: str

    @property
    def line(self) -> int | None:
        """The line, from 1."""
        return self.place.line if self.place else None

    def text(self, language: str) -> str:
        """The fault in one line."""
        found = self.found and self.found[:SHOWN] + ("…" if len(self.found) > SHOWN else "")
        if language.startswith("en"):
            where = f", line {self.place.line}, column {self.place.column}" if self.place else ""
            shown = "nothing" if found is None else repr(found)
            return f"{self.file}{where}, {self.field}: found {shown}, expected {self.expected_en}"
        where = f" 第{self.place.line}行第{self.place.column}列" if self.place else ""
        shown = "没有写" if found is None else f"实际为“{found}”"
        return f"{self.file}{where} {self.field}:{shown},应为{self.expected_zh}"


class FaultyBook(ValueError):
    """A book that cannot be used, with all its faults in the order of their lines."""

    def __init__(self, faults: list[BookFault]) -> None:
        self.faults = sorted(faults, key=lambda fault: fault.place or Place(0, 0))
        super().__init__("\n".join(fault.text("en") for fault in self.faults))


class Finding(NamedTuple):
    """Something wrong in a book: where, what was found (None: nothing), what was expected; ``against``: the setting that
    it does not go together with."""

    path: Path
    found: object
    zh: str
    en: str
    against: Path | None = None


def fault_of(finding: Finding, file: str, places: Places) -> BookFault:
    """A finding with its place in a file; what stands in another file is placed where it was contradicted."""
    path, against = finding.path, finding.against
    contradicted = places.exactly(against) if against else None
    place = places.exactly(path) or contradicted or places.of(path)
    found = None if finding.found is None else shown(finding.found)
    return BookFault(file, place, ".".join(map(str, path)), found, finding.zh, finding.en)


def findings_of(error: ValidationError, schema: Mapping[str, Any]) -> list[Finding]:
    """Everything that pydantic found wrong. ``schema`` knows the names that each table may have."""
    details = error.errors()
    unknown = [_path(detail["loc"]) for detail in details if detail["loc"][-1] == "[key]"]
    findings = [finding for detail in details for finding in _explained(detail, schema)]
    return [
        finding
        for finding in findings
        if not any(finding.path[: len(path)] == path != finding.path for path in unknown)
    ]


def not_toml(error: TOMLDecodeError, file: str, text: str, places: Places) -> list[BookFault]:
    """Where a text is no TOML: what the reader stumbled over, and behind it what the grammar cannot place."""
    position = re.search(r"at line (\d+), column (\d+)", str(error))
    lines = text.split("\n")
    first = Place(int(position[1]), int(position[2])) if position else Place(len(lines), len(lines[-1]) + 1)
    others = [place for place in places.broken() if place.line > first.line]
    zh, en = next(((zh, en) for pattern, zh, en in SYNTAX if re.match(pattern, str(error))), SYNTAX_OTHERWISE)
    faults = [BookFault(file, first, "TOML", lines[min(first.line, len(lines)) - 1].strip(), zh, en)]
    for place in others:
        faults.append(BookFault(file, place, "TOML", lines[place.line - 1].strip(), *SYNTAX_OTHERWISE))
    return faults


def perhaps(name: str, names: Collection[str]) -> tuple[str, str]:
    """What is expected instead of an unknown name: the nearest one, or if none is near, all of them."""
    nearest = get_close_matches(name, list(names), 1)
    return (f" {nearest[0]}(名称相近)", f"perhaps {nearest[0]}") if nearest else one_of(names)


def shown(value: object) -> str:
    """A value as a book writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + ", ".join(value) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    return str(value)


SYNTAX_OTHERWISE = ("合规的 TOML", "valid TOML")
SYNTAX = (
    (r"Expected '='", "键名后写等号", "an equals sign behind the key"),
    (r"Expected newline|Expected end", "一行只写一项", "one setting a line"),
    (r"Invalid value", "合规的值:文字加引号", "a valid value; text stands in quotes"),
    (r"Unclosed array", "以 ] 结束的列表", "an array that ends with ]"),
    (r"Unclosed inline table", "以 } 结束的表", "an inline table that ends with }"),
    (r"Unterminated string|Illegal character", "成对的引号", "quotes in pairs"),
    (r"Cannot (overwrite|declare|mutate)|Duplicate", "每项只写一次", "every setting and table once"),
    (r"Expected '\]", "以 ] 结束的表头", "a table's head that ends with ]"),
    (r"Unescaped|Invalid hex|Escaped", r"合规的转义(反斜杠写作 \\)", r"a valid escape (a backslash is written \\)"),
    (r"Invalid (date|datetime|time)", "存在的日期 YYYY-MM-DD", "a date that exists, YYYY-MM-DD"),
    (r"Invalid (initial|statement)", "键名 = 值,或 [表头]", "key = value, or a [table]"),
)
"""What a TOML reader complains of, and what is expected there."""

EXPECTED: dict[str, tuple[str, str]] = {
    "missing": ("有此项(必填)", "a value (it is required)"),
    "string_type": ("加引号的文字", "text in quotes"),
    "string_pattern_mismatch": ("符合格式 {pattern} 的文字", "text of the form {pattern}"),
    "int_type": ("整数", "a whole number"),
    "int_from_float": ("整数", "a whole number"),
    "bool_type": ("true 或 false", "true or false"),
    "is_instance_of": ("数字,不加引号", "a number without quotes"),
    "decimal_type": ("数字,不加引号", "a number without quotes"),
    "decimal_parsing": ("数字,不加引号", "a number without quotes"),
    "finite_number": ("有限的数字", "a finite number"),
    "decimal_max_digits": ("最多 {max_digits} 位数字", "at most {max_digits} digits"),
    "decimal_max_places": ("最多 {decimal_places} 位小数", "at most {decimal_places} decimals"),
    "decimal_whole_digits": ("小数点前最多 {whole_digits} 位", "at most {whole_digits} digits before the point"),
    "greater_than": ("大于 {gt}", "more than {gt}"),
    "greater_than_equal": ("不小于 {ge}", "at least {ge}"),
    "less_than": ("小于 {lt}", "less than {lt}"),
    "less_than_equal": ("不大于 {le}", "at most {le}"),
    "too_short": (
        "至少 {min_length} 项(现有 {actual_length} 项)",
        "at least {min_length} entries (there are {actual_length})",
    ),
    "too_long": (
        "最多 {max_length} 项(现有 {actual_length} 项)",
        "at most {max_length} entries (there are {actual_length})",
    ),
    "list_type": ("列表 […]", "an array […]"),
    "dict_type": ("表", "a table"),
    "model_type": ("表", "a table"),
    "model_attributes_type": ("表", "a table"),
    "date_type": ("日期,如 2026-01-01,不加引号", "a date such as 2026-01-01, without quotes"),
    "date_from_datetime_inexact": ("日期,不含时刻", "a date without a time"),
}
"""What is expected, for each type of pydantic's errors that a book can meet (``tests/rules/test_rulebook.py`` holds them together)."""


def _explained(detail: ErrorDetails, schema: Mapping[str, Any]) -> Iterator[Finding]:
    """What one of pydantic's errors means in the book; an error of ours may name several rules."""
    kind, path, context = detail["type"], _path(detail["loc"]), detail.get("ctx", {})
    found = None if kind == "missing" else detail["input"]
    if kind == BROKEN_RULE:
        for rule in context["rules"]:
            against = rule.against and (*path, *rule.against)
            yield Finding((*path, *rule.path), _at(found, rule.path), rule.zh, rule.en, against)
    elif kind == "extra_forbidden":
        yield Finding(path, path[-1], *perhaps(str(path[-1]), settings_at(schema, path[:-1])))
    elif kind == "union_tag_invalid":
        yield Finding(path, path[-1], *perhaps(str(path[-1]), SIGNALS))
    elif kind == "literal_error":
        names = re.sub(r"'([^']*)'", r"\1", str(context["expected"]))
        yield Finding(path, found, *one_of(re.split(r", | or ", names)))
    else:
        zh, en = EXPECTED[kind]
        yield Finding(path, found, zh.format(**context), en.format(**context))


def _path(location: tuple[str | int, ...]) -> Path:
    """Where an error stands in the book: without the kind that a signal's model is found by, and the mark of keys."""
    path = tuple(step for step in location if step != "[key]")
    return (*path[:2], *path[3:]) if path[0] == "signals" and len(path) > 2 else path


def _at(value: object, path: Path) -> object:
    for step in path:
        value = value.get(str(step)) if isinstance(value, dict) else getattr(value, str(step), None)
    return value
