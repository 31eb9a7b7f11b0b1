"""The rule book (制度): grades, posts, duties, signals and the catalogue of expected facts, as data.

A book is one TOML file. The brief's own rules are the built-in book ``brief``; other built-in books and a
bank's own files extend it. ``docs/rulebook.md`` documents the format for people who do not read code.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from weihu.rules.entries import (
    Care,
    CatalogueField,
    Consent,
    Entry,
    Festival,
    Limits,
    Occasion,
    Relation,
    Retirement,
    Stage,
)
from weihu.rules.policy import (
    OWN_MEASURES,
    Benefit,
    Duty,
    Effective,
    Grade,
    Measure,
    Policy,
    Portfolios,
    Post,
    Share,
)
from weihu.rules.working_day import (
    SIGNAL_NEEDS,
    CarePlan,
    Effects,
    Fatigue,
    Habits,
    Losses,
    Offer,
    Planning,
    Signal,
    Suitability,
)

BOOKS = Path(__file__).parent / "books"
CATALOGUE = Path(__file__).parent / "catalogue.toml"
ARCHIVE = Path(__file__).parent / "archive.toml"
PORTFOLIO = Path(__file__).parent / "portfolio.toml"
WORKING_DAY = Path(__file__).parent / "working_day.toml"
EVERY_BOOK = (CATALOGUE, ARCHIVE, PORTFOLIO, WORKING_DAY)
"""What every book begins with."""


OCCASION_KINDS = ("relative_birthday", "school", "retirement", "festival")
"""The kinds of occasion that are worked out from more than one date."""


TargetName = Literal["cadence", "completeness", "done", "lost"]
"""The figures that may have a target: kept, known and done at least, lost at most."""


class RuleBook(Entry):
    """A whole rule book, checked. ``grades`` stand from the lowest to the highest."""

    key: str
    version: str
    in_force_from: date
    currency: str
    policy: Policy
    fallback_posts: list[str]
    top_share: Share
    top_time: Share
    effective: Effective
    measures: dict[str, Measure]
    grades: dict[str, Grade]
    posts: dict[str, Post]
    duties: dict[str, Duty]
    portfolios: Portfolios
    benefits: dict[str, Benefit]
    fields: dict[str, CatalogueField]
    ask_at_once: Annotated[int, Field(ge=1, le=10)]
    planning: Planning
    fatigue: Fatigue
    effects: Effects
    losses: Losses
    targets: dict[TargetName, Share]
    care_plans: dict[str, CarePlan]
    habits: Habits
    suitability: Suitability
    offers: dict[str, Offer]
    signals: dict[str, Signal]
    relations: dict[str, Relation]
    occasions: dict[str, Occasion]
    festivals: dict[str, Festival]
    stages: dict[str, Stage]
    retirement: dict[Literal["F", "M"], Retirement]
    consents: dict[str, Consent]
    complaints: Care
    limits: Limits

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._check_thresholds()
        self._check_names()
        self._check_signals()
        return self

    def _check_thresholds(self) -> None:
        reachable = [grade.reachable for grade in self.grades.values()]
        if reachable[0] or not all(reachable[1:]):
            raise ValueError("grades: exactly the first grade has no minimum, so that everyone has a grade")
        grades = self.grades.values()
        rising = [
            [grade.minimum for grade in grades],
            *([g.minimums.get(key) for g in grades] for key in self.policy.also),
        ]
        for bounds in rising:
            known = [bound for bound in bounds if bound is not None]
            if sorted(set(known)) != known:
                raise ValueError("grades: minimums must rise from grade to grade")
        shares = [grade.within_top for grade in grades if grade.within_top is not None]
        if sorted(set(shares), reverse=True) != shares:
            raise ValueError("grades: within_top must shrink from grade to grade")

    def _check_names(self) -> None:
        for where, post in self._named_posts():
            if post not in self.posts:
                raise ValueError(f"{where}: no post is called {post!r}; posts: {', '.join(self.posts)}")
        for where, grade in self._named_grades():
            if grade not in self.grades:
                raise ValueError(f"{where}: no grade is called {grade!r}; grades: {', '.join(self.grades)}")
        for where, key in self._named_measures():
            if key not in (*OWN_MEASURES, *self.measures):
                measures = ", ".join((*OWN_MEASURES, *self.measures))
                raise ValueError(f"{where}: no measure is called {key!r}; measures: {measures}")
        if clash := set(OWN_MEASURES) & set(self.measures):
            raise ValueError(f"measures.{min(clash)}: always there, and not to be changed")
        for where, key, known in self._named_entries():
            if key not in known:
                raise ValueError(f"{where}: no entry is called {key!r}; entries: {', '.join(known)}")

    def _check_signals(self) -> None:
        for kind, signal in self.signals.items():
            if kind not in SIGNAL_NEEDS:
                raise ValueError(f"signals.{kind}: unknown kind; kinds: {', '.join(SIGNAL_NEEDS)}")
            for need in SIGNAL_NEEDS[kind]:
                if getattr(signal, need) is None:
                    raise ValueError(f"signals.{kind}.{need}: missing")

    def _named_measures(self) -> list[tuple[str, str]]:
        named = [("policy.metric", self.policy.metric)] + [("policy.also", key) for key in self.policy.also]
        for grade, entry in self.grades.items():
            named += [(f"grades.{grade}.minimums", key) for key in entry.minimums]
        return named

    def _named_entries(self) -> list[tuple[str, str, Iterable[str]]]:
        named: list[tuple[str, str, Iterable[str]]] = [
            (f"relations.{key}.inverse", relation.inverse, self.relations) for key, relation in self.relations.items()
        ]
        named += [
            (f"fields.{key}.consent", field.consent, self.consents)
            for key, field in self.fields.items()
            if field.consent
        ]
        named += [
            (f"offers.{key}.answers", kind, SIGNAL_NEEDS)
            for key, offer in self.offers.items()
            for kind in offer.answers
        ]
        named += [
            (f"care_plans.{key}.starts_on", kind, SIGNAL_NEEDS)
            for key, plan in self.care_plans.items()
            for kind in plan.starts_on
        ]
        dates = [key for key, field in self.fields.items() if field.kind in ("date", "lunar_date")]
        for key, occasion in self.occasions.items():
            named += [(f"occasions.{key}.fields", field, dates) for field in occasion.fields]
            if not occasion.fields:
                named.append((f"occasions.{key}", key, OCCASION_KINDS))
        return named

    def _named_posts(self) -> list[tuple[str, str]]:
        named = [("fallback_posts", post) for post in self.fallback_posts]
        named += [(f"duties.{key}.post", duty.post) for key, duty in self.duties.items()]
        for key, grade in self.grades.items():
            for role in ("posts", "deputy_posts", "supporting_posts", "on_request"):
                named += [(f"grades.{key}.{role}", post) for post in getattr(grade, role)]
        return named

    def _named_grades(self) -> list[tuple[str, str]]:
        named = [
            (f"fields.{key}.from_grade", field.from_grade) for key, field in self.fields.items() if field.from_grade
        ]
        named += [
            (f"occasions.{key}.from_grade", occasion.from_grade)
            for key, occasion in self.occasions.items()
            if occasion.from_grade
        ]
        for section, entries in (
            ("signals", self.signals),
            ("duties", self.duties),
            ("benefits", self.benefits),
            ("care_plans", self.care_plans),
        ):
            for key, entry in entries.items():
                named += [(f"{section}.{key}.from_grade", entry.from_grade)]
                named += [(f"{section}.{key}.to_grade", entry.to_grade)] if entry.to_grade else []
        return named

    def expected(self, rank: int) -> list[str]:
        """The keys of the fields that a customer of a grade is expected to have, in the order in which to ask."""
        owed = [(key, self.rank(field.from_grade)) for key, field in self.fields.items() if field.from_grade]
        return [key for key, lowest in sorted(owed, key=lambda pair: pair[1]) if lowest <= rank]

    def due_benefits(self, rank: int) -> dict[str, Benefit]:
        """The benefits of a grade."""
        return {
            key: benefit
            for key, benefit in self.benefits.items()
            if self.rank(benefit.from_grade) <= rank
            and (benefit.to_grade is None or rank <= self.rank(benefit.to_grade))
        }

    def rank(self, grade: str) -> int:
        """The place of a grade, counted from 0 at the lowest."""
        return list(self.grades).index(grade)

    def collected_ranks(self) -> list[int]:
        """The ranks of the grades whose missing facts some post has the duty to collect."""
        ranks: set[int] = set()
        for duty in self.duties.values():
            last = self.rank(duty.to_grade) if duty.to_grade else len(self.grades) - 1
            ranks.update(range(self.rank(duty.from_grade), last + 1))
        return sorted(ranks)


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a book's file: its line (1-based, 0 if it is nowhere), the field and what is wrong."""

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.field}: {self.message}"


class FaultyBook(ValueError):
    """A book that cannot be used, with all its faults."""

    def __init__(self, path: Path, faults: list[Fault]) -> None:
        super().__init__("\n".join(f"{path}: {fault}" for fault in faults))
        self.faults = faults


def builtin_books() -> list[str]:
    """The keys of the books that come with the system."""
    return sorted(path.stem for path in BOOKS.glob("*.toml"))


def load(book: str | Path) -> RuleBook:
    """Read a book by built-in key or by path; every book begins with the field catalogue.

    Raises FaultyBook with line and field of every fault.
    """
    path = BOOKS / f"{book}.toml" if str(book) in builtin_books() else Path(book)
    if not path.is_file():
        known = ", ".join(builtin_books())
        raise FaultyBook(path, [Fault(0, "file", f"no such file, and no built-in book (built in: {known})")])
    text, data = _parse(path)
    parents = _parents(path, data)
    try:
        return RuleBook.model_validate(_inherit([*_every_book(), *parents, data]))
    except ValidationError as error:
        raise FaultyBook(path, [_fault(text, dict(detail)) for detail in error.errors()]) from None


def restored(content: dict[str, Any]) -> RuleBook:
    """A checked book as it was kept; sections that books did not have yet are what every book begins with."""
    return RuleBook.model_validate({**_inherit(_every_book()), **content})


def changed(book: RuleBook, changes: dict[str, Any]) -> RuleBook:
    """The book with some entries changed; ``changes`` is written like a book's file. Raises FaultyBook."""
    try:
        return RuleBook.model_validate(_merge(book.model_dump(mode="json"), changes))
    except ValidationError as error:
        raise FaultyBook(Path(book.key), [_fault("", dict(detail)) for detail in error.errors()]) from None


def _every_book() -> list[dict[str, Any]]:
    return [_parse(path)[1] for path in EVERY_BOOK]


def _parse(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        return text, tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise FaultyBook(path, [Fault(0, "file", f"not UTF-8 at byte {error.start}")]) from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        raise FaultyBook(path, [Fault(int(place[1]) if place else text.count("\n") + 1, "TOML", str(error))]) from None


def _parents(path: Path, data: dict[str, Any]) -> list[dict[str, Any]]:
    chain: list[dict[str, Any]] = []
    while (parent := data.get("extends")) is not None:
        if parent not in builtin_books() or len(chain) > len(builtin_books()):
            raise FaultyBook(path, [Fault(0, "extends", f"{parent!r} is no built-in book, or a circle")])
        data = _parse(BOOKS / f"{parent}.toml")[1]
        chain.insert(0, data)
    return chain


def _inherit(chain: list[dict[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for data in chain:
        for dropped in data.get("drop", []):
            *sections, key = dropped.split(".")
            place = merged
            for section in sections:
                place = place.get(section, {})
            place.pop(key, None)
        own = {key: value for key, value in data.items() if key not in ("extends", "drop")}
        merged = _merge(merged, own)
    places = _taken_places(merged)
    return {key: _renamed(value, places) for key, value in merged.items()}


def _taken_places(data: dict[str, Any]) -> dict[str, str]:
    """Names of grades that other grades of the book stand for."""
    grades = data.get("grades", {})
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
        if key in ("from_grade", "to_grade") and isinstance(value, str)
        else _renamed(value, places)
        for key, value in data.items()
    }


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else copy.deepcopy(value)
    return merged


def _fault(text: str, detail: dict[str, Any]) -> Fault:
    named = re.match(r"Value error, ((?:\w+\.)*\w+): ", detail["msg"])
    parts = [str(part) for part in detail["loc"]] or (named[1].split(".") if named else ["book"])
    return Fault(_line_of(text, parts), ".".join(parts), detail["msg"].removeprefix("Value error, "))


def _line_of(text: str, parts: list[str]) -> int:
    """The line of a field: its own line under its table's header, else the header's, else 0 (it is inherited)."""
    section, header = "", 0
    best = 0
    for number, line in enumerate(text.splitlines(), 1):
        if found := re.match(r"\s*\[([^\]]+)\]", line):
            section, header = found[1].strip(), number
            if ".".join(parts).startswith(section):
                best = best or header
        elif found := re.match(r"\s*\"?([\w.]+)\"?\s*=", line):
            full = f"{section}.{found[1]}" if section else found[1]
            if ".".join(parts) == full or ".".join(parts).startswith(full + "."):
                return number
    return best
