"""Who belongs to which segment found from data, from what the home has kept; the commands; the page and the condition."""

from __future__ import annotations

import shutil
import uuid

import pytest
from click.testing import CliRunner
from django.urls import reverse

from tests import bank
from weihu.cli import main
from weihu.engine.lake import Home
from weihu.insight import files, found
from weihu.nightly import found_segments
from weihu.workplace.act.questions.dimensions import DIMENSIONS
from weihu.workplace.act.segments import reading
from weihu.workplace.act.segments.definition import Condition, Definition, Group
from weihu.workplace.act.segments.found import FOLDER, MEASURED, WORDS, drift, names
from weihu.workplace.bank.models import Customer, FoundSegment, Standing
from weihu.workplace.base.channels import Channel
from weihu.workplace.consent.consents import ConsentAnswer, record_consent
from weihu.workplace.gate.reach import Gate


def refuse(customer: str, run) -> None:
    answer = ConsentAnswer("analysis", run.rulebook.consents["analysis"].version, False, Channel.SERVICE)
    record_consent(customer, answer, "x", run.work_date, uuid.uuid4())


@pytest.fixture
def quick(monkeypatch, home):
    """Fewer resamples: what is looked at here is who belongs where. Nothing is left behind."""
    monkeypatch.setattr(found, "SEEDS", (1,))
    monkeypatch.setattr(found, "RESAMPLES", 2)
    monkeypatch.setattr(found, "RESAMPLES_AT_LAST", 3)
    yield
    shutil.rmtree(home.insight / found.NAME, ignore_errors=True)


def is_of(letter: str, how: str = "is") -> Definition:
    return Definition("all", (Group("all", (Condition("found", how, letter),)),))


@pytest.fixture
def fitted(run, home, quick):
    return found_segments.find_segments(home, run.rulebook, run, lambda step: None)


def test_everybody_but_who_refuses_belongs_to_one(run, home, quick):
    customers = sorted(Standing.objects.listed_at(run).filter(effective=True).values_list("customer_id", flat=True))
    refuse(customers[0], run)
    for _ in range(2):
        model = found_segments.find_segments(home, run.rulebook, run, lambda step: None)
    assert model.facts["stayed"] == 1.0
    rows = FoundSegment.objects.in_bulk()
    assert set(rows) == set(customers[1:])
    assert {row.letter for row in rows.values()} == set(model.letters)
    kept = files.load(home.insight / found.NAME)
    assert found.Model.of(kept).facts == model.facts
    assert found.NAME == FOLDER and set(WORDS) == set(MEASURED) == set(found.RAW)


def test_sex_changes_nothing(run, home, quick):
    before = found_segments.find_segments(home, run.rulebook, run, lambda step: None)
    shutil.rmtree(home.insight / found.NAME)
    Customer.objects.filter(sex="F").update(sex="X")
    after = found_segments.find_segments(home, run.rulebook, run, lambda step: None)
    assert after.content == before.content


def test_months_ends_that_are_kept_are_told_too(run, home, quick, monkeypatch):
    bank.all_nights()
    monkeypatch.setattr(reading, "is_month_end", lambda on: True)
    alone = found_segments.find_segments(home, run.rulebook, run, lambda step: None)
    assert len(alone.facts["months"]) == 1  # nobody had been contacted by the end of the others
    monkeypatch.setattr(found_segments, "_knows_contacts", lambda night: True)
    model = found_segments.find_segments(home, run.rulebook, run, lambda step: None)
    assert len(model.facts["months"]) == len(reading.kept_nights(run)) > 1
    assert drift(model.facts)["series"]
    shares = [series["values"][-1] for series in drift(model.facts)["series"]]
    assert sum(shares) == pytest.approx(1)


def test_it_is_a_condition_of_a_segment(run, fitted, member):
    gate = Gate(member("branch_manager"), run)
    letters = list(names())
    inside = reading.totals(gate, [is_of(letter) for letter in letters])
    own = gate.standings().filter(effective=True).count()
    assert sum(total.customers for total in inside) == own
    beyond = reading.totals(gate, [is_of(letters[0], "is_not")])[0]
    assert beyond.customers == own - inside[0].customers
    one = reading.page(gate, is_of(letters[0]), 0, 1)[0].customer_id
    refuse(one, run)  # from now on, not from the next fit on
    assert reading.totals(gate, [is_of(letters[0])])[0].customers == inside[0].customers - 1
    values = DIMENSIONS["found"].values(gate, ())
    assert [value.key for value in values] == [*letters, ""]


@pytest.mark.parametrize("post", ["relationship_manager", "personal_banking"])
def test_the_page_tells_what_makes_each_different_within_reach(post, run, fitted, signed_in, member):
    client, gate = signed_in(post), Gate(member(post), run)
    page = client.get(reverse("found_segments"))
    rows = page.context["rows"]
    assert [row["letter"] for row in rows] == [one["letter"] for one in fitted.facts["segments"]]
    assert all(row["different"] for row in rows)
    assert sum(row["of"].customers for row in rows) == gate.standings().filter(effective=True).count()
    built = client.get(reverse("segment_build"), {"found": rows[0]["letter"]})
    assert built.context["of"].customers == rows[0]["of"].customers
    assert built.context["name"] == rows[0]["name"][:60]
    assert rows[0]["name"] in built.context["words"]


def test_before_the_first_fit_the_page_says_so(run, signed_in):
    page = signed_in("branch_manager").get(reverse("found_segments"))
    assert page.context["known"] is None and b"weihu insight segments fit" in page.content
    assert signed_in("high_counter").get(reverse("found_segments")).status_code == 404


def test_the_commands(run, home, quick, tmp_path):
    def asked(root, *options: str):
        return CliRunner().invoke(main, ["--home", str(root), "insight", "segments", *options])

    assert "fit" in asked(tmp_path, "found").output
    answer = asked(home.root, "fit")
    assert answer.exit_code == 0, answer.output
    assert asked(home.root, "found").output == answer.output
    assert '"stability"' in asked(Home(home.root).root, "found", "--json").output
