"""Who is estimated, from what the home has kept; the commands; and what the customer's page shows of it."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.urls import reverse

from weihu.cli import main
from weihu.engine.lake import Home
from weihu.insight import files, wallet
from weihu.insight.files import TooFew
from weihu.nightly import wallets
from weihu.workplace.bank.models import Standing, WalletEstimate
from weihu.workplace.base.channels import Channel
from weihu.workplace.consent.consents import ConsentAnswer, record_consent
from weihu.workplace.know.archive.facts import FactContent, record_fact
from weihu.workplace.know.archive.models import Confidence, Fact

BANDS = ("none", "below_20", "20_50", "50_300")


def tell(customer: str, value: str, on, field: str = "other_assets") -> Fact:
    content = FactContent(field, value, Channel.SERVICE, Confidence.TOLD)
    return record_fact(customer, content, [], "x", on, uuid.uuid4())


def refuse(customer: str, run) -> None:
    answer = ConsentAnswer("analysis", run.rulebook.consents["analysis"].version, False, Channel.SERVICE)
    record_consent(customer, answer, "x", run.work_date, uuid.uuid4())


@pytest.fixture
def told(run):
    """A hundred customers, a third of them after the last kept Sunday."""
    customers = sorted(Standing.objects.listed_at(run).values_list("customer_id", flat=True))[:120]
    for at, customer in enumerate(customers):
        on = run.work_date if at % 3 == 0 else run.business_date - timedelta(days=at % 5)
        tell(customer, BANDS[at % len(BANDS)], on)
    return customers


def test_everybody_but_who_refuses_is_estimated(run, home, told):
    refuse(told[1], run)
    model = wallets.learn_wallet(home, run.rulebook, run, lambda step: None)
    rows = WalletEstimate.objects.in_bulk()
    everybody = set(Standing.objects.listed_at(run).values_list("customer_id", flat=True))
    assert told[1] not in rows
    assert set(rows) == everybody - {told[1]}
    assert all(row.low <= row.amount <= row.high and row.on == run.business_date for row in rows.values())
    assert files.load(home.insight / wallet.NAME)["facts"] == model.facts
    wallets.learn_wallet(home, run.rulebook, run, lambda step: None)
    assert WalletEstimate.objects.count() == len(rows)


def test_withdrawn_and_refused_facts_teach_nothing(run):
    customers = sorted(Standing.objects.listed_at(run).values_list("customer_id", flat=True))[:2]
    withdrawn, other = tell(customers[0], "none", run.work_date), tell(customers[1], "20_50", run.work_date)
    Fact.objects.filter(pk=withdrawn.pk).update(withdrawn_at=withdrawn.recorded_at)
    assert wallets.told_up_to(run.work_date, run.rulebook) == [wallet.Told(customers[1], other.on, "20_50")]
    assert wallets.told_up_to(run.business_date, run.rulebook) == []


def test_a_home_where_nobody_told_is_told_so(run, home):
    with pytest.raises(TooFew):
        wallets.learn_wallet(home, run.rulebook, run, lambda step: None)


def test_an_income_of_the_archive_comes_before_the_core_systems(run, home):
    base = wallets._base(home, run.rulebook, run)
    known = {row["customer_id"]: row["income"] for row in base._incomes(run.business_date).to_pylist()}
    customer = min(known)
    tell(customer, str(int(known[customer]) + 500), run.business_date, "income")
    again = {row["customer_id"]: row["income"] for row in base._incomes(run.business_date).to_pylist()}
    assert again == known | {customer: int(known[customer]) + 500}


def test_the_page_shows_it_as_an_estimate_and_not_of_who_refuses(run, member, signed_in):
    manager = member("relationship_manager")
    customer = Standing.objects.listed_at(run).filter(primary_id=manager.staff_id).first().customer_id
    client = signed_in("relationship_manager")
    address = reverse("customer", args=[customer]) + "?tab=assets"
    assert 'id="elsewhere"' not in client.get(address).content.decode()
    reasons = [
        ["transfers", 1, {"bank": "工商银行", "went": 30000, "came": 0, "days": 364}],
        ["transfers", -1, {"bank": "", "went": 0, "came": 0, "days": 364}],
        ["salary", 1, {"amount": 0}],
        ["salary", -1, {"amount": 8000}],
        ["use", -1, {"times": 12}],
        ["income", 1, {"amount": 0}],
        ["income", 1, {"amount": 15000}],
        ["stage", 1, {"age": 40}],
        ["assets", 1, {"amount": 120000, "products": 3}],
    ]
    WalletEstimate.objects.create(
        customer_id=customer, on=run.business_date, aum=1, amount=320_000, low=90_000, high=1_230_000, reasons=reasons
    )
    text = client.get(address, headers={"accept-language": "en"}).content.decode()
    for expected in ("Estimate", "about ¥320,000", "¥90,000 to ¥1,200,000 in 80% of cases", "Nobody has said this"):
        assert expected in text
    for expected in ("工商银行 in 364 days: ¥30,000 sent", "No salary comes in here", "12 a month", "3 products here"):
        assert expected in text
    refuse(customer, run)
    assert 'id="elsewhere"' not in client.get(address).content.decode()


def test_the_commands(tmp_path, run, told, home):
    def reported(*options: str):
        return CliRunner().invoke(main, ["--home", str(tmp_path), "insight", "wallet", "report", *options])

    assert reported().exit_code == 1
    model = wallets.learn_wallet(home, run.rulebook, run, lambda step: None)
    files.save(Home(tmp_path).insight / wallet.NAME, model.content)
    assert "钱包份额 / wallet share" in reported().output
    assert '"metrics"' in reported("--json").output
