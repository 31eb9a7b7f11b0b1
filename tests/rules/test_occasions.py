"""Occasions by both calendars."""

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from weihu.rules import rulebook
from weihu.rules.occasions import Life, Relative, due, lunar_day, occasions, retires_on, school_age, stage_on

BOOK = rulebook.load("brief")
TOP = len(BOOK.grades) - 1
DATES = st.dates(date(1930, 1, 1), date(2024, 12, 31))


def life(sex="F", rank=TOP, relatives=(), **dates) -> Life:
    return Life(sex, rank, dates, list(relatives))


@pytest.mark.parametrize(
    ("lunar", "year", "solar"),
    [
        ("01-01", 2026, date(2026, 2, 17)),
        ("08-15", 2026, date(2026, 9, 25)),
        ("05-05", 2025, date(2025, 5, 31)),
        ("L06-01", 2025, date(2025, 7, 25)),  # 2025 has a leap sixth month
        ("L06-01", 2026, date(2026, 7, 14)),  # 2026 has none: the ordinary one
        ("12-30", 2025, date(2026, 2, 16)),  # the twelfth month of 2025 has 29 days
    ],
)
def test_lunar_days(lunar, year, solar):
    assert lunar_day(lunar, year) == solar


@given(st.integers(1, 12), st.integers(1, 30), st.integers(1930, 2090), st.booleans())
def test_every_lunar_day_is_kept_once_in_every_year(month, day, year, leap):
    result = lunar_day(f"{'L' if leap else ''}{month:02d}-{day:02d}", year)
    assert date(year, 1, 1) < result < date(year + 1, 3, 1)


@given(DATES, st.dates(date(2025, 1, 1), date(2030, 1, 1)).filter(lambda on: (on.month, on.day) != (2, 29)))
@example(date(2000, 3, 1), date(2027, 3, 2))
@example(date(2000, 2, 29), date(2027, 2, 28))
def test_a_birthday_comes_once_a_year_and_is_shown_as_long_before_as_the_book_says(born, on):
    chosen = life(birth_date=born.isoformat())
    last = on.replace(year=on.year + 1) - timedelta(days=1)  # over a 29 February the year has 366 days
    year = [o for o in occasions(chosen, BOOK, on, last) if o.kind == "birthday"]
    assert len(year) == (1 if last > born else 0) or born.year >= on.year
    shown = [o for o in due(chosen, BOOK, on, on) if o.kind == "birthday"]
    lead = BOOK.occasions["birthday"].lead_days
    assert shown == [o for o in year if (o.on - on).days <= lead]


@given(st.dates(date(1950, 1, 1), date(1985, 12, 31)), st.sampled_from(["F", "M"]))
def test_retirement_never_falls_nor_jumps(born, sex):
    """Somebody born a month later retires at least a month later, and never more than the full rise after the old age."""
    rule = BOOK.retirement[sex]
    later = date(born.year + born.month // 12, born.month % 12 + 1, 1)
    own, other = retires_on(born, rule), retires_on(later, rule)
    months = (other.year - own.year) * 12 + other.month - own.month
    assert 1 <= months <= 2
    assert rule.age <= own.year - born.year + (own.month - born.month) / 12 <= rule.highest_age


@pytest.mark.parametrize(
    ("born", "sex", "retires"),
    [
        # the table annexed to the decision of 13 September 2024
        (date(1964, 12, 5), "M", date(2024, 12, 1)),
        (date(1965, 1, 5), "M", date(2025, 2, 1)),
        (date(1965, 4, 30), "M", date(2025, 5, 1)),
        (date(1965, 5, 1), "M", date(2025, 7, 1)),
        (date(1976, 9, 1), "M", date(2039, 9, 1)),
        (date(1970, 1, 1), "F", date(2025, 2, 1)),
        (date(1981, 9, 1), "F", date(2039, 9, 1)),
    ],
)
def test_retirement_by_the_law_s_table(born, sex, retires):
    assert retires_on(born, BOOK.retirement[sex]) == retires


@pytest.mark.parametrize(
    ("born", "starts"), [(date(2020, 8, 31), 2026), (date(2020, 9, 1), 2027), (date(2019, 9, 2), 2026)]
)
def test_a_child_starts_school_in_the_september_after_turning_six(born, starts):
    result = occasions(life(child_birth_date=born.isoformat()), BOOK, date(2025, 1, 1), date(2028, 12, 31))
    primary = [row.on for row in result if row.kind == "school" and row.what == BOOK.stages["primary"]]
    assert primary == [date(starts, 9, 1)]
    assert school_age(born, starts) == 6


def test_a_child_that_is_known_twice_is_one_child():
    born = date(2020, 5, 1)
    chosen = life(child_birth_date=born.isoformat(), relatives=[Relative("child", "小宝", born)])
    school = [o for o in occasions(chosen, BOOK, date(2026, 1, 1), date(2026, 12, 31)) if o.kind == "school"]
    assert [o.who for o in school] == ["小宝"]


def test_festivals_are_for_the_grades_that_the_book_names():
    days = date(2026, 1, 1), date(2026, 12, 31)
    valued = [o for o in occasions(life(), BOOK, *days) if o.kind == "festival"]
    assert {o.what.en: o.on for o in valued}["Spring Festival"] == date(2026, 2, 17)
    assert len(valued) == len(BOOK.festivals)
    assert not [o for o in occasions(life(rank=0), BOOK, *days) if o.kind == "festival"]


def test_a_told_year_of_retirement_is_taken_for_the_law_s():
    chosen = life(birth_date="1970-01-01", retires_in="2026")
    listed = [o.on for o in occasions(chosen, BOOK, date(2025, 1, 1), date(2027, 1, 1)) if o.kind == "retirement"]
    assert listed == [date(2026, 1, 1)]


@pytest.mark.parametrize(
    ("on", "stage"),
    [
        (date(2023, 8, 31), None),
        (date(2023, 9, 1), "kindergarten"),
        (date(2026, 8, 31), "kindergarten"),
        (date(2026, 9, 1), "primary"),
        (date(2032, 8, 31), "primary"),
        (date(2032, 9, 1), "junior"),
        (date(2038, 9, 1), "university"),
        (date(2044, 9, 1), None),
    ],
)
def test_the_stage_of_school_that_a_child_is_in(on, stage):
    result = stage_on(date(2020, 5, 1), on, BOOK)
    assert result == (BOOK.stages[stage] if stage else None)


def test_a_child_s_birthday_is_kept_until_the_age_of_the_book():
    until = BOOK.occasions["child_birthday"].until_years
    kept = occasions(life(child_birth_date="2010-05-20"), BOOK, date(2011, 1, 1), date(2070, 12, 31))
    assert [o.years for o in kept if o.kind == "child_birthday"] == list(range(1, until))


def test_a_relatives_birthday_is_told_with_name_relation_and_age():
    family = [Relative("spouse", "王芳", date(1980, 3, 5)), Relative("child", "小宝", date(2026, 3, 5))]
    kept = occasions(life(relatives=family), BOOK, date(2026, 1, 1), date(2026, 12, 31))
    birthdays = [(o.who, o.on, o.years, o.what) for o in kept if o.kind == "relative_birthday"]
    # who was born this year has no birthday yet
    assert birthdays == [("王芳", date(2026, 3, 5), 46, BOOK.relations["spouse"])]


def test_only_children_go_to_school_each_by_name():
    family = [
        Relative("spouse", "王芳", date(2020, 5, 1)),
        Relative("child", "大宝", date(2020, 5, 1)),
        Relative("child", "小宝", date(2023, 5, 1)),
    ]
    kept = occasions(life(relatives=family, child_birth_date="2017-05-01"), BOOK, date(2026, 1, 1), date(2026, 12, 31))
    assert [(o.who, o.years, o.what.en) for o in kept if o.kind == "school"] == [
        ("大宝", 6, BOOK.stages["primary"].en),
        ("小宝", 3, BOOK.stages["kindergarten"].en),
    ]


def test_of_a_lunar_birthday_the_day_is_known_and_not_the_age():
    kept = occasions(life(lunar_birthday="08-15"), BOOK, date(2026, 1, 1), date(2027, 12, 31))
    assert [(o.on, o.years) for o in kept if o.kind == "lunar_birthday"] == [
        (date(2026, 9, 25), None),
        (date(2027, 9, 15), None),
    ]


def test_a_lunar_day_late_in_the_year_is_kept_at_the_beginning_of_the_next():
    kept = occasions(life(lunar_birthday="12-20"), BOOK, date(2026, 1, 1), date(2026, 2, 28))
    assert [o.on for o in kept if o.kind == "lunar_birthday"] == [date(2026, 2, 7)]


def test_without_sex_or_date_of_birth_nobody_knows_when_a_customer_retires():
    days = date(2000, 1, 1), date(2060, 12, 31)
    for chosen in (life(sex="", birth_date="1970-01-01"), life(sex="F")):
        assert [o for o in occasions(chosen, BOOK, *days) if o.kind == "retirement"] == []


def test_occasions_come_in_the_order_of_their_days_and_of_one_day_by_kind_and_name():
    family = [Relative("child", name, date(2015, 2, 17)) for name in ("乙", "甲")]
    chosen = life(relatives=family, birth_date="1970-02-17")
    kept = occasions(chosen, BOOK, date(2026, 2, 1), date(2026, 12, 31))
    assert [o.on for o in kept] == sorted(o.on for o in kept)
    assert [(o.kind, o.who) for o in kept if o.on == date(2026, 2, 17)] == [
        ("birthday", ""),
        ("festival", ""),
        ("relative_birthday", "乙"),
        ("relative_birthday", "甲"),
    ]
