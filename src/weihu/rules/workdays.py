"""Working days (工作日): when a branch is open, who works on a day, and which day a list is for. Pure.

Four voices say whether a day is open, the nearest to the branch counting: its own days, those of the whole bank, the
yearly arrangement as the library knows it, and, where none is announced yet, what the law alone gives.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

import chinese_calendar

from weihu.rules.occasions import lunar_day, solar_day
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.working_days import Deadline
from weihu.rules.sections.working_days import WorkingDays as Section

LOOK_AHEAD = 60
"""A day that is open is looked for among so many."""
SATURDAY = 5
QINGMING = "清明"
ARRANGED = range(min(chinese_calendar.holidays).year, max(chinese_calendar.holidays).year + 1)
"""The years whose arrangement the library knows."""

Voice = Literal["branch", "bank", "arranged", "expected"]
Rule = tuple[str, tuple[str, ...]]
"""The book's arrangement and statutory days, as a key."""


class ListDay(NamedTuple):
    """The day that a list is for, and the last day before the next list: what is due by then is on it."""

    on: date
    through: date


@dataclass(frozen=True)
class WorkingDays:
    """The calendar of a bank. ``own``: by branch and day whether it is open, of the whole bank where the branch is
    empty. ``shifts``: by member of staff and day whether he or she works; ``duty``: the branches and days for which
    shifts name who works, so that nobody else does on a day that is closed elsewhere.
    """

    rule: Section
    own: Mapping[tuple[str, date], bool] = field(default_factory=dict)
    shifts: Mapping[tuple[str, date], bool] = field(default_factory=dict)
    duty: frozenset[tuple[str, date]] = frozenset()

    def is_open(self, on: date, branch_id: str = "") -> bool:
        """Whether a branch is open; without a branch, whether branches are that have no days of their own."""
        for key in ((branch_id, on), ("", on)):
            if key in self.own:
                return self.own[key]
        return self.usually_open(on)

    def works(self, on: date, branch_id: str, staff_id: str) -> bool:
        """Whether somebody of a branch works on a day, absences aside."""
        shift = self.shifts.get((staff_id, on))
        if shift is not None:
            return shift
        if not self.is_open(on, branch_id):
            return False
        return (branch_id, on) not in self.duty or self.is_open(on)

    def voice(self, on: date, branch_id: str = "") -> Voice:
        """Who says whether a branch is open."""
        if branch_id and (branch_id, on) in self.own:
            return "branch"
        if ("", on) in self.own:
            return "bank"
        return "arranged" if self.is_arranged(on.year) else "bank" if self.is_known(on.year) else "expected"

    def usually_open(self, on: date) -> bool:
        """Whether a day is open by the arrangement, or where none is announced by the law alone."""
        return _usually_open(on, self._rule)

    def is_arranged(self, year: int) -> bool:
        """Whether everything is known of a year that others than the bank decide."""
        return self.rule.arrangement == "none" or year in ARRANGED

    def is_known(self, year: int) -> bool:
        """Whether a year's holidays are announced, or the bank has entered days of that year."""
        return self.is_arranged(year) or year in self._entered

    def unannounced(self, on: date) -> list[int]:
        """The years within the days looked ahead to of which only the public holidays by law are known."""
        return sorted({year for year in {on.year, (on + timedelta(days=LOOK_AHEAD)).year} if not self.is_known(year)})

    def list_day(self, after: date, branch_id: str = "", staff_id: str = "") -> ListDay:
        """The day of the list that a night plans for a branch or a member of staff.

        Who works on none of the days looked at has a list for every day.
        """
        open_days = self._open_days(after, branch_id, staff_id)
        on = next(open_days, None)
        if on is None:
            return ListDay(after + timedelta(days=1), after + timedelta(days=1))
        following = next(open_days, on + timedelta(days=1))
        return ListDay(on, following - timedelta(days=1))

    def last_open(self, before: date, branch_id: str = "") -> date:
        """The last open day before a day; the day before it where there is none."""
        days = (before - timedelta(days=back) for back in range(1, LOOK_AHEAD))
        return next((on for on in days if self.is_open(on, branch_id)), before - timedelta(days=1))

    def following(self, on: date, branch_id: str = "") -> date:
        """The next open day of a branch after a day."""
        return self.list_day(on, branch_id).on

    def after(self, on: date, days: int, deadline: Deadline, branch_id: str = "") -> date:
        """The day on which something is due ``days`` after a day, in the days in which the book counts it."""
        if deadline not in self.rule.counted_in:
            return on + timedelta(days=days)
        for _ in range(days):
            on = self.following(on, branch_id)
        return on

    def due_dates(self, on: date, days: int) -> Iterator[tuple[date, date]]:
        """For each day on which something began that can be due from ``on`` on, the open day ``days`` later."""
        first = on - timedelta(days=2 * days + LOOK_AHEAD)
        span = [first + timedelta(days=step) for step in range(4 * days + 3 * LOOK_AHEAD)]
        open_days = [day for day in span if self.is_open(day)]
        for since in span[: (on - first).days + 1]:
            place = bisect_right(open_days, since) + days - 1
            if place < len(open_days):
                yield since, open_days[place]

    def _open_days(self, after: date, branch_id: str, staff_id: str) -> Iterator[date]:
        for ahead in range(1, LOOK_AHEAD):
            on = after + timedelta(days=ahead)
            if self.works(on, branch_id, staff_id) if staff_id else self.is_open(on, branch_id):
                yield on

    @cached_property
    def _entered(self) -> frozenset[int]:
        return frozenset(on.year for branch, on in self.own if not branch)

    @cached_property
    def _rule(self) -> Rule:
        return self.rule.arrangement, tuple(self.rule.statutory)


def usual(book: RuleBook) -> WorkingDays:
    """The calendar of a bank without days of its own."""
    return WorkingDays(book.working_days)


@lru_cache(maxsize=4096)
def _usually_open(on: date, rule: Rule) -> bool:
    if rule[0] == "china" and on.year in ARRANGED:
        return bool(chinese_calendar.is_workday(on))
    return on.weekday() < SATURDAY and on not in _closed_by_law(on.year, rule)


@lru_cache(maxsize=64)
def _closed_by_law(year: int, rule: Rule) -> frozenset[date]:
    """The public holidays of a year. In China one on a Saturday or Sunday is made up for on the next working day."""
    arrangement, statutory = rule
    closed = {on for entry in statutory for on in _days_of(entry, year)}
    if arrangement == "china":
        for on in sorted(on for on in closed if on.weekday() >= SATURDAY):
            instead = on
            while instead.weekday() >= SATURDAY or instead in closed:
                instead += timedelta(days=1)
            closed.add(instead)
    return frozenset(closed)


def _days_of(entry: str, year: int) -> Iterator[date]:
    """The days of a year that an entry of the book's statutory holidays names."""
    if entry == "qingming":
        terms = chinese_calendar.get_solar_terms(date(year, 4, 1), date(year, 4, 30))
        yield from (on for on, term in terms if term == QINGMING)
    elif entry.startswith("lunar "):
        days = (lunar_day(entry.removeprefix("lunar "), lunar_year) for lunar_year in (year - 1, year))
        yield from (on for on in days if on.year == year)
    else:
        yield solar_day(entry, year)
