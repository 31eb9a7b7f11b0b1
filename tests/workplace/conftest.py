"""A real browser, and a desk with somebody signed in at it."""

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# two browsers and two servers share two cores: what takes long is not wrong yet
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


@pytest.fixture
def desk(browser, server):
    """Signs somebody in, by post or staff number, at a screen of some width; afterwards no page may have logged an error."""
    from weihu.workplace.bank.current import current
    from weihu.workplace.bank.models import Staff, Task

    wrong: list[str] = []
    contexts = []

    def sign_in(width: int, language: str, post: str = ""):
        staff_id = Task.objects.filter(run=current()).values_list("staff_id", flat=True)[0]
        named = Staff.objects.filter(post=post).order_by("staff_id").first() if post else None
        staff = named or Staff.objects.get(staff_id=post or staff_id)
        staff.set_password("a long password")
        staff.save()
        contexts.append(browser.new_context(viewport={"width": width, "height": 860}, locale=language))
        page = contexts[-1].new_page()
        page.on("console", lambda message: wrong.append(_logged(message)) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(f"{server.url}/")
        page.fill("#id_username", staff.staff_id)
        page.fill("#id_password", "a long password")
        page.press("#id_password", "Enter")
        page.wait_for_selector(".rail", state="attached")
        page.goto(f"{server.url}/")  # the counter begins elsewhere
        page.wait_for_load_state("networkidle")  # scripts have run, and what they fetch is there
        return page

    yield sign_in
    for context in contexts:
        context.close()
    # the browser reports a form's refusal, a lost connection, and what was still being fetched for a page that is left
    known = ("422", "ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:sendAbort", "htmx:afterRequest")
    assert [text for text in wrong if not any(name in text for name in known)] == []


def _logged(message) -> str:
    return f"{message.text} {message.location['url']}"
