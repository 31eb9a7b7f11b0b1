"""Relations, households, occasions of customers, goals and the calendar."""

import uuid
from datetime import date, timedelta
from decimal import Decimal

import icalendar
import pytest
from django.urls import reverse

from weihu.workplace.act.schedule.models import Feed
from weihu.workplace.bank.models import Account, Authorised, Standing
from weihu.workplace.base.channels import Channel
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.facts import FactContent, record_fact
from weihu.workplace.know.archive.models import Confidence
from weihu.workplace.know.life.models import Goal
from weihu.workplace.know.life.upcoming import portfolio, upcoming_occasions
from weihu.workplace.know.relations import network
from weihu.workplace.know.relations.models import Household, Member, Relation


@pytest.fixture
def gate(run, member):
    return Gate(member("branch_manager"), run)


@pytest.fixture
def people(gate):
    return list(gate.standings().order_by("customer_id")[:5])


def tie(client, customer: str, **fields):
    return client.post(reverse("relations", args=[customer]), {"token": uuid.uuid4(), **fields}).status_code


def test_a_relation_is_seen_from_both_sides(signed_in, people, gate, run):
    client = signed_in("branch_manager")
    chosen, other = people[0].customer_id, people[1].customer_id
    for _ in range(2):
        assert tie(client, chosen, kind="child", other_id=other, born="1999-05-01") == 302
    assert Relation.objects.count() == 1
    (there,) = network.links_of(chosen, gate, run.rulebook)
    (back,) = network.links_of(other, gate, run.rulebook)
    assert there.stage is None  # grown up
    assert (there.key, there.other_id, there.born) == ("child", other, date(1999, 5, 1))
    assert (back.key, back.other_id, back.born) == ("parent", chosen, None)
    assert client.post(reverse("unrelate", args=[other, there.number])).status_code == 302
    assert network.links_of(chosen, gate, run.rulebook) == network.links_of(other, gate, run.rulebook) == []
    assert Relation.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "child"}, {"kind": "none", "name": "x"}, {"kind": "child", "name": "x", "other_id": "P1"}, {"kind": "authorised", "name": "x"}],
)  # fmt: skip
def test_a_relation_needs_somebody(signed_in, people, wrong):
    assert tie(signed_in("branch_manager"), people[0].customer_id, **wrong) == 422
    assert not Relation.objects.exists()


def test_whoever_is_out_of_reach_has_no_name(signed_in, run, member):
    client, gate = signed_in("relationship_manager"), Gate(member("relationship_manager"), run)
    own = gate.standings().first().customer_id
    reached = gate.standings().values("customer_id")
    stranger = Standing.objects.listed_at(run).exclude(customer_id__in=reached).select_related("customer").first()
    assert tie(client, own, kind="spouse", other_id=stranger.customer_id) == 422
    network.relate(own, network.NewRelation("spouse", stranger.customer_id), "x", run.work_date, uuid.uuid4())
    network.join(own, [stranger.customer_id], "x", run.work_date)
    for name in ("customer", "relations"):
        page = client.get(reverse(name, args=[own])).content.decode()
        assert stranger.customer.name not in page
        assert stranger.customer_id not in page
    home = network.household_of(own, gate)
    assert home.others == 1
    assert home.aum == gate.standing(own).aum
    view = client.get(reverse("households")).content.decode()
    assert stranger.customer.name not in view


def test_what_was_recorded_at_a_customer_out_of_reach_stays_there(signed_in, run, member):
    client, gate = signed_in("relationship_manager"), Gate(member("relationship_manager"), run)
    own = gate.standings().first().customer_id
    reached = gate.standings().values("customer_id")
    stranger = Standing.objects.listed_at(run).exclude(customer_id__in=reached).first().customer_id
    told = network.NewRelation("spouse", own, born=date(1971, 2, 3), note="离婚诉讼中")
    network.relate(stranger, told, "x", run.work_date, uuid.uuid4())
    (link,) = network.links_of(own, gate, run.rulebook)
    assert (link.key, link.hidden, link.note, link.born, link.number) == ("spouse", True, "", None, None)
    for name in ("customer", "relations"):
        assert "离婚诉讼中" not in client.get(reverse(name, args=[own])).content.decode()
    number = Relation.objects.get().pk
    assert client.post(reverse("unrelate", args=[own, number])).status_code == 404
    assert Relation.objects.get().withdrawn_at is None


def test_a_date_of_birth_is_of_the_one_it_was_recorded_for(people, gate, run):
    chosen, other = people[0].customer_id, people[1].customer_id
    spouse = network.NewRelation("spouse", other, born=date(1971, 2, 3), note="一起来")
    network.relate(chosen, spouse, "x", run.work_date, uuid.uuid4())
    (there,) = network.links_of(chosen, gate, run.rulebook)
    (back,) = network.links_of(other, gate, run.rulebook)
    assert (there.born, back.born) == (date(1971, 2, 3), None)
    assert (there.note, back.note, back.number) == ("一起来", "一起来", there.number)


def test_households(signed_in, people, gate, run):
    client = signed_in("branch_manager")
    head, spouse, child, lone = (row.customer_id for row in people[:4])
    tie(client, head, kind="spouse", other_id=spouse)
    tie(client, head, kind="child", other_id=child)
    tie(client, head, kind="friend", other_id=lone)
    assert client.post(reverse("household", args=[head]), {"act": "join"}).status_code == 302
    home = network.household_of(spouse, gate)
    assert home.members[0].customer_id == head
    assert {row.customer_id for row in home.members} == {head, spouse, child}
    assert home.aum == sum(row.aum for row in people[:3])
    client.post(reverse("household", args=[spouse]), {"act": "head"})
    client.post(reverse("household", args=[spouse]), {"act": "leave"})
    home = network.household_of(head, gate)
    assert home.household.head_id in {head, child}
    client.post(reverse("household", args=[head]), {"act": "leave"})
    assert network.household_of(child, gate) is None
    assert Household.objects.count() == 1
    assert not Member.objects.filter(left_on__isnull=True).exists()
    assert client.get(reverse("households")).context["page"].paginator.count == 0


def test_authorised_persons_come_from_the_core_system(people, gate, run):
    owner, other = people[0].customer_id, people[1].customer_id
    account = Account.objects.filter(customer_id=owner).first()
    Authorised.objects.create(authorised_id="1", account_id=account.pk, customer_id=other, since_run=run.number)
    (there,) = network.links_of(owner, gate, run.rulebook)
    (back,) = network.links_of(other, gate, run.rulebook)
    assert (there.key, there.other_id, there.number) == ("authorised", other, None)
    assert (back.key, back.other_id) == ("authorised_for", owner)


def test_the_picture_shows_links_between_the_others(people, gate, run):
    a, b, c = (row.customer_id for row in people[:3])
    for entry, kind, other in ((a, "spouse", b), (a, "child", c), (b, "child", c)):
        network.relate(entry, network.NewRelation(kind, other), "x", run.work_date, uuid.uuid4())
    drawn = network.picture(people[0], network.links_of(a, gate, run.rulebook), gate, run.rulebook)
    assert {node["id"] for node in drawn["nodes"]} == {a, b, c}
    assert {(edge["from"], edge["to"]) for edge in drawn["edges"]} == {(a, b), (a, c), (b, c)}


def test_occasions_of_a_portfolio_and_its_calendar(signed_in, client, run, member):
    staff = member("relationship_manager")
    gate = Gate(staff, run)
    row = portfolio(gate)[0]
    soon = run.work_date + timedelta(days=3)
    fact = FactContent("wedding_day", f"1999-{soon:%m-%d}", Channel.SERVICE, Confidence.TOLD)
    record_fact(row.customer_id, fact, [], staff.staff_id, run.work_date, uuid.uuid4())
    network.relate(
        row.customer_id,
        network.NewRelation("child", name="小宝", born=date(2015, soon.month, soon.day)),
        staff.staff_id,
        run.work_date,
        uuid.uuid4(),
    )
    kinds = {
        upcoming_occasion.occasion.kind
        for upcoming_occasion in upcoming_occasions([row], run.rulebook, run.work_date, 10)
    }
    assert {"wedding_day", "relative_birthday"} <= kinds
    signed_in("relationship_manager")
    page = client.get(reverse("occasions"))
    assert row.customer.name in page.content.decode()
    client.post(reverse("feed_act"), {"act": "make"})
    address = client.get(reverse("occasions")).context["feed"]
    client.logout()
    answer = client.get(address)
    calendar = icalendar.Calendar.from_ical(answer.content)
    events = [event for event in calendar.walk("VEVENT") if event.decoded("dtstart") == soon]
    assert any("结婚纪念日" in str(event["summary"]) for event in events)
    assert row.customer.name not in answer.content.decode()
    assert "小宝" not in answer.content.decode()
    assert len({str(event["uid"]) for event in calendar.walk("VEVENT")}) == len(list(calendar.walk("VEVENT")))
    assert client.get(address).content == answer.content
    signed_in("relationship_manager")
    client.post(reverse("feed_act"), {"act": "revoke"})
    assert client.get(address).status_code == 404
    assert not Feed.objects.exists()


def test_who_has_left_has_no_calendar(signed_in, client, member):
    staff = member("relationship_manager")
    signed_in("relationship_manager")
    client.post(reverse("feed_act"), {"act": "make"})
    address = client.get(reverse("occasions")).context["feed"]
    staff.is_active = False
    staff.save()
    client.logout()
    assert client.get(address).status_code == 404


def test_the_secret_of_a_calendar_stands_nowhere_readable(signed_in, client):
    from django.db import connection

    signed_in("relationship_manager")
    client.post(reverse("feed_act"), {"act": "make"})
    secret = client.get(reverse("occasions")).context["feed"].split("/")[-1].removesuffix(".ics")
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret, secret_index FROM schedule_feed")
        assert all(secret not in text for text in cursor.fetchone())


def test_a_goal_is_followed_to_its_end(signed_in, people, run):
    client = signed_in("branch_manager")
    customer = people[0].customer_id
    fields = {
        "token": uuid.uuid4(),
        "name": "孩子留学",
        "target": "200000",
        "saved": "50000.50",
        "due_on": "2029-09-01",
    }
    for _ in range(2):
        assert client.post(reverse("goals", args=[customer]), fields).status_code == 302
    goal = Goal.objects.get()
    assert (goal.per_cent, goal.gap) == (25, Decimal("149999.50"))
    address = reverse("goal_act", args=[customer, goal.pk])
    assert client.post(address, {"saved": "80000"}).status_code == 302
    assert client.post(address, {"saved": "viel"}).status_code == 400
    assert list(goal.progress.order_by("pk").values_list("saved", flat=True)) == [Decimal("50000.50"), Decimal(80000)]
    assert client.post(reverse("goal_act", args=[people[1].customer_id, goal.pk]), {"saved": "1"}).status_code == 404
    client.post(address, {"act": "end"})
    assert client.get(reverse("customer", args=[customer]), {"tab": "archive"}).context["goals"] == []
    assert client.post(reverse("goals", args=[customer]), {"name": "x"}).status_code == 400
