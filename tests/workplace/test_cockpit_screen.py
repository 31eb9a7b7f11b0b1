"""The cockpit in a real browser: its height, its charts with the tables behind them, periods, sorting, links."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.workplace.test_axe import violations
from tests.workplace.test_browser import fits

pytestmark = pytest.mark.long
TALLEST = 1800
"""Pixels at a desk of 1440 by 900."""


@pytest.mark.parametrize("post", ["rm_supervisor", "branch_manager", "personal_banking"])
@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_the_cockpit_is_no_higher_than_two_screens_and_fits_a_telephone(post, language, desk):
    page = desk(1440, language, post)
    page.set_viewport_size({"width": 1440, "height": 900})
    address = page.url.split("?")[0].rstrip("/") + "/cockpit/"
    page.goto(address)
    expect(page.locator("[data-trend] canvas")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollHeight") <= TALLEST
    top = page.locator("#attention").bounding_box()
    assert top["y"] < 450, "what needs the manager stands near the top"
    assert violations(page, address) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert fits(page)


def test_the_bridge_and_its_table_say_the_same_and_add_up(desk):
    page = desk(1440, "zh-CN", "branch_manager")
    page.goto(page.url.split("?")[0].rstrip("/") + "/cockpit/?period=days")
    bars = page.locator(".waterfall rect title")
    said = [bars.nth(place).text_content().split(" ", 1)[1] for place in range(bars.count())]
    page.locator("details:has(#bridge-table) summary").click()
    cells = page.locator("#bridge-table [data-cents]")
    amounts = [Decimal(cell.get_attribute("data-cents")) for cell in cells.all()]
    assert sum(amounts[:-1]) == amounts[-1]
    shown = [cell.inner_text() for cell, amount in zip(cells.all(), amounts, strict=True) if amount]
    assert [text for text in said if not text.endswith("¥0.00")] == shown


def test_the_people_are_sorted_by_a_press_and_a_press_again(desk):
    page = desk(1440, "zh-CN", "branch_manager")
    page.goto(page.url.split("?")[0].rstrip("/") + "/cockpit/")

    def customers() -> list[int]:
        texts = page.locator(".people tbody:first-of-type tr[data-part] td:nth-child(2)").all_inner_texts()
        return [int(text.replace(",", "")) for text in texts]

    page.locator(".people thead a", has_text="客户").first.click()
    expect(page.locator(".people th[aria-sort=descending]")).to_have_text("客户")
    down = customers()
    page.locator(".people thead a", has_text="客户").first.click()
    expect(page.locator(".people th[aria-sort=ascending]")).to_have_text("客户")
    assert down == sorted(down, reverse=True) and customers() == sorted(down)


def test_a_period_of_ones_own_is_kept_in_the_addresses(desk):
    page = desk(1440, "zh-CN", "branch_manager")
    page.goto(page.url.split("?")[0].rstrip("/") + "/cockpit/")
    page.get_by_text("自选").click()
    page.locator("[name=after]").fill("2026-05-29")
    page.locator("[name=until]").fill("2026-05-30")
    page.locator(".act-box .btn-primary").click()
    expect(page.locator(".cockpit-line .source")).to_contain_text("2026年5月29日至2026年5月30日")
    page.locator(".people tr[data-part] th a").first.click()
    expect(page.locator(".cockpit-line .source")).to_contain_text("2026年5月29日至2026年5月30日")
    page.get_by_role("link", name="本月").click()
    expect(page.locator(".cockpit-line [aria-current]")).to_have_text("本月")
