"""Today in a real browser: one screen at the desk, the queue first on a telephone, the keyboard in every state."""

import pytest
from playwright.sync_api import expect

from tests.workplace.test_axe import violations
from tests.workplace.test_browser import fits, open_task
from tests.workplace.test_days import full_day
from weihu.rules.rulebook import load
from weihu.workplace.act.care.models import CarePlan
from weihu.workplace.act.worklist.sparkline import HEIGHT, WIDTH, sparkline
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Signal, Staff
from weihu.workplace.contact.models import Contact
from weihu.workplace.gate.reach import Gate

pytestmark = pytest.mark.long
DESKS = [(1440, 900, "zh-CN"), (1280, 720, "en-US")]


@pytest.fixture
def manager(desk):
    """A relationship manager with twenty tasks at a screen of some size."""

    def sit_down(width: int, height: int, language: str):
        page = desk(width, language, "relationship_manager")
        page.set_viewport_size({"width": width, "height": height})
        staff = Staff.objects.filter(post="relationship_manager").order_by("staff_id")[0]
        full_day(staff)
        page.reload()
        page.wait_for_load_state("networkidle")
        return page, staff

    return sit_down


def opened(page) -> str:
    return page.locator("[data-panel]").get_attribute("data-panel")


def inside(page, inner: str, outer: str) -> bool:
    """Whether one thing lies within another, top to bottom."""
    box, around = page.locator(inner).bounding_box(), page.locator(outer).bounding_box()
    return around["y"] - 1 <= box["y"] and box["y"] + box["height"] <= around["y"] + around["height"] + 1


@pytest.mark.parametrize(("width", "height", "language"), DESKS)
def test_the_page_is_as_high_as_the_window_and_list_and_panel_scroll_apart(manager, width, height, language):
    page, _ = manager(width, height, language)
    for details in page.locator(".panel .card-body details").all():
        details.evaluate("node => node.open = true")
    page.wait_for_selector(".chart svg")
    page.locator(".not-planned summary").click()
    assert page.evaluate("document.documentElement.scrollHeight") == height
    assert fits(page)
    for part in (".queue-tasks", ".panel .card-body"):
        page.locator(part).evaluate("node => node.scrollTo(0, 100)")
        assert page.locator(part).evaluate("node => node.scrollTop") == 100
    result = page.locator(".result").bounding_box()
    assert result["y"] + result["height"] <= height
    assert page.locator(".queue").bounding_box()["width"] == 320
    assert violations(page, page.url) == []


def test_after_a_note_the_next_customer_stands_at_the_top_and_keys_work_again(manager):
    page, staff = manager(1440, 900, "zh-CN")
    for key in ("j", "j", "j", "j", "j", "j", "j", "j", "j", "j", "j"):
        here = opened(page)
        page.keyboard.press(key)
        page.wait_for_selector(f"[data-panel]:not([data-panel='{here}'])")
    here = opened(page)
    page.keyboard.press("1")
    page.keyboard.press("n")
    page.keyboard.type("想了解国债")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"[data-panel]:not([data-panel='{here}'])")
    expect(page.locator(".saved")).to_be_visible()
    expect(page.locator(".panel")).to_be_focused()
    assert page.locator(".panel .card-body").evaluate("node => node.scrollTop") == 0
    assert page.evaluate("scrollY") == 0
    expect(page.locator(".task-chosen")).to_have_attribute("href", f"/today/{opened(page)}/")
    assert inside(page, ".task-chosen", ".queue-tasks")
    here = opened(page)
    page.keyboard.press("4")
    expect(page.locator("#id_follow_up_on")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_selector(f"[data-panel]:not([data-panel='{here}'])")
    expected = Gate(staff, current()).days.list_day(current().work_date, staff.branch_id, staff.pk).on
    assert Contact.objects.get(outcome="rescheduled").follow_up_on == expected
    assert Contact.objects.get(outcome="interested").note == "想了解国债"
    here = opened(page)
    page.keyboard.press("k")
    page.wait_for_selector(f"[data-panel]:not([data-panel='{here}'])")


def test_keys_of_other_fields_and_buttons_save_nothing(manager):
    page, _ = manager(1440, 900, "zh-CN")
    page.keyboard.press("1")
    page.locator(".evidence summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".evidence .source").first).to_be_visible()
    page.locator("details.act summary").first.click()
    page.locator("[name=place]").press("1")
    page.locator("[name=place]").press("Escape")
    assert page.locator("[name=place]").input_value() == "1"
    page.locator("#id_note").focus()
    page.evaluate(
        "document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true, isComposing: true}))"
    )
    assert not Contact.objects.exists()


def test_no_key_of_a_rule_stands_in_the_text_until_it_is_asked_for(manager):
    page, _ = manager(1440, 900, "en-US")
    kinds = set(Signal.objects.filter(customer_id=opened(page)).values_list("kind", flat=True))
    text = page.locator("[data-panel]").inner_text()
    assert kinds and not [kind for kind in kinds if kind in text]
    page.locator(".evidence summary").first.click()
    assert [kind for kind in kinds if kind in page.locator("[data-panel]").inner_text()]


def test_a_chip_shows_its_tasks_and_recording_goes_on_within_it(manager):
    page, staff = manager(1440, 900, "zh-CN")
    run = current()
    tasks = page.locator("[data-task]")
    hrefs = [task.get_attribute("href") for task in tasks.all()]
    chosen = [href.split("/")[-2] for href in (hrefs[4], hrefs[9])]
    Signal.objects.filter(kind__in=run.rulebook.chips["birthday"].kinds).delete()
    for customer in chosen:
        Signal.objects.create(
            customer_id=customer, kind="birthday", subject="x", raised_on=run.business_date, detail="",
            on_date=run.work_date, since_run=run.number,
        )  # fmt: skip
    page.reload()
    page.wait_for_load_state("networkidle")
    chip = page.locator("[data-chip=birthday]")
    expect(chip.locator("span")).to_have_text("2")
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    assert [task.get_attribute("href") for task in tasks.all() if task.is_visible()] == [hrefs[4], hrefs[9]]
    for customer in chosen:
        page.keyboard.press("j")
        page.wait_for_selector(f"[data-panel='{customer}']")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"[data-panel='{chosen[0]}']")
    expect(chip.locator("span")).to_have_text("1")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"[data-panel]:not([data-panel='{chosen[0]}'])")
    expect(page.locator("[data-chip='']")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".task-chosen")).to_be_visible()
    assert set(Contact.objects.filter(staff_id=staff.pk).values_list("customer_id", flat=True)) == set(chosen)


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_on_a_telephone_the_queue_comes_first_and_a_tap_saves(manager, language):
    page, _ = manager(390, 844, language)
    expect(page.locator("[data-panel]")).to_be_hidden()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    assert not Contact.objects.exists()
    open_task(page)
    box = page.locator("#panel").bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 390, 844)
    outcomes = [outcome.bounding_box() for outcome in page.locator(".outcome").all()]
    assert len({outcome["y"] for outcome in outcomes}) == 1
    assert min(min(outcome["height"], outcome["width"]) for outcome in outcomes) >= 44
    assert outcomes[-1]["y"] + outcomes[-1]["height"] <= 844
    assert fits(page)
    assert violations(page, page.url) == []
    here = opened(page)
    page.locator(".outcome").nth(0).click()
    page.wait_for_selector(f"[data-panel]:not([data-panel='{here}'])")
    assert Contact.objects.get(customer_id=here).outcome == "interested"
    here = opened(page)
    page.locator(".outcome").nth(3).click()
    expect(page.locator("#id_follow_up_on")).to_be_visible()
    assert Contact.objects.count() == 1
    page.locator(".phone-only").click()
    page.wait_for_selector(f"[data-panel]:not([data-panel='{here}'])")
    assert Contact.objects.get(customer_id=here).outcome == "rescheduled"
    page.locator("[data-close]").click()
    expect(page.locator("[data-panel]")).to_be_hidden()
    expect(page.locator(".task-done")).to_have_count(2)


@pytest.mark.parametrize(("width", "height", "language"), [(1440, 900, "zh-CN"), (390, 844, "en-US")])
def test_a_result_is_undone_from_the_message_that_says_it_was_saved(manager, width, height, language):
    page, _ = manager(width, height, language)
    CarePlan.objects.all().delete()
    open_task(page)
    here = opened(page)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.locator(".saved form button").click()
    page.wait_for_selector(f"[data-panel='{here}']")
    expect(page.locator(".task-done")).to_have_count(0)
    expect(page.locator(".saved form")).to_have_count(0)
    assert not Contact.objects.exists()


def test_every_chip_of_the_book_has_kinds_that_the_book_raises():
    book = load("brief")
    assert list(book.chips) == ["outflow", "maturity", "birthday", "regular"]
    assert all(set(chip.kinds) <= set(book.signals) for chip in book.chips.values())


def test_a_sparkline_steps_from_the_lowest_value_to_the_highest():
    line = sparkline([("2026-01-01", 10.0), ("2026-01-02", 30.0), ("2026-01-05", 20.0)])
    corners = [tuple(map(float, corner.split(","))) for corner in line.split()]
    assert corners == [(0, 20), (24, 20), (24, 2), (96, 2), (96, 11)]
    assert all(0 <= across <= WIDTH and 0 <= down <= HEIGHT for across, down in corners)
    assert sparkline([("2026-01-01", 5.0)]) == "0.0,11.0"
