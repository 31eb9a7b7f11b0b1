"""Which night stands for a date."""

from datetime import date

from weihu.rules.nights import is_month_end, nearest


def test_a_window_takes_the_nearest_kept_night_and_none_that_is_far_away():
    kept = [date(2026, 3, 31), date(2026, 4, 30)]
    assert nearest(date(2026, 4, 10), kept) == date(2026, 3, 31)
    assert nearest(date(2026, 4, 16), kept) == date(2026, 4, 30)
    assert nearest(date(2026, 3, 1), kept) is None


def test_of_two_as_near_the_earlier_stands():
    assert nearest(date(2026, 3, 16), [date(2026, 3, 31), date(2026, 3, 1)]) == date(2026, 3, 1)


def test_a_months_end_is_its_last_day():
    assert [is_month_end(date(2028, 2, day)) for day in (28, 29)] == [False, True]
    assert is_month_end(date(2026, 12, 31))
