"""The bank of the demo: its rule book, its size, and the days that it lives, one delivery each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

from weihu.engine.lake import Home
from weihu.rules import rulebook
from weihu.rules.nights import is_month_end
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


DAILY = 76
"""So many days before the last, the bank goes live and delivers every day: enough for effects, which are told after 60."""


def schedule(first: date, last: date) -> list[date]:
    """The business dates of the deliveries: the first day, the month's ends of the past, and then every day."""
    live = max(first, last - timedelta(days=DAILY - 1))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [day for day in days if day in (first, live - timedelta(days=1)) or day >= live or is_month_end(day)]


class LivingBank:
    """The bank whose days the demo replays: ``deliver`` takes what staff did and writes the next delivery.

    The same size and the same contacts give the same bytes, so an interrupted start lives its days again.
    """

    def __init__(self, home: Home, size: Size) -> None:
        last = date.fromisoformat(size.last)
        self.on = last - timedelta(days=size.days)
        self.dates = schedule(self.on + timedelta(days=1), last)
        branches = max(2, min(BRANCHES, size.customers // CUSTOMERS_PER_BRANCH))
        self.customers = SyntheticBank(size.customers, branches, size.days, last, SEED, TWINS, RICHER, MANAGERS)
        self._folder = _folder(home)

    def deliver(self, on: date, contacts: Iterable[Contact]) -> Path:
        """Let the days up to a date pass; the delivery of them. ``contacts`` are what staff had if it is the next day; a
        day that is lived again has those of the first time, whatever was recorded of it since."""
        before, self.on = self.on, on
        if on > before + timedelta(days=1):
            return self.customers.through(self._folder, on)
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
