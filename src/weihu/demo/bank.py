"""The bank of the demo: its rule book, its size, and what its core system delivers day by day."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

from weihu.demo.stages import Stages
from weihu.engine.lake import Home
from weihu.rules import rulebook
from weihu.sources.synthetic import SyntheticBank

BOOK = "state_bank"
BRANCHES = 3
SEED = 20
TWINS = 0.006
"""The share of customers who were opened a second time under another number."""


def found(home: Home) -> None:
    """Folders, secrets and the demo's rule book, unless they are there."""
    home.create()
    if not home.rulebook.is_file():
        home.rulebook.write_bytes((rulebook.BOOKS / f"{BOOK}.toml").read_bytes())


def generate(home: Home, customers: int, days: int, today: date, stages: Stages) -> list[Path]:
    """The deliveries of so many days up to yesterday, by date; those of an interrupted start are written anew."""
    deliveries = home.root / "deliveries"
    done = deliveries / ".done"
    if not done.is_file():
        shutil.rmtree(deliveries, ignore_errors=True)  # of another day they would be another bank's
        bank = SyntheticBank(customers, BRANCHES, days, today - timedelta(days=1), SEED, TWINS)
        for _ in stages.track("合成银行 synthetic bank", bank.deliveries(deliveries), days):
            pass
        done.touch()
    return sorted(path for path in deliveries.iterdir() if path.is_dir() and not path.name.startswith("."))
