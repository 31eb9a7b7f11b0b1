"""Whatever is asked for at whatever address, a page answers in words: no request ends in an error of the server."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver

from tests.attack import cases
from weihu.workplace.bank.models import Staff, Standing

REQUESTS = cases(160, 50_000)
"""Of each part."""
SEVERAL = 4
"""Forms of a page that are sent, before another page is asked for."""
WORKPLACE = Path(__file__).parents[2] / "src" / "weihu" / "workplace"
POSTS = ("branch_manager", "relationship_manager", "personal_banking", "lobby_manager", "high_counter", "it_operator")
NASTY = (
    *("", " ", "0", "1", "-1", "a", "%", "_", "'", '"', "\\", "<b>", "客户", "王", "\0", "\ud800", "😀", "a" * 5000),
    *("9" * 30, "-" + "9" * 30, "1e99999999", "1e-99999999", "1e400", "nan", "inf", "-0", "1.005", "0x10", "１２", "٣"),
    *("2026-06-01", "2026-13-01", "0001-01-01", "9999-12-31", "10000-01-01", "2026-02-30", "2026-W01", "20260601"),
    *("true", "on", "None", "[]", "{}", "1,2", "2 80000.00 P1", "x x x", "aum", "phone", "grade", "end", "start"),
)


@cache
def names_in_code() -> list[str]:
    """What pages read of a request, by the templates' and the views' own words."""
    texts = [path.read_text("utf-8") for path in WORKPLACE.rglob("*.html")]
    codes = [path.read_text("utf-8") for path in WORKPLACE.rglob("*.py")]
    found = {name for text in texts for name in re.findall(r'name="([a-z_]+)"', text)}
    found |= {name for code in codes for name in re.findall(r'(?:GET|POST)(?:\.get|\.getlist)?[\[(]"(\w+)"', code)}
    found |= {name for code in codes for name in re.findall(r"^    (\w+) = forms\.", code, re.MULTILINE)}
    return sorted(found)


@cache
def routes() -> list[str]:
    """Every address of the pages, with its placeholders."""
    patterns = get_resolver().url_patterns
    return [str(pattern.pattern) for pattern in patterns if not hasattr(pattern, "url_patterns")]


@dataclass
class Browser:
    """Somebody who sends what comes to mind: as one post after the other, signed in anew for each page."""

    chance: random.Random
    member: Callable[[str], Staff]
    customers: list[str]
    client: Client = field(default_factory=Client)
    sent: int = 0

    def sign_in(self) -> None:
        self.client = Client()
        self.client.force_login(self.member(self.chance.choice(POSTS)))

    def address(self) -> str:
        """One with its placeholders filled by what is there, or by anything of the right shape."""
        words = [*self.customers, "none", "客", "%2e", "a" * 300]
        numbers = ["0", "1", "2", "3", "4", "5", "9" * 18, "9" * 30]
        keys = ["phone", "near", "maturities", "watch", "large_outflow", "-", "x" * 200]
        kinds = {"int": numbers, "slug": keys, "str": words}
        route = self.chance.choice(routes())
        filled = re.sub(r"<(\w+):\w+>", lambda match: self.chance.choice(kinds.get(match[1], words)), route)
        return "/" + filled.replace("<number>", "1")

    def value(self) -> str:
        """What should not stand in a field, or any characters."""
        if self.chance.random() < 0.6:
            return self.chance.choice(NASTY)
        ranges = ((32, 127), (0, 32), (0x4E00, 0x9FFF), (0, 0xD800), (0x10000, 0x10FFFF))
        return "".join(
            chr(self.chance.randrange(*self.chance.choice(ranges))) for _ in range(self.chance.randrange(12))
        )

    def values(self, names: list[str], most: int) -> dict[str, str]:
        """Up to so many fields with such values."""
        return {self.chance.choice(names): self.value() for _ in range(self.chance.randrange(most + 1))}

    def send(self, address: str, post: bool, fields: dict[str, str]) -> HttpResponse:
        """A request, of which nothing stays; it must not end in an error of the server."""
        headers = self.chance.choice([{}, {"HX-Request": "true"}, {"Accept-Language": "en"}])
        encoded = {name: value.encode("utf-8", "surrogatepass") for name, value in fields.items()}
        self.sent += 1
        with transaction.atomic():
            answer = (self.client.post if post else self.client.get)(address, encoded, headers=headers)
            transaction.set_rollback(True)
        assert answer.status_code < 500, (address, post, fields, headers)
        return answer


@pytest.fixture(params=range(2))
def browser_of_part(request, run, member) -> Browser:
    """Each part sends other requests, the same ones every time."""
    known = list(Standing.objects.at(run).order_by("pk").values_list("customer_id", flat=True)[:40])
    return Browser(random.Random(request.param), cache(member), known)


@dataclass
class Form:
    """A form of a page as a browser would send it: where, how, and a value of each field."""

    action: str
    post: bool
    fields: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """Finds a page's forms, those that htmx sends too."""

    def __init__(self, address: str, text: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._address, self._select = address, ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A form begins, or it has one more field."""
        own = dict(attrs)
        if tag == "form":
            post = own.get("hx-post") or (own.get("method", "get").lower() == "post" and own.get("action", ""))
            target = own.get("hx-post") or own.get("hx-get") or own.get("action") or self._address
            self.found.append(Form(target, post is not False and post is not None))
        elif self.found and own.get("name") and tag in ("input", "textarea", "select", "button"):
            self._select = own["name"] if tag == "select" else ""
            self.found[-1].fields.setdefault(own["name"], own.get("value") or "")
        elif self.found and tag == "option" and self._select and (own.get("value") or "selected" in own):
            self.found[-1].fields[self._select] = own.get("value") or ""


@pytest.mark.long
def test_no_form_is_an_error_of_the_server(browser_of_part, tried):
    """The forms of a page as it shows them, sent with one or two fields that are not as they should be."""
    browser = browser_of_part
    while browser.sent < REQUESTS // 2:
        browser.sign_in()
        page = browser.send(browser.address(), False, {})
        if "text/html" not in page.headers.get("Content-Type", ""):
            continue
        forms = [form for form in Forms(page.request["PATH_INFO"], page.content.decode()).found if form.fields]
        for _ in range(min(len(forms), SEVERAL)):
            form = browser.chance.choice(forms)
            browser.send(form.action, form.post, form.fields | browser.values(sorted(form.fields), 2))
    tried("fuzzed requests of pages' forms", browser.sent)


@pytest.mark.long
def test_no_request_is_an_error_of_the_server(browser_of_part, tried):
    """Anything at any address."""
    browser = browser_of_part
    while browser.sent < REQUESTS // 2:
        browser.sign_in()
        for _ in range(SEVERAL):
            browser.send(browser.address(), browser.chance.random() < 0.5, browser.values(names_in_code(), 6))
    tried("fuzzed requests of addresses", browser.sent)
