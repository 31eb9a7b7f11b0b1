"""Whatever is asked for at whatever address, a page answers in words: no request ends in an error of the server."""

import os
import re
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.db import transaction
from django.urls import get_resolver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Standing

EXAMPLES = int(os.environ.get("WEIHU_FUZZ", "100"))
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


def routes() -> list[str]:
    """Every address of the pages, with its placeholders."""
    patterns = get_resolver().url_patterns
    return [str(pattern.pattern) for pattern in patterns if not hasattr(pattern, "url_patterns")]


def placed(route: str, draw) -> str:
    """An address with its placeholders filled by what is there, or by anything of the right shape."""
    known = list(Standing.objects.at(current()).values_list("customer_id", flat=True)[:40])
    words = st.sampled_from([*known, "none", "客", "%2e", "a" * 300])
    numbers = st.sampled_from(["0", "1", "2", "3", "4", "5", "9" * 18, "9" * 30])
    keys = st.sampled_from(["phone", "near", "maturities", "watch", "large_outflow", "-", "x" * 200])
    kinds = {"int": numbers, "slug": keys, "str": words}

    def filled(match: re.Match) -> str:
        return draw(kinds.get(match[1], words))

    return "/" + re.sub(r"<(\w+):\w+>", filled, route).replace("<number>", "1")


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
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_form_is_an_error_of_the_server(data, signed_in, run):
    """The forms of a page as it shows them, sent with one or two fields that are not as they should be."""
    client = signed_in(data.draw(st.sampled_from(POSTS)))
    page = client.get(placed(data.draw(st.sampled_from(routes())), data.draw))
    assert page.status_code < 500
    if "text/html" not in page.headers.get("Content-Type", ""):
        return
    forms = [form for form in Forms(page.request["PATH_INFO"], page.content.decode()).found if form.fields]
    if not forms:
        return
    form = data.draw(st.sampled_from(forms))
    values = st.one_of(st.sampled_from(NASTY), st.text(max_size=12))
    wrong = data.draw(st.dictionaries(st.sampled_from(sorted(form.fields)), values, max_size=2))
    sent = {name: value.encode("utf-8", "surrogatepass") for name, value in {**form.fields, **wrong}.items()}
    with transaction.atomic():
        answer = (client.post if form.post else client.get)(form.action, sent, headers={"HX-Request": "true"})
        assert answer.status_code < 500, (form, wrong)
        transaction.set_rollback(True)


@pytest.mark.long
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_request_is_an_error_of_the_server(data, signed_in, run):
    client = signed_in(data.draw(st.sampled_from(POSTS)))
    address = placed(data.draw(st.sampled_from(routes())), data.draw)
    values = st.one_of(st.sampled_from(NASTY), st.text(max_size=12))
    fields = data.draw(st.dictionaries(st.sampled_from(names_in_code()), values, max_size=6))
    query = data.draw(st.dictionaries(st.sampled_from(names_in_code()), values, max_size=3))
    headers = data.draw(st.sampled_from([{}, {"HX-Request": "true"}, {"Accept-Language": "en"}]))
    encoded = {key: value.encode("utf-8", "surrogatepass") for key, value in query.items()}
    with transaction.atomic():
        if data.draw(st.booleans()):
            answer = client.get(address, encoded, headers=headers)
        else:
            sent = {key: value.encode("utf-8", "surrogatepass") for key, value in fields.items()}
            answer = client.post(address, sent, headers=headers)
        assert answer.status_code < 500
        transaction.set_rollback(True)
