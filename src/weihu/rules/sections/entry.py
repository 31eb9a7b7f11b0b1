"""What the sections of a rule book share: entries with names, exact numbers, names of other entries, faults."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from string import Formatter
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

BROKEN_RULE = "broken_rule"
"""The type of the errors that the sections themselves raise."""


@dataclass(frozen=True)
class Reading:
    """How a book is read: the names that its sections define, and whether it is a file (else JSON as it was kept)."""

    names: Mapping[str, Collection[str]]
    from_file: bool

    @classmethod
    def of(cls, info: ValidationInfo) -> Reading:
        """The reading under way; books are checked by ``rulebook`` only, which knows every name beforehand."""
        if not isinstance(info.context, cls):
            raise TypeError("a rule book is checked by rulebook.load, restored or changed")
        return info.context


class Broken(NamedTuple):
    """A rule that a book breaks: where (below the entry that is checked), what was expected, and the setting that it
    does not go together with."""

    path: tuple[str | int, ...]
    zh: str
    en: str
    against: tuple[str | int, ...] | None = None


def broken_rule(*rules: Broken) -> PydanticCustomError:
    """The error of one or more broken rules."""
    return PydanticCustomError(BROKEN_RULE, "a rule of the book is broken", {"rules": rules})


class Section(BaseModel):
    """A table of the book with fixed settings."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Entry(Section):
    """What every entry of the book has: a Chinese and an English name."""

    zh: str
    en: str

    def name(self, language: str) -> str:
        """The name in ``language`` ("en…" is English, all else Chinese)."""
        return self.en if language.startswith("en") else self.zh


class Bilingual(ValueError):
    """Something that cannot be used; says so in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en

    def text(self, language: str) -> str:
        """What was expected, in ``language``."""
        return self.en if language.startswith("en") else self.zh


def _exact(value: object, info: ValidationInfo) -> object:
    """A number as it was written, never by way of a float; books that were kept have numbers as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and not Reading.of(info).from_file:
        try:
            return Decimal(value)
        except InvalidOperation:
            return value
    return value


def _day(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, str) or Reading.of(info).from_file:
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        return value  # refused as no date, like any other value


EXACT = BeforeValidator(_exact)
Day = Annotated[date, BeforeValidator(_day)]
Count = Annotated[int, Field(ge=0)]
Days = Annotated[int, Field(ge=1)]
Money = Annotated[
    Decimal, Field(max_digits=18, decimal_places=2), EXACT, WithJsonSchema({"type": "number", "description": "yuan"})
]
Weight = Annotated[
    Decimal,
    Field(gt=0, max_digits=6, decimal_places=2),
    EXACT,
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
Factor = Annotated[Decimal, Field(max_digits=14, decimal_places=6), EXACT, WithJsonSchema({"type": "number"})]
Share = Annotated[
    Decimal,
    Field(gt=0, lt=1, max_digits=6, decimal_places=5),
    EXACT,
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
]
Chance = Annotated[
    Decimal,
    Field(ge=0, le=1, max_digits=6, decimal_places=5),
    EXACT,
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1}),
]
Window = Literal[7, 30, 90, 365]
"""A window over which the nights keep flows (value.WINDOW_DAYS), days."""

MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|30|31)$")]


def _named_in(section: str) -> AfterValidator:
    """The value is the key of an entry of a section."""

    def check(value: str, info: ValidationInfo) -> str:
        names = Reading.of(info).names[section]
        if value not in names:
            raise broken_rule(Broken((), *one_of(names)))
        return value

    return AfterValidator(check)


def one_of(names: Collection[str]) -> tuple[str, str]:
    """What is expected where a name has to be among some, in Chinese and in English."""
    return "其中之一:" + "、".join(names), "one of " + ", ".join(names)


GradeName = Annotated[str, _named_in("grades")]
PostName = Annotated[str, _named_in("posts")]
MeasureName = Annotated[str, _named_in("measures")]
RelationName = Annotated[str, _named_in("relations")]
ConsentName = Annotated[str, _named_in("consents")]
OccasionName = Annotated[str, _named_in("occasions")]
FieldName = Annotated[str, _named_in("fields")]
DateFieldName = Annotated[str, _named_in("dates")]


def words(*places: str) -> Callable[[str], str]:
    """A check of words in which the evidence is filled in at some ``{places}`` and at no other."""

    def check(value: str) -> str:
        listed = " ".join(f"{{{place}}}" for place in places)
        try:
            used = {name for _, name, *_ in Formatter().parse(value) if name is not None}
        except ValueError:
            raise broken_rule(Broken((), "成对的花括号 {}", "braces {} in pairs")) from None
        if used - set(places):
            raise broken_rule(
                Broken(
                    (),
                    f"花括号内只用 {listed}" if places else "不含花括号",
                    f"only {listed}" if places else "no braces",
                )
            )
        return value

    return check


def rising(values: Collection[Any]) -> bool:
    """Whether every value is larger than the one before."""
    ordered = list(values)
    return all(before < after for before, after in pairwise(ordered))


def rising_bands(begins: list[int]) -> list[int]:
    """Where bands begin, above 0 and each above the one before; refuses others."""
    if not rising([0, *begins]):
        raise broken_rule(Broken((), "由小到大的正数", "positive numbers, from the smallest to the largest"))
    return begins
