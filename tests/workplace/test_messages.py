"""Message texts and their approval; sending through each gateway, against servers that record what they are asked."""

import email
import uuid
from email.header import decode_header, make_header

import pytest
from django.urls import reverse

from tests.workplace import gateways as fake
from weihu.workplace.act.messaging.gateways import Letter, NotSent, gateways
from weihu.workplace.act.messaging.models import Message, Template
from weihu.workplace.act.messaging.sending import wrong_places
from weihu.workplace.bank.models import Staff
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.models import Entry
from weihu.workplace.consent.consents import needed_for
from weihu.workplace.consent.models import Consent
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.facts import FactContent, record_fact
from weihu.workplace.know.archive.models import Confidence

LETTER = Letter("13800001234", "到期提醒", "您好", "K01", "SMS_1", "6f9619ff-8b86-d011-b42d-00c04fc964ff")
TEXT = "{salutation}您好,我是{branch}的{manager}。"


@pytest.fixture
def customer(run, member):
    """A relationship manager's customer with a telephone who agreed to messages."""
    gate = Gate(member("relationship_manager"), run)
    result = next(row for row in gate.standings().select_related("customer") if row.customer.phone)
    for purpose in needed_for("message", run.rulebook):
        agree(result.customer_id, purpose, run)
    return result


def agree(customer_id, purpose, run, given=True):
    from django.utils import timezone

    Consent.objects.create(
        token=uuid.uuid4(), customer_id=customer_id, purpose=purpose, version="1", given=given, channel="serving",
        staff_id="x", on=run.work_date, recorded_at=timezone.now(),
    )  # fmt: skip


@pytest.fixture
def template(db, run):
    fields = {"medium": "sms", "title": "问候", "text": TEXT, "made_by": "x", "made_on": run.work_date}
    return Template.objects.create(**fields, state=Template.State.APPROVED)


def post(client, customer, template, token=None):
    fields = {"template": template.pk, "token": token or uuid.uuid4()}
    return client.post(reverse("send_message", args=[customer.customer_id]), fields)


def test_a_text_message_is_sent_once_and_logged(signed_in, customer, template, monkeypatch):
    client, token = signed_in("relationship_manager"), uuid.uuid4()
    with fake.web(fake.SMS) as (url, asked):
        monkeypatch.setenv("WEIHU_SMS_URL", f"{url}/messages")
        monkeypatch.setenv("WEIHU_SMS_TOKEN", "secret")
        for _ in range(2):
            assert "data-refused" not in post(client, customer, template, token).content.decode()
    [(method, _path, _said, body, authorization)] = asked
    assert (method, authorization) == ("POST", "Bearer secret")
    assert body["mobile"] == customer.customer.phone
    assert customer.customer.name in body["text"] and "{" not in body["text"]
    kept = Message.objects.get()
    assert (kept.state, kept.provider_id, kept.text) == (Message.State.SENT, "20261125000001", body["text"])
    assert Entry.objects.filter(action="message.send", customer_id=customer.customer_id).count() == 1


def test_what_the_gateway_refuses_is_said_and_kept(signed_in, customer, template, monkeypatch):
    with fake.web({"/messages": {"code": 7, "message": "余额不足"}}) as (url, _):
        monkeypatch.setenv("WEIHU_SMS_URL", f"{url}/messages")
        answer = post(signed_in("relationship_manager"), customer, template)
    assert "余额不足" in answer.content.decode()
    assert Message.objects.get().state == Message.State.FAILED


@pytest.mark.parametrize("hindrance", ["consent", "barred", "not approved", "no gateway"])
def test_nothing_is_sent_where_it_may_not(hindrance, signed_in, customer, template, run, monkeypatch):
    with fake.web(fake.SMS) as (url, asked):
        if hindrance != "no gateway":
            monkeypatch.setenv("WEIHU_SMS_URL", f"{url}/messages")
        if hindrance == "consent":
            agree(customer.customer_id, needed_for("message", run.rulebook)[0], run, given=False)
        if hindrance == "barred":
            field = next(key for key, field in run.rulebook.fields.items() if field.bars)
            written = FactContent(field, "all", Channel.SERVICE, Confidence.TOLD)
            record_fact(customer.customer_id, written, [], "x", run.work_date, uuid.uuid4())
        if hindrance == "not approved":
            Template.objects.update(state=Template.State.SUBMITTED)
        assert post(signed_in("relationship_manager"), customer, template).status_code == 400
    assert asked == [] and not Message.objects.exists()


def test_mail_goes_out_by_smtp():
    with fake.mail_server() as (url, taken):
        number = gateways({"WEIHU_SMTP_URL": url})["email"].send(
            Letter("li@example.com", "到期提醒", "您的存款本周到期。", "K01", "", LETTER.token)
        )
    [(sender, to, content)] = taken
    read = email.message_from_bytes(content)
    assert (sender, to, number) == ("service@bank.example", ["li@example.com"], read["Message-ID"])
    assert str(make_header(decode_header(read["Subject"]))) == "到期提醒"
    assert read.get_payload(decode=True).decode().strip() == "您的存款本周到期。"


def test_a_mail_server_that_is_not_there_is_a_fault():
    with pytest.raises(NotSent):
        gateways({"WEIHU_SMTP_URL": "smtp://127.0.0.1:1/?tls=none"})["email"].send(LETTER)


def test_wecom_is_asked_for_a_token_and_then_sends():
    with fake.web(fake.WECOM) as (url, asked):
        fields = {"WEIHU_WECOM_URL": url, "WEIHU_WECOM_CORP": "ww1", "WEIHU_WECOM_SECRET": "s3"}
        number = gateways(fields)["wecom"].send(LETTER)
    assert number == "msgGCAAAXtWyujaWJHDDGi0mAAAA"
    assert asked[0][:3] == ("GET", "/cgi-bin/gettoken", {"corpid": "ww1", "corpsecret": "s3"})
    assert asked[1][2:4] == (
        {"access_token": "accesstoken000001"},
        {
            "chat_type": "single",
            "external_userid": ["13800001234"],
            "sender": "K01",
            "text": {"content": "您好"},
        },
    )


@pytest.mark.parametrize(
    "answer", [{"errcode": 40001, "errmsg": "invalid credential"}, {"errcode": 0, "fail_list": ["13800001234"]}]
)
def test_wecom_says_why_not(answer):
    path = "/cgi-bin/externalcontact/add_msg_template"
    with fake.web({**fake.WECOM, path: answer}) as (url, _):
        with pytest.raises(NotSent) as refused:
            gateways({"WEIHU_WECOM_URL": url})["wecom"].send(LETTER)
        assert refused.value.text.startswith(("40001 invalid", "fail_list"))


def test_a_text_is_approved_by_a_second_person(client, member, run):
    first = member("branch_manager")
    second = Staff.objects.filter(post="branch_manager").exclude(pk=first.pk)[0]
    fields = {"medium": "sms", "title": "问候", "text": TEXT, "kinds": ["birthday"]}
    client.force_login(first)
    assert client.post(reverse("templates"), {**fields, "text": "{name} {iban}"}).status_code == 422
    assert client.post(reverse("templates"), fields).status_code == 302
    made = Template.objects.get()
    act = reverse("template_act", args=[made.pk])
    assert client.post(act, {"act": "approve"}).status_code == 400
    client.force_login(second)
    client.post(act, {"act": "approve"})
    made.refresh_from_db()
    assert (made.state, made.decided_by, made.kinds) == (Template.State.APPROVED, second.staff_id, "birthday")
    client.force_login(member("relationship_manager"))
    assert client.post(act, {"act": "retire"}).status_code == 404
    assert client.get(reverse("templates")).status_code == 200


@pytest.mark.parametrize("text", ["{", "{name", "{0}", "{name!r}", "{name:>9}", "{name.customer}", "{}"])
def test_braces_hold_nothing_but_places(text):
    assert wrong_places(text)
    assert not wrong_places(TEXT)
