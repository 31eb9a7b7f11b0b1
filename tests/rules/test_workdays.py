"""Working days: who says what, day by day over two holidays, and that nothing falls between two lists."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weihu.rules import rulebook
from weihu.rules.workdays import ARRANGED, ListDay, WorkingDays, usual

BOOK = rulebook.load("brief")
DAYS = usual(BOOK)
FIRST = date(2027, 3, 1)
"""A Monday; random calendars are of the days from here on."""


def span(first, last):
    return [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]


def open_days(days, first, last, branch=""):
    return [(on.month, on.day) for on in span(first, last) if days.is_open(on, branch)]


def test_october_2026_day_by_day():
    """National Day from 1 to 7 October; Sunday 20 September and Saturday 10 October make up for it."""
    assert open_days(DAYS, date(2026, 9, 18), date(2026, 10, 13)) == [
        *((9, day) for day in (18, 20, 21, 22, 23, 24, 28, 29, 30)),
        *((10, day) for day in (8, 9, 10, 12, 13)),
    ]
    lists = {on.day: DAYS.list_day(on) for on in span(date(2026, 9, 29), date(2026, 10, 11))}
    assert lists[29] == ListDay(date(2026, 9, 30), date(2026, 10, 7)), "what falls on the holiday is on the 30th's list"
    for night in (30, 1, 2, 3, 4, 5, 6, 7):
        assert lists[night] == ListDay(date(2026, 10, 8), date(2026, 10, 8))
    assert lists[8] == ListDay(date(2026, 10, 9), date(2026, 10, 9))
    assert lists[9] == ListDay(date(2026, 10, 10), date(2026, 10, 11))
    assert lists[10] == lists[11] == ListDay(date(2026, 10, 12), date(2026, 10, 12))
    assert {DAYS.voice(on) for on in span(date(2026, 9, 18), date(2026, 10, 13))} == {"arranged"}


def test_spring_festival_2027_by_the_law_alone():
    """New Year's Eve is Friday 5 February 2027; two of the four days are a weekend, made up for on the 9th and 10th."""
    assert open_days(DAYS, date(2027, 2, 3), date(2027, 2, 15)) == [(2, day) for day in (3, 4, 11, 12, 15)]
    assert DAYS.voice(date(2027, 2, 8)) == "expected"
    assert not DAYS.is_known(2027)
    assert DAYS.list_day(date(2027, 2, 3)) == ListDay(date(2027, 2, 4), date(2027, 2, 10))


def test_spring_festival_2027_as_the_bank_has_entered_it():
    """The bank's word: closed on 11 and 12 February as well, which Sunday 14 makes up for; a branch is open on the eve."""
    own = {("", date(2027, 2, day)): False for day in (11, 12)} | {("", date(2027, 2, 14)): True}
    days = WorkingDays(BOOK.working_days, {**own, ("B1", date(2027, 2, 5)): True, ("B1", date(2027, 2, 14)): False})
    assert open_days(days, date(2027, 2, 3), date(2027, 2, 16)) == [(2, day) for day in (3, 4, 14, 15, 16)]
    assert open_days(days, date(2027, 2, 3), date(2027, 2, 16), "B1") == [(2, day) for day in (3, 4, 5, 15, 16)]
    assert days.is_known(2027)
    assert days.voice(date(2027, 2, 14)) == "bank"
    assert days.voice(date(2027, 2, 5), "B1") == "branch"
    assert days.voice(date(2027, 2, 8)) == "bank", "the rest of a year of which the bank has said something"
    assert days.list_day(date(2027, 2, 4)) == ListDay(date(2027, 2, 14), date(2027, 2, 14))
    assert days.list_day(date(2027, 2, 4), "B1") == ListDay(date(2027, 2, 5), date(2027, 2, 14))


@pytest.mark.parametrize("year", [year for year in ARRANGED if year >= 2025])
def test_what_the_law_closes_is_closed_in_every_arrangement_under_it(year):
    by_law = WorkingDays(BOOK.working_days.model_copy(update={"arrangement": "none"}))
    holidays = [on for on in span(date(year, 1, 1), date(year, 12, 31)) if on.weekday() < 5 and not by_law.is_open(on)]
    assert len(holidays) >= 8
    assert not [on for on in holidays if DAYS.is_open(on)]


def test_without_an_arrangement_the_statutory_days_are_all_there_is():
    czech = usual(rulebook.load("czech"))
    assert not czech.is_open(date(1993, 12, 24))
    assert czech.is_open(date(1993, 12, 27))
    assert czech.voice(date(2040, 1, 1)) == "arranged"


def test_shifts_say_who_works_on_a_day_of_the_branchs_own():
    saturday, monday = date(2026, 6, 6), date(2026, 6, 8)
    days = WorkingDays(
        BOOK.working_days,
        {("B1", saturday): True},
        {("on", saturday): True, ("on", monday): False, ("guard", date(2026, 6, 7)): True},
        frozenset({("B1", saturday), ("B1", date(2026, 6, 7))}),
    )
    friday = date(2026, 6, 5)
    assert days.list_day(friday, "B1") == ListDay(saturday, date(2026, 6, 7))
    assert days.list_day(friday, "B1", "on") == ListDay(saturday, monday), "his Monday is off, so it comes before"
    assert days.list_day(friday, "B1", "other") == ListDay(monday, monday)
    assert days.list_day(friday, "B1", "guard").on == date(2026, 6, 7), "a shift on a closed day is a day of work"
    assert days.works(monday, "B1", "other"), "shifts of a day that is open everywhere bind nobody else"


def test_deadlines_count_the_days_that_the_book_says():
    wednesday = date(2026, 9, 30)
    assert DAYS.after(wednesday, 3, "referrals") == date(2026, 10, 10)
    assert DAYS.after(wednesday, 3, "care_plans") == date(2026, 10, 3)
    calendar = usual(rulebook.changed(BOOK, {"working_days": {"counted_in": ["care_plans"]}}))
    assert calendar.after(wednesday, 3, "referrals") == date(2026, 10, 3)
    assert calendar.after(wednesday, 0, "care_plans") == wednesday


def test_a_year_is_unannounced_until_the_arrangement_or_the_bank_says_its_holidays():
    known, unknown = max(ARRANGED), max(ARRANGED) + 1
    assert DAYS.unannounced(date(known, 10, 1)) == []
    assert DAYS.unannounced(date(known, 12, 1)) == [unknown], "within the days looked ahead to"
    assert DAYS.unannounced(date(unknown, 12, 1)) == [unknown, unknown + 1]
    entered = WorkingDays(BOOK.working_days, {("", date(unknown, 2, 11)): False})
    assert entered.unannounced(date(known, 12, 1)) == []
    branch = WorkingDays(BOOK.working_days, {("B1", date(unknown, 2, 11)): False})
    assert branch.unannounced(date(known, 12, 1)) == [unknown], "a branch says nothing of the bank's year"


def test_who_never_works_has_a_list_for_every_day():
    closed = WorkingDays(BOOK.working_days, {("", FIRST + timedelta(days=step)): False for step in range(-90, 90)})
    assert closed.list_day(FIRST) == ListDay(FIRST + timedelta(days=1), FIRST + timedelta(days=1))
    assert closed.last_open(FIRST) == FIRST - timedelta(days=1)
    days = {**closed.own, ("", FIRST + timedelta(days=3)): True}
    once = WorkingDays(BOOK.working_days, days)
    assert once.list_day(FIRST) == ListDay(FIRST + timedelta(days=3), FIRST + timedelta(days=3))
    assert once.last_open(FIRST + timedelta(days=30)) == FIRST + timedelta(days=3)


CALENDARS = st.lists(st.booleans(), min_size=100, max_size=100).map(
    lambda flags: WorkingDays(
        BOOK.working_days,
        {("", FIRST + timedelta(days=ahead)): flag or ahead % 20 == 19 for ahead, flag in enumerate(flags)},
    )
)
"""Any days open and closed, but never closed for more than nineteen in a row."""


@given(CALENDARS)
def test_each_open_day_has_one_last_list_and_no_closed_day_has_any(days):
    """The last list for a day is that of the night before it."""
    nights = span(FIRST, FIRST + timedelta(days=30))
    last_lists = [night + timedelta(days=1) for night in nights if days.list_day(night).on == night + timedelta(days=1)]
    assert last_lists == [on + timedelta(days=1) for on in nights if days.is_open(on + timedelta(days=1))]


@given(CALENDARS, st.integers(1, 25), st.integers(0, 25))
def test_what_is_due_is_listed_on_the_last_open_day_not_after_it(days, ahead, lead):
    """Known on a night and due ``ahead`` days later: on the last list by then, or where no day is open by then on the
    first after."""
    night = FIRST + timedelta(days=lead)
    due = night + timedelta(days=ahead)
    lists = [days.list_day(on) for on in span(night, night + timedelta(days=30))]
    listed = next(row.on for row in lists if due <= row.through)
    before = [on for on in span(night + timedelta(days=1), due) if days.is_open(on)]
    assert listed == (before[-1] if before else days.list_day(due).on)


@given(CALENDARS, st.integers(5, 25))
def test_every_night_until_an_open_day_plans_it_alike(days, ahead):
    """The days that a list looks ahead to begin where the list before it ended."""
    night = FIRST + timedelta(days=ahead)
    listed = days.list_day(night)
    assert all(days.list_day(on) == listed for on in span(night, listed.on - timedelta(days=1)))
    assert days.list_day(listed.on).on == listed.through + timedelta(days=1)
    assert days.last_open(days.list_day(listed.on).on) == listed.on


@given(CALENDARS, st.integers(1, 12))
def test_due_dates_are_counted_one_by_one(days, count):
    counted = WorkingDays(rulebook.changed(BOOK, {"working_days": {"counted_in": ["cadences"]}}).working_days, days.own)
    on = FIRST + timedelta(days=20)
    due = dict(days.due_dates(on, count))
    for since in span(FIRST, on):
        assert due[since] == counted.after(since, count, "cadences")
