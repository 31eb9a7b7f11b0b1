"""What follows a published night in the rooms above: care plans begin, introductions come true, campaigns that should
not go on stop, customers' data that is due is erased, what was sent long ago is forgotten.

None of it has to be true at the moment of publication, so none of it stands in that transaction. Each can be done
again without doing anything twice; the run's report says when all are done, and what a killed night left undone is done
before the next one begins.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

import pyarrow.parquet as pq

from weihu.nightly import uplifts
from weihu.workplace.act.campaigns.stopping import stop_those_that_should
from weihu.workplace.act.care.beginning import begin_by_signals, kinds_that_begin
from weihu.workplace.act.introductions.linking import link
from weihu.workplace.act.segments.nightly import evaluate
from weihu.workplace.bank.models import Run
from weihu.workplace.base import pace
from weihu.workplace.base.once import forget
from weihu.workplace.customer.erasure import carry_out

DONE = "follow_ups"
"""In a run's report, once all are done: the seconds of each."""
SENT_KEPT = timedelta(days=60)
"""Twice as long as a browser keeps what it could not send (DAYS in sending/vault.js)."""


def finish(run: Run, folder: Path) -> None:
    """Do everything that follows a published run and is not done yet. ``folder``: the run's."""
    if DONE in run.report:
        return
    seconds: dict[str, float] = {}
    for name, follow in FOLLOW_UPS.items():
        began = time.perf_counter()
        follow(run, folder)
        seconds[name] = round(time.perf_counter() - began, 3)
    run.report[DONE] = seconds
    Run.objects.filter(number=run.number).update(report=run.report)


def _begin_care(run: Run, folder: Path) -> None:
    """Tonight's signals begin care plans."""
    kinds = kinds_that_begin(run.rulebook)
    if not kinds:
        return
    raised = [
        ("kind", "in", kinds),
        ("raised_on", "=", run.business_date),
        ("held_out", "=", False),
        ("led_by", "=", ""),
    ]
    signals = pq.read_table(
        folder / "signals.parquet", columns=["customer_id", "kind", "subject", "led_by"], filters=raised
    )
    if signals.num_rows:
        standings = pq.read_table(folder / "standings.parquet", columns=["customer_id", "grade_rank"])
        ranked = signals.join(standings, "customer_id", join_type="inner")
        begin_by_signals(run, ranked.sort_by([(name, "ascending") for name in ranked.column_names]).to_pylist())


def _link_introductions(run: Run, folder: Path) -> None:
    """Who was introduced is a customer now, or has a first product."""
    link(run)


def _stop_campaigns(run: Run, folder: Path) -> None:
    """Campaigns that too many would rather not hear of, or that do harm."""
    stop_those_that_should(run, run.work_date)


def _evaluate_segments(run: Run, folder: Path) -> None:
    """Who entered a segment tonight, and who left it."""
    evaluate(run)


def _say_whom_it_helps(run: Run, folder: Path) -> None:
    """Whom acting on the open signals helps, where that is known."""
    uplifts.say(run, folder)


def _forget_sent(run: Run, folder: Path) -> None:
    """The numbers of forms that were sent long ago: browsers keep nothing so long."""
    forget(datetime.combine(run.work_date, time_of_day.min, UTC) - SENT_KEPT)
    pace.forget(datetime.combine(run.work_date, time_of_day.min, UTC) - SENT_KEPT)


def _erase(run: Run, folder: Path) -> None:
    """What is due to be erased by the working day."""
    carry_out(run.work_date)


FOLLOW_UPS: dict[str, Callable[[Run, Path], None]] = {
    "care": _begin_care,
    "introductions": _link_introductions,
    "campaigns": _stop_campaigns,
    "erasures": _erase,
    "segments": _evaluate_segments,
    "uplift": _say_whom_it_helps,
    "sent": _forget_sent,
}
"""In the order in which they are done."""
