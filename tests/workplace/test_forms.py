"""Public forms behind a signed link, and consents."""

import json
import uuid
from datetime import timedelta

import pytest
from django.core.signing import Signer
from django.urls import reverse

from weihu.workplace.bank.models import Customer
from weihu.workplace.consent.consents import agreed_purposes, missing_consents, purpose_statuses
from weihu.workplace.consent.models import Consent
from weihu.workplace.contact.models import Contact
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.models import Fact
from weihu.workplace.know.intake.models import Invitation, Reply
from weihu.workplace.know.intake.replies import link_of


@pytest.fixture
def invitation(signed_in, run):
    """An event's form, made by the branch manager through the page."""
    client = signed_in("branch_manager")
    fields = {
        "title": "重阳茶会",
        "channel": "event",
        "opens_on": run.work_date,
        "closes_on": run.work_date + timedelta(days=9),
        "asked": ["hobbies", "postcode"],
        "purpose": "event",
    }
    assert client.post(reverse("invitations"), fields).status_code == 302
    client.logout()
    return Invitation.objects.get()


@pytest.fixture
def customer(run, member):
    """A customer of the branch with a phone that only he has."""
    rows = Gate(member("branch_manager"), run).standings().order_by("customer_id")
    indexes = list(Customer.objects.values_list("phone_index", flat=True))
    return next(row.customer for row in rows if row.customer.phone and indexes.count(row.customer.phone_index) == 1)


def filled(customer, **more) -> dict:
    fields = {"token": uuid.uuid4(), "name": customer.name, "phone": customer.phone, "hobbies": ["tea"], "agreed": "on"}
    return {**fields, "postcode": "２１００００", **more}


def test_a_reply_under_a_known_name_and_phone_becomes_facts_and_a_consent_once_somebody_has_settled_it(
    invitation, customer, client, signed_in
):
    result = filled(customer)
    for _ in range(2):  # sent twice, kept once
        answer = client.post(link_of(invitation), result, follow=True)
        assert "public/thanks.html" in [template.name for template in answer.templates]
    reply = Reply.objects.get()
    assert reply.customer_id == "", "anybody can write this name and phone"
    assert not Fact.objects.exists()
    assert agreed_purposes([customer.pk], ["event"]) == {customer.pk: set()}
    staff = signed_in("branch_manager")
    page = staff.get(reverse("invitation", args=[invitation.pk]))
    assert (customer.pk, customer.name) in page.context["replies"][0]["candidates"]
    staff.post(reverse("reply_settle", args=[invitation.pk, reply.pk]), {"customer": customer.pk})
    assert Reply.objects.get().customer_id == customer.pk
    facts = {fact.field: (fact.value, fact.channel, fact.source) for fact in Fact.objects.all()}
    assert facts == {"hobbies": ("tea", "event", "重阳茶会"), "postcode": ("210000", "event", "重阳茶会")}
    assert agreed_purposes([customer.pk], ["event"]) == {customer.pk: {"event"}}


@pytest.mark.parametrize("wrong", [{"agreed": ""}, {"phone": "123"}, {"postcode": "1"}, {"name": " "}])
def test_without_consent_or_with_a_wrong_value_nothing_is_kept(invitation, customer, client, wrong):
    assert client.post(link_of(invitation), filled(customer, **wrong)).status_code == 422
    assert not Reply.objects.exists()
    assert not Fact.objects.exists()


def test_the_page_tells_nothing_of_anybody(invitation, customer, client):
    """A known and an unknown person get the same answer."""
    known = client.post(link_of(invitation), filled(customer), follow=True).content
    unknown = client.post(link_of(invitation), filled(customer, name="无名氏", token=uuid.uuid4()), follow=True).content
    assert _plain(known) == _plain(unknown)
    assert customer.phone not in client.get(link_of(invitation)).content.decode()


def test_only_our_links_open_and_only_in_time(invitation, client, run):
    for link in ("/f/1/", "/f/1:x/", f"/f/{Signer(salt='other').sign('1')}/"):
        assert client.get(link).status_code == 404
    for change in ({"closed": True}, {"closed": False, "closes_on": run.work_date - timedelta(days=1)}):
        Invitation.objects.update(**change)
        assert client.get(link_of(invitation)).status_code == 410
        assert client.post(link_of(invitation), {}).status_code == 410


def test_a_program_that_fills_in_everything_is_thanked_and_forgotten(invitation, customer, client):
    assert client.post(link_of(invitation), filled(customer, website="x"), follow=True).status_code == 200
    assert not Reply.objects.exists()


def test_whose_an_unknown_reply_is_somebody_says_once(invitation, customer, client, signed_in, run, member):
    client.post(link_of(invitation), filled(customer, name="小名"))
    reply = Reply.objects.get()
    assert not reply.customer_id
    client = signed_in("branch_manager")
    page = client.get(reverse("invitation", args=[invitation.pk]))
    assert page.context["replies"][0]["candidates"] == [(customer.pk, customer.name)]
    address = reverse("reply_settle", args=[invitation.pk, reply.pk])
    reached = Gate(member("branch_manager"), run).standings().values("customer_id")
    stranger = Customer.objects.exclude(pk__in=reached).first()
    assert client.post(address, {"customer": stranger.pk}).status_code == 404
    other = Gate(member("branch_manager"), run).standings().exclude(customer_id=customer.pk).first()
    for number in (customer.pk, other.customer_id):
        assert client.post(address, {"customer": number}).status_code == 302
    assert set(Fact.objects.values_list("customer_id", flat=True)) == {customer.pk}
    assert Fact.objects.count() == 2


def test_a_form_belongs_to_its_branch(invitation, signed_in, member):
    other = member("relationship_manager")
    other.branch_id = "B009"
    other.save()
    client = signed_in("relationship_manager")
    assert client.get(reverse("invitation", args=[invitation.pk])).status_code == 404
    assert client.post(reverse("reply_settle", args=[invitation.pk, 1])).status_code == 404


def test_no_reply_stands_readable_in_the_database(invitation, customer, client):
    from django.db import connection

    client.post(link_of(invitation), filled(customer, name="小名"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, phone, said FROM intake_reply")
        assert all(word not in text for text in cursor.fetchone() for word in ("小名", customer.phone, "tea"))


def test_the_latest_answer_counts_and_all_are_kept(customer, signed_in, run):
    client = signed_in("branch_manager")
    address = reverse("consent", args=[customer.pk])
    for row in ("yes", "no", "yes", "no"):
        fields = {"token": uuid.uuid4(), "purpose": "marketing", "given": row}
        for _ in range(2):
            assert client.post(address, fields).status_code == 302
    assert Consent.objects.count() == 4
    assert missing_consents(customer.pk, "message", run.rulebook) == [run.rulebook.consents["marketing"]]
    answer = next(
        purpose_statuse
        for purpose_statuse in purpose_statuses(customer.pk, run.rulebook)
        if purpose_statuse.key == "marketing"
    )
    assert (answer.given, answer.latest.version) == (False, run.rulebook.consents["marketing"].version)
    assert client.post(address, {"token": uuid.uuid4(), "purpose": "none", "given": "yes"}).status_code == 400


def test_a_message_without_consent_is_refused_and_says_so(signed_in, run, member):
    client = signed_in("relationship_manager")
    customer = Gate(member("relationship_manager"), run).standings().first().customer_id
    fields = {"token": uuid.uuid4(), "outcome": "considering", "way": "message"}
    address = reverse("record", args=[customer])
    tasks = client.get(reverse("today")).context["tasks"].tasks
    address = reverse("record", args=[tasks[0].customer_id])
    answer = client.post(address, fields)
    assert answer.status_code == 422
    assert run.rulebook.consents["marketing"].zh in answer.content.decode()
    assert not Contact.objects.exists()
    agree = {"token": uuid.uuid4(), "purpose": "marketing", "given": "yes"}
    client.post(reverse("consent", args=[tasks[0].customer_id]), agree)
    assert client.post(address, fields).status_code == 200
    assert Contact.objects.count() == 1


def test_sensitive_facts_need_their_consent(customer, signed_in):
    client = signed_in("branch_manager")
    address = reverse("facts", args=[customer.pk])
    fields = {"token": uuid.uuid4(), "channel": "service", "confidence": 2, "health": "糖尿病", "seen-health": ""}
    assert client.post(address, fields).status_code == 422
    client.post(reverse("consent", args=[customer.pk]), {"token": uuid.uuid4(), "purpose": "sensitive", "given": "yes"})
    assert client.post(address, fields).status_code == 302
    assert Fact.objects.get().value == "糖尿病"


def test_what_was_answered_is_kept_in_words_that_a_book_may_drop(invitation, customer, client, run):
    client.post(link_of(invitation), filled(customer, name="小名"))
    assert set(json.loads(Reply.objects.get().said)) == {"hobbies", "postcode"}


def _plain(content: bytes) -> str:
    import re

    return re.sub(r'(?:value|data-token)="[^"]{40,}"', "", content.decode())
