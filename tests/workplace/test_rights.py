"""A copy of one's data, and erasure: two people, a wait, a hold; afterwards nothing is left."""

import io
import uuid
from datetime import date, timedelta

import openpyxl
import pytest
from django.db import connection
from django.urls import reverse

from weihu.workplace.base.channels import Channel
from weihu.workplace.base.fields import SealedField
from weihu.workplace.base.models import Entry
from weihu.workplace.consent.consents import ConsentAnswer, record_consent
from weihu.workplace.contact.models import Contact
from weihu.workplace.customer import erasure
from weihu.workplace.customer.models import Erasure
from weihu.workplace.customer.record import RECORD, kept_as_proof, kept_by_law
from weihu.workplace.customer.tabs import TABS
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.facts import FactContent, record_fact
from weihu.workplace.know.archive.models import Confidence, Fact, FactKey
from weihu.workplace.know.complaints import cases
from weihu.workplace.know.life.models import Goal
from weihu.workplace.know.relations import network

SECRET = "只有我知道"


@pytest.fixture
def customer(run, member):
    """A customer of whom everything is recorded that can be."""
    gate = Gate(member("branch_manager"), run)
    chosen, other = (row.customer_id for row in gate.standings()[:2])
    on = run.work_date
    written = FactContent("memo", SECRET, Channel.SERVICE, Confidence.TOLD, source=SECRET)
    record_fact(chosen, written, [], "x", on, uuid.uuid4())
    network.relate(
        chosen, network.NewRelation("child", name=SECRET, born=date(2015, 1, 1), note=SECRET), "x", on, uuid.uuid4()
    )
    network.join(chosen, [other], "x", on)
    record_consent(chosen, ConsentAnswer("marketing", "1", True, Channel.SERVICE, SECRET), "x", on, uuid.uuid4())
    case = cases.open_case(
        chosen, {"origin": "phone", "subject": SECRET, "text": SECRET}, "x", on, run.rulebook, uuid.uuid4()
    )
    cases.close(case, SECRET, "x", on)
    Goal.objects.create(
        token=uuid.uuid4(), customer_id=chosen, name=SECRET, target=1, saved=0, due_on=on, staff_id="x", on=on
    )
    Contact.objects.create(
        token=uuid.uuid4(), customer_id=chosen, staff_id="x", on=on, recorded_at="2026-06-01T00:00Z", way="phone",
        outcome="considering", note=SECRET,
    )  # fmt: skip
    return chosen


def ask(client, customer, **fields):
    return client.post(reverse("rights", args=[customer]), fields).status_code


def sealed_values(customer: str) -> list[str]:
    """Every sealed value that a row about the customer holds, opened."""
    listed = []
    for kept in RECORD:
        names = [field.name for field in kept.model._meta.fields if isinstance(field, SealedField)]
        if names and kept.erase not in (kept_by_law, kept_as_proof):
            listed += [getattr(row, name) for row in kept.rows([customer]) for name in names]
    return [value for value in listed if value]


def test_the_copy_has_everything(signed_in, customer, run, member):
    client = signed_in("branch_manager")
    address = reverse("data_copy", args=[customer])
    assert client.post(address).status_code == 400
    book = openpyxl.load_workbook(io.BytesIO(client.post(address, {"why": "本人申请"}).content))
    result = {
        page.title: "\n".join(str(cell) for row in page.iter_rows(values_only=True) for cell in row) for page in book
    }
    for name in ("信息项", "联系记录", "授权同意", "关系", "目标", "投诉"):
        assert SECRET in result[name] or name == "授权同意", name
    assert "营销联系" in result["授权同意"]
    assert Gate(member("branch_manager"), run).standing(customer).customer.name in result["核心系统"]
    assert "customer.copy" in result["查阅记录"]
    assert Entry.objects.filter(action="customer.copy", customer_id=customer).exists()
    assert signed_in("relationship_manager").post(address, {"why": "x"}).status_code == 404


def test_erased_by_two_people_after_the_wait(signed_in, customer, run, member):
    client = signed_in("branch_manager")
    assert ask(client, customer, act="approve") == 400
    assert ask(client, customer, act="ask", why="不再往来") == 302
    assert ask(client, customer, act="approve") == 409
    second = signed_in("personal_banking")
    assert second.get(reverse("customer", args=[customer]), {"tab": "compliance"}).context["running"]
    assert ask(second, customer, act="approve") == 302
    due = Erasure.objects.get().due_on
    assert due == run.work_date + timedelta(days=run.rulebook.limits.erasure_wait_days)
    assert erasure.carry_out(due - timedelta(days=1)) == 0
    assert SECRET in sealed_values(customer)
    assert erasure.carry_out(due) == 1
    assert sealed_values(customer) == []
    assert not FactKey.objects.exists()
    gate = Gate(member("branch_manager"), run)
    assert network.links_of(customer, gate, run.rulebook) == []
    assert network.household_of(customer, gate) is None
    for tab in TABS:
        page = signed_in("branch_manager").get(reverse("customer", args=[customer]), {"tab": tab}).content.decode()
        assert SECRET not in page
    assert erasure.carry_out(due) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM complaints_step")
        assert {row[0] for row in cursor.fetchall()} == {""}


def test_taken_back_before_the_day_nothing_is_erased(signed_in, customer, run):
    ask(signed_in("branch_manager"), customer, act="ask", why="x")
    second = signed_in("personal_banking")
    ask(second, customer, act="approve")
    assert ask(second, customer, act="take_back") == 302
    assert erasure.carry_out(run.work_date + timedelta(days=400)) == 0
    assert Fact.objects.get().value == SECRET


@pytest.mark.parametrize("keeps", ["hold", "complaint"])
def test_what_the_law_holds_is_not_erased(signed_in, customer, run, keeps):
    client = signed_in("branch_manager")
    ask(client, customer, act="ask", why="x")
    if keeps == "hold":
        ask(client, customer, act="hold", why="法院冻结令")
    else:
        cases.open_case(customer, {"origin": "phone", "subject": "x"}, "x", run.work_date, run.rulebook, uuid.uuid4())
    second = signed_in("personal_banking")
    assert ask(second, customer, act="approve") == 409
    Erasure.objects.update(approved_by="y", due_on=run.work_date)
    assert erasure.carry_out(run.work_date) == 0
    assert Fact.objects.get().value == SECRET
    if keeps == "hold":
        assert ask(second, customer, act="lift") == 302
        assert erasure.carry_out(run.work_date) == 1
