"""Days, months and pace out of tables."""

import numpy as np
import pyarrow as pa
import pytest

from weihu.insight.timeline import Clock, NoTime, Tail


def in_order(weeks=12, months=("jan", "feb", "mar", "apr"), a_day=10):
    weekdays = [day for _ in range(weeks) for day in ("mon", "tue", "wed", "thu", "fri") for _ in range(a_day)]
    part = len(weekdays) // len(months)
    named = [months[min(place // part, len(months) - 1)] for place in range(len(weekdays))]
    shuffled = np.random.default_rng(1).choice(("mon", "tue"), len(weekdays)).tolist()
    return pa.table({"best": shuffled, "weekday": weekdays, "month": named})


def test_rows_in_order_have_days_where_weekday_or_month_change():
    table = in_order()
    clock = Clock.of_order(table)
    assert (clock.weekday, clock.month) == ("weekday", "month")  # a weekday in no order says nothing of the rows' time
    timeline = clock.read(table)
    assert timeline.labels == ["1 jan", "2 feb", "3 mar", "4 apr"]
    assert timeline.days.max() + 1 == 12 * 5
    assert timeline.pace[:10].tolist() == pytest.approx([np.nan] * 10, nan_ok=True)
    assert np.expm1(timeline.pace[10:22]) == pytest.approx([*range(10, 20), 10, 11])
    assert timeline.tail == Tail("fri apr", 10, 10)


def test_rows_in_order_without_a_calendar_are_ten_parts():
    table = pa.table({"a": list(range(100))})
    timeline = Clock.of_order(table).read(table)
    assert np.bincount(timeline.blocks).tolist() == [10] * 10
    assert timeline.days is timeline.pace is timeline.tail is None


def test_a_table_goes_on_where_the_training_rows_ended():
    table = pa.table({"weekday": ["fri"] * 3 + ["mon"] * 2, "month": ["apr"] * 3 + ["may"] * 2})
    clock = Clock(None, "weekday", "month")
    same_day = clock.read(table, Tail("fri apr", 10, 7))
    assert np.expm1(same_day.pace) == pytest.approx([17, 18, 19, 13, 14])
    next_day = clock.read(table, Tail("thu apr", 10, 7))
    assert np.expm1(next_day.pace) == pytest.approx([10, 11, 12, 3, 4])
    assert clock.read(table.slice(0, 0), None).pace is None


def test_dates_are_put_in_order_and_parted_into_months_weeks_or_days():
    table = pa.table({"on": ["2026-02-01", "2026-01-05", "2026-03-01", "2026-04-01"]})
    timeline = Clock("on").read(table)
    assert timeline.order.tolist() == [1, 0, 2, 3]
    assert timeline.labels == ["2026-01", "2026-02", "2026-03", "2026-04"]
    weeks = pa.table({"on": [f"2026-01-{day:02}" for day in range(5, 32)]})
    assert Clock("on").read(weeks).labels == ["2026-W02", "2026-W03", "2026-W04", "2026-W05"]
    days = pa.table({"on": ["2026-01-05", "2026-01-06"]})
    assert Clock("on").read(days).labels == ["2026-01-05", "2026-01-06"]


def test_days_before_the_training_rows_do_not_follow_them():
    table = pa.table({"on": ["2026-01-05", "2026-01-06"]})
    assert np.isnan(Clock("on").read(table, Tail("2026-05-01", 10, 7)).pace[0])
    assert np.expm1(Clock("on").read(table, Tail("2026-01-02", 10, 7)).pace) == pytest.approx([10, 1])


def test_a_cell_that_is_no_date_is_named():
    with pytest.raises(NoTime) as raised:
        Clock("on").read(pa.table({"on": ["2026-01-05", "soon"]}))
    assert (raised.value.row, raised.value.found) == (1, "soon")
