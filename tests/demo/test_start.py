"""A start of the demo: what is there afterwards, and that an interrupted one ends where a whole one does."""

import json
import re
import shutil
import stat
from collections import Counter
from contextlib import contextmanager
from datetime import date

import pytest
from click.testing import CliRunner
from django.apps import apps
from django.db import models, transaction
from django.test import Client, override_settings
from django.urls import reverse

from tests.bank import keep, lend
from weihu.cli import main
from weihu.engine.lake import Home
from weihu.rules import rulebook

pytestmark = pytest.mark.xdist_group("demo")  # one process makes the two banks

CUSTOMERS, DAYS, BRANCHES, TWINS = 700, 8, 2, 0.02
TODAY = date(2026, 7, 1)
OF_A_START = {"password", "digest", "report", "detail", "subject", "signal", "open_key", "pinyin"}
"""Fields that hold secrets, times or row numbers, which differ between two starts."""
SHOWS = {
    "completeness": "/customers/P",
    "customers": "/customers/P",
    "occasions": "/customers/P",
    "households": "/customers/P",
    "duplicates": r"/duplicates/\d+/",
    "invitations": r"/forms/\d+/",
    "complaints": r"/complaints/\d+/",
    "distribution": "/customers/",
    "book_drafts": r"/grading/books/\d+/",
    "portfolios": "001kh1",
    "handovers": r"/portfolios/handovers/\d+/",
    "referrals": "/customers/P",
    "templates": "到期提醒",
    "introductions": "/customers/P",
    "campaigns": r"/campaigns/\d+/",
    "board": "001",
    "morning": "/customers/P",
}
"""Pages of a branch manager, and what stands on each only if its list holds something."""


@contextmanager
def empty_bank(blocker, root):
    """A founded home and an empty database, which is as it was afterwards."""
    from weihu.demo import bank

    home = Home(root)
    home.create()
    with (
        pytest.MonkeyPatch.context() as patch,
        blocker.unblock(),
        override_settings(HOME=home),
        transaction.atomic(),
    ):
        patch.setattr(bank, "BRANCHES", BRANCHES)
        patch.setattr(bank, "TWINS", TWINS)  # of so few customers the demo's own share is nobody
        for model in apps.get_models():
            if model.__module__.startswith("weihu."):
                model._base_manager.all()._raw_delete("default")
        bank.found(home)
        lend(home)
        yield home
        keep(home)
        transaction.set_rollback(True)


def state():
    """How many rows there are of each content, in every table of the workplace."""
    tables = {}
    for model in apps.get_models():
        if model.__module__.startswith("weihu."):
            names = [
                field.name
                for field in model._meta.concrete_fields
                if not isinstance(field, models.AutoField | models.ForeignKey | models.DateTimeField)
                and field.name not in OF_A_START
            ]
            rows = ([getattr(row, name) for name in names] for row in model._base_manager.all())
            tables[model._meta.label] = Counter(map(repr, rows))
    return tables


@pytest.fixture(scope="module")
def keys(home):
    return home.root / "keys.json"


@pytest.fixture(scope="module")
def interrupted(django_db_setup, django_db_blocker, tmp_path_factory, keys):
    """The state after a start that was broken off once in every stage, and how often it was."""
    from weihu.demo import nights, start
    from weihu.demo.stages import Stages

    root = tmp_path_factory.mktemp("interrupted")
    shutil.copy(keys, root)
    left = {
        "合成银行 synthetic bank": 1,
        "批次 nights": 2,
        "生活 lives": 6,
        "疑似重复 duplicates": 1,
        "模型 models": 2,
        "登录名 logins": 4,
    }
    bar, work = Stages.bar, nights.work

    def breaking_bar(self, name, total=1):
        advance, done = bar(self, name, total), 0

        def advance_or_break():
            nonlocal done
            done += 1
            if left.get(name) == done:
                del left[name]
                raise KeyboardInterrupt(name)
            advance()

        return advance_or_break

    def breaking_work(run, customers):
        if run.number == 5 and "work" not in broken:
            raise KeyboardInterrupt("work")
        work(run, customers)

    broken = []
    with pytest.MonkeyPatch.context() as patch, empty_bank(django_db_blocker, root) as home:
        patch.setattr(Stages, "bar", breaking_bar)
        patch.setattr(nights, "work", breaking_work)
        while len(broken) < 10:
            try:
                start.prepare(home, CUSTOMERS, DAYS, TODAY)
                break
            except KeyboardInterrupt as why:
                broken.append(str(why))
        after = state()
    return broken, after


@pytest.fixture(scope="module")
def bank(django_db_setup, django_db_blocker, tmp_path_factory, keys, interrupted):
    """The demo's home after a whole start."""
    from weihu.demo import start

    root = tmp_path_factory.mktemp("demo")
    shutil.copy(keys, root)
    with empty_bank(django_db_blocker, root) as home:
        start.prepare(home, CUSTOMERS, DAYS, TODAY)
        yield home


@pytest.fixture
def logins(bank, db):
    return {row["post"]: row for row in json.loads((bank.root / "demo.json").read_text())}


@pytest.fixture
def enter(logins):
    """Signs in at the login page as a post with the password that was printed; the first page it comes to."""

    def sign_in(post):
        client = Client()
        row = logins[post]
        answer = client.post(reverse("login"), {"username": row["staff_id"], "password": row["password"]}, follow=True)
        return client, answer

    return sign_in


def test_a_start_interrupted_in_every_stage_ends_as_a_whole_one(bank, db, interrupted):
    broken, after = interrupted
    assert sorted(broken) == sorted(
        [
            "合成银行 synthetic bank",
            "批次 nights",
            "work",
            "生活 lives",
            "疑似重复 duplicates",
            "模型 models",
            "登录名 logins",
        ]
    )
    now = state()
    assert {label for label in now if now[label] != after[label]} == set()


def test_a_second_start_changes_nothing_and_prints_the_same_logins(bank, logins, monkeypatch):
    monkeypatch.setenv("WEIHU_HOME", str(bank.root))
    before, files = state(), sorted((path, path.stat().st_mtime_ns) for path in bank.root.rglob("*.parquet"))
    answer = CliRunner().invoke(main, ["--home", str(bank.root), "demo", "--no-serve"])
    assert answer.exit_code == 0, answer.output
    assert all(row["password"] in answer.output and row["staff_id"] in answer.output for row in logins.values())
    assert state() == before
    assert sorted((path, path.stat().st_mtime_ns) for path in bank.root.rglob("*.parquet")) == files


def test_the_logins_are_of_one_branch_and_the_head_office(logins):
    """What the teller passes on waits for the relationship manager whose login is printed, and his manager sees it."""
    of_department = {"personal_banking", "it_operator", "auditor"}
    assert len({row["branch"] for post, row in logins.items() if post not in of_department}) == 1 < BRANCHES


def test_the_logins_are_readable_by_their_owner_alone(bank):
    for name in ("demo.json", "demo-pairs.json"):
        assert stat.S_IMODE((bank.root / name).stat().st_mode) == 0o600


def test_both_people_of_what_waits_can_sign_in_and_the_second_finds_it(bank, db):
    pairs = json.loads((bank.root / "demo-pairs.json").read_text())
    assert {pair["en"].split(":")[0] for pair in pairs} == {
        "referral",
        "hand-over",
        "rule book",
        "message text",
        "exception",
        "campaign",
        "cover",
    }
    for pair in pairs:
        for login in (pair["first"], pair["second"]):
            client = Client()
            form = {"username": login["staff_id"], "password": login["password"]}
            assert client.post(reverse("login"), form).status_code == 302
            assert client.get(pair["page"]).status_code == 200, (pair["en"], login["post"])
        assert pair["first"]["staff_id"] != pair["second"]["staff_id"]


def test_the_sign_in_page_leads_through_ten_steps_that_are_there(bank, logins):
    page = Client().get(reverse("login")).content.decode()
    steps = json.loads(bank.tour.read_text())
    assert len(steps) == 10
    by_number = {row["staff_id"]: row for row in logins.values()}
    for step in steps:
        assert step["zh"] in page
        client = Client()
        asked = client.get(reverse("login"), {"next": step["page"], "as": step["staff_id"]})
        assert f'value="{step["staff_id"]}"' in asked.content.decode()
        form = {"username": step["staff_id"], "password": by_number[step["staff_id"]]["password"], "next": step["page"]}
        assert client.post(reverse("login"), form, follow=True).status_code == 200
        assert client.get(step["page"]).status_code == 200, step["en"]


def test_the_number_of_the_tour_opens_a_service_card_of_somebody_who_can_move_up(bank, enter):
    step = next(step for step in json.loads(bank.tour.read_text()) if step["page"] == reverse("reception"))
    client, _ = enter("high_counter")
    typed = {"number": re.search(r"1\d{10}", step["en"])[0], "why": "business"}
    answer = client.post(reverse("reception"), typed, follow=True)
    assert answer.resolver_match.url_name == "service_card"
    assert step["en"].count("{") == 0


def test_the_bank_has_every_customer_and_every_night(bank, db):
    from weihu.workplace.bank.current import current

    run = current()
    assert (run.number, run.work_date) == (DAYS, TODAY)
    assert run.report["reconciliation"]["customers"] == CUSTOMERS


@pytest.mark.parametrize("post", rulebook.load("state_bank").posts)
def test_every_post_signs_in_and_opens_all_of_its_navigation(post, enter):
    client, answer = enter(post)
    assert answer.status_code == 200
    content = answer.content.decode()
    addresses = set(re.findall(r'class="rail-link"\s+href="([^"]+)"', content))
    assert addresses, post
    assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 200)


def test_every_list_of_a_branch_manager_holds_something(enter):
    client, _ = enter("branch_manager")
    empty = []
    for name, needle in SHOWS.items():
        answer = client.get(reverse(name))
        assert answer.status_code == 200, name
        if not re.search(needle, answer.content.decode()):
            empty.append(name)
    assert empty == []


def test_people_who_serve_customers_have_work_today(enter):
    for post in ("relationship_manager", "low_counter"):
        client, _ = enter(post)
        assert "/today/P" in client.get(reverse("today")).content.decode(), post


def test_the_archive_knows_what_no_core_system_tells(bank, db):
    from weihu.workplace.act.campaigns.models import CampaignTarget
    from weihu.workplace.act.care.models import CarePlan
    from weihu.workplace.act.schedule.models import Visit
    from weihu.workplace.consent.models import Consent
    from weihu.workplace.contact.models import Answer
    from weihu.workplace.gate.models import Referral
    from weihu.workplace.judge.benefits.models import BenefitUse
    from weihu.workplace.judge.portfolio.models import Claim
    from weihu.workplace.know.archive.models import Fact
    from weihu.workplace.know.intake.models import Reply
    from weihu.workplace.know.life.models import Goal
    from weihu.workplace.know.relations.models import Member, Relation

    result = (CarePlan, CampaignTarget, Visit, Answer, Consent, BenefitUse, Claim, Fact, Goal, Member, Relation)
    assert [model.__name__ for model in result if not model.objects.exists()] == []
    assert set(Referral.objects.values_list("state", flat=True)) == {"open", "accepted", "declined"}
    assert Reply.objects.exclude(customer_id="").exists()
    assert Reply.objects.filter(customer_id="").exists()
    assert "柜面办理业务" in {fact.source for fact in Fact.objects.all()}


def test_the_audit_log_of_the_demo_is_one_whole_chain(bank, db):
    from weihu.workplace.base import audit
    from weihu.workplace.base.models import Entry

    assert audit.verify() is None
    assert {"relation.record", "household.join", "consent.given", "fact.record_many"} <= set(
        Entry.objects.values_list("action", flat=True)
    )
