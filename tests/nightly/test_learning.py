"""What nights keep for learning, who is out of it, and the commands."""

from __future__ import annotations

from datetime import timedelta

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tests.insight.test_leaving import BOOK, months
from weihu.cli import main
from weihu.engine.lake import Home
from weihu.insight import leaving
from weihu.nightly import learning
from weihu.rules import attrition, tables
from weihu.workplace.bank.models import Run


def test_the_levels_of_sundays_stay_and_are_read_as_they_were_left(run, home):
    kept = learning.kept_weeks(home, run)
    nights = set(Run.objects.filter(published=True).values_list("business_date", flat=True))
    assert set(kept) == {on for on in nights if attrition.is_kept(on)}
    for on, path in kept.items():
        table = pq.read_table(path)
        assert table.column_names == list(tables.LEVELS)
        assert set(table["on"].to_pylist()) == {on}


def test_levels_add_up_to_the_assets_of_the_night(run, home):
    folder = home.run(run.number)
    levels, standings = (pq.read_table(folder / f"{name}.parquet") for name in ("levels", "standings"))
    assert sum(levels["aum"].to_pylist()) == sum(standings["aum"].to_pylist())


def test_a_home_that_has_kept_too_little_is_told_so(run, home):
    with pytest.raises(leaving.TooFew):
        learning.learn_leaving(home, run.rulebook, run, lambda step: None)


def test_bands_of_ages_begin_on_birthdays(run):
    on = run.business_date
    born = on.replace(year=on.year - 45, day=min(on.day, 28))
    assert learning._band(born, on.replace(day=born.day)) == "45–59"
    assert learning._band(born + timedelta(days=1), on.replace(day=born.day)) == "30–44"
    assert learning._band(on.replace(year=on.year - 80, day=born.day), on) == "75+"
    assert learning._band(None, on) == ""


def test_the_report_is_of_the_kept_model(tmp_path):
    def reported(*options: str):
        return CliRunner().invoke(main, ["--home", str(tmp_path), "insight", "attrition", "report", *options])

    assert reported().exit_code == 1
    leaving.train(months(count=6), BOOK).save(Home(tmp_path).insight / leaving.NAME)
    assert "AUC" in reported().output
    assert '"judged"' in reported("--json").output
