"""How a book's file changes the books that it extends: entries merged by name, dropped, or taking another's place."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from weihu.rules.faults import Finding
from weihu.rules.places import Path
from weihu.rules.sections.entry import one_of


def inherit(chain: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The last book of a chain, with all that it takes from those before."""
    merged: dict[str, Any] = {}
    for data in chain:
        for dropped in data.get("drop", []):
            place, key = _place_of(merged, dropped)
            place.pop(key, None)
        merged = merge(merged, {key: value for key, value in data.items() if key not in ("extends", "drop")})
    places = _taken_places(merged)
    return {key: _renamed(value, places) for key, value in merged.items()}


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Tables merged setting by setting; every other value of ``over`` replaces that of ``base``."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both else copy.deepcopy(value)
    return merged


def understood(data: dict[str, Any], before: dict[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """A file's data without what it cannot mean, and all of that. ``before``: all that it inherits."""
    inherited = before.get("grades", {})
    wrong = _names_wrong(("drop",), data.get("drop", [])) or [
        Finding(("drop", number), name, "继承来的条目,如 grades.small", "an inherited entry, such as grades.small")
        for number, name in enumerate(data.get("drop", []))
        if _place_of(before, name)[1] not in _place_of(before, name)[0]
    ]
    for key, grade in _tables(data, "grades"):
        path = ("grades", key, "stands_for")
        names = grade.get("stands_for", [])
        wrong += _names_wrong(path, names) or [
            Finding((*path, number), name, *one_of(inherited))
            for number, name in enumerate(names)
            if name not in inherited
        ]
    for kind, entry in _tables(data, "signals"):
        if "kind" in entry:
            zh, en = "不写 kind:表头就是种类", "no kind: the table's name says it"
            wrong.append(Finding(("signals", kind, "kind"), entry["kind"], zh, en))
    return without(data, [finding.path for finding in wrong]), wrong


def without(data: dict[str, Any], paths: Iterable[Path]) -> dict[str, Any]:
    """A file's data without some of its settings; of an array, nothing is left."""
    kept = copy.deepcopy(data)
    for path in paths:
        place: Any = kept
        for number, step in enumerate(path):
            if not isinstance(place, dict) or step not in place:
                break
            if number == len(path) - 1 or isinstance(place[step], list):
                del place[step]
                break
            place = place[step]
    return kept


def _tables(data: dict[str, Any], section: str) -> list[tuple[str, dict[str, Any]]]:
    entries = data.get(section)
    return (
        [(key, entry) for key, entry in entries.items() if isinstance(entry, dict)] if isinstance(entries, dict) else []
    )


def _names_wrong(path: Path, names: object) -> list[Finding]:
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return []
    return [Finding(path, names, '名称列表 ["…"]', 'an array of names ["…"]')]


def _place_of(data: dict[str, Any], name: str) -> tuple[dict[str, Any], str]:
    """The table that has an entry, and the entry's key in it."""
    *sections, key = name.split(".")
    place: Any = data
    for section in sections:
        place = place.get(section) if isinstance(place, dict) else None
    return (place if isinstance(place, dict) else {}), key


def _taken_places(data: dict[str, Any]) -> dict[str, str]:
    """Names of grades that other grades of the book stand for."""
    grades = data.get("grades")
    if not isinstance(grades, dict):
        return {}
    places = {
        old: key for key, grade in grades.items() if isinstance(grade, dict) for old in grade.pop("stands_for", [])
    }
    return {old: key for old, key in places.items() if old not in grades}


def _renamed(data: Any, places: dict[str, str]) -> Any:
    """The same with every entry that names a grade naming the one that stands for it."""
    if not isinstance(data, dict):
        return data
    return {
        key: places.get(value, value)
        if key in ("from_grade", "to_grade", "valued_from") and isinstance(value, str)
        else _renamed(value, places)
        for key, value in data.items()
    }
