"""Who is ranked, from what the home has kept; the commands; and the offers that it moves."""

from __future__ import annotations

import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from tests.insight.test_next_product import KINDS, months
from weihu.cli import main
from weihu.engine.lake import Home
from weihu.insight import files, next_product
from weihu.insight.files import TooFew
from weihu.nightly import next_products
from weihu.rules.next_product import categories
from weihu.workplace.act.worklist.suggestions import _likely
from weihu.workplace.bank.models import Account, NextProduct, Product, Standing
from weihu.workplace.base.channels import Channel
from weihu.workplace.consent.consents import ConsentAnswer, record_consent
from weihu.workplace.gate.reach import Gate


def refuse(customer: str, run) -> None:
    answer = ConsentAnswer("analysis", run.rulebook.consents["analysis"].version, False, Channel.SERVICE)
    record_consent(customer, answer, "x", run.work_date, uuid.uuid4())


def test_months_are_four_weeks_apart_and_over(run):
    weeks = [run.business_date - timedelta(days=7 * week) for week in range(20)]
    found = next_product.origins(weeks, run.business_date)
    assert found == [run.business_date - timedelta(days=28 * month) for month in (4, 3, 2, 1)]
    assert next_product.origins(weeks[:3], run.business_date) == []


def test_everybody_but_who_refuses_is_ranked(run, home, monkeypatch):
    customers = sorted(Standing.objects.listed_at(run).values_list("customer_id", flat=True))
    refuse(customers[0], run)
    monkeypatch.setattr(next_product, "origins", lambda weeks, last: [run.business_date])
    taught = []

    def train(months, kinds):
        taught.extend(months)
        return next_product.Model(next_product.learn("popular", months, kinds), {"kind": "popular"})

    monkeypatch.setattr(next_product, "train", train)
    for _ in range(2):
        next_products.learn_next_product(home, run.rulebook, run, lambda step: None)
    rows = NextProduct.objects.in_bulk()
    assert set(rows) == set(customers[1:])
    kinds = categories(run.rulebook)
    assert all(set(row.categories) <= set(kinds) and row.on == run.business_date for row in rows.values())
    assert files.load(home.insight / next_product.NAME)["facts"] == {"kind": "popular"}
    month, place = taught[0], len(next_product.NAMES) + kinds.index("term")
    terms = Product.objects.filter(category="term").values_list("product_id", flat=True)
    held = Account.objects.filter(product_id__in=list(terms), closed_on__isnull=True).exclude(customer_id=customers[0])
    assert month.inputs[:, place].sum() == held.count()


def test_a_home_that_has_kept_too_little_is_told_so(run, home):
    with pytest.raises(TooFew):
        next_products.learn_next_product(home, run.rulebook, run, lambda step: None)


def test_what_is_likely_is_not_asked_of_who_refuses(run, member):
    manager = member("relationship_manager")
    gate = Gate(manager, run)
    standing = gate.standings().first()
    request = SimpleNamespace(gate=gate, book=run.rulebook)
    assert _likely(request, standing) == ""
    row = NextProduct.objects.create(
        customer_id=standing.customer_id, on=run.business_date, categories=["fund", "term"]
    )
    assert _likely(request, standing) == "fund"
    refuse(standing.customer_id, run)
    assert _likely(request, standing) == ""
    row.delete()


def test_the_report_is_of_the_kept_model(tmp_path):
    def reported(*options: str):
        return CliRunner().invoke(main, ["--home", str(tmp_path), "insight", "next-product", "report", *options])

    assert reported().exit_code == 1
    model = next_product.train(months(), KINDS)
    files.save(Home(tmp_path).insight / next_product.NAME, model.content)
    assert "MAP@3" in reported().output
    assert '"metrics"' in reported("--json").output
