"""What nobody sees: how content people are, when and why they begin to leave, what they would buy, whom a contact moves.

Nothing of this is delivered. A customer's hazard of beginning to leave depends on satisfaction, rates elsewhere, a lost
salary and money about to mature; a few leave without any of that, and nobody could foresee them. What people buy depends
on their stage of life, their idle money, what they hold and what suits them. Whom a contact moves, and by how much,
depends on the person and on the kind of task; some are better left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from weihu.sources.synthetic import names
from weihu.sources.synthetic.columns import NEVER, Bools, Floats, Ints, chosen, sigmoid
from weihu.sources.synthetic.people import GROWN, MASTER, People
from weihu.sources.synthetic.wealth import Wealth


class Contact(NamedTuple):
    """What staff did: ``kind`` is the signal's that the task was for, ``outcome`` the contact's as the workplace keeps it."""

    customer_id: str
    on: date
    kind: str
    outcome: str


NOT_REACHED = "not_reached"
LONG_AGO = -1_000_000
"""A day before all others."""

CARE, KEEP, RENEW, SELL = range(4)
PURPOSES = ("care", "keep", "renew", "sell")
"""What a contact is for; each person answers to each in his or her own way."""
PURPOSE = {
    "maturity": RENEW, "matured": RENEW,
    "large_outflow": KEEP, "unusual_outflow": KEEP, "to_other_bank": KEEP, "salary_stopped": KEEP, "grade_down": KEEP,
    "watch_begun": KEEP, "dormant": KEEP, "complaint_ask": KEEP, "complaint_due": KEEP, "unhappy": KEEP,
    "idle_cash": SELL, "large_inflow": SELL, "unusual_inflow": SELL, "near_grade": SELL, "campaign": SELL,
    "loan_ending": SELL, "introduced": SELL, "new_customer": SELL, "referral_taken": SELL, "waking": SELL,
}  # fmt: skip
"""By the signal's kind; every other kind is care."""
USUALLY = (1.2, -1.1, 0.9, -2.6)
"""The log odds of the wished outcome without a contact: content, kept though leaving, renewed, buys within a month."""

STAYING, WAVERING, GOING, GONE = range(4)
CAUSES = ("service", "rate", "salary", "maturity", "elsewhere", "unforeseen")
UNFORESEEN = CAUSES.index("unforeseen")
DRIFT, AT_ONCE, AT_MATURITY = range(3)
WAYS = ("drift", "at_once", "at_maturity")
GOING_DAYS = 110
HEARD_DAYS = 21
"""So long a contact works on what somebody decides."""

BASE_HAZARD = float(np.log(0.5e-4))
"""Of a day, for somebody who is neither content nor not, at home here, with nothing else to move him."""
UNFORESEEN_HAZARD = 1.1e-5
OLD_PULL = 0.006
"""How fast a day's satisfaction falls back to the usual."""
SERVED_EVERY, PATIENCE, NEGLECT = 90, 45, 0.45
"""People are looked after now and then without any task; who is not for longer than his patience is less content."""

REGIMES = (("calm", 0.05, 0.000), ("competition", 0.55, 0.001), ("cuts", 0.20, -0.004), ("rally", 0.35, -0.001))
"""Times of interest rates: how much others pay more than this bank (percentage points), and what is added to its own."""


@dataclass(frozen=True)
class Rates:
    """Regimes one after another from the bank's first month on, some months each."""

    regimes: Ints
    start: int

    @classmethod
    def of(cls, seed: int, on: date, more_days: int) -> Rates:
        rng = np.random.default_rng([seed, 77])
        months = more_days // 30 + 3
        kinds: list[int] = []
        while len(kinds) < months:
            kind = int(rng.integers(len(REGIMES)))
            if not kinds or kind != kinds[-1]:
                kinds += [kind] * int(rng.integers(2, 6))
        return cls(np.array(kinds), on.year * 12 + on.month)

    def regime(self, on: date) -> int:
        return int(self.regimes[min(on.year * 12 + on.month - self.start, len(self.regimes) - 1)])

    def gap(self, on: date) -> float:
        return REGIMES[self.regime(on)][1]

    def added(self, on: date) -> float:
        return REGIMES[self.regime(on)][2]


class Latent:
    """Columns by customer of what moves them; days count from 1970."""

    def __init__(self, rng: np.random.Generator, people: People, wealth: Wealth, branch: Ints, on: int) -> None:
        n, age = people.count, people.age(on)
        quality = rng.normal(0, 0.35, int(branch.max()) + 1)
        self.usual = 0.35 + quality[branch] + 0.55 * rng.normal(size=n) + np.where(wealth.home == 0, 0.2, -0.2)
        self.satisfaction = self.usual + 0.3 * rng.normal(size=n)
        learned = np.clip((people.will_be - 2) / 3, -1, 1.4)
        self.rate_sense = sigmoid(-0.4 + 0.9 * (wealth.rank - 0.5) + 0.5 * learned + 0.8 * rng.normal(size=n))
        old = np.clip((age - 45) / 15, -1.6, 2)
        noise = rng.normal(size=(len(PURPOSES), n))
        self.response = np.stack(
            [
                0.30 + 0.22 * old + 0.25 * noise[CARE],
                0.85 + 0.9 * (wealth.rank - 0.5) - 0.7 * self.rate_sense + 0.55 * noise[KEEP],
                0.75 + 0.35 * old - 0.5 * (self.rate_sense - 0.5) + 0.5 * noise[RENEW],
                0.55 + 0.45 * learned + 0.25 * old + 0.6 * noise[SELL],
            ],
            axis=1,
        )
        self.reached = sigmoid(0.9 + 0.35 * old - 0.4 * (wealth.rank - 0.5) + 0.5 * rng.normal(size=n))
        self.onset, self.going, self.ended = (np.full(n, NEVER) for _ in range(3))
        self.cause, self.way = np.zeros(n, np.int64), np.zeros(n, np.int64)
        self.salary_lost = np.full(n, LONG_AGO)
        self.heard = np.full((n, len(PURPOSES)), LONG_AGO)
        self.served = on - rng.integers(0, 2 * SERVED_EVERY, n)
        self.grown = age >= GROWN
        self.hazard = np.zeros(n)

    def stage(self, on: int) -> Ints:
        """STAYING, WAVERING from the onset on, GOING while money goes, GONE."""
        return np.asarray(
            np.select([on < self.onset, on < self.going, on < self.ended], [STAYING, WAVERING, GOING], GONE)
        )

    def hear(self, rng: np.random.Generator, who: Ints, purpose: Ints, on: int) -> Ints:
        """Contacts that reached somebody; returns the places of those who would have left and now stay."""
        effect = self.response[who, purpose]
        self.heard[who, purpose] = on
        self.served[who] = on
        np.add.at(self.satisfaction, who, 0.16 * np.where(purpose == CARE, 2.0, 1.0) * np.clip(effect, -0.5, 1.2))
        leaving = np.isin(self.stage(on)[who], [WAVERING, GOING]) & (self.cause[who] != UNFORESEEN)
        kept = sigmoid(USUALLY[KEEP] + self.response[who, KEEP]) - sigmoid(np.full(len(who), USUALLY[KEEP]))
        strength = np.where(purpose == KEEP, 1.0, 0.4)
        saved = np.unique(who[leaving & (rng.random(len(who)) < strength * kept * 2)])
        self.onset[saved] = self.going[saved] = self.ended[saved] = NEVER
        self.satisfaction[saved] += 0.8
        return saved

    def pass_a_day(
        self, rng: np.random.Generator, on: int, gap: float, free: Bools, ripe: Bools, held: Ints, away: Bools
    ) -> tuple[Ints, Ints]:
        """Move everybody's mind by a day; returns who met a fault of service, and who begins to leave.

        ``free``: who can leave at all; ``ripe``: whose money matures within a month; ``held``: kinds of products held;
        ``away``: whose home bank is another.
        """
        n = len(self.usual)
        self.served[rng.random(n) < 1 / SERVED_EVERY] = on
        usual = self.usual - NEGLECT * np.clip((on - self.served - PATIENCE) / 150, 0, 1)
        self.satisfaction += OLD_PULL * (usual - self.satisfaction) + 0.035 * rng.normal(size=n)
        failed = np.flatnonzero((rng.random(n) < 0.0009) & self.grown & free)
        self.satisfaction[failed] -= 1.1
        lost = on - self.salary_lost <= 75
        parts = np.stack(
            [
                np.maximum(0, -1.5 * (self.satisfaction - 0.2)),
                3.0 * self.rate_sense * gap,
                1.6 * lost,
                1.0 * ripe * (0.4 + self.rate_sense),
                0.8 * away,
            ]
        )
        moved = BASE_HAZARD + parts.sum(axis=0) - 1.3 * np.maximum(0, self.satisfaction - 0.2) - 0.2 * held
        may = free & self.grown & (self.onset == NEVER)
        self.hazard = np.where(may, np.minimum(0.02, np.exp(moved)), 0.0)
        chance = rng.random((2, n))
        foreseen, unforeseen = chance[0] < self.hazard, chance[1] < np.where(may, UNFORESEEN_HAZARD, 0)
        begins = np.flatnonzero(foreseen | unforeseen)
        causes = chosen(rng.random(len(begins)), np.expm1(parts[:, begins]).T + 0.02, np.arange(len(begins)))
        self.cause[begins] = np.where(foreseen[begins], causes, UNFORESEEN)
        self.onset[begins] = on
        wait = np.where(self.cause[begins] == UNFORESEEN, 0, 9 + rng.gamma(2.2, 14, len(begins)).astype(np.int64))
        self.going[begins] = on + np.minimum(wait, 120)
        self.ended[begins] = self.going[begins] + np.where(self.cause[begins] == UNFORESEEN, 1, GOING_DAYS)
        way = rng.choice([DRIFT, AT_ONCE, AT_MATURITY], len(begins), p=[0.55, 0.25, 0.20])
        way = np.where(self.cause[begins] == CAUSES.index("maturity"), AT_MATURITY, way)
        self.way[begins] = np.where(self.cause[begins] == UNFORESEEN, AT_ONCE, way)
        return failed, begins

    def renews(self, who: Ints, on: int, gap: float) -> Floats:
        """The chance that maturing money is renewed here."""
        odds = USUALLY[RENEW] + 0.45 * self.satisfaction[who] - 2.2 * self.rate_sense[who] * gap
        odds = odds + np.where(on - self.heard[who, RENEW] <= HEARD_DAYS, self.response[who, RENEW], 0)
        leaving = np.isin(self.stage(on)[who], [WAVERING, GOING])
        return sigmoid(np.where(leaving, odds - 3.0, odds))


CATEGORIES = ("term", "wealth", "fund", "insurance", "card", "loan")


def propensities(
    latent: Latent, people: People, who: Ints, on: int, idle: Ints, holds: dict[str, Bools], risk: Ints, rally: float
) -> tuple[Floats, Floats]:
    """The chances that people buy of each of CATEGORIES in a month: without a contact, and with one.

    ``idle`` cents lie in the demand account. What does not suit, or is beyond age or purse, has no chance.
    """
    age = people.age(on)[who]
    lies = np.clip(np.log10(np.maximum(idle, 1) / 500_000), 0, 3)
    enough, earns = idle >= 500_000, people.income[who] > 0
    classed = risk[who] >= 2
    content = 0.25 * latent.satisfaction[who]
    old = np.clip((age - 45) / 15, -1.6, 2)
    works = earns & (people.occupation[who] != names.RETIRED)
    fresh = (people.child_2[who] > on - 400) & (people.child_2[who] <= on)
    fresh |= (people.child_1[who] > on - 400) & (people.child_1[who] <= on)
    learned = (people.will_be[who] >= MASTER).astype(float)
    odds = {
        "term": (-4.5 + 0.85 * lies + 0.35 * old + 0.4 * holds["term"][who], enough),
        "wealth": (-5.1 + 0.95 * lies + 0.7 * holds["wealth"][who] + 0.2 * risk[who], enough & classed & (age >= GROWN)),
        "fund": (-5.7 + 0.5 * lies + 1.0 * holds["fund"][who] + 0.4 * learned + 1.4 * rally, enough & classed & (age < 70)),
        "insurance": (-6.0 + 0.7 * lies + 0.8 * fresh, (idle >= 3_000_000) & classed & (age >= 28) & (age <= 60)),
        "card": (-5.2 + 0.3 * learned, earns & (age >= 20) & (age <= 62) & ~holds["card"][who]),
        "loan": (-6.3 + 0.9 * fresh, works & (age >= 23) & (age <= 55) & ~holds["loan"][who]),
    }  # fmt: skip
    leaving = latent.stage(on)[who] != STAYING
    without, moved = [], []
    for category in CATEGORIES:
        logit, can = odds[category]
        logit = np.clip(logit + content - 3.0 * leaving, -9, -0.4)
        without.append(np.where(can, sigmoid(logit), 0.0))
        moved.append(np.where(can, sigmoid(logit + latent.response[who, SELL]), 0.0))
    return np.stack(without, axis=1), np.stack(moved, axis=1)


def read_contacts(contacts: Iterable[Contact], on: date) -> tuple[Ints, Ints]:
    """Customers and purposes of the contacts up to a day that reached somebody, in an order of their own."""
    rows = sorted(
        {
            (int(contact.customer_id[1:]) - 1, PURPOSE.get(contact.kind, CARE))
            for contact in contacts
            if contact.outcome != NOT_REACHED and contact.on <= on
        }
    )
    table = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]
