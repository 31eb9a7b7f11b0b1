"""The counts of the cockpit and of the team's day: each opens as many rows as it says, and no customer out of reach."""

import html
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.bank.models import Figure, Run, Staff, Standing
from weihu.workplace.base.channels import Channel
from weihu.workplace.contact.models import Contact, Outcome, Way
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.facts import FactContent, record_fact
from weihu.workplace.know.archive.models import Confidence

LINK = re.compile(r'<a\s+href="([^"]+)"\s+data-count="(-?\d+)">')
OF_ROWS = {"customers", "watched", "net", "lost", "contacts", "tasks", "facts", "lacking"}


@pytest.fixture
def said(run):
    """Contacts and facts of everybody's customers on the last nights, by whoever works."""
    people = {row.pk: row for row in Staff.objects.filter(is_active=True)}
    outcomes, contacts = [Outcome.INTERESTED, Outcome.NOT_REACHED, Outcome.SERVED], []
    for place, row in enumerate(Standing.objects.at(run).filter(effective=True).order_by("customer_id")):
        by = row.primary_id or sorted(people)[place % len(people)]
        on = run.business_date - timedelta(days=place % 3)
        contacts.append(Contact(
            token=uuid4(), customer_id=row.customer_id, staff_id=by, on=on, recorded_at=timezone.now(), way=Way.PHONE,
            outcome=outcomes[place % 3],
        ))  # fmt: skip
        if place % 5 == 0:
            content = FactContent("memo", "x", Channel.SERVICE, Confidence.TOLD)
            record_fact(row.customer_id, content, [], by, on, uuid4())
    Contact.objects.bulk_create(contacts)


def rows_of(page) -> int:
    """How many rows a page says that it has, whichever list it is."""
    if "query" in page.context and hasattr(page.context["query"], "standings"):
        request = page.wsgi_request
        return page.context["query"].standings(request.gate, request.run.work_date).count()
    total = page.context["total"]
    return total["rows"] if isinstance(total, dict) else total


@pytest.mark.parametrize("post", ["relationship_manager", "branch_manager", "personal_banking"])
def test_every_count_of_the_cockpit_opens_as_many_rows(post, signed_in, run, said):
    first = Run.objects.filter(published=True).order_by("number")[0].business_date
    client = signed_in(post)
    whole = {"after": str(first)}
    earlier = {"after": str(first), "until": str(run.business_date - timedelta(days=1))}
    opened = set()
    for period in (whole, earlier):
        text = client.get(reverse("cockpit"), period).content.decode()
        for address, count in {(html.unescape(address), int(count)) for address, count in LINK.findall(text)}:
            page = client.get(address)
            assert page.status_code == 200, address
            assert rows_of(page) == count, address
            opened |= set(parse_qs(urlsplit(address).query).get("of", []))
    assert opened >= {"contacts", "tasks", "customers"}


def test_all_that_is_counted_can_be_opened_by_whoever_decides(signed_in, member, run, said):
    branch = member("branch_manager").branch_id
    client = signed_in("branch_manager")
    for of in OF_ROWS:
        page = client.get(reverse("counted"), {"of": of, "post": "relationship_manager", "after": "2001-01-01"})
        assert page.status_code == 200, of
        reached = set(Gate(member("branch_manager"), run).standings().values_list("customer_id", flat=True))
        named = set(re.findall(r"/customers/(P\w+)/", page.content.decode()))
        assert named <= reached, of
    lacking = client.get(reverse("counted"), {"of": "lacking", "post": "relationship_manager"})
    ranks = run.rulebook.duty_ranks("relationship_manager")
    own = [row for row in Standing.objects.at(run).filter(branch_id=branch, effective=True) if row.grade_rank in ranks]
    assert lacking.context["total"] == sum(row.facts_expected - row.facts_known for row in own)


def test_who_went_out_of_reach_is_a_row_without_a_name(signed_in, member, run):
    staff, first = member("relationship_manager"), Run.objects.filter(published=True).order_by("number")[0]
    client, span = signed_in("relationship_manager"), {"after": str(first.business_date)}
    before = client.get(reverse("counted"), {"of": "net", **span})
    figure = Figure.objects.filter(run_id=first.number, staff_id=staff.pk)[0]
    Figure.objects.filter(pk=figure.pk).update(customers=figure.customers + 2)
    after = client.get(reverse("counted"), {"of": "net", **span})
    assert after.context["total"] == before.context["total"] - 2
    assert after.context["page"].paginator.count == before.context["page"].paginator.count + 2
    other = Standing.objects.at(run).exclude(branch_id=staff.branch_id).select_related("customer").first()
    Contact.objects.create(
        token=uuid4(), customer_id=other.customer_id, staff_id=staff.pk, on=run.business_date, recorded_at=timezone.now(),
        way=Way.PHONE, outcome=Outcome.INTERESTED,
    )  # fmt: skip
    text = client.get(reverse("counted"), {"of": "contacts", **span}).content.decode()
    assert other.customer.name not in text and other.customer_id not in text
    assert 'data-rows="1"' in text


@pytest.mark.parametrize(
    "wrong", [{"of": "nothing"}, {"of": ""}, {"of": "net", "post": "x"}, {"of": "net", "grade": "99"},
    {"of": "net", "grade": "x"}, {"of": "contacts", "outcome": "x"}, {"of": "net", "until": "2001-01-01"},
    {"of": "net", "branch": "nowhere"}],
)  # fmt: skip
def test_what_there_is_not_is_not_found(wrong, signed_in):
    assert signed_in("branch_manager").get(reverse("counted"), wrong).status_code == 404


@pytest.mark.parametrize("post", ["relationship_manager", "rm_supervisor"])
def test_every_count_of_the_teams_day_opens_as_many_rows(post, signed_in, member, run, said):
    client, staff, on = signed_in(post), member(post), run.work_date
    own = Standing.objects.at(run).filter(branch_id=staff.branch_id, primary_id__isnull=False).order_by("customer_id")
    for place, row in enumerate(own[:12]):
        Contact.objects.create(
            token=uuid4(), customer_id=row.customer_id, staff_id=row.primary_id, on=on, recorded_at=timezone.now(),
            way=Way.PHONE, outcome=Outcome.INTERESTED if place % 2 else Outcome.NOT_REACHED,
            follow_up_on=on + timedelta(days=place % 3 + 1) if place % 4 else None,
        )  # fmt: skip
        Visit.objects.create(
            token=uuid4(), customer_id=row.customer_id, staff_id=row.primary_id, on=on + timedelta(days=place), at="10:00",
            minutes=30, made_on=on,
        )  # fmt: skip
    opened = set()
    for name in ("board", "evening", "work_log"):
        text = client.get(reverse(name)).content.decode()
        for address, count in {(html.unescape(address), int(count)) for address, count in LINK.findall(text)}:
            page = client.get(address)
            assert page.status_code == 200, address
            assert page.context["page"].paginator.count == count, address
            opened |= set(parse_qs(urlsplit(address).query)["of"])
    assert opened >= {"planned", "contacts", "agreed", "visits"} or post == "relationship_manager"


@pytest.mark.parametrize("wrong", [{"of": "nothing"}, {"of": "planned", "staff": "nobody"}])
def test_a_day_of_nobody_is_not_found(wrong, signed_in):
    assert signed_in("branch_manager").get(reverse("day_counted"), wrong).status_code == 404
