"""What the nights keep of what customers are worth; the commands; and what pages show of it."""

from __future__ import annotations

import json
from decimal import Decimal

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from django.conf import settings
from django.urls import reverse

from tests.insight.test_worth import BOOK, CUSTOMERS, ends
from tests.nightly.test_wallets import refuse
from weihu.cli import main
from weihu.engine.lake import Home
from weihu.insight import files, worth
from weihu.insight.files import TooFew
from weihu.insight.kept import WORTH
from weihu.nightly import worths
from weihu.rules.worth import UNLEARNED
from weihu.workplace.bank.models import Standing
from weihu.workplace.see.modelcards import switching


@pytest.fixture(scope="module")
def learned():
    groups = {"sex": {f"C{number:05}": "FM"[number % 2] for number in range(CUSTOMERS)}, "age": {}, "branch": {}}
    return worth.train(ends(37), BOOK, groups)


@pytest.fixture
def kept(learned, tmp_path, monkeypatch):
    """A home's model beside the published nights."""
    monkeypatch.setattr(settings.HOME, "insight", tmp_path)
    files.save(tmp_path / WORTH, learned.content)
    return learned


def test_a_night_keeps_the_worth_of_everybody(run, home):
    rows = {row["customer_id"]: row for row in pq.read_table(home.run(run.number) / "worths.parquet").to_pylist()}
    standings = {row.customer_id: row for row in Standing.objects.listed_at(run)}
    assert set(rows) == set(standings)
    for customer, row in rows.items():
        assert row["margin"] == standings[customer].contribution
        assert row["grade_rank"] == standings[customer].grade_rank
        assert row["worth"] == (row["level"] * row["years"]).quantize(Decimal("0.01"), "ROUND_HALF_UP")


def test_the_last_months_ends_in_a_row_are_learned_from(run, home):
    found = worths.kept_ends(home, run.rulebook, run)
    assert [str(on) for on in found] == ["2026-05-31"]
    out = {next(iter(worths.end_of(run.business_date, *found.values(), set()).customers))}
    end = worths.end_of(run.business_date, *found.values(), out)
    assert not out & set(end.customers)
    assert len(end.customers) == len(end.margin) == len(end.products) > 300
    with pytest.raises(TooFew):
        worths.learn_worth(home, run.rulebook, run, lambda step: None)


def test_what_was_learned_is_gone_by_until_it_is_switched_off(signed_in, run, kept):
    assert switching.looking_ahead(settings.HOME) == kept.outlook
    client = signed_in("branch_manager")
    for act, expected in (("off", UNLEARNED), ("on", kept.outlook)):
        client.post(reverse("model_switch"), {"act": act, "reason": "too high", "model": WORTH})
        assert switching.looking_ahead(settings.HOME) == expected
        assert "too high" in client.get(reverse("models")).content.decode()


def test_the_card_shows_what_was_kept(signed_in, run, kept):
    client = signed_in("personal_banking")
    answer = client.get(reverse("models"), headers={"accept-language": "en"})
    text, card = answer.content.decode(), answer.context["worth"]
    assert "With the change that the history tells" in text
    assert f"{kept.facts['metrics']['rule']['rank'][0]:.3f}" in text
    assert [chosen for _, chosen, _ in card.metrics].count(True) == 1
    assert len(card.stays) == len(run.rulebook.grades)
    assert sum(size for _, size, _ in card.groups[0][1]) == CUSTOMERS
    assert "must not set a price" in text


def test_the_page_shows_an_expectation_and_none_of_who_refuses(run, member, signed_in):
    manager = member("relationship_manager")
    customer = Standing.objects.listed_at(run).filter(primary_id=manager.staff_id).first().customer_id
    client, address = signed_in("relationship_manager"), reverse("customer", args=[customer]) + "?tab=assets"
    text = client.get(address, headers={"accept-language": "en"}).content.decode()
    for expected in ('id="worth"', "In the next 36 months", "90%", "It sets no price", "The level is held"):
        assert expected in text
    refuse(customer, run)
    assert 'id="worth"' not in client.get(address).content.decode()


def test_the_commands(tmp_path, learned):
    def reported(*options: str):
        return CliRunner().invoke(main, ["--home", str(tmp_path), "insight", "worth", "report", *options])

    assert reported().exit_code == 1
    files.save(Home(tmp_path).insight / WORTH, learned.content)
    assert "客户价值 / worth of customers" in reported().output
    assert json.loads(reported("--json").output)["judged"] == CUSTOMERS
