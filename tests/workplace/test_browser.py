"""The pages in a real browser: by keyboard and mouse, desktop and phone, both languages."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

from weihu.workplace.worklist.models import Contact

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


def fill_in(page) -> None:
    """The form at the counter, by keyboard alone: a value, a wrong one and its mending, a choice."""
    from weihu.workplace.archive.models import Fact

    page.locator("#archive h3 a").first.click()
    page.wait_for_selector("[data-facts]")
    page.locator("#id_postcode").focus()
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert not Fact.objects.exists()
    page.locator("#id_postcode").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("２１００００")
    page.locator("#id_preferred_channel").focus()
    page.keyboard.press("ArrowDown")
    page.locator("#id_native_place").focus()
    page.keyboard.type("南京")
    page.keyboard.press("Enter")
    page.wait_for_selector("#archive")
    told = {fact.field: fact.value for fact in Fact.objects.all()}
    assert told == {"postcode": "210000", "preferred_channel": "phone", "native_place": "南京"}
    page.locator("#archive .fact-source").first.click()
    page.wait_for_selector(".facts-table")


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en-US")])
def test_a_morning_at_the_counter(browser, live_server, deliveries, home, width, language):
    """Sign in, record one contact by keys and one by mouse, search a customer, open the page."""
    from weihu.nightly.run import Nightly
    from weihu.workplace.people.models import Staff
    from weihu.workplace.runs.current import current
    from weihu.workplace.worklist.models import Task

    if current() is None:  # a test before this one has emptied the database
        shutil.rmtree(home.root / "lake")
        home.create()
        with Nightly(home) as nightly:
            nightly.run(deliveries[0])
    run = current()
    assert run is not None
    staff_id = Task.objects.filter(run=run).values_list("staff_id", flat=True)[0]
    staff = Staff.objects.get(staff_id=staff_id)
    staff.set_password("a long password")
    staff.save()
    context = browser.new_context(viewport={"width": width, "height": 860}, locale=language)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{live_server.url}/")
    page.fill("#id_username", staff.staff_id)
    page.fill("#id_password", "a long password")
    page.press("#id_password", "Enter")
    page.wait_for_selector("[data-panel]")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    page.wait_for_selector(".saved")
    page.locator(".outcome").nth(2).click()
    page.locator(".result .btn-primary").click()
    page.locator(".task-done").nth(1).wait_for()
    assert sorted(Contact.objects.values_list("outcome", flat=True)) == ["considering", "not_reached"]
    page.goto(f"{live_server.url}/customers/")
    page.locator("#rows a").first.click()
    page.wait_for_selector(".chart svg")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    fill_in(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [text for text in wrong if "422" not in text] == []  # the browser reports the form's refusal
    context.close()
