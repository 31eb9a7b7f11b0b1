"""Complaints: opened, assigned, answered in time, asked about."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from weihu.workplace.bank.models import Standing
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.complaints import cases
from weihu.workplace.know.complaints.models import Complaint, Step


@pytest.fixture
def customer(run, member):
    return Gate(member("branch_manager"), run).standings().first().customer_id


def opened(client, customer: str) -> Complaint:
    fields = {"token": uuid.uuid4(), "origin": "phone", "subject": "排队太久", "text": "等了一个小时"}
    for _ in range(2):
        assert client.post(reverse("new_complaint", args=[customer]), fields).status_code == 302
    return Complaint.objects.get()


def act(client, case, **fields):
    return client.post(reverse("complaint", args=[case.pk]), fields).status_code


def test_a_case_from_its_opening_to_the_question_afterwards(signed_in, customer, run, member):
    client = signed_in("branch_manager")
    case = opened(client, customer)
    assert run.rulebook.complaints.due_days == 5
    assert case.due_on == run.work_date + timedelta(days=7), "five working days from a Monday"
    standing = Gate(member("branch_manager"), run).standing(customer)
    assert act(client, case, act="assigned", to=standing.primary_id) == 302
    assert act(client, case, act="assigned", to="nobody") == 400
    assert act(client, case, act="noted", note="") == 400
    assert act(client, case, act="noted", note="已致电道歉") == 302
    for _ in range(2):  # two people close it at once
        assert act(client, case, act="closed", note="已调整窗口") == 302
    assert act(client, case, act="asked", satisfaction="9") == 400
    assert act(client, case, act="asked", satisfaction="4") == 403, "nobody scores an answer of his or her own"
    Complaint.objects.update(closed_on=run.work_date - timedelta(days=30))
    page = client.get(reverse("complaint", args=[case.pk])).content.decode()
    assert 'value="asked"' not in page
    assert "由未经办、未办结此投诉的人回访客户是否满意。" in page
    asking = signed_in("rm_supervisor")
    assert act(asking, case, act="asked", satisfaction="4", note="满意") == 302
    Complaint.objects.update(closed_on=run.work_date)
    assert [step.act for step in Step.objects.order_by("pk")] == ["opened", "assigned", "noted", "closed", "asked"]
    case.refresh_from_db()
    assert (case.satisfaction, case.closed_on, case.assigned_to) == (4, run.work_date, standing.primary_id)
    client = signed_in("branch_manager")
    assert act(client, case, act="reopened", note="又发生了") == 302
    case.refresh_from_db()
    assert (case.satisfaction, case.closed_on) == (None, None)
    assert [step.note for step in Step.objects.filter(act="closed")] == ["已调整窗口"]


def test_the_parts_of_the_list(signed_in, customer, run, member):
    client, on, book = signed_in("branch_manager"), run.work_date, run.rulebook
    gate = Gate(member("branch_manager"), run)
    case = opened(client, customer)

    def parts() -> set[str]:
        return {part for part in cases.PARTS if cases.part_of(part, gate, book, on).exists()}

    assert parts() == {"open"}
    Complaint.objects.update(assigned_to=gate.staff.staff_id, due_on=on - timedelta(days=1))
    assert parts() == {"open", "mine", "overdue"}
    Complaint.objects.update(closed_on=on - timedelta(days=book.complaints.ask_after_days - 1))
    assert parts() == {"closed"}
    Complaint.objects.update(closed_on=on - timedelta(days=book.complaints.ask_after_days))
    assert parts() == {"closed", "to_ask"}
    page = client.get(reverse("complaints"), {"part": "to_ask"})
    assert [row[0].pk for row in page.context["rows"]] == [case.pk]


def test_only_who_reaches_the_customer_sees_the_case(signed_in, run, member):
    manager = member("branch_manager")
    reached = Gate(member("relationship_manager"), run).standings().values("customer_id")
    row = Standing.objects.listed_at(run).filter(branch_id=manager.branch_id).exclude(customer_id__in=reached).first()
    case = opened(signed_in("branch_manager"), row.customer_id)
    other = signed_in("relationship_manager")
    assert other.get(reverse("complaint", args=[case.pk])).status_code == 404
    assert other.post(reverse("complaint", args=[case.pk]), {"act": "noted", "note": "x"}).status_code == 404
    for part in cases.PARTS:
        assert other.get(reverse("complaints"), {"part": part}).context["rows"] == []


def test_facts_are_taken_from_a_case(signed_in, customer):
    client = signed_in("branch_manager")
    case = opened(client, customer)
    link = client.get(reverse("complaint", args=[case.pk])).content.decode().split('href="')
    address = next(part.split('"')[0] for part in link if "channel=complaint" in part).replace("&amp;", "&")
    form = client.get(address).context["form"]
    assert (form["channel"].value(), form["source"].value()) == ("complaint", "排队太久")


def test_no_complaint_stands_readable_in_the_database(signed_in, customer):
    from django.db import connection

    opened(signed_in("branch_manager"), customer)
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject, text FROM complaints_complaint")
        assert all("排队" not in text and "小时" not in text for text in cursor.fetchone())


def test_wishes_and_limits_stand_wherever_somebody_acts(signed_in, customer, run):
    from weihu.workplace.base.channels import Channel
    from weihu.workplace.know.archive.facts import FactContent, record_fact
    from weihu.workplace.know.archive.models import Confidence

    client = signed_in("branch_manager")
    case = opened(client, customer)
    written = FactContent("special_wishes", "只在上午来电", Channel.SERVICE, Confidence.TOLD)
    record_fact(customer, written, [], "x", run.work_date, uuid.uuid4())
    for address in (("complaint", case.pk), ("facts", customer), ("customer", customer)):
        assert "只在上午来电" in client.get(reverse(address[0], args=[address[1]])).content.decode()
