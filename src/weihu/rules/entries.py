"""What the rule book says of the archive (档案): fields, relations, occasions, consents, complaints, limits. As data."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def exact(value: object) -> object:
    """Refuse a float where an exact number is meant."""
    if isinstance(value, float):
        raise ValueError("money is written as a whole number or a quoted decimal, never as a float")
    return value


Money = Annotated[Decimal, BeforeValidator(exact)]
Count = Annotated[int, Field(ge=0)]
Weight = Annotated[Decimal, Field(gt=0, max_digits=6, decimal_places=2)]


class Entry(BaseModel):
    """What every entry of the book has: a Chinese and an English name."""

    model_config = ConfigDict(extra="forbid", frozen=True)
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


class Choice(Entry):
    """One of the values that a field offers; ``key`` is what is kept."""

    key: str


def _choice(value: object) -> object:
    """A choice is written as [key, Chinese, English]."""
    return dict(zip(("key", "zh", "en"), value, strict=True)) if isinstance(value, list) and len(value) == 3 else value


FieldKind = Literal[
    "text", "long_text", "choice", "choices", "date", "lunar_date", "year", "number", "money", "boolean", "mobile",
    "postcode", "email", "identity",
]  # fmt: skip


class CatalogueField(Entry):
    """A field (字段) of the customer archive (brief, M1-M3).

    ``category`` is one of the brief's eight. ``kind`` says what a value looks like (catalogue.py). ``from_grade`` is
    the lowest grade whose customers are expected to have it; none: nobody has to. ``protection`` as in JR/T 0171.
    ``core``: the core system delivers it too. ``masked``: pages show it in part, and in full with a reason.
    ``alert``: shown wherever somebody acts for the customer (M7). ``bars``: choices that keep a customer off the
    lists; ``unhappy``: choices that somebody follows up. ``use_*``: what it is good for, shown to who asks the customer. ``also``: other titles that workbooks give
    it. ``consent``: the purpose that the customer has to agree to before it is written down.
    """

    category: Literal["basic", "consumption", "education", "career", "family", "life", "interests", "network"]
    kind: FieldKind = "text"
    choices: list[Annotated[Choice, BeforeValidator(_choice)]] = []
    from_grade: str | None = None
    protection: Literal["C1", "C2"] = "C2"
    core: bool = False
    masked: bool = False
    low: int | None = None
    high: int | None = None
    alert: bool = False
    bars: list[str] = []
    unhappy: list[str] = []
    also: list[str] = []
    consent: str | None = None
    use_zh: str = ""
    use_en: str = ""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        keys = [choice.key for choice in self.choices]
        if (self.kind in ("choice", "choices")) != bool(keys):
            raise ValueError("choices: given for the kinds choice and choices, and for no other")
        if not {*self.bars, *self.unhappy} <= set(keys):
            raise ValueError("bars, unhappy: only what the field offers")
        if len(keys) != len(set(keys)) or any("," in key for key in keys):
            raise ValueError("choices: every key once, and without a comma")
        return self

    def use(self, language: str) -> str:
        """What the field is good for, in ``language``."""
        return self.use_en if language.startswith("en") else self.use_zh


class Relation(Entry):
    """A kind of relation (关系) between two people (M3), read from the first: the second is his or her ``zh``.

    ``inverse``: the same seen from the second. ``family``: counts towards a household. ``core``: comes from the core
    system and is not written by hand.
    """

    inverse: str
    family: bool = False
    core: bool = False


class Occasion(Entry):
    """A kind of occasion (日子, M5): which dates it is found from and how long before it is shown.

    ``fields``: the catalogue's dates it returns with every year. Without any it is one of the kinds that are worked
    out: ``relative_birthday``, ``school``, ``retirement``, ``festival``. ``years_*``: how an age or an anniversary is
    written, with {years}; none: not at all.
    """

    fields: list[str] = []
    lead_days: Count
    from_grade: str | None = None
    years_zh: str = ""
    years_en: str = ""
    talk_zh: str = ""
    talk_en: str = ""

    def counted(self, years: int, language: str) -> str:
        """An age or an anniversary in ``language``."""
        return (self.years_en if language.startswith("en") else self.years_zh).format(years=years)

    def talk(self, language: str) -> str:
        """What may be said, in ``language``."""
        return self.talk_en if language.startswith("en") else self.talk_zh


MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|30|31)$")]


class Festival(Entry):
    """A festival: its month and day by the ``solar`` or the ``lunar`` calendar."""

    solar: MonthDay | None = None
    lunar: MonthDay | None = None

    @model_validator(mode="after")
    def _one_calendar(self) -> Self:
        if (self.solar is None) == (self.lunar is None):
            raise ValueError("a festival has either a solar or a lunar day")
        return self


class Stage(Entry):
    """A stage of school (学段): entered in September of the year in which a child has the age before September."""

    age: Annotated[int, Field(ge=0, le=30)]


class Retirement(BaseModel):
    """The age of retirement of one sex, and how it rises (decision of the NPC of 13 September 2024).

    From the month ``rises_from`` on, those who would have retired then do so a month later for every ``step_months``
    months begun, up to ``highest_age``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    age: Annotated[int, Field(ge=40, le=75)]
    rises_from: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    step_months: Annotated[int, Field(ge=1)]
    highest_age: Annotated[int, Field(ge=40, le=75)]


class Consent(Entry):
    """A purpose that a customer agrees to (授权同意), with the text that is shown (PIPL, articles 13-17, 29).

    ``version`` of the text stands with every answer. ``needed_for``: uses that are refused without it.
    """

    version: str
    text_zh: str
    text_en: str
    needed_for: list[Literal["message", "export"]] = []

    def text(self, language: str) -> str:
        """The text in ``language``."""
        return self.text_en if language.startswith("en") else self.text_zh


class Care(BaseModel):
    """How complaints (投诉) are kept (M20): days until one is due, and days after closing to ask how it was."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    due_days: Annotated[int, Field(ge=1)]
    ask_after_days: Count


class Limits(BaseModel):
    """Limits on taking data out (domain, section 5): rows a person may export a day; days until an erasure is final;
    the probability from which two customers are shown as one person."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    export_rows_per_day: Annotated[int, Field(ge=1)]
    erasure_wait_days: Count
    duplicate_from: Annotated[Decimal, Field(gt=0, lt=1), BeforeValidator(exact)]
