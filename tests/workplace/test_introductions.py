"""Introductions: recorded, found again when the person becomes a customer, thanked for, counted as a tree."""

import uuid

import pytest
from django.urls import reverse

from weihu.nightly.noted import noted
from weihu.workplace.act.introductions.linking import brought_by, link, tree
from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.bank.models import Account, Customer
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.search import index_of


@pytest.fixture
def own(run, member):
    """Three customers of the relationship manager."""
    rows = Gate(member("relationship_manager"), run).standings().order_by("customer_id")
    return [row.customer_id for row in rows[:3]]


def introduce(client, by, **fields):
    return client.post(reverse("introduce", args=[by]), {"token": uuid.uuid4(), **fields})


def test_recorded_then_a_customer_then_a_product_then_thanked(signed_in, own, run):
    client = signed_in("relationship_manager")
    assert introduce(client, own[0], name="赵新", phone="139 0000 8888").status_code == 302
    row = Introduction.objects.get()
    link(run)
    row.refresh_from_db()
    assert row.introduced_id is None
    fresh = Customer.objects.create(
        pk="NEW1", name="赵新", phone="13900008888", phone_index=index_of("13900008888", "phone"), opened_on=run.business_date
    )  # fmt: skip
    link(run)
    row.refresh_from_db()
    assert (row.introduced_id, row.first_product_on) == (fresh.pk, None)
    kinds = {row["kind"]: row["customer_id"] for row in noted(run.business_date, run.rulebook, None, run.work_date)}
    assert kinds["introduced"] == "NEW1" and "thanks_due" not in kinds
    Account.objects.create(
        pk="NEWA", customer_id="NEW1", branch_id="B", product_id="P", opened_on=run.business_date, since_run=1, balance=0,
        balance_before=0, balance_run=1,
    )  # fmt: skip
    link(run)
    kinds = {row["kind"]: row["customer_id"] for row in noted(run.business_date, run.rulebook, None, run.work_date)}
    assert kinds["thanks_due"] == own[0]
    page = client.get(reverse("introductions"))
    assert page.context["rows"][0]["thanks_due"]
    client.post(reverse("introduction_act", args=[own[0], row.pk]), {"act": "thank", "thanks": "茶叶一盒"})
    row.refresh_from_db()
    assert (row.thanked_on, row.thanks) == (run.work_date, "茶叶一盒")
    assert "thanks_due" not in {row["kind"] for row in noted(run.business_date, run.rulebook, None, run.work_date)}


@pytest.mark.parametrize(
    ("fields", "about"),
    [
        ({"name": "赵"}, "phone"),
        ({"phone": "13900008888"}, "name"),
        ({"name": "赵", "phone": "12"}, "phone"),
        ({"introduced": "nobody"}, "introduced"),
    ],
)
def test_what_is_not_enough_is_refused_by_the_field_that_lacks(fields, about, signed_in, own):
    answer = introduce(signed_in("relationship_manager"), own[0], **fields)
    assert (answer.status_code, answer.headers["X-Field"]) == (400, about)
    assert not Introduction.objects.exists()


def test_nobody_introduces_himself(signed_in, own):
    assert introduce(signed_in("relationship_manager"), own[0], introduced=own[0]).status_code == 400


def test_a_telephone_of_two_customers_links_nobody(run, own):
    index = index_of("13700001111", "phone")
    for pk in ("T1", "T2"):
        Customer.objects.create(pk=pk, name="双", phone_index=index, opened_on=run.business_date)
    row = Introduction.objects.create(
        token=uuid.uuid4(), introducer_id=own[0], phone_index=index, staff_id="x", branch_id="B", on=run.work_date
    )
    link(run)
    row.refresh_from_db()
    assert row.introduced_id is None


def test_the_tree_and_the_most_connected(signed_in, own):
    client = signed_in("relationship_manager")
    introduce(client, own[0], introduced=own[1])
    introduce(client, own[1], introduced=own[2])
    introduce(client, own[2], introduced=own[0])  # a circle ends
    page = client.get(reverse("introductions"))
    assert [row["all"] for row in page.context["top"]] == [3, 3, 3]
    Introduction.objects.filter(introducer_id=own[2]).update(withdrawn=True)
    page = client.get(reverse("introductions"))
    top = page.context["top"]
    assert [(row["standing"].customer_id, row["direct"], row["all"]) for row in top] == [(own[0], 1, 2), (own[1], 1, 1)]
    assert top[0]["worth"] == sum(row["aum"] for row in page.context["rows"])
    assert top[0]["tree"][0]["under"][0]["row"].introduced_id == own[2]
    assert client.get(reverse("introductions"), {"xlsx": 1}).headers["Content-Type"].endswith("sheet")


def test_a_tree_of_nobody_is_empty():
    assert brought_by("x", tree([])) == []


def test_the_customers_page_says_who_brought_whom(signed_in, own):
    client = signed_in("relationship_manager")
    introduce(client, own[0], introduced=own[1])
    assert client.get(reverse("customer", args=[own[0]]), {"tab": "family"}).context["brought"]
    assert client.get(reverse("customer", args=[own[1]]), {"tab": "family"}).context["brought_by"]
