"""What a small night does at the same time, and a large one in turn, comes to the same."""

import pyarrow.parquet as pq
import pytest

from tests import bank
from tests.conftest import PUBLISHED_DAYS
from tests.nightly.published import published
from weihu.engine import duck
from weihu.nightly import night, publish, run
from weihu.nightly.run import Nightly
from weihu.nightly.together import carry_out


def test_a_small_night_is_as_if_it_were_large(own_bank, deliveries, home, monkeypatch):
    nights = deliveries[PUBLISHED_DAYS : PUBLISHED_DAYS + 2]
    rows, reports, files = [], [], []
    for small in (True, False):
        if not small:
            bank.restore()
            monkeypatch.setattr(duck, "SMALL", 0)
            monkeypatch.setattr(run, "is_small", lambda *_: False)
            monkeypatch.setattr(publish, "light", lambda _: False)
        stages: list[str] = []
        at_once: list[int] = []
        monkeypatch.setattr(night, "carry_out", _noting(at_once))
        with Nightly(home, stages.append, threads=2) as nightly:
            runs = [nightly.run(delivery) for delivery in nights]
        assert set(at_once) == {2 if small else 1}
        rows.append(published())
        reports.append([_without_seconds(run.report) for run in runs])
        folder = home.run(runs[1].number)
        files.append({path.name: pq.read_table(path).to_pylist() for path in folder.glob("*.parquet")})
        assert stages == list(runs[0].report["seconds"]) * len(nights)
    assert rows[1] == rows[0]
    assert reports[1] == reports[0]
    assert files[1] == files[0]


def test_what_a_refused_night_bound_is_forgotten_by_the_next(own_bank, deliveries, home, monkeypatch):
    nights = deliveries[PUBLISHED_DAYS : PUBLISHED_DAYS + 2]
    with Nightly(home, threads=2) as nightly:
        with monkeypatch.context() as patched:
            patched.setattr(run, "_reconcile", _refuse)
            with pytest.raises(ZeroDivisionError):
                nightly.run(nights[0])
        monkeypatch.setattr(duck, "SMALL", 0)
        assert nightly.run(nights[0]).number == nightly.run(nights[1]).number - 1


def _noting(at_once):
    """What carries out jobs and notes how many at once."""

    def carried_out(jobs, do, most, *begins):
        at_once.append(most)
        carry_out(jobs, do, most, *begins)

    return carried_out


def _refuse(*_):
    raise ZeroDivisionError


def _without_seconds(report):
    rows = {makes: step["rows"] for makes, step in report["steps"].items()}
    return {**report, "seconds": list(report["seconds"]), "steps": rows, "follow_ups": list(report["follow_ups"])}
