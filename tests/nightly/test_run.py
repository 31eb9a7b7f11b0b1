"""One process for several nights: what changes between them, what follows each, and what a killed one left undone."""

import csv
import json
import shutil
from datetime import date, timedelta

import pytest

from tests.conftest import PUBLISHED_DAYS
from weihu.engine.checksums import Damaged
from weihu.nightly import followups
from weihu.nightly.run import Nightly
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Staff, Standing
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


def announced(delivery, into, staff, left_on):
    """The delivery with one more file: a member of staff is to leave."""
    shutil.copytree(delivery, into)
    names = ["staff_id", "name", "branch_id", "post", "left_on"]
    with (into / "staff.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([names, [*(getattr(staff, name) for name in names[:4]), left_on]])
    manifest = json.loads((into / "manifest.json").read_text())
    manifest["files"]["staff"] = {"file": "staff.csv", "rows": 1}
    (into / "manifest.json").write_text(json.dumps(manifest))
    return into


def test_who_is_to_leave_works_until_that_day_and_not_on_it(run, home, deliveries, tmp_path):
    """The announcement came a day before; nothing is delivered on the day itself."""
    staff = Staff.objects.filter(post="low_counter", left_on=None).order_by("staff_id").first()
    left_on = date.fromisoformat(deliveries[PUBLISHED_DAYS].name) + timedelta(days=1)
    with Nightly(home) as nightly:
        nightly.run(announced(deliveries[PUBLISHED_DAYS], tmp_path / deliveries[PUBLISHED_DAYS].name, staff, left_on))
        staff.refresh_from_db()
        assert (staff.is_active, staff.left_on) == (True, left_on)
        nightly.run(deliveries[PUBLISHED_DAYS + 1])
    staff.refresh_from_db()
    assert not staff.is_active


@pytest.mark.parametrize("file", ["standings.parquet", "accounts.parquet", "signals.parquet", "checksums.json"])
@pytest.mark.parametrize("how", ["flipped", "gone"])
def test_nothing_is_published_on_top_of_a_damaged_night(run, home, deliveries, file, how):
    path = home.run(run.number) / file
    left = path.read_bytes()
    path.unlink()
    if how == "flipped":
        path.write_bytes(left[: len(left) // 2] + bytes([left[len(left) // 2] ^ 1]) + left[len(left) // 2 + 1 :])
    with pytest.raises(Damaged, match=file), Nightly(home) as nightly:
        nightly.run(deliveries[PUBLISHED_DAYS])
    assert current() == run
    path.write_bytes(left)
    with Nightly(home) as nightly:
        assert nightly.run(deliveries[PUBLISHED_DAYS]).number == run.number + 1
