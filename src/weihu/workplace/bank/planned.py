"""The time that lists take, and the share of it for the best customers (M10): one definition for every page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import Task


@dataclass(frozen=True)
class Planned:
    """Tasks as the night planned them, and their minutes; ``top_minutes`` of these are for customers who are among the
    bank's best by AUM, as the night had it (``rules.plan.top``). What came of a task changes none of it."""

    tasks: int = 0
    minutes: int = 0
    top_minutes: int = 0

    @classmethod
    def of(cls, tasks: Iterable[Task]) -> Planned:
        """Of some tasks."""
        rows = list(tasks)
        return cls(len(rows), sum(row.minutes for row in rows), sum(row.minutes for row in rows if row.top))

    def __add__(self, other: Planned) -> Planned:
        return Planned(self.tasks + other.tasks, self.minutes + other.minutes, self.top_minutes + other.top_minutes)

    @property
    def top_share(self) -> float | None:
        """The share of the minutes that goes to the best customers; None where nothing is planned."""
        return self.top_minutes / self.minutes if self.minutes else None

    def top_share_of(self, post: str, book: RuleBook) -> float | None:
        """``top_share``; None for the list of a post that has none of the best customers, of whose work it says nothing."""
        return self.top_share if self.top_minutes or book.serves_valued(post) else None


def planned_of(sums: dict[str, Any]) -> Planned:
    """Of the figures of a night's lists (``Figure.listed`` and what belongs to it), summed."""
    return Planned(*(int(sums[name] or 0) for name in LISTED))


LISTED = ("listed", "listed_minutes", "listed_top_minutes")
"""The figures that say what a night put on its lists."""
