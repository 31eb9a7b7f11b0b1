"""The auditor's page: every entry, by day, person, act and customer; the chain; and nothing else of a customer."""

import ast
import io
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from django.urls import URLPattern, reverse
from django.utils import timezone

import weihu
from tests.workplace.test_gate import POSTS
from weihu.workplace import urls
from weihu.workplace.base import audit
from weihu.workplace.base.models import Entry
from weihu.workplace.gate.reach import Gate
from weihu.workplace.see.auditing import views
from weihu.workplace.see.auditing.words import ABOUT, DONE, PAGES, words_of


@pytest.fixture
def auditor(signed_in):
    return signed_in("auditor")


def actions(answer) -> list[str]:
    return [row.action for row, _words in answer.context["rows"]]


@pytest.mark.parametrize("post", POSTS)
def test_only_posts_that_read_it_see_the_log(post, signed_in, run):
    may = run.rulebook.posts[post].reads_audit
    for page in ("audit", "audit_verified"):
        assert signed_in(post).get(reverse(page)).status_code == (200 if may else 404)


def test_the_auditor_comes_to_the_log_and_sees_no_customer(auditor, member, run):
    assert auditor.get(reverse("today")).url == reverse("audit")
    assert not Gate(member("auditor"), run).standings().exists()


def test_entries_are_found_by_person_act_customer_and_day(auditor, signed_in, member, run):
    manager = member("branch_manager")
    own = Gate(manager, run).standings()[0].customer_id
    audit.record(manager.staff_id, "customer.view", own)
    audit.record(manager.staff_id, "contact", own, "reached")
    audit.record("weihu@night", "erasure.done", own)
    today = timezone.localdate()
    for asked, expected in (
        ({"who": manager.name, "customer": own}, ["contact", "customer.view"]),
        ({"who": manager.staff_id, "about": "contact"}, ["contact"]),
        ({"about": "erasure"}, ["erasure.done"]),
        ({"customer": own, "first": today, "last": today}, ["erasure.done", "contact", "customer.view"]),
        ({"customer": own, "first": today + timedelta(days=1)}, []),
        ({"customer": own, "last": today - timedelta(days=1)}, []),
        ({"who": "nobody"}, []),
    ):
        found = actions(auditor.get(reverse("audit"), asked))
        # what was looked for is an entry too, and of the customer that was asked for
        assert [action for action in found if action != "audit.view"] == expected, asked
    ((row, words),) = auditor.get(reverse("audit"), {"customer": own, "about": "erasure"}).context["rows"]
    assert (row.staff_id, words) == ("weihu@night", f"{ABOUT['erasure']} · {DONE['done']}")


def test_a_long_log_is_read_page_by_page_without_a_gap(auditor):
    audit.record_many(audit.Act("somebody", "contact", "", str(number)) for number in range(70))
    seen, asked = [], {"who": "somebody"}
    while True:
        answer = auditor.get(reverse("audit"), asked)
        seen += [row.detail for row, _words in answer.context["rows"]]
        if answer.context["more"] is None:
            break
        asked["before"] = answer.context["more"]
    assert seen == [str(number) for number in reversed(range(70))]


@pytest.mark.parametrize(
    "asked", [{"before": "x"}, {"before": "9" * 40}, {"first": "2026-02-30"}, {"last": "9999-12-31"}]
)
def test_what_cannot_be_asked_for_is_no_failure(auditor, asked):
    assert auditor.get(reverse("audit"), asked).status_code == 200


def test_as_a_workbook_within_the_limit_of_the_day(auditor, run, monkeypatch):
    audit.record_many(audit.Act("somebody", "contact", f"P{number:07}", "=1+1") for number in range(5))
    answer = auditor.get(reverse("audit"), {"who": "somebody", "xlsx": "1"})
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active)
    assert sum("somebody" in [cell.value for cell in row] for row in rows) == 5
    assert not any(cell.data_type == "f" for row in rows for cell in row)
    assert Entry.objects.filter(action="sheet.export").exists()
    monkeypatch.setattr(views.limits, "left", lambda kind, gate: 4)
    assert auditor.get(reverse("audit"), {"who": "somebody", "xlsx": "1"}).status_code == 403


def test_a_changed_entry_is_named_and_a_long_log_is_left_to_the_command(auditor, monkeypatch):
    audit.record("somebody", "contact")
    assert auditor.get(reverse("audit_verified")).context["broken"] is None
    place = audit.tail().place - 1
    assert Entry.objects.get(place=place + 1).action == "audit.verify"
    Entry.objects.filter(place=place).update(detail="another")
    assert auditor.get(reverse("audit_verified")).context["broken"].place == place
    monkeypatch.setattr(views, "VERIFIED_HERE", 0)
    assert auditor.get(reverse("audit_verified")).context["too_long"]


def literals(call: ast.Call):
    """The codes that a call of ``record`` or ``Act`` enters."""
    for value in call.args[1:2]:
        for part in ast.walk(value):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and "." in part.value:
                yield part.value


def test_every_code_that_is_entered_has_words():
    unknown = set()
    for path in Path(weihu.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("audit.record", "audit.Act", "audit.found"):
                for code in literals(node):
                    about, _dot, done = code.partition(".")
                    unknown |= {part for part in (about, done) if part and part not in {**ABOUT, **DONE}}
    assert unknown == set()


def test_every_page_that_is_opened_has_words():
    pages = {pattern.name for pattern in urls.urlpatterns if isinstance(pattern, URLPattern)}
    assert len(pages) > 100
    assert pages - {**PAGES, **ABOUT, **DONE}.keys() == set()


def test_codes_are_told_in_words():
    assert words_of("customer.reveal") != "customer.reveal"
    assert words_of("contact").count("·") == 0
    assert words_of("get.unheard_of").endswith("unheard_of")
