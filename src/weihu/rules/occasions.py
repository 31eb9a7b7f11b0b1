"""Occasions (日子, M5): birthdays by both calendars, school, anniversaries, festivals, retirement. Pure.

Which kinds there are and how long before they are shown stands in the rule book.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from lunardate import LunarDate

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.entry import Entry
from weihu.rules.sections.retirement import Retirement
from weihu.rules.sections.stages import Stage

SCHOOL_STARTS = (9, 1)
LONGEST_STAGE = 6
"""No stage of school lasts longer, in years."""
LUNAR_YEARS = range(1901, 2099)


@dataclass(frozen=True)
class Relative:
    """Somebody of the customer's family: what he or she is to him, the name, the date of birth."""

    kind: str
    name: str
    born: date


@dataclass(frozen=True)
class Life:
    """What occasions are found from: the customer's sex, grade, dates of the archive in their kept form, relatives."""

    sex: str
    grade_rank: int
    dates: Mapping[str, str]
    relatives: list[Relative] = field(default_factory=list)


@dataclass(frozen=True)
class Occasion:
    """An occasion on a day. ``years``: the age or the anniversary. ``what``: the festival or the stage of school.

    ``who``: the relative it is about.
    """

    kind: str
    on: date
    years: int | None = None
    what: Entry | None = None
    who: str = ""


def occasions(life: Life, book: RuleBook, first: date, last: date) -> list[Occasion]:
    """The occasions from ``first`` to ``last`` that the customer's grade gives reason to keep, in their order."""
    listed: list[Occasion] = []
    for kind, entry in book.occasions.items():
        if entry.from_grade and life.grade_rank < book.rank(entry.from_grade):
            continue
        for key in entry.fields:
            if value := life.dates.get(key):
                listed += (found for found in _yearly(kind, value, first, last) if _is_kept(found, entry.until_years))
        if not entry.fields:
            worked_out = WORKED_OUT[kind](life, book, first, last)
            listed += [occasion for occasion in worked_out if first <= occasion.on <= last]
    return sorted(listed, key=lambda occasion: (occasion.on, occasion.kind, occasion.who))


def due(life: Life, book: RuleBook, first: date, until: date) -> list[Occasion]:
    """The occasions from a day on that are shown on a day up to ``until``: each kind as long before as the book says."""
    longest = max((entry.lead_days for entry in book.occasions.values()), default=0)
    ahead = occasions(life, book, first, until + timedelta(days=longest))
    return [occasion for occasion in ahead if (occasion.on - until).days <= book.occasions[occasion.kind].lead_days]


def solar_day(month_day: str, year: int) -> date:
    """A day of the year; 29 February is kept on the 28th in other years."""
    month, day = int(month_day[:2]), int(month_day[3:])
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, day - 1)


def lunar_day(month_day: str, year: int) -> date:
    """The solar date of a lunar month and day in a lunar year.

    Where the year lacks the leap month, its ordinary one is kept; where the month lacks the 30th, its last day.
    """
    leap, month, day = month_day.startswith("L"), int(month_day[-5:-3]), int(month_day[-2:])
    for months_leap, days in ((leap, day), (leap, day - 1), (False, day), (False, day - 1)):
        try:
            solar: date = LunarDate(year, month, days, months_leap).to_solar_date()
            return solar
        except ValueError:
            continue
    raise ValueError(f"no lunar day {month_day} in {year}")


def retires_on(born: date, rule: Retirement) -> date:
    """The first day of the month in which somebody of the rule's sex reaches the age of retirement."""
    month = (born.year + rule.age) * 12 + born.month - 1
    begins = int(rule.rises_from[:4]) * 12 + int(rule.rises_from[5:]) - 1
    if month >= begins:
        month += min((month - begins) // rule.step_months + 1, 12 * (rule.highest_age - rule.age))
    return date(month // 12, month % 12 + 1, 1)


def school_age(born: date, year: int) -> int:
    """A child's age at the end of August."""
    return year - born.year - ((born.month, born.day) >= SCHOOL_STARTS)


def stage_on(born: date, on: date, book: RuleBook) -> Stage | None:
    """The stage of school that a child is in on a day; None before the first and after the last."""
    year = on.year if (on.month, on.day) >= SCHOOL_STARTS else on.year - 1
    age = school_age(born, year)
    entered = [stage for stage in book.stages.values() if stage.age <= age]
    latest = max(entered, key=lambda stage: stage.age, default=None)
    return latest if latest and age < latest.age + LONGEST_STAGE else None


def _yearly(kind: str, value: str, first: date, last: date) -> Iterator[Occasion]:
    """A date's returns; a lunar one is kept as month and day only, so its years are not known."""
    solar = date.fromisoformat(value) if value[:4].isdecimal() else None
    for year in range(first.year - 1, last.year + 1):
        if solar:
            on, years = solar_day(value[5:], year), year - solar.year
        elif year in LUNAR_YEARS:
            on, years = lunar_day(value, year), None
        else:
            continue
        if first <= on <= last and (years is None or years > 0):
            yield Occasion(kind, on, years)


def _is_kept(occasion: Occasion, until_years: int | None) -> bool:
    return until_years is None or occasion.years is None or occasion.years < until_years


def _children(life: Life) -> Iterator[tuple[str, date]]:
    yield from ((relative.name, relative.born) for relative in life.relatives if relative.kind == "child")
    born = life.dates.get("child_birth_date")
    if born and date.fromisoformat(born) not in {relative.born for relative in life.relatives}:
        yield "", date.fromisoformat(born)


def _relative_birthdays(life: Life, book: RuleBook, first: date, last: date) -> Iterator[Occasion]:
    for relative in life.relatives:
        for birthday in _yearly("relative_birthday", relative.born.isoformat(), first, last):
            yield replace(birthday, what=book.relations.get(relative.kind), who=relative.name)


def _school(life: Life, book: RuleBook, first: date, last: date) -> Iterator[Occasion]:
    for name, born in _children(life):
        for year in range(first.year, last.year + 1):
            for stage in book.stages.values():
                if school_age(born, year) == stage.age:
                    yield Occasion("school", date(year, *SCHOOL_STARTS), stage.age, stage, name)


def _retirement(life: Life, book: RuleBook, first: date, last: date) -> Iterator[Occasion]:
    if (year := life.dates.get("retires_in", "")).isdecimal():
        yield Occasion("retirement", date(int(year), 1, 1))
    elif (rule := _rule_of(life.sex, book)) and life.dates.get("birth_date"):
        yield Occasion("retirement", retires_on(date.fromisoformat(life.dates["birth_date"]), rule))


def _rule_of(sex: str, book: RuleBook) -> Retirement | None:
    return next((rule for key, rule in book.retirement.items() if key == sex), None)


def festivals(book: RuleBook, first: date, last: date) -> Iterator[tuple[str, date]]:
    """The keys of the festivals from ``first`` to ``last``, with their dates."""
    for key, festival in book.festivals.items():
        for year in range(first.year - 1, last.year + 1):
            if festival.solar:
                on = solar_day(festival.solar, year)
            elif festival.lunar and year in LUNAR_YEARS:
                on = lunar_day(festival.lunar, year)
            else:
                continue
            if first <= on <= last:
                yield key, on


def _festivals(life: Life, book: RuleBook, first: date, last: date) -> Iterator[Occasion]:
    for key, on in festivals(book, first, last):
        yield Occasion("festival", on, what=book.festivals[key])


WORKED_OUT = {
    "relative_birthday": _relative_birthdays,
    "school": _school,
    "retirement": _retirement,
    "festival": _festivals,
}
"""The kinds that are worked out from more than one date (sections.occasions.OCCASION_KINDS)."""
