"""The demo's past: night after night is run, and in between people work."""

from __future__ import annotations

from pathlib import Path

from weihu.demo.stages import Stages
from weihu.demo.working import work, worked_on
from weihu.engine.lake import Home
from weihu.engine.landing.manifest import read_manifest
from weihu.nightly.run import Nightly
from weihu.workplace.bank.current import current


def replay(home: Home, deliveries: list[Path], stages: Stages) -> None:
    """Run the nights of all deliveries; what an interrupted start has done stays, and the rest follows."""
    worked = stages.bar("工作 people at work", len(deliveries) - 1)
    with Nightly(home) as nightly:
        for place, delivery in enumerate(stages.track("批次 nights", deliveries, len(deliveries))):
            on = read_manifest(delivery).business_date
            last = current()
            if last is None or on >= last.business_date:
                run = nightly.run(delivery) or last
                if run and place < len(deliveries) - 1 and not worked_on(run.work_date):
                    work(run)
            if place < len(deliveries) - 1:
                worked()
