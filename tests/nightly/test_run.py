"""One process for several nights: what changes between them, what follows each, and what a killed one left undone."""

import pytest

from tests.conftest import PUBLISHED_DAYS
from weihu.nightly import followups
from weihu.nightly.run import Nightly
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Standing
from weihu.workplace.customer.merging import merge


def test_the_first_merge_is_followed_by_a_process_that_ran_nights_before_it(run, home, deliveries):
    """What was compiled of the unmerged tables does not stand in for the merged ones."""
    kept, gone = (
        Standing.objects.at(run).filter(aum__gt=0).order_by("customer_id").values_list("customer_id", flat=True)[:2]
    )
    with Nightly(home) as nightly:
        first = nightly.run(deliveries[PUBLISHED_DAYS])
        merge(kept, gone, "a", first.work_date)
        second = nightly.run(deliveries[PUBLISHED_DAYS + 1])
    left = set(Standing.objects.at(second).values_list("customer_id", flat=True))
    assert kept in left
    assert gone not in left
    assert second.report["reconciliation"]["customers"] == len(left) + 1


def test_the_report_has_rows_and_seconds_of_every_step(run):
    steps = run.report["steps"]
    assert steps["standings"]["rows"] == run.report["reconciliation"]["customers"]
    assert steps["tasks"]["rows"] == run.report["tasks"]
    assert {"profiles", "seen_large_outflow", "figures"} <= set(steps)
    assert all(step["seconds"] >= 0 for step in steps.values())


def test_what_follows_a_night_and_was_not_done_is_done_before_the_next(run, home, deliveries, monkeypatch):
    assert set(run.report[followups.DONE]) == set(followups.FOLLOW_UPS)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setitem(followups.FOLLOW_UPS, "erasures", killed)
        with pytest.raises(KeyboardInterrupt), Nightly(home) as nightly:
            nightly.run(deliveries[PUBLISHED_DAYS])
    assert current().number == run.number + 1
    assert followups.DONE not in current().report
    with Nightly(home):
        assert set(current().report[followups.DONE]) == set(followups.FOLLOW_UPS)


def test_an_unchanged_table_is_the_same_file_as_the_night_before(run, home, deliveries):
    with Nightly(home) as nightly:
        following = nightly.run(deliveries[PUBLISHED_DAYS])
    before, now = (home.run(number) / "branches.parquet" for number in (run.number, following.number))
    assert now.samefile(before)
