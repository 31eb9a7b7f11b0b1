"""The bank of the demo: its rule book, its size, and the days that it lives, one delivery each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

from weihu.engine.lake import Home
from weihu.rules import rulebook
from weihu.sources.synthetic import Contact, SyntheticBank

BOOK = "state_bank"
BRANCHES, CUSTOMERS_PER_BRANCH = 3, 1200
"""A bank of fewer customers has fewer branches, but never one alone."""
MANAGERS, RICHER = 2, 3.0
"""So few relationship managers have, of so much richer customers, a day's work each."""
SEED = 20
TWINS = 0.006
"""The share of customers who were opened a second time under another number."""


@dataclass(frozen=True)
class Size:
    """How many customers the bank has, and of which days its deliveries are."""

    customers: int
    days: int
    last: str


class LivingBank:
    """The bank whose days the demo replays: ``next_day`` takes what staff did and writes the next delivery.

    The same size and the same contacts give the same bytes, so an interrupted start lives its days again.
    """

    def __init__(self, home: Home, size: Size) -> None:
        self.days = size.days
        self.on = date.fromisoformat(size.last) - timedelta(days=size.days)
        branches = max(2, min(BRANCHES, size.customers // CUSTOMERS_PER_BRANCH))
        last = date.fromisoformat(size.last)
        self.customers = SyntheticBank(size.customers, branches, size.days, last, SEED, TWINS, RICHER, MANAGERS)
        self._folder = _folder(home)

    def next_day(self, contacts: Iterable[Contact]) -> Path:
        """Let a day pass in which staff had these contacts; its delivery. A day that is lived again has the contacts of
        the first time, whatever was recorded of it since."""
        self.on += timedelta(days=1)
        felt = self._folder / "contacts" / f"{self.on}.json"
        if not felt.is_file():
            felt.parent.mkdir(parents=True, exist_ok=True)
            staging = felt.with_suffix(".new")
            staging.write_text(json.dumps([(row[0], row[2], row[3]) for row in contacts]), encoding="utf-8")
            staging.rename(felt)
        rows = json.loads(felt.read_text(encoding="utf-8"))
        return self.customers.day(self._folder, [Contact(row[0], self.on, row[1], row[2]) for row in rows])

    def close(self) -> None:
        """Keep what only the demo's makers may read."""
        self.customers.write_truth(self._folder)


def found(home: Home) -> None:
    """Folders, secrets and the demo's rule book, unless they are there."""
    home.create()
    if not home.rulebook.is_file():
        home.rulebook.write_bytes((rulebook.BOOKS / f"{BOOK}.toml").read_bytes())


def size_of(home: Home, customers: int, days: int, today: date) -> Size:
    """The bank's size: as it was when the home's first start began, else as it is asked for now, up to yesterday."""
    file = _folder(home) / "size.json"
    if not file.is_file():
        file.parent.mkdir(exist_ok=True)
        size = Size(customers, days, str(today - timedelta(days=1)))
        file.write_text(json.dumps(asdict(size)), encoding="utf-8")
    return Size(**json.loads(file.read_text(encoding="utf-8")))


def _folder(home: Home) -> Path:
    return home.root / "deliveries"
