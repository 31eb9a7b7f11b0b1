"""Every post finds every page that it may open, sees what waits, and finds customers, pages and acts by one search."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import get_resolver, reverse
from django.utils import timezone
from django.utils.translation import override

from tests.workplace.test_gate import PAGES
from weihu.rules import rulebook
from weihu.workplace.act.messaging.models import Template
from weihu.workplace.act.reception.models import Memo
from weihu.workplace.base.models import Entry as Logged
from weihu.workplace.gate.models import Handover, Referral
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.complaints.cases import open_case
from weihu.workplace.navigation.entries import ACTS, COUNTER, DESK, IN_BAR, Group, bar_of, current, entries_of, table_of
from weihu.workplace.navigation.finding import matches
from weihu.workplace.navigation.waiting import COUNTS

BOOKS = ("brief", "state_bank", "joint_stock_bank", "city_bank", "rural_cooperative")
POSTS = list(rulebook.load("brief").posts)
TABLE = [entry for row in (*DESK, *COUNTER) for entry in (row.entries if isinstance(row, Group) else (row,))]
NOT_PAGES = {
    "feed_act",
    "filter_input",
    "view_save",
    "bulk",
    "not_planned",
    "called",
    "cockpit_pdf",
    "morning_pdf",
    "search",
    "waiting",
}
"""What pages ask for themselves, and files."""


def keys(post: str) -> list[str]:
    return [row.key for row in table_of(rulebook.load("brief").posts[post])]


def links(html: str) -> set[str]:
    return {address.split("?")[0].split("#")[0] for address in re.findall(r'href="(/[^"]*)"', html)}


@pytest.mark.parametrize("post", POSTS)
def test_every_entry_of_a_post_opens_and_marks_itself(post, signed_in, run):
    client = signed_in(post)
    for entry in entries_of(run.rulebook.posts[post]):
        answer = client.get(entry.address)
        assert answer.status_code == 200, entry.key
        html = answer.content.decode()
        marked = re.findall(r'href="([^"]*)"\s+title="[^"]*"\s+aria-current="page"', html)
        assert set(marked) == {entry.address}, entry.key


@pytest.mark.sqlite
@pytest.mark.parametrize("post", POSTS)
def test_a_page_that_a_post_may_open_is_an_entry_or_is_linked_from_one(post, signed_in, run):
    client = signed_in(post)
    entries = {entry.address for entry in entries_of(run.rulebook.posts[post])}
    linked = set(entries)
    for address in (*entries, reverse("password")):
        linked |= links(client.get(address).content.decode())
    lost = []
    empty = {"customers"} if run.rulebook.posts[post].reach == "none" else set()
    for name in sorted(PAGES - NOT_PAGES - empty - {"run", "book_draft"}):
        address = reverse(name)
        answer = client.get(address)
        if answer.status_code == 200 and "text/html" in answer["Content-Type"] and address not in linked:
            lost.append(name)
    assert lost == []


@pytest.mark.parametrize("post", POSTS)
def test_what_a_post_may_not_open_is_no_entry(post, signed_in, run):
    client = signed_in(post)
    shown = {entry.address for entry in entries_of(run.rulebook.posts[post])}
    if run.rulebook.posts[post].reach == "none":  # a list without customers
        shown.add(reverse("customers"))
    for entry in set(TABLE):
        assert entry.address in shown or client.get(entry.address).status_code != 200, entry.key


def test_the_rail_follows_the_post():
    assert keys("high_counter") == ["today", "reception", "my_referrals", "customers", "service", "administration"]
    assert keys("relationship_manager") == [
        "today", "customers", "segments", "schedule", "lists", "team", "cockpit", "service", "administration",
    ]  # fmt: skip
    assert keys("personal_banking") == ["customers", "segments", "questions", *keys("relationship_manager")[3:]]
    assert keys("it_operator") == ["runs"]
    assert table_of(None) == []


@pytest.mark.parametrize("book", BOOKS)
def test_every_post_of_every_book_has_entries_and_a_bar(book):
    for key, post in rulebook.load(book).posts.items():
        entries = list(entries_of(post))
        assert entries, key
        assert len({entry.address for entry in entries}) == len(entries), "one address, one entry"
        bar = bar_of(post)
        assert 1 <= len(bar) <= IN_BAR
        assert set(bar) <= set(entries)


def test_every_page_belongs_to_one_entry_of_who_may_open_it():
    post = rulebook.load("brief").posts["branch_manager"]
    assert current(post, "customer", {"customer_id": "C1"}).key == "customers"
    assert current(post, "fixed_list", {"name": "maturing"}).key == "maturing"
    assert current(post, "fixed_list", {"name": "near"}).key == "lists"
    assert current(post, "claims", {}).key == "portfolios"
    assert current(post, "", {}) is None
    names = [name for entry in set(TABLE) for name in entry.below]
    assert len(names) == len(set(names))
    assert set(names) <= {getattr(pattern, "name", None) for pattern in get_resolver().url_patterns}


def test_an_entry_counts_only_what_is_defined():
    waits = {entry.waits for entry in TABLE if entry.waits}
    assert waits == set(COUNTS)


@pytest.fixture
def waits(signed_in):
    """The counts that a post is shown."""

    def read(post: str) -> dict[str, int]:
        html = signed_in(post).get(reverse("waiting")).content.decode()
        rows = re.findall(r"data-waits='([\w.]+)'\]\">\s*(\d*)", html)
        return {name: int(count or 0) for name, count in rows}

    return read


def test_what_waits_is_counted_for_who_has_to_act(waits, member, run):
    manager, supervisor = member("relationship_manager"), member("rm_supervisor")
    type(supervisor).objects.filter(pk=supervisor.pk).update(branch_id=manager.branch_id)
    assert set(waits("relationship_manager").values()) == {0}
    customer = Gate(manager, run).standings()[0].customer_id
    early = run.work_date - timedelta(days=60)
    for raised_on in (early, run.work_date):
        open_case(customer, {"origin": "phone", "subject": "x"}, manager.pk, raised_on, run.rulebook, uuid4())
    common = {"branch_id": manager.branch_id, "to_id": manager.pk, "from_id": "x", "due_on": run.work_date}
    Referral.objects.create(customer_id=customer, open_key=customer, grade="x", target="x", on=early, **common)
    Handover.objects.create(token=uuid4(), on=run.work_date, proposed_by="x", proposed_on=early, **common)
    told = {"kind": "told", "from_id": "x", "text": "x", "on": early, "at": timezone.now()}
    Memo.objects.create(token=uuid4(), customer_id=customer, to_id=manager.pk, **told)
    counts = waits("relationship_manager")
    assert {name: counts[name] for name in ("complaints", "referrals", "memos", "handovers")} == {
        "complaints": 1, "referrals": 1, "memos": 1, "handovers": 1,
    }  # fmt: skip
    assert (counts["group.service"], counts["group.administration"], counts["menu"]) == (3, 1, 4)
    others = waits("rm_supervisor")
    assert (others["referrals"], others["handovers"]) == (0, 0)
    Referral.objects.update(due_on=early)
    Handover.objects.update(state=Handover.State.ACCEPTED)
    others = waits("rm_supervisor")
    assert (others["referrals"], others["handovers"]) == (1, 1)
    assert waits("relationship_manager")["handovers"] == 0


def test_a_text_waits_for_a_second_person(waits, member, run):
    manager = member("branch_manager")
    by = {"title": "x", "text": "x", "medium": "sms", "made_on": run.work_date}
    Template.objects.create(made_by="x", **by)
    Template.objects.create(made_by=manager.pk, **by)
    assert waits("branch_manager")["templates"] == 1
    assert waits("relationship_manager")["templates"] == 0


def search(client, query: str, page: str = "/") -> list[tuple[str, str]]:
    """What is found: part and address, in the order of the page."""
    answer = client.post(reverse("search"), {"q": query}, headers={"HX-Request": "true", "HX-Current-URL": page})
    assert answer.status_code == 200
    return [(title, row.address) for title, rows in answer.context["parts"] for row in rows]


@pytest.mark.parametrize("query", ["驾驶舱", "驾驶", "jiashicang", "jsc", "Cockpit", "COCK", " cock "])
def test_a_page_is_found_by_chinese_english_pinyin_and_initials(query, signed_in, run):
    assert reverse("cockpit") in {address for _, address in search(signed_in("branch_manager"), query)}


def test_only_what_the_post_may_open_is_found(signed_in, run):
    assert search(signed_in("it_operator"), "驾驶舱") == []
    assert search(signed_in("relationship_manager"), "策划活动") == []
    assert [address for _, address in search(signed_in("branch_manager"), "策划活动")] == [reverse("campaigns")]
    assert reverse("fixed_list", args=["inter_branch"]) in {
        address: part for part, address in search(signed_in("branch_manager"), "通存通兑")
    }


@pytest.mark.parametrize("post", POSTS)
def test_customers_are_found_within_reach_only_and_logged(post, signed_in, member, run):
    client, gate = signed_in(post), Gate(member(post), run)
    reached = set(gate.standings().values_list("customer_id", flat=True))
    before = Logged.objects.filter(action="customers.search").count()
    everybody = Gate(member("personal_banking"), run).standings()
    for standing in everybody[:6]:
        for query in (standing.customer_id, standing.customer.phone):
            found = {address for _, address in search(client, query)}
            assert (reverse("customer", args=[standing.customer_id]) in found) == (standing.customer_id in reached)
    logged = Logged.objects.filter(action="customers.search").count() - before
    assert logged == (0 if gate.reach == "none" else 12)


def test_a_found_customer_has_a_masked_number(signed_in, member, run):
    standing = next(row for row in Gate(member("relationship_manager"), run).standings() if row.customer.phone)
    answer = signed_in("relationship_manager").post(reverse("search"), {"q": standing.customer_id})
    html = answer.content.decode()
    assert standing.customer.phone[-4:] in html
    assert standing.customer.phone not in html


def test_acts_go_to_the_customer_of_the_page_and_else_to_the_list(signed_in, member, run):
    client = signed_in("relationship_manager")
    customer = Gate(member("relationship_manager"), run).standings().first().customer_id
    stranger = (
        Gate(member("personal_banking"), run).standings().exclude(branch_id=member("relationship_manager").branch_id)
    )
    page = f"http://testserver{reverse('customer', args=[customer])}?list=all"
    offered = [address for _, address in search(client, "", page)]
    assert offered[0] == reverse("customer", args=[customer]) + "#id_note"
    assert reverse("new_complaint", args=[customer]) in offered
    assert [address for _, address in search(client, "登记投诉", page)] == [reverse("new_complaint", args=[customer])]
    assert [address for _, address in search(client, "登记投诉", "/nowhere/")] == [reverse("customers")]
    for row in stranger[:1]:
        outside = reverse("customer", args=[row.customer_id])
        assert [address for _, address in search(client, "登记投诉", outside)] == [reverse("customers")]


@pytest.mark.parametrize("post", POSTS)
def test_every_act_of_a_post_opens(post, signed_in, member, run):
    client, gate = signed_in(post), Gate(member(post), run)
    standing = gate.standings().first()
    for act in ACTS:
        if not act.right(run.rulebook.posts[post]):
            continue
        address = act.address(*([standing.customer_id] if act.of_customer else []))
        assert client.get(address).status_code == 200, act.page


def test_without_a_word_every_page_of_the_post_is_listed(signed_in, run):
    found = [address for _, address in search(signed_in("relationship_manager"), "")]
    assert found == [entry.address for entry in entries_of(run.rulebook.posts["relationship_manager"])]


def test_names_are_matched_by_the_beginning_of_their_pinyin():
    name = next(entry.name for entry in TABLE if entry.key == "handovers")
    assert all(matches(name, query) for query in ("移", "yi", "yj", "hand"))
    assert not any(matches(name, query) for query in ("jiao", "jy", "给"))
    with override("en"):
        assert matches(name, "移交")


def test_the_rail_is_folded_by_a_cookie_and_absent_before_signing_in(signed_in, client, run):
    assert "railed" not in client.get(reverse("login")).content.decode()
    reader = signed_in("relationship_manager")
    assert "railed folded" not in reader.get(reverse("customers")).content.decode()
    reader.cookies["rail"] = "icons"
    assert "railed folded" in reader.get(reverse("customers")).content.decode()
