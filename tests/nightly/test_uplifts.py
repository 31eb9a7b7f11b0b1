"""Trials that ended are learned from as the home has kept them; what is sure stands on the task until it is switched off."""

from __future__ import annotations

import uuid

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from django.conf import settings
from django.urls import reverse

from tests.insight.test_uplift import BOOK, SIZE, made
from weihu.cli import main
from weihu.engine.lake import Home
from weihu.insight import files, uplift
from weihu.insight.files import TooFew
from weihu.insight.kept import UPLIFT
from weihu.nightly import uplifts
from weihu.rules.attrition import NAMES
from weihu.rules.effect import BEGUN, ENDED, TRIALS
from weihu.workplace.bank.models import Signal, Standing, Task, Uplift
from weihu.workplace.base.channels import Channel
from weihu.workplace.consent.consents import ConsentAnswer, record_consent
from weihu.workplace.see.modelcards import switching


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A home's model beside the published nights."""
    monkeypatch.setattr(settings.HOME, "insight", tmp_path)
    model = uplift.train(made(6_000, 0.08), BOOK)
    files.save(tmp_path / UPLIFT, model.content)
    return model


def refuse(customer: str, run) -> None:
    answer = ConsentAnswer("analysis", run.rulebook.consents["analysis"].version, False, Channel.SERVICE)
    record_consent(customer, answer, "x", run.work_date, uuid.uuid4())


def night(folder, monkeypatch, run, sizes: dict[str, int]):
    """A run's folder with open trials of customers by size (0: not known), some of them kept back too."""
    inputs = dict.fromkeys(NAMES, 500)
    rows = [
        {"customer_id": customer, "kind": "matured", "raised_on": run.business_date, "held_out": held, "aum": 1}
        | {"branch_id": "B"}
        | (inputs | {NAMES[SIZE]: size} if size else {})
        for customer, size in sizes.items()
        for held in (False, True)
        if not held or size
    ]
    for name, schema in (("trials", TRIALS), ("begun", BEGUN)):
        full = [
            {column: row.get(column) for column in schema} for row in rows if not row["held_out"] or name == "trials"
        ]
        pq.write_table(pa.Table.from_pylist(full, schema=schema.to_pyarrow()), folder / f"{name}.parquet")
    begun = pq.read_table(folder / "begun.parquet")
    monkeypatch.setattr(uplifts, "_kept", lambda home, last, name, schema, since: begun)
    return folder


def test_the_published_nights_keep_their_trials(run, home):
    """Of the test bank's few nights none has ended; what began is kept with how the customers stood."""
    begun = uplifts._kept(home, run, "begun", BEGUN)
    going_on = pq.read_table(home.run(run.number) / "trials.parquet")
    assert begun.num_rows >= going_on.num_rows > 0
    assert uplifts._with_inputs(going_on, begun).num_rows == going_on.num_rows
    with pytest.raises(TooFew):
        uplifts.learn_uplift(home, run.rulebook, run, lambda step: None)


def test_what_is_sure_is_said_of_who_is_told_of_and_does_not_refuse(run, kept, tmp_path, monkeypatch):
    names = sorted(Standing.objects.listed_at(run).values_list("customer_id", flat=True))[:4]
    large, small, unknown, refusing = names
    refuse(refusing, run)
    folder = night(tmp_path, monkeypatch, run, {large: 12, small: 2, unknown: 0, refusing: 12})
    for _ in range(2):
        uplifts.say(run, folder)
        assert dict(Uplift.objects.values_list("customer_id", "word")) == {large: "call", small: "leave"}
    switching.switch(UPLIFT, False, "unfair", "x")
    uplifts.say(run, folder)
    assert not Uplift.objects.exists()


def test_a_ranking_that_may_be_chance_says_nothing(run, kept, tmp_path, monkeypatch):
    files.save(tmp_path / UPLIFT, uplift.train(made(4_000, 0.0), BOOK).content)
    folder = night(tmp_path, monkeypatch, run, {"P0000001": 12})
    uplifts.say(run, folder)
    assert not Uplift.objects.exists()


def test_who_refuses_is_not_learned_from_and_the_report_is_kept(run, home, monkeypatch, tmp_path):
    trials = made(1_000, 0.08)
    rows = pa.table(
        {
            "customer_id": trials.customers.tolist(),
            "kind": trials.kinds.tolist(),
            "raised_on": trials.begun.astype("datetime64[D]").tolist(),
            "held_out": ~trials.told,
            "branch_id": ["B"] * len(trials),
            "aum": trials.aum,
            **{name: trials.inputs[:, at] for at, name in enumerate(NAMES)},
            "ended_on": (trials.begun + 60).astype("datetime64[D]").tolist(),
            "contacted": trials.contacted,
            "change": trials.change,
        }
    )
    kept = {"ended": rows.select(list(ENDED)), "begun": rows.select(list(BEGUN))}
    monkeypatch.setattr(uplifts, "_kept", lambda home, last, name, schema: kept[name].cast(schema.to_pyarrow()))
    monkeypatch.setattr(settings.HOME, "insight", tmp_path / "insight")
    monkeypatch.setattr(home, "insight", tmp_path / "insight")
    refuse(trials.customers[0], run)
    model = uplifts.learn_uplift(home, run.rulebook, run, lambda step: None)
    left = (trials.customers != trials.customers[0]).sum()
    assert (model.facts["trials"], model.facts["needed"]) == (left, run.rulebook.effects.uplift_trials - left)
    assert files.load(home.insight / UPLIFT)["facts"] == model.facts


def test_the_task_says_it_in_words_unless_who_it_is_of_refuses(signed_in, member, run):
    manager = member("relationship_manager")
    task = Task.objects.filter(run=run, staff_id=manager.staff_id).order_by("position")[0]
    Signal.objects.filter(customer_id=task.customer_id).delete()
    Signal.objects.create(
        customer_id=task.customer_id, kind="matured", subject="", raised_on=run.business_date, amount=212_000,
        on_date=run.business_date, since_run=run.number,
    )  # fmt: skip
    Uplift.objects.create(customer_id=task.customer_id, kind="matured", on=run.business_date, word="leave")
    client, address = signed_in("relationship_manager"), reverse("task", args=[task.customer_id])

    def page() -> str:
        return client.get(address, headers={"Accept-Language": "en"}).content.decode()

    said = "customers like this one did better without a contact"
    assert said in page()
    refuse(task.customer_id, run)
    assert said not in page()


def test_the_report_is_of_the_kept_model(tmp_path):
    def reported(*options: str):
        return CliRunner().invoke(main, ["--home", str(tmp_path), "insight", "uplift", "report", *options])

    assert reported().exit_code == 1
    files.save(Home(tmp_path).insight / UPLIFT, uplift.train(made(1_000, 0.08), BOOK).content)
    assert "2,000 more needed" in reported().output
    assert '"averages"' in reported("--json").output
