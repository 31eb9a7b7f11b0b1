"""Who is asked what because of payments, and what staff see and do of it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from click.testing import CliRunner
from django.urls import reverse

from weihu.cli import main
from weihu.nightly import life_events
from weihu.rules import life
from weihu.workplace.bank.models import Standing
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.models import Entry
from weihu.workplace.consent.consents import ConsentAnswer, record_consent
from weihu.workplace.know.archive.facts import FactContent, record_fact
from weihu.workplace.know.archive.models import Confidence
from weihu.workplace.know.life.models import LifeQuestion


def told(customer: str, field: str, value: str, on) -> None:
    content = FactContent(field, value, Channel.SERVICE, Confidence.TOLD)
    record_fact(customer, content, [], "x", on, uuid.uuid4())


def refuse(customer: str, run) -> None:
    answer = ConsentAnswer("analysis", run.rulebook.consents["analysis"].version, False, Channel.SERVICE)
    record_consent(customer, answer, "x", run.work_date, uuid.uuid4())


def asked(customer: str, run, kind: str = "job", **other: object) -> LifeQuestion:
    columns = {"since": run.business_date - timedelta(days=40), "comes": True, "party": "长江软件有限公司"}
    columns |= {"before": "恒信科技有限公司", "times": 2, "amount": Decimal(18000), "on": run.business_date}
    return LifeQuestion.objects.create(customer_id=customer, kind=kind, **{**columns, **other})


@pytest.fixture
def own(run, member):
    """Customers of the relationship manager."""
    manager = member("relationship_manager")
    rows = Standing.objects.listed_at(run).filter(primary_id=manager.staff_id).order_by("customer_id")
    return list(rows.values_list("customer_id", flat=True))


@pytest.fixture
def signs(run, own, monkeypatch):
    """The rule finds a new job for the first three customers; few nights hold no sign by themselves."""
    row = {"kind": "job", "sign": 0, "since": run.business_date - timedelta(days=40)}
    row |= {"party": "新", "before": "旧", "times": 2, "amount": Decimal(18000)}
    found = [{"customer_id": customer, **row} for customer in own[:3]]
    monkeypatch.setattr(life_events, "_found", lambda home, book, last: [dict(one) for one in found])
    return own[:3]


def ask(run, home) -> dict[str, dict[str, int]]:
    return life_events.ask(home, run.rulebook, run, lambda step: None).counts


def test_the_rule_reads_what_was_delivered(run, home):
    assert life_events._found(home, run.rulebook, run) == []
    assert set(ask(run, home)["job"].values()) == {0}
    paths = life_events.landed(home, life_events.published(run).values(), "transactions")
    assert len(paths) == len(life_events.published(run))
    owners = life_events.owners(home, run, {}).to_pylist()
    assert {row["customer_id"] for row in owners} <= set(
        Standing.objects.listed_at(run).values_list("customer_id", flat=True)
    )
    assert "counterparty" in life.PAID


def test_each_event_is_asked_once_and_not_of_who_refuses(run, home, signs):
    refuse(signs[1], run)
    assert ask(run, home)["job"] == {"new": 2, "open": 2, "yes": 0, "no": 0}
    assert ask(run, home)["job"] == {"new": 0, "open": 2, "yes": 0, "no": 0}
    assert set(LifeQuestion.objects.values_list("customer_id", flat=True)) == {signs[0], signs[2]}


def test_what_the_archive_was_told_since_is_answered_and_not_asked(run, home, signs):
    told(signs[0], "employer", "新", run.work_date)
    assert ask(run, home)["job"]["new"] == 2
    told(signs[1], "employer", "新", run.work_date)
    told(signs[2], "employer", "旧", run.business_date - timedelta(days=90))
    assert ask(run, home)["job"] == {"new": 0, "open": 1, "yes": 1, "no": 0}


def test_an_answer_rests_and_what_nobody_answers_ends(run, home, signs):
    ask(run, home)
    rest, rule = timedelta(days=run.rulebook.life_events.rest_days), run.rulebook.life_events
    rows = LifeQuestion.objects.filter(customer_id=signs[0])
    rows.update(answer="no", answered_on=run.work_date - rest + timedelta(days=1))
    assert ask(run, home)["job"] == {"new": 0, "open": 2, "yes": 0, "no": 1}
    rows.update(answered_on=run.work_date - rest)
    assert ask(run, home)["job"]["new"] == 1
    LifeQuestion.objects.filter(customer_id=signs[1]).update(on=run.business_date - timedelta(days=rule.days))
    LifeQuestion.objects.filter(customer_id=signs[1]).update(kind="house")
    ask(run, home)
    assert not LifeQuestion.objects.filter(kind="house").exists()


def test_the_page_and_the_task_ask_with_the_evidence(run, own, signed_in):
    client = signed_in("relationship_manager")
    asked(own[0], run)
    asked(own[0], run, "retirement", before="", party="社保")
    asked(own[0], run, "moving", comes=False)
    asked(own[0], run, "child", comes=False, before="")
    page = reverse("customer", args=[own[0]])
    text = client.get(page, headers={"accept-language": "en"}).content.decode()
    for expected in (
        "New job?",
        "the salary comes from 长江软件有限公司, before from 恒信科技有限公司",
        "money comes from 社保, ¥18,000 so far",
        "bills are paid to 长江软件有限公司, before to 恒信科技有限公司",
        "and others like it: 2 times, ¥18,000 in all",
        "part=employer&channel=service&source=",
    ):
        assert expected in text
    told(own[0], "employer", "长江", run.work_date)
    assert "New job?" not in client.get(page, headers={"accept-language": "en"}).content.decode()
    refuse(own[0], run)
    assert "life-question" not in client.get(page).content.decode()


def test_the_task_of_today_asks_it_too(run, signed_in):
    client = signed_in("relationship_manager")
    first = client.get(reverse("today")).context["task"].customer_id
    assert "life-question" not in client.get(reverse("task", args=[first])).content.decode()
    row = asked(first, run)
    assert 'name="from" value="task"' in client.get(reverse("task", args=[first])).content.decode()
    answered = client.post(reverse("life_dismiss", args=[first, row.pk]), {"from": "task"})
    assert answered["Location"] == reverse("task", args=[first])


def test_yes_opens_the_archives_form_with_its_source_and_no_is_kept(run, own, signed_in):
    client = signed_in("relationship_manager")
    row = asked(own[0], run)
    text = client.get(reverse("customer", args=[own[0]]), headers={"accept-language": "en"}).content.decode()
    link = text.split('href="' + reverse("facts", args=[own[0]]) + "?part=employer")[1].split('"')[0]
    form = client.get(reverse("facts", args=[own[0]]) + "?part=employer" + link)
    assert form.context["form"].initial["channel"] == "service"
    assert form.context["form"].initial["source"] == "Asked because of payments"
    assert client.post(reverse("life_dismiss", args=[own[1], row.pk])).status_code == 404
    assert client.post(reverse("life_dismiss", args=[own[0], row.pk])).status_code == 302
    row.refresh_from_db()
    assert (row.answer, row.answered_on, row.staff_id) == ("no", run.work_date, Entry.objects.latest("pk").staff_id)
    assert client.post(reverse("life_dismiss", args=[own[0], row.pk])).status_code == 404
    assert "life-question" not in client.get(reverse("customer", args=[own[0]])).content.decode()


def test_the_command(run, home, signs, monkeypatch):
    monkeypatch.setattr("weihu.cli.models._learned", lambda home, learn: learn(home, run.rulebook, run, print).facts)
    answer = CliRunner().invoke(main, ["--home", str(home.root), "insight", "life-events"])
    assert "人生事件 / life events" in answer.output
    assert "job: 新增 / new 3; 待询问 / open 3" in answer.output
