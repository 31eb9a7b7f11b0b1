"""Every address with a customer in it, from the router itself, with every post and method: a stranger is never found."""

import itertools
import json
import os
import uuid

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from weihu.rules import rulebook
from weihu.workplace.api import systems
from weihu.workplace.api.calls import api
from weihu.workplace.bank.models import Standing
from weihu.workplace.base.channels import Channel
from weihu.workplace.gate.models import HandedCustomer, Handover, Merge
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.relations import network

EVERYTHING = bool(os.environ.get("WEIHU_ACCESS_ALL"))
"""Every post and method with every kind of stranger: minutes. Without it two posts, each address and method meeting one
kind in turn."""
POSTS = list(rulebook.load("brief").posts) if EVERYTHING else ["relationship_manager", "branch_manager"]
METHODS = ("get", "post", "put", "patch", "delete", "head", "options") if EVERYTHING else ("get", "post")
NOT_FOUND, NOT_ALLOWED = 404, 405
KINDS = ("of the branch", "of another branch", "in the household", "offered", "merged")


def addresses() -> dict[str, list[str]]:
    """The addresses of the router that name a customer, and their other parts."""
    found = {}
    for pattern in get_resolver().url_patterns:
        if isinstance(pattern, URLPattern) and "customer_id" in pattern.pattern.converters:
            others = [key for key in pattern.pattern.converters if key != "customer_id"]
            values = {
                key: "1" if "Int" in type(pattern.pattern.converters[key]).__name__ else "phone" for key in others
            }
            found[pattern.name] = values
    return found


@pytest.fixture
def strangers(run, member):
    """For a post, customers whom it does not reach, each tied to its own in another way."""

    def find(post: str) -> dict[str, Standing]:
        staff = member(post)
        gate = Gate(staff, run)
        within = gate.standings().values("customer_id")
        others = Standing.objects.listed_at(run).exclude(customer_id__in=within).select_related("customer")
        own = gate.standings().order_by("customer_id").first()
        near = list(others.filter(branch_id=staff.branch_id).order_by("-customer_id")[:4])
        far = list(others.exclude(branch_id=staff.branch_id).order_by("customer_id")[:4])
        rows = [*near, *far]
        if not rows:
            return {}
        taken = dict(zip(KINDS, itertools.islice(itertools.cycle(rows), len(KINDS)), strict=True))
        taken["of another branch"] = far[0] if far else rows[0]
        if own:
            network.join(own.customer_id, [taken["in the household"].customer_id], "x", run.work_date)
        values = {"token": uuid.uuid4(), "from_id": "x", "to_id": staff.staff_id, "branch_id": staff.branch_id}
        handover = Handover.objects.create(
            on=run.work_date, proposed_by="x", proposed_on=run.work_date, due_on=run.work_date, **values
        )
        HandedCustomer.objects.create(handover=handover, customer_id=taken["offered"].customer_id)
        kept = next(row for row in rows if row != taken["merged"]) if len(rows) > 1 else None
        if kept:
            at = {"by": "x", "on": run.work_date, "at": timezone.now()}
            Merge.objects.create(kept_id=kept.customer_id, gone_id=taken["merged"].customer_id, **at)
        return taken

    return find


def test_the_router_has_addresses_with_customers():
    assert len(addresses()) > 25


@pytest.mark.parametrize("post", POSTS)
def test_no_address_and_no_method_finds_a_stranger(post, strangers, signed_in):
    client, kinds = signed_in(post), strangers(post)
    turn = itertools.cycle(kinds.items())
    for name, others in addresses().items():
        for method in METHODS if kinds else ():
            for kind, stranger in kinds.items() if EVERYTHING else [next(turn)]:
                address = reverse(name, kwargs={"customer_id": stranger.customer_id, **others})
                answer = getattr(client, method)(address)
                assert answer.status_code in (NOT_FOUND, NOT_ALLOWED), (name, method, kind, answer.status_code)
                assert stranger.customer.name not in answer.content.decode(), (name, method, kind)


@pytest.mark.parametrize("post", [post for post in POSTS if rulebook.load("brief").posts[post].reach == "branch"])
def test_no_operation_of_the_interface_finds_a_stranger(post, strangers, member, run):
    token = systems.add("x", post, member(post).branch_id, Channel.TERMINAL, run.business_date)
    operations = [
        (path, method)
        for path, of_path in json.loads(json.dumps(api.get_openapi_schema()))["paths"].items()
        for method in of_path
        if "{customer_id}" in path
    ]
    assert len(operations) >= 3
    bodies = {
        "facts": {"facts": [{"field": "hobbies", "value": "茶"}]},
        "consents": {"purpose": "marketing", "version": "1", "given": True},
        "complaints": {"subject": "x"},
    }
    for (path, method), (kind, stranger) in itertools.product(operations, strangers(post).items()):
        body = bodies.get(path.rsplit("/", 1)[-1], {})
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid.uuid4())}
        send = getattr(Client(), method)
        more = {} if method == "get" else {"data": json.dumps(body), "content_type": "application/json"}
        answer = send(path.replace("{customer_id}", stranger.customer_id), headers=headers, **more)
        assert answer.status_code == NOT_FOUND, (path, method, kind, answer.content)
        assert stranger.customer.name not in answer.content.decode()
