"""The rail, the telephone's bar and the search in a real browser, by keyboard and by thumb."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.workplace.test_axe import AXE, RUN
from tests.workplace.test_browser import fits
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Staff
from weihu.workplace.gate.reach import Gate

pytestmark = pytest.mark.long
FIELD = "#search [name=q]"
MARKED = "#search [aria-selected=true]"


def broken_rules(page) -> list[str]:
    """What axe finds on the page as it stands, opened menus and dialogs and all."""
    page.evaluate(AXE)
    return page.evaluate(RUN)


def ask(page, words: str) -> None:
    """Write the words and wait for what answers them."""
    with page.expect_response(lambda answer: "/search/" in answer.url and f"q={words}" in answer.request.post_data):
        page.locator(FIELD).fill(words)
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1280, 720), (1000, 720)])
def test_the_rail_stands_beside_the_page_and_unfolds_one_group_at_a_time(desk, server, width, height):
    page = desk(width, "zh-CN", "branch_manager")
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{server.url}{reverse('handovers')}")
    rail = page.locator("#rail").bounding_box()
    assert (rail["x"], rail["y"], rail["height"]) == (0, 0, height)
    assert rail["width"] == (184 if width >= 1100 else 56)
    expect(page.locator("#rail [aria-current=page]")).to_have_attribute("href", reverse("handovers"))
    expect(page.locator("#rail [aria-current=page]")).to_be_visible()
    page.locator("#rail summary").first.click()
    expect(page.locator("#rail [aria-current=page]")).to_be_hidden()
    page.locator(f"#rail [href='{reverse('occasions')}']").click()
    page.wait_for_url(f"**{reverse('occasions')}")
    assert fits(page)
    expect(page.locator(".bar")).to_be_hidden()


def test_the_reader_folds_the_rail_and_the_next_page_keeps_it_so(desk, server):
    page = desk(1440, "en-US", "relationship_manager")
    page.locator("[data-fold]").click()
    assert page.locator("#rail").bounding_box()["width"] == 56
    assert broken_rules(page) == []
    page.goto(f"{server.url}{reverse('customers')}")
    assert page.locator("#rail").bounding_box()["width"] == 56
    page.locator("[data-fold]").click()
    page.reload()
    assert page.locator("#rail").bounding_box()["width"] == 184


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_a_telephone_has_four_entries_and_a_menu_of_all(desk, server, language):
    page = desk(390, language, "relationship_manager")
    bar = page.locator(".bar .rail-link")
    expect(bar).to_have_count(6)  # with the search and the menu
    boxes = [box.bounding_box() for box in bar.all()]
    assert all(box["height"] >= 44 and box["width"] >= 44 and box["y"] + box["height"] <= 860 for box in boxes)
    expect(page.locator("#rail")).to_be_hidden()
    page.locator("[data-menu]").click()
    expect(page.locator("#rail .rail-entries a").first).to_be_focused()
    assert broken_rules(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#rail")).to_be_hidden()
    expect(page.locator("[data-menu]")).to_be_focused()
    page.locator("[data-menu]").click()
    page.locator("#rail summary").last.click()
    page.locator(f"#rail [href='{reverse('imports')}']").click()
    page.wait_for_url(f"**{reverse('imports')}")
    assert fits(page)


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en-US")])
def test_the_search_opens_what_is_marked_and_gives_the_focus_back(desk, server, width, language):
    page = desk(width, language, "relationship_manager")
    staff = Staff.objects.filter(post="relationship_manager").order_by("staff_id")[0]
    customer = Gate(staff, current()).standings().exclude(customer__phone="")[0]
    page.goto(f"{server.url}{reverse('customers')}")
    if width == 390:
        page.locator(".bar [data-search]").click()
    else:
        page.locator("#rows a").first.focus()
        page.keyboard.press("/")
    expect(page.locator(FIELD)).to_be_focused()
    expect(page.locator("#search [role=option]").first).to_be_visible()
    assert broken_rules(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#search")).to_be_hidden()
    if width > 390:
        expect(page.locator("#rows a").first).to_be_focused()
    page.keyboard.press("Control+k")
    page.locator(FIELD).fill(customer.customer_id)
    page.keyboard.press("Enter")  # before the answer is there
    page.wait_for_url(f"**{reverse('customer', args=[customer.customer_id])}")
    page.keyboard.press("/")
    ask(page, "t")
    expect(page.locator(MARKED)).to_have_count(1)
    expect(page.locator(FIELD)).to_have_attribute("aria-activedescendant", re.compile("found-"))
    first = page.locator(MARKED).get_attribute("id")
    page.keyboard.press("ArrowDown")
    assert page.locator(MARKED).get_attribute("id") != first
    page.keyboard.press("ArrowUp")
    assert page.locator(MARKED).get_attribute("id") == first
    ask(page, "nothingiscalledso")
    expect(page.locator("[data-search-none]")).to_be_visible()
    assert broken_rules(page) == []
    ask(page, "cockpit")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('cockpit')}")
    assert fits(page)


def test_a_slash_in_a_text_is_a_slash(desk, server):
    page = desk(1440, "zh-CN", "relationship_manager")
    page.goto(f"{server.url}{reverse('customers')}")
    page.locator("input[name=q]:visible").press("/")
    expect(page.locator("#search")).to_be_hidden()
    assert page.locator("input[name=q]:visible").input_value() == "/"
