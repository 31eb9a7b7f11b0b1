"""A real browser, and a desk with somebody signed in at it."""

import shutil

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect, sync_playwright

# the headless shell opens a page at a third of what the whole browser costs, which has windows that nobody sees
WHOLE = ("chromium", "chromium-browser", "google-chrome")
BROWSERS = ("chromium-headless-shell", *WHOLE)

# two browsers and two servers share two cores: what takes long is not wrong yet
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def launched():
    """Launches the first browser of some names that is here."""
    with sync_playwright() as playwright:

        def launch(names):
            path = next(filter(None, map(shutil.which, names)), None)
            return playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])

        yield launch


@pytest.fixture(scope="session")
def browser(launched):
    running = launched(BROWSERS)
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
        signed = Client()
        signed.force_login(staff)
        contexts.append(browser.new_context(viewport={"width": width, "height": 860}, locale=language))
        session = signed.cookies[settings.SESSION_COOKIE_NAME]
        contexts[-1].add_cookies([{"name": session.key, "value": session.value, "url": server.url}])
        page = contexts[-1].new_page()
        page.on("console", lambda message: wrong.append(_logged(message)) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(f"{server.url}/")
        page.wait_for_selector(".rail", state="attached")
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
