"""The interface for other systems: tokens, reach, all or nothing, once per key."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db.models import F
from django.test import Client

from weihu.workplace.api import calls, systems
from weihu.workplace.api.models import Answered
from weihu.workplace.bank.models import Standing
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.models import Entry
from weihu.workplace.base.pace import Pace
from weihu.workplace.consent.models import Consent
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.models import Fact
from weihu.workplace.know.complaints.models import Complaint


@pytest.fixture
def branch(member):
    return member("branch_manager").branch_id


@pytest.fixture
def call(run, branch):
    """Calls as a terminal of the branch."""
    token = systems.add("terminal-1", "branch_manager", branch, Channel.TERMINAL, run.business_date)

    def make(path: str, body=None, key: str | None = None, client: Client | None = None, with_token: str = token):
        headers = {"Authorization": f"Bearer {with_token}"} | ({"Idempotency-Key": key} if key else {})
        client = client or Client()
        if body is None:
            return client.get(f"/api/v1{path}", headers=headers)
        return client.post(f"/api/v1{path}", json.dumps(body), "application/json", headers=headers)

    return make


@pytest.fixture
def customer(run, member):
    """One of whom something is missing."""
    gate = Gate(member("branch_manager"), run)
    return gate.standings().filter(facts_known__lt=F("facts_expected")).first().customer


def test_without_a_token_nothing_is_answered(call, run, branch):
    for token in ("", "wrong"):
        assert call("/catalogue", with_token=token).status_code == 401
        assert call("/customers/find", {"customer_id": "P0000001"}, with_token=token).status_code == 401
    old = systems.add("site", "personal_banking", "", Channel.REMOTE, run.business_date)
    new = systems.add("site", "personal_banking", "", Channel.REMOTE, run.business_date)
    assert call("/catalogue", with_token=old).status_code == 401
    assert call("/catalogue", with_token=new).status_code == 200
    assert systems.revoke("site")
    assert call("/catalogue", with_token=new).status_code == 401


def test_the_description_names_every_call(client, run):
    result = client.get("/api/v1/openapi.json").json()
    assert set(result["paths"]) == {
        "/api/v1/catalogue",
        "/api/v1/customers/find",
        "/api/v1/customers/{customer_id}/archive",
        "/api/v1/customers/{customer_id}/facts",
        "/api/v1/customers/{customer_id}/consents",
        "/api/v1/customers/{customer_id}/complaints",
        "/api/v1/queue/calls",
    }
    keyed = [path for path, calls in result["paths"].items() if "Idempotency-Key" in json.dumps(calls)]
    assert len(keyed) == 4


def test_a_customer_is_found_and_asked_what_is_missing(call, customer, run):
    (result,) = call("/customers/find", {"customer_id": customer.pk}).json()
    assert result["customer_id"] == customer.pk
    assert customer.name not in result["name"]
    key = result["missing"][0]
    entry = run.rulebook.fields[key]
    value = entry.choices[0].key if entry.choices else "13812345678"
    answer = call(f"/customers/{customer.pk}/facts", {"facts": [{"field": key, "value": value}]}, "call-00001")
    assert answer.json() == {"recorded": 1}
    fact = Fact.objects.get()
    assert (fact.channel, fact.staff_id) == ("terminal", "api:terminal-1")
    assert key not in call("/customers/find", {"customer_id": customer.pk}).json()[0]["missing"]
    known = {row["field"]: row for row in call(f"/customers/{customer.pk}/archive").json()}
    assert known[key]["source"] == "told"
    assert "****" in known["phone"]["value"] if "phone" in known else True
    assert Entry.objects.filter(action="api.archive", customer_id=customer.pk).count() == 1


def test_who_is_out_of_reach_is_nobody(call, run, branch):
    stranger = Standing.objects.listed_at(run).exclude(branch_id=branch).select_related("customer").first().customer
    for entry in (
        {"customer_id": stranger.pk},
        {"phone": stranger.phone or "1"},
        {"identity_number": stranger.identity_number},
    ):
        assert stranger.pk not in [row["customer_id"] for row in call("/customers/find", entry).json()]
    paths = {"archive": None, "facts": {"facts": [{"field": "memo", "value": "x"}]}, "complaints": {"subject": "x"}}
    for path, body in {**paths, "consents": {"purpose": "marketing", "version": "1", "given": True}}.items():
        assert call(f"/customers/{stranger.pk}/{path}", body, "call-00001").status_code == 404
    assert not Fact.objects.exists()


def test_one_wrong_fact_and_nothing_is_recorded(call, customer):
    facts = [
        {"field": "memo", "value": "好"},
        {"field": "postcode", "value": "1"},
        {"field": "none", "value": "1"},
        {"field": "health", "value": "好"},
        {"field": "hobbies", "value": "tea", "refused": True},
    ]
    answer = call(f"/customers/{customer.pk}/facts", {"facts": facts}, "call-00001")
    assert answer.status_code == 422
    assert [row["place"] for row in answer.json()] == [1, 2, 3, 4]
    assert all(row["expected_zh"] and row["expected_en"] for row in answer.json())
    assert not Fact.objects.exists()


def test_the_same_key_is_the_same_call(call, customer):
    body = {"facts": [{"field": "memo", "value": "好"}]}
    answers = [call(f"/customers/{customer.pk}/facts", body, "call-00001") for _ in range(3)]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert Fact.objects.count() == Answered.objects.count() == 1
    other = {"facts": [{"field": "memo", "value": "坏"}]}
    assert call(f"/customers/{customer.pk}/facts", other, "call-00001").status_code == 409
    assert call(f"/customers/{customer.pk}/facts", body).status_code == 422
    assert call(f"/customers/{customer.pk}/facts", body, "call-00002").status_code == 200
    assert Fact.objects.count() == 2


def test_complaints_and_consents(call, customer):
    for _ in range(2):
        case = call(f"/customers/{customer.pk}/complaints", {"subject": "网银登录不上"}, "call-00001").json()
    assert Complaint.objects.get().pk == case["number"]
    consent = {"purpose": "marketing", "version": "1", "given": True}
    assert call(f"/customers/{customer.pk}/consents", consent, "call-00002").json() == {"recorded": True}
    assert (Consent.objects.get().given, Consent.objects.get().channel) == (True, "terminal")
    assert call(f"/customers/{customer.pk}/consents", {**consent, "purpose": "x"}, "call-00003").status_code == 422


def test_the_same_call_at_once_is_done_once(server):
    """Two connections of a call centre that lost its patience."""
    import urllib.request

    from django.db import connections

    from weihu.workplace.bank.current import current

    run = current()
    token = systems.add("centre", "personal_banking", "", Channel.REMOTE, run.business_date)
    customer = Standing.objects.listed_at(run).first().customer_id
    key = str(uuid.uuid4())

    def send(_: int) -> int:
        request = urllib.request.Request(
            f"{server.url}/api/v1/customers/{customer}/facts",
            json.dumps({"facts": [{"field": "memo", "value": "好"}]}).encode(),
            {"Authorization": f"Bearer {token}", "Idempotency-Key": key, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return answer.status

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(send, range(4))) == [200] * 4
    assert Fact.objects.filter(field="memo").count() == 1
    connections.close_all()


def test_a_system_that_calls_too_often_and_who_guesses_tokens_wait(call, monkeypatch, client):
    monkeypatch.setattr(calls, "CALLS", Pace("calls", 2, 86_400 * 365))
    monkeypatch.setattr(calls, "STRANGERS", Pace("strangers", 2, 86_400 * 365))
    assert [call("/catalogue").status_code for _ in range(3)] == [200, 200, 429]
    guess = {"Authorization": "Bearer guessed"}
    assert [client.get("/api/v1/catalogue", headers=guess).status_code for _ in range(3)] == [401, 401, 429]
