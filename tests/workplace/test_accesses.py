"""Every access has an entry: who listed, opened, searched, was refused."""

import pytest
from django.urls import reverse

from weihu.workplace.bank.models import Standing
from weihu.workplace.base.models import Entry
from weihu.workplace.gate.reach import Gate

BRANCH = "branch_manager"
"""Pages with names or sums of customers, and what their entry is called."""
PAGES = {
    "customers": "customers.list", "board": "get.board", "cockpit": "cockpit.view", "distribution": None, "near": None,
    "portfolios": "portfolios.view", "handovers": None, "referrals": None, "benefits": None, "lists": None,
    "introductions": None, "duplicates": None, "completeness": None, "occasions": None, "memos": None, "campaigns": None,
    "migration": None, "households": "households.view", "complaints": "complaints.view", "morning": "morning.view",
}  # fmt: skip


def entries(member) -> list[tuple[str, str]]:
    rows = Entry.objects.filter(staff_id=member.staff_id).order_by("id")
    return list(rows.values_list("action", "customer_id"))


@pytest.mark.parametrize("name", PAGES)
def test_a_list_with_names_or_sums_has_an_entry(name, signed_in, member, run):
    client = signed_in(BRANCH)
    before = len(entries(member(BRANCH)))
    assert client.get(reverse(name)).status_code == 200
    made = entries(member(BRANCH))[before:]
    assert len(made) >= 1
    if PAGES[name]:
        assert made[0][0] == PAGES[name]


def test_a_customer_s_timeline_is_entered_with_the_customer(signed_in, member, run):
    client, own = signed_in(BRANCH), Gate(member(BRANCH), run).standings().first().customer_id
    before = len(entries(member(BRANCH)))
    client.get(reverse("timeline", args=[own]))
    assert [customer for _, customer in entries(member(BRANCH))[before:]] == [own]


def test_a_refusal_is_entered_the_same_for_a_stranger_and_for_nobody(signed_in, member, run):
    client, staff = signed_in("relationship_manager"), member("relationship_manager")
    reached = Gate(staff, run).standings().values("customer_id")
    stranger = Standing.objects.listed_at(run).exclude(customer_id__in=reached).first().customer_id
    before = len(entries(staff))
    for customer in (stranger, "P9999999"):
        assert client.get(reverse("customer", args=[customer])).status_code == 404
        assert client.post(reverse("exception", args=[customer])).status_code == 404
    assert client.get(reverse("staff_table")).status_code == 404
    assert entries(staff)[before:] == [
        ("refused", stranger), ("refused", stranger), ("refused", "P9999999"), ("refused", "P9999999"), ("refused", ""),
    ]  # fmt: skip
    assert Entry.objects.filter(action="refused").last().detail == "404 GET staff_table"


def test_whom_a_search_found_is_entered_and_not_what_was_typed(signed_in, member, run):
    client, row = signed_in(BRANCH), Gate(member(BRANCH), run).standings().filter(customer__phone__isnull=False).first()
    for name, asked in (("customers", row.customer.phone), ("search", row.customer.name)):
        before = Entry.objects.count()
        (client.post if name == "search" else client.get)(reverse(name), {"q": asked})
        made = list(Entry.objects.order_by("id")[before:].values_list("action", "customer_id", "detail"))
        assert ("customer.found", row.customer_id, "customers.search") in made, name
        assert not any(asked in " ".join(entry) for entry in made)


def test_only_names_of_parameters_are_entered(signed_in, member, run):
    client = signed_in(BRANCH)
    client.get(reverse("board"), {"grade": "3", "secret": "13812345678"})
    entry = Entry.objects.order_by("id").last()
    assert (entry.action, entry.detail) == ("get.board", "grade secret")


def test_what_waits_beside_an_entry_and_who_is_not_signed_in_leave_none(signed_in, client, run):
    client = signed_in(BRANCH)
    before = Entry.objects.count()
    client.get(reverse("waiting"))
    assert Entry.objects.count() == before
    client.logout()
    before = Entry.objects.count()
    client.get(reverse("customers"))
    assert Entry.objects.count() == before
