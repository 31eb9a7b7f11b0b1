"""A field that a book adds by data alone appears wherever fields do."""

import io
import json
import uuid

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import PUBLISHED_DAYS
from tests.workplace.test_import import check, record, upload
from weihu.workplace.api import systems
from weihu.workplace.base.channels import Channel
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.models import Fact

FIELD = """
extends = "brief"
key = "with_pets"
version = "1"
in_force_from = 2026-01-01
zh = "含宠物"
en = "With pets"

[fields.pet]
zh = "宠物"
en = "Pet"
category = "life"
kind = "choice"
choices = [["cat", "猫", "Cat"], ["dog", "狗", "Dog"]]
from_grade = "ungraded"
also = ["养的动物"]
"""


@pytest.fixture
def with_pets(home, deliveries, run):
    """The next night, run by the book with the new field."""
    from weihu.nightly.run import Nightly

    before = home.rulebook.read_bytes()
    home.rulebook.write_text(FIELD)
    try:
        with Nightly(home) as nightly:
            yield nightly.run(deliveries[PUBLISHED_DAYS])
    finally:
        home.rulebook.write_bytes(before)


def test_in_all_places(with_pets, signed_in, member):
    client = signed_in("branch_manager")
    gate = Gate(member("branch_manager"), with_pets)
    a, b, c = (row.customer_id for row in gate.standings().order_by("customer_id")[:3])

    # completeness: everybody lacks it, and it is asked for
    standing = gate.standing(a)
    assert "pet" in with_pets.rulebook.expected(0)
    assert standing.facts_expected == len(with_pets.rulebook.expected(standing.grade_rank))
    assert "pet" in [known.key for known in client.get(reverse("customer", args=[a])).context["missing"]]

    # the form
    fields = {"token": uuid.uuid4(), "channel": "service", "confidence": 2, "pet": "cat", "seen-pet": ""}
    assert "宠物" in client.get(reverse("facts", args=[a])).content.decode()
    assert client.post(reverse("facts", args=[a]), fields).status_code == 302

    # the import, by another title
    chosen = upload(client, f"客户号,养的动物\n{b},狗\n{c},鱼".encode(), "a.csv")
    assert chosen.mapping == ["customer_id", "pet"]
    record(client, check(client, chosen))
    assert chosen.rows_by_state["wrong"] == 1

    # the API
    token = systems.add("site", "branch_manager", gate.staff.branch_id, Channel.REMOTE, with_pets.business_date)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "call-00001"}
    body = json.dumps({"facts": [{"field": "pet", "value": "狗"}]})
    answer = Client().post(f"/api/v1/customers/{c}/facts", body, "application/json", headers=headers)
    assert answer.status_code == 200
    assert "pet" in [field["key"] for field in Client().get("/api/v1/catalogue", headers=headers).json()]
    assert {fact.customer_id: fact.value for fact in Fact.objects.all()} == {a: "cat", b: "dog", c: "dog"}

    # the condition of a list, its columns, and the workbook
    page = client.get(reverse("customers"), {"f": "pet:狗", "c": "pet"})
    assert {row.customer_id: cells for row, cells in page.context["rows"]} == {b: ["狗"], c: ["狗"]}
    out = client.post(reverse("bulk"), {"act": "export", "purpose": "service", "why": "x", "list": "f=pet%3Adog&c=pet"})
    rows = list(openpyxl.load_workbook(io.BytesIO(out.content)).active.iter_rows(min_row=2, values_only=True))
    assert rows[0][4] == "宠物"
    assert {row[1]: row[4] for row in rows[1:]} == {b: "狗", c: "狗"}
