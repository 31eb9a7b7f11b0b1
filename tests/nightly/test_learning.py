"""What nights keep for learning, who is out of it, and the commands."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tests.insight.test_leaving import BOOK, months
from weihu.cli import main
from weihu.engine.lake import Home
from weihu.insight import kept, leaving
from weihu.insight.files import TooFew
from weihu.nightly import learning
from weihu.rules import attrition, tables
from weihu.workplace.bank.models import CurrentRun, Customer, Run
from weihu.workplace.base.channels import Channel
from weihu.workplace.consent.consents import ConsentAnswer, record_consent, stopped_customers
from weihu.workplace.know.archive.facts import FactContent, dead_customers, record_fact
from weihu.workplace.know.archive.models import Confidence


def test_the_levels_of_sundays_stay_and_are_read_as_they_were_left(run, home):
    weeks = learning.kept_weeks(home, run)
    nights = set(Run.objects.filter(published=True).values_list("business_date", flat=True))
    assert set(weeks) == {on for on in nights if attrition.is_kept(on)}
    for on, path in weeks.items():
        table = pq.read_table(path)
        assert table.column_names == list(tables.LEVELS)
        assert set(table["on"].to_pylist()) == {on}


def test_levels_add_up_to_the_assets_of_the_night(run, home):
    folder = home.run(run.number)
    levels, standings = (pq.read_table(folder / f"{name}.parquet") for name in ("levels", "standings"))
    assert sum(levels["aum"].to_pylist()) == sum(standings["aum"].to_pylist())


def test_a_home_that_has_kept_too_little_is_told_so(run, home):
    with pytest.raises(TooFew):
        learning.learn_leaving(home, run.rulebook, run, lambda step: None)


@pytest.mark.parametrize("kind", ["attrition", "wallet", "next-product"])
def test_a_command_says_what_is_lacking(kind, run, home):
    def train():
        answer = CliRunner().invoke(main, ["--home", str(home.root), "insight", kind, "train"])
        assert answer.exit_code == 1
        return answer.output

    assert any(words in train() for words in ("too few", "not kept enough"))
    CurrentRun.objects.all().delete()
    assert "no night has been published yet" in train()


def test_who_refuses_analysis_and_who_has_died_teach_nothing(run):
    book, on = run.rulebook, run.work_date
    some = sorted(Customer.objects.values_list("customer_id", flat=True))[:4]
    for customer, purpose, given in (
        (some[0], "analysis", False),
        (some[1], "analysis", True),
        (some[2], "marketing", False),
    ):
        answer = ConsentAnswer(purpose, book.consents[purpose].version, given, Channel.SERVICE)
        record_consent(customer, answer, "x", on, uuid.uuid4())
    assert stopped_customers("score", book) == {some[0]}
    record_consent(some[0], ConsentAnswer("analysis", "1", True, Channel.SERVICE), "x", on, uuid.uuid4())
    assert stopped_customers("score", book) == set(), "the last answer counts"
    for customer, value in ((some[2], "all"), (some[3], "deceased")):
        content = FactContent("do_not_contact", value, Channel.SERVICE, Confidence.TOLD)
        record_fact(customer, content, [], "x", on, uuid.uuid4())
    assert dead_customers(book, on) == {some[3]}


def test_bands_of_ages_begin_on_birthdays(run):
    on = run.business_date
    book = run.rulebook
    born = on.replace(year=on.year - 45, day=min(on.day, 28))
    assert learning._band(born, on.replace(day=born.day), book) == "45–59"
    assert learning._band(born + timedelta(days=1), on.replace(day=born.day), book) == "30–44"
    assert learning._band(on.replace(year=on.year - 80, day=born.day), on, book) == "75+"
    assert learning._band(None, on, book) == ""


def test_the_report_is_of_the_kept_model(tmp_path):
    def reported(*options: str):
        return CliRunner().invoke(main, ["--home", str(tmp_path), "insight", "attrition", "report", *options])

    assert reported().exit_code == 1
    leaving.train(months(), BOOK).save(Home(tmp_path).insight / kept.NAME)
    assert "AUC" in reported().output
    assert '"judged"' in reported("--json").output
