"""The bank on the morning after its last night, as the demo's lives find it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TypeVar

import numpy as np

from weihu.rules.rulebook import RuleBook
from weihu.sources.synthetic import SyntheticBank
from weihu.workplace.bank.models import Run, Staff, Standing

T = TypeVar("T")
NOBODY = "demo"
"""Who records something of a customer that nobody answers for."""
RICHER, RICH = 2, 3
"""The ranks of grade from which customers agree to things, and from which staff know them well."""


@dataclass(frozen=True)
class Scene:
    """The last run, everybody's standing by customer number, the dice, and who the customers really are."""

    run: Run
    standings: list[Standing]
    rng: np.random.Generator
    customers: SyntheticBank

    @property
    def on(self) -> date:
        """The working day."""
        return self.run.work_date

    @property
    def book(self) -> RuleBook:
        """The rule book."""
        return self.run.rulebook

    @property
    def owned(self) -> list[Standing]:
        """The customers that somebody answers for."""
        return [row for row in self.standings if row.primary_id]

    def places(self) -> Iterator[tuple[int, Standing]]:
        """The customers with their places in the columns of the synthetic bank."""
        return ((int(row.customer_id[1:]) - 1, row) for row in self.standings)

    @cached_property
    def staff(self) -> dict[str, Staff]:
        """The members of staff by number."""
        return Staff.objects.in_bulk()

    @property
    def branches(self) -> list[str]:
        """The branches that have customers."""
        return sorted({row.branch_id for row in self.standings})

    def of_post(self, post: str, branch_id: str = "") -> list[Staff]:
        """The members of staff of a post, in a branch or anywhere, by number."""
        members = (self.staff[key] for key in sorted(self.staff))
        return [member for member in members if member.post == post and branch_id in ("", member.branch_id)]

    def token(self) -> uuid.UUID:
        """The token of something recorded once."""
        return uuid.UUID(bytes=self.rng.bytes(16))

    def happens(self, share: float) -> bool:
        """Whether something happens that happens to a share of people."""
        return bool(self.rng.random() < share)

    def one_of(self, choices: Sequence[T]) -> T:
        """One of some things."""
        return choices[int(self.rng.integers(len(choices)))]

    def some_of(self, choices: Sequence[T], count: int) -> list[T]:
        """So many different ones of some things, or all if there are fewer."""
        places = self.rng.permutation(len(choices))[:count]
        return [choices[int(place)] for place in places]


def owner(standing: Standing) -> str:
    """Who records something of a customer."""
    return standing.primary_id or NOBODY
