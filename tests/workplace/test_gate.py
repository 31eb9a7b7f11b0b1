"""Nobody sees a customer outside their reach: every URL with every post."""

import itertools

import pytest
from django.conf import settings
from django.db import connection
from django.urls import get_resolver, reverse

from weihu.engine.duck import DuckEngine
from weihu.rules import rulebook
from weihu.rules.tables import STANDINGS
from weihu.workplace.bank.models import Standing
from weihu.workplace.base.models import Entry
from weihu.workplace.customer.merging import merge
from weihu.workplace.customer.tabs import TABS
from weihu.workplace.gate.models import Placement
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.scope import Reach, within
from weihu.workplace.know.archive.lists import following

HTMX = {"HX-Request": "true"}
POSTS = list(rulebook.load("brief").posts)
OF_A_CUSTOMER = {
    "task": ("get", []),
    "customer": ("get", []),
    "note": ("post", []),
    "reveal": ("post", []),
    "record": ("post", []),
    "take_back": ("post", []),
    "facts": ("get", []),
    "fact_history": ("get", ["phone"]),
    "fact_act": ("post", ["phone", 1]),
    "timeline": ("get", []),
    "consent": ("post", []),
    "relations": ("get", []),
    "unrelate": ("post", [1]),
    "household": ("post", []),
    "goals": ("post", []),
    "goal_act": ("post", [1]),
    "life_dismiss": ("post", [1]),
    "new_complaint": ("get", []),
    "unmerge": ("post", [1]),
    "rights": ("post", []),
    "data_copy": ("post", []),
    "exception": ("post", []),
    "refer": ("post", []),
    "benefit_use": ("post", []),
    "call": ("post", []),
    "send_message": ("post", []),
    "visit": ("post", []),
    "visit_cancel": ("post", [1]),
    "care": ("post", []),
    "introduce": ("post", []),
    "introduction_act": ("post", [1]),
}
OF_AN_IMPORT = {"import", "import_step", "import_problems", "import_delete"}
"""Of its uploader alone: test_import.py."""
OF_A_CASE = {"complaint", "invitation", "reply_settle", "duplicate", "handover", "campaign", "template_act"}
"""Of a customer or a branch behind a number: test_complaints.py, test_forms.py, test_duplicates.py, test_portfolio.py,
test_campaigns.py, test_messages.py."""
OF_A_CARD = {"service_card", "card_facts", "card_act"}
"""Of a customer whose card is open: test_reception.py."""
OF_A_LIST = {
    "fixed_list", "filter_save", "segment", "segment_act", "segment_save", "question", "question_act", "question_save",
    "question_sheet", "question_customers",
}  # fmt: skip
"""Of the customers within reach who are on it: test_fixed_lists.py, test_segments.py, test_questions.py."""
OPEN = {
    "login",
    "oidc_start",
    "oidc_back",
    "second_step",
    "logout",
    "session",
    "set_language",
    "health",
    "ready",
    "metrics",
    "public_form",
    "feed",
}
"""Without a login; the last two by a signed or secret address: test_forms.py, test_relations.py."""
PAGES = {
    "today", "not_planned", "customers", "filter_input", "view_save", "bulk", "completeness", "imports", "invitations", "households", "duplicates", "complaints", "occasions", "feed_act",
    "password", "factors", "runs", "run", "audit", "audit_verified", "revealed", "distribution", "migration", "near", "whatif", "portfolios", "staff_table", "days_table", "handovers", "claims", "referrals", "benefits",
    "book_drafts", "book_draft", "templates", "introductions", "campaigns", "board", "morning", "morning_pdf", "evening",
    "day_counted", "work_log", "cockpit", "counted", "effects", "models", "model_switch", "cockpit_pdf", "reception", "called", "memos",
    "lists", "search", "waiting", "segments", "segment_build", "questions", "question_build", "found_segments",
}  # fmt: skip


def test_every_address_is_known_to_these_tests():
    """Those of other systems: test_api.py."""
    names = {pattern.name for pattern in get_resolver().url_patterns if not hasattr(pattern, "url_patterns")}
    assert names == {*OF_A_CUSTOMER, *OF_AN_IMPORT, *OF_A_CASE, *OF_A_CARD, *OF_A_LIST, *OPEN, *PAGES}


@pytest.mark.parametrize("post", POSTS)
def test_a_stranger_is_not_found_by_any_address(post, signed_in, member, run):
    """Each address meets one of three strangers in turn."""
    client, staff = signed_in(post), member(post)
    reached = set(Gate(staff, run).standings().values_list("customer_id", flat=True))
    strangers = list(Standing.objects.at(run).exclude(customer_id__in=reached).select_related("customer")[:3])
    turn = itertools.cycle(strangers)
    for stranger, (name, (method, more)) in zip(turn, OF_A_CUSTOMER.items(), strict=False):
        address = reverse(name, args=[stranger.customer_id, *more])
        answer = getattr(client, method)(address, {"field": "phone", "why": "x"})
        assert answer.status_code == 404, (name, answer.status_code)
        assert stranger.customer.name not in answer.content.decode()
    for stranger, tab in zip(turn, TABS, strict=False):
        answer = client.get(reverse("customer", args=[stranger.customer_id]), {"tab": tab}, headers=HTMX)
        assert answer.status_code == 404, tab
    for stranger in strangers:
        assert client.get(reverse("send_message", args=[stranger.customer_id])).status_code == 404
        assert not Entry.objects.filter(action="customer.view", customer_id=stranger.customer_id).exists()
        for query in (stranger.customer_id, stranger.customer.phone or "none"):
            result = client.get(reverse("customers"), {"q": query}).content.decode()
            assert f"/customers/{stranger.customer_id}/" not in result


@pytest.mark.parametrize("post", POSTS)
def test_the_list_shows_exactly_the_reach(post, signed_in, member, run):
    client, staff = signed_in(post), member(post)
    rows = [row for row, _ in client.get(reverse("customers")).context["rows"]]
    reach = rulebook.load("brief").posts[post].reach
    for row in rows:
        assert (
            reach == "bank"
            or (reach == "branch" and row.branch_id == staff.branch_id)
            or staff.staff_id in (row.primary_id, row.deputy_id)
        )
    assert bool(rows) == (reach != "none")


@pytest.mark.parametrize("post", POSTS)
def test_runs_are_for_the_posts_of_the_book(post, signed_in, run):
    allowed = rulebook.load("brief").posts[post].sees_runs
    for address in (reverse("runs"), reverse("run", args=[run.number])):
        assert signed_in(post).get(address).status_code == (200 if allowed else 404)


@pytest.mark.parametrize("name", ["today", "customers", "runs"])
def test_who_is_not_signed_in_is_sent_to_sign_in(name, client, run):
    assert client.get(reverse(name)).headers["Location"].startswith("/login/")


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="SQLite says by rule how it will read; PostgreSQL by statistics"
)
@pytest.mark.parametrize("post", POSTS)
def test_a_list_reads_its_own_customers_only(post, member, run):
    """No page of a list reads every customer: each reach has an index, for the first page and for later ones."""
    result = Gate(member(post), run).standings()
    for rows in (result, following(result, "2 80000.00 P1")):
        plan = rows.order_by("-grade_rank", "-aum", "customer_id")[:51].explain()
        read = [line for line in plan.splitlines() if "bank_standing" in line]
        assert all("SEARCH" in line or "standing_grade" in line for line in read), plan


@pytest.mark.parametrize("post", POSTS)
def test_completeness_counts_exactly_the_reach(post, signed_in, member, run):
    client, gate = signed_in(post), Gate(member(post), run)
    answer = client.get(reverse("completeness"))
    if gate.reach == "none":
        assert answer.status_code == 404
        return
    rows = list(gate.standings())
    whole = answer.context["whole"]
    assert (whole.customers, whole.expected, whole.known) == (
        len(rows),
        sum(row.facts_expected for row in rows),
        sum(row.facts_known for row in rows),
    )
    assert {row["standing"].customer_id for row in answer.context["gaps"]} <= {row.customer_id for row in rows}


def reached(standings, reach, parts):
    return standings.filter(within(standings, reach, parts)).select("customer_id")


def reached_by_rules(gate):
    """The customers that a rule over everybody finds within the reach."""
    engine = DuckEngine.in_memory()
    file = settings.HOME.run(gate.run.number) / "standings.parquet"
    standings = engine.bind("standings", STANDINGS, [file])
    scope = gate.scope
    answer = engine.answer(reached, standings, Reach(engine).of(scope), parts=scope.parts)
    return sorted(row["customer_id"] for row in answer)


@pytest.mark.django_db
@pytest.mark.parametrize("post", POSTS)
def test_rules_over_everybody_reach_whom_pages_reach(post, run, member):
    """As the night left it, and with a customer handed over and two numbers merged."""
    staff = member(post)
    everybody = Standing.objects.at(run).order_by("customer_id")
    within_reach = list(Gate(staff, run).standings().values_list("customer_id", flat=True))
    every = sorted(everybody.filter(customer_id__in=within_reach).values_list("customer_id", flat=True))
    assert reached_by_rules(Gate(staff, run)) == every
    handed = everybody.exclude(customer_id__in=within_reach).first()
    if handed:
        decision = {"customer_id": handed.customer_id, "origin": "handover", "decided_by": "x"}
        Placement.objects.create(**decision, staff_id=staff.staff_id, on=run.work_date)
    if len(every) > 1:
        merge(every[0], every[1], "x", run.work_date)
    gate = Gate(staff, run)
    after = sorted(gate.standings().values_list("customer_id", flat=True))
    assert reached_by_rules(gate) == after
    assert after != every or not every
