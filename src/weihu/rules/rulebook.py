"""The rule book (制度): grades, posts, duties, signals and the catalogue of expected facts, as data.

A book is one TOML file. The brief's own rules are the built-in book ``brief``; other built-in books and a
bank's own files extend it. What each section may say stands in ``sections``, one module a section.
``docs/rulebook.md`` documents the format for people who do not read code.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, ValidationError

from weihu.rules import schema
from weihu.rules.faults import BookFault, FaultyBook, Finding, fault_of, findings_of, not_toml, perhaps
from weihu.rules.inherit import inherit, merge, understood, without
from weihu.rules.places import Place, Places
from weihu.rules.sections.attrition import Attrition
from weihu.rules.sections.benefits import Benefit
from weihu.rules.sections.campaigns import Campaigns
from weihu.rules.sections.care_plans import CarePlan
from weihu.rules.sections.chips import Chip
from weihu.rules.sections.complaints import Complaints
from weihu.rules.sections.consents import Consent
from weihu.rules.sections.duplicates import Duplicates
from weihu.rules.sections.duties import Duty
from weihu.rules.sections.effective import Effective
from weihu.rules.sections.effects import Effects
from weihu.rules.sections.entry import Day, Entry, PostName, Reading, Share, Window
from weihu.rules.sections.events import Events
from weihu.rules.sections.fatigue import Fatigue
from weihu.rules.sections.festivals import Festival
from weihu.rules.sections.fields import DATE_KINDS, CatalogueField
from weihu.rules.sections.grades import Grade, check_order
from weihu.rules.sections.groups import Groups
from weihu.rules.sections.habits import Habits
from weihu.rules.sections.life_events import LifeEvents
from weihu.rules.sections.limits import Limits
from weihu.rules.sections.lists import Lists
from weihu.rules.sections.losses import Losses
from weihu.rules.sections.measures import OWN_MEASURES, Measure, check_own
from weihu.rules.sections.occasions import Occasion, check_found
from weihu.rules.sections.offers import Offer
from weihu.rules.sections.pages import Pages
from weihu.rules.sections.planning import Planning
from weihu.rules.sections.policy import Policy
from weihu.rules.sections.portfolios import Portfolios
from weihu.rules.sections.posts import Post
from weihu.rules.sections.ranking import Ranking
from weihu.rules.sections.reception import Reception
from weihu.rules.sections.relations import Relation
from weihu.rules.sections.retirement import Retirement
from weihu.rules.sections.signals import Signal, Signals
from weihu.rules.sections.stages import Stage
from weihu.rules.sections.suitability import Suitability
from weihu.rules.sections.targets import TargetName
from weihu.rules.sections.urgency import Urgency
from weihu.rules.sections.wallet import Wallet
from weihu.rules.sections.working_days import WorkingDays
from weihu.rules.sections.worth import Worth

__all__ = [
    "BOOKS",
    "BookFault",
    "FaultyBook",
    "RuleBook",
    "builtin_books",
    "changed",
    "load",
    "restored",
    "schema_of_files",
    "schema_text",
]

BOOKS = Path(__file__).parent / "books"
COMMON = BOOKS / "common"
"""What every book begins with."""

SCHEMA = BOOKS / "rulebook.schema.json"
"""The schema of books for editors, named by the first line of the built-in ones."""

MOST_BYTES = 512 * 1024
"""Of a book's file: seven times the longest one with all that every book begins with."""

CENT = Decimal("0.01")
S = TypeVar("S", bound=Signal)


class RuleBook(Entry):
    """A whole rule book, checked. ``grades`` stand from the lowest to the highest.

    ``near_share``: who is at most this share under the next grade's threshold is near it (临界), unless AUM fell by more
    than the share ``near_fall`` in ``near_fall_days`` days. ``top_share``: the customers counted as the top; ``top_time``: the share of
    time that they are due.
    """

    key: str
    version: str
    in_force_from: Day
    currency: str
    policy: Policy
    fallback_posts: list[PostName]
    top_share: Share
    top_time: Share
    near_share: Share
    near_fall: Share
    near_fall_days: Window
    effective: Effective
    measures: Annotated[dict[str, Measure], AfterValidator(check_own)]
    grades: Annotated[dict[str, Grade], AfterValidator(check_order)]
    posts: dict[str, Post]
    duties: dict[str, Duty]
    portfolios: Portfolios
    benefits: dict[str, Benefit]
    fields: dict[str, CatalogueField]
    ask_at_once: Annotated[int, Field(ge=1, le=10)]
    working_days: WorkingDays
    planning: Planning
    fatigue: Fatigue
    effects: Effects
    losses: Losses
    attrition: Attrition
    wallet: Wallet
    worth: Worth
    groups: Groups
    life_events: LifeEvents
    targets: dict[TargetName, Share]
    care_plans: dict[str, CarePlan]
    habits: Habits
    suitability: Suitability
    ranking: Ranking
    offers: dict[str, Offer]
    signals: Signals
    events: Events
    urgency: Annotated[dict[str, Urgency], Field(min_length=1)]
    campaigns: Campaigns
    relations: dict[str, Relation]
    occasions: Annotated[dict[str, Occasion], AfterValidator(check_found)]
    festivals: dict[str, Festival]
    stages: dict[str, Stage]
    retirement: dict[Literal["F", "M"], Retirement]
    consents: dict[str, Consent]
    complaints: Complaints
    reception: Reception
    lists: Lists
    chips: dict[str, Chip]
    limits: Limits
    duplicates: Duplicates
    pages: Pages

    def expected(self, rank: int) -> list[str]:
        """The keys of the fields that a customer of a grade is expected to have, in the order in which to ask."""
        owed = [(key, self.rank(field.from_grade)) for key, field in self.fields.items() if field.from_grade]
        return [key for key, lowest in sorted(owed, key=lambda pair: pair[1]) if lowest <= rank]

    def signal(self, model: type[S]) -> S | None:
        """The entry of a kind of signal, by its model; None where the book does not raise it."""
        entry = self.signals.get(model.model_fields["kind"].default)
        return entry if isinstance(entry, model) else None

    def rule(self, model: type[S]) -> S:
        """The entry of a kind of signal that the book raises, by its model; raises KeyError for one that it does not."""
        entry = self.signal(model)
        if entry is None:
            raise KeyError(model.__name__)
        return entry

    def urgency_of(self, kinds: Collection[str], fallen: bool = True) -> int:
        """The place of the first group of ``urgency`` that names one of the kinds of signal, for a customer whose AUM has
        ``fallen`` over 30 days; the last for others."""
        groups = enumerate(self.urgency.values())
        places = [
            place for place, group in groups if set(kinds) & set(group.kinds) and (fallen or not group.fallen_only)
        ]
        return min(places, default=len(self.urgency) - 1)

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

    def serves_valued(self, post: str) -> bool:
        """Whether a post answers for customers of a valued grade (``pages.valued_from``), first or as deputy."""
        valued = list(self.grades.values())[self.rank(self.pages.valued_from) :]
        return any(post in (*grade.posts, *grade.deputy_posts) for grade in valued)

    def collected_ranks(self) -> list[int]:
        """The ranks of the grades whose missing facts some post has the duty to collect."""
        return sorted({rank for post in self.posts for rank in self.duty_ranks(post)})

    def duty_ranks(self, post: str) -> set[int]:
        """The ranks of the grades whose missing facts a post has the duty to collect (M13)."""
        ranks: set[int] = set()
        for duty in self.duties.values():
            if duty.post == post:
                last = self.rank(duty.to_grade) if duty.to_grade else len(self.grades) - 1
                ranks.update(range(self.rank(duty.from_grade), last + 1))
        return ranks


def builtin_books() -> list[str]:
    """The keys of the books that come with the system."""
    return sorted(path.stem for path in BOOKS.glob("*.toml"))


@cache
def schema_of_files() -> dict[str, Any]:
    """The JSON Schema of books as files."""
    return schema.book_schema(RuleBook, builtin_books())


def schema_text() -> str:
    """The schema as the file SCHEMA has it."""
    return json.dumps(schema_of_files(), ensure_ascii=False, indent=1) + "\n"


def load(book: str | Path) -> RuleBook:
    """Read a book by built-in key or by path. Raises FaultyBook with every fault, its place and what was expected."""
    path = BOOKS / f"{book}.toml" if str(book) in builtin_books() else Path(book)
    text = _text(path)
    try:
        places = Places(text)
        data = _parsed(text)
    except tomllib.TOMLDecodeError as error:
        raise FaultyBook(not_toml(error, path.name, text, places)) from None
    except (RecursionError, ValueError):
        zh, en = "层数和位数不超过 TOML 读取器的上限", "no deeper nesting and no longer number than TOML readers take"
        raise FaultyBook([BookFault(path.name, None, "TOML", "", zh, en)]) from None

    parent = data.get("extends")
    if parent is not None and parent not in builtin_books():
        unknown = Finding(("extends",), parent, *perhaps(str(parent), builtin_books()))
        raise FaultyBook([fault_of(unknown, path.name, places)])
    inherited = [*_common(), *_chain(parent)]
    data, findings = understood(data, inherit(inherited))
    whole, wrong = _all_wrong(data, inherited)
    if findings or wrong or whole is None:
        raise FaultyBook([fault_of(finding, path.name, places) for finding in (*findings, *wrong)])
    return whole


def restored(content: dict[str, Any]) -> RuleBook:
    """A checked book as it was kept; sections that books did not have yet are what every book begins with."""
    return _checked({**inherit(_common()), **content}, from_file=False)


def changed(book: RuleBook, changes: dict[str, Any]) -> RuleBook:
    """The book with some entries changed; ``changes`` is written like a book's file. Raises FaultyBook."""
    try:
        return _checked(merge(book.model_dump(mode="json"), changes), from_file=False)
    except ValidationError as error:
        findings = findings_of(error, schema_of_files())
        raise FaultyBook([fault_of(finding, book.key, Places("")) for finding in findings]) from None


def _all_wrong(data: dict[str, Any], inherited: list[dict[str, Any]]) -> tuple[RuleBook | None, list[Finding]]:
    """The checked book, or everything that is wrong in a file's data.

    Rules between settings are looked at only when each of these is right by itself. So what is wrong is taken out
    (what is inherited stands in for it), and the rest is checked again.
    """
    findings: list[Finding] = []
    while True:
        try:
            return _checked(inherit([*inherited, data]), from_file=True), findings
        except ValidationError as error:
            seen = [finding.path for finding in findings]
            new = [
                finding
                for finding in findings_of(error, schema_of_files())
                if finding.against not in seen and not any(path[: len(finding.path)] == finding.path for path in seen)
            ]
        if not new:
            return None, findings
        findings += new
        data = without(data, [finding.path for finding in new])


def _checked(data: dict[str, Any], from_file: bool) -> RuleBook:
    sections = ("grades", "posts", "relations", "consents", "occasions", "fields")
    names: dict[str, Collection[str]] = {section: list(_table(data, section)) for section in sections}
    names["measures"] = [*OWN_MEASURES, *_table(data, "measures")]
    names["dates"] = [
        key
        for key, field in _table(data, "fields").items()
        if isinstance(field, dict) and field.get("kind") in DATE_KINDS
    ]
    return RuleBook.model_validate(data, context=Reading(names, from_file))


def _table(data: dict[str, Any], section: str) -> dict[str, Any]:
    entries = data.get(section)
    return entries if isinstance(entries, dict) else {}


@cache
def _common() -> tuple[dict[str, Any], ...]:
    """What every book begins with; nobody writes into it, since ``inherit`` copies."""
    return tuple(_parsed(_text(path)) for path in sorted(COMMON.glob("*.toml")))


def _chain(book: str | None) -> Iterator[dict[str, Any]]:
    """A built-in book, after those that it extends."""
    if book is not None:
        data = _parsed(_text(BOOKS / f"{book}.toml"))
        yield from _chain(data.get("extends"))
        yield data


def _parsed(text: str) -> dict[str, Any]:
    """Numbers with a point are exact, never floats."""
    return tomllib.loads(text, parse_float=Decimal)


def _text(path: Path) -> str:
    """The text of a book's file."""
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            zh, en = f"最多 {MOST_BYTES:,} 字节", f"at most {MOST_BYTES:,} bytes"
            raise FaultyBook([BookFault(path.name, None, "file", f"{size:,}", zh, en)])
        return path.read_text(encoding="utf-8-sig")
    except OSError:
        names = ", ".join(builtin_books())
        zh, en = f"存在的文件,或内置制度之一:{names}", f"a file that exists, or a built-in book: {names}"
        raise FaultyBook([BookFault(path.name, None, "file", str(path), zh, en)]) from None
    except UnicodeDecodeError as error:
        place = Place(error.object.count(b"\n", 0, error.start) + 1, 1)
        wrong = error.object[error.start : error.start + 4].hex(" ")
        raise FaultyBook([BookFault(path.name, place, "file", wrong, "UTF-8 编码", "UTF-8 text")]) from None
