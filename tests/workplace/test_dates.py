"""Days are typed as people write them, and stand in every field alike whatever the browser's own language."""

from datetime import date

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import expect

from weihu.workplace.bank.current import current
from weihu.workplace.base.days import read_day

WAYS = ["{0:%Y-%m-%d}", "{0:%Y%m%d}", "{0:%Y/%m/%d}", "{0.year}.{0.month}.{0.day}", " {0.year}年{0.month}月{0.day}日 "]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.sampled_from(WAYS))
def test_a_day_is_read_however_it_is_written(day, way):
    assert read_day(way.format(day)) == day


@pytest.mark.parametrize("text", [None, "", "x", "2026-02-30", "2026111", "11-28", "20260230", "2026-13-01"])
def test_what_is_no_day_is_none(text):
    assert read_day(text) is None


@pytest.mark.long
@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_a_field_for_a_day_reads_what_is_typed_and_shows_it_the_same(desk, server, language):
    page, today = desk(1440, language, "branch_manager"), current().work_date
    page.goto(server.url + reverse("staff_table"))
    field = page.locator("#from_on")
    expect(field).to_have_value(today.isoformat())
    later = date.fromordinal(today.toordinal() + 1)
    typed = {
        "20260701": "2026-07-01",
        "2026年7月1日": "2026-07-01",
        "7.2": f"{today.year}-07-02",
        "明天": later.isoformat(),
        "tomorrow": later.isoformat(),
        "+1": later.isoformat(),
    }
    for text, day in typed.items():
        field.fill(text)
        field.blur()
        expect(field).to_have_value(day)
        assert field.evaluate("field => field.validity.valid")
    field.fill("2026-02-30")
    field.blur()
    assert not field.evaluate("field => field.validity.valid")
    page.locator(".day-field .day-calendar").first.evaluate(
        "field => { field.value = '2026-08-09'; field.dispatchEvent(new Event('change')); }"
    )
    expect(field).to_have_value("2026-08-09")
    assert field.evaluate("field => field.validity.valid")
