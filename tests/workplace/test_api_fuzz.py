"""The interface keeps to its own description, whatever is sent to it, and tells no system of whom it does not reach."""

import json

import pytest
import requests
import schemathesis
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi import checks

from tests.attack import cases
from weihu.workplace.api import calls, systems
from weihu.workplace.bank.models import Customer
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.pace import Pace

CASES = cases(12, 10_000)
"""As each kind of token."""
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
KINDS = {
    "of a branch": ("branch_manager", True, systems.SCOPES),
    "of the call centre": ("personal_banking", False, systems.SCOPES),
    "of a reception": ("lobby_manager", True, systems.SCOPES),
    "that only finds": ("branch_manager", True, ("find",)),
    "that is none": None,
}


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture
def token(kind, run, member) -> str:
    if KINDS[kind] is None:
        return "none"
    post, local, scopes = KINDS[kind]
    branch = member("branch_manager").branch_id if local else ""
    return systems.add("attacker", post, branch, Channel.TERMINAL, run.business_date, systems.Terms(scopes))


@pytest.fixture
def unpaced(monkeypatch):
    """As many calls as are made."""
    for name in ("CALLS", "STRANGERS"):
        monkeypatch.setattr(calls, name, Pace(name.lower(), 10**9, 60))


def described() -> dict:
    """The interface's own document, without the tokens, which are given here."""
    document = json.loads(json.dumps(calls.api.get_openapi_schema()))
    for operations in document["paths"].values():
        for operation in operations.values():
            del operation["security"]
    return document


def any_call(schema, customers: list[str]) -> st.SearchStrategy:
    """Any call of any operation, as described or not quite; of a customer of the bank as often as of nobody."""
    operations = [result.ok() for result in schema.get_all_operations()]
    strategies = [operation.as_strategy(mode) for operation in operations for mode in GenerationMode]
    return st.tuples(st.one_of(strategies), st.none() | st.sampled_from(customers))


def answer_to(case: schemathesis.Case, token: str) -> Response:
    """What the interface answers, over Django's own client: a server would close the test's database."""
    sent = requests.Request(**case.as_transport_kwargs("http://testserver")).prepare()
    headers = {name: value for name, value in sent.headers.items() if name not in ("Content-Length", "Content-Type")}
    headers |= {"Authorization": f"Bearer {token}"}
    kind = sent.headers.get("Content-Type", "application/json")
    told = Client().generic(sent.method, sent.url, sent.body or b"", kind, headers=headers)
    answered = {name.lower(): [value] for name, value in told.headers.items()}
    return Response(told.status_code, answered, told.content, sent, 0.0, verify=False)


@pytest.mark.long
def test_the_interface_keeps_to_its_description_and_tells_nothing_of_strangers(kind, token, unpaced, run, tried):
    schema = schemathesis.openapi.from_dict(described())
    known = list(Customer.objects.values_list("customer_id", "name"))
    caller = systems.caller_of(token, run)
    reached = set(caller.gate.standings().values_list("customer_id", flat=True)) if caller else set()
    strangers = [customer for customer, _ in known if customer not in reached]
    names = {name for _, name in known if len(name) > 1}

    @settings(
        max_examples=CASES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
    )
    @given(any_call(schema, [customer for customer, _ in known]))
    def attack(drawn):
        case, customer = drawn
        if customer and "customer_id" in case.path_parameters:
            case.path_parameters["customer_id"] = customer
        with transaction.atomic():
            response = answer_to(case, token)
            transaction.set_rollback(True)
        case.validate_response(response, checks=CHECKS)
        told, asked = response.text or "", str((case.path_parameters, case.body, case.query))
        assert not [name for name in names if name in told and name not in asked]
        assert not [stranger for stranger in strangers if stranger in told and stranger not in asked]

    attack()
    tried(f"calls with a token {kind}", CASES)
