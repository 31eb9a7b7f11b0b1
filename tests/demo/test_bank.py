"""Which days the demo's bank delivers."""

from datetime import date, timedelta

from weihu.demo.bank import DAILY, schedule


def test_the_past_is_delivered_by_months_and_the_last_days_one_by_one():
    first, last = date(2025, 10, 24), date(2026, 11, 27)
    dates = schedule(first, last)
    live = last - timedelta(days=DAILY - 1)
    assert dates[0] == first
    assert dates[-DAILY:] == [live + timedelta(days=number) for number in range(DAILY)]
    past = dates[1:-DAILY]
    assert past[-1] == live - timedelta(days=1)
    assert [day.month for day in past[:-1]] == [10, 11, 12, *range(1, 9)]
    assert all((day + timedelta(days=1)).day == 1 for day in past[:-1])


def test_a_bank_of_few_days_delivers_every_one():
    last = date(2026, 7, 2)
    assert schedule(date(2026, 6, 28), last) == [date(2026, 6, 28) + timedelta(days=number) for number in range(5)]
