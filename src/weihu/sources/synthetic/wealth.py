"""What people have altogether, and how much of it lies with this bank: lasting, with one home bank for each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from weihu.sources.synthetic import names
from weihu.sources.synthetic.columns import Bools, Floats, Ints, drawn, ranked
from weihu.sources.synthetic.people import GROWN, People

MEDIAN_CENTS, SIGMA = 3_000_000, 1.7
"""Assets here are log-normal; this sigma gives the best fifth about four fifths of them."""
HOME_HERE = 0.40
CHILD_CENTS, YOUNG_CENTS = 20_000_000, 150_000_000
"""Nobody under 18, and nobody under 25, has more here."""
PAID_HERE, PAID_AWAY = 0.86, 0.10
"""Who is paid through this bank, of those at home here and elsewhere."""


@dataclass
class Wealth:
    """Columns by customer, in cents. ``home``: 0 for this bank, else a place in OTHER_BANKS from 1, as ``second`` is.

    ``away`` has a column for each of the other banks.
    """

    here: Ints
    away: Ints
    home: Ints
    second: Ints
    rank: Floats
    paid_here: Bools

    @property
    def total(self) -> Ints:
        return np.asarray(self.here + self.away.sum(axis=1))


def endow(rng: np.random.Generator, people: People, on: int, richer: float = 1.0) -> Wealth:
    """Saved from income over the years, with luck; richer families are richer together. ``richer``: so many times what
    customers of such a bank have."""
    n, age = people.count, people.age(on)
    homes = people.households
    together = rng.normal(size=homes)[people.household]
    median = np.array([job.income for job in names.JOBS])[people.trade]
    earned = np.log(np.maximum(people.income / 100, 0.35 * median) / 7_000)
    by_age = np.interp(age, [18, 22, 30, 40, 50, 60, 70, 85], [-2.0, -1.6, -0.5, 0.05, 0.25, 0.35, 0.25, 0.0])
    owner = (people.trade == names.JOB["企业主"]) & (age >= 27)
    score = 1.15 * earned + by_age + 0.55 * owner + 0.55 * together + 0.72 * rng.normal(size=n)
    child = age < GROWN
    score[child] = -2.6 + 0.08 * age[child] + 0.5 * together[child] + 0.7 * rng.normal(size=int(child.sum()))
    home = _home_banks(rng, score)
    share = np.where(home == 0, rng.beta(5, 1.9, n), rng.beta(1.1, 4.2, n)) * 0.96 + 0.03
    rank = ranked(score + np.log(share))
    here = richer * np.exp(np.log(MEDIAN_CENTS) + SIGMA * ndtri(rank))
    limit = np.select([child, age < 25], [CHILD_CENTS, YOUNG_CENTS], np.inf) * rng.uniform(0.55, 1.0, n)
    here = np.minimum(here, limit)
    elsewhere = here * (1 / share - 1)
    second = drawn(rng, names.BANK_SHARES, n) + 1
    second = np.where(second == home, home % len(names.OTHER_BANKS) + 1, second)
    main = np.where(home > 0, home, second)
    mainly = rng.uniform(0.62, 1.0, n)
    away = np.zeros((n, len(names.OTHER_BANKS)), np.int64)
    place = np.arange(n)
    away[place, main - 1] = (elsewhere * mainly).astype(np.int64)
    rest = np.where(home > 0, second, second % len(names.OTHER_BANKS) + 1)
    away[place, rest - 1] += (elsewhere * (1 - mainly)).astype(np.int64)
    paid_here = rng.random(n) < np.where(home == 0, PAID_HERE, PAID_AWAY)
    return Wealth(here.astype(np.int64), away, home, second, rank, paid_here)


def _home_banks(rng: np.random.Generator, score: Floats) -> Ints:
    n = len(score)
    here = rng.random(n) < HOME_HERE + 0.10 * (ranked(score) - 0.5)
    return np.where(here, 0, drawn(rng, names.BANK_SHARES, n) + 1)
