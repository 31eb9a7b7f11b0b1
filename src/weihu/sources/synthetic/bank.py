"""The bank: it is founded with its people and what they have, and lives day by day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from weihu.sources.synthetic import buying, days, life, names
from weihu.sources.synthetic.columns import NEVER, YEAR, Ints
from weihu.sources.synthetic.columns import days as day_number
from weihu.sources.synthetic.days import PAY_DAYS, PENSION_DAY
from weihu.sources.synthetic.facts import Facts
from weihu.sources.synthetic.holdings import DEMAND, first_services, open_accounts, risk_classes
from weihu.sources.synthetic.latent import PURPOSES, Contact, Latent, Rates, read_contacts
from weihu.sources.synthetic.parties import Parties
from weihu.sources.synthetic.people import GROWN, HEAD, People, families
from weihu.sources.synthetic.state import OPENING, State
from weihu.sources.synthetic.truth import Truth
from weihu.sources.synthetic.wealth import Wealth, endow
from weihu.sources.synthetic.writing import Writer

NEW_A_YEAR, NEW_AT_LEAST = 0.05, 0.012
"""The share of customers who join while the bank is watched."""
TRADES, LETS = 0.75, 0.05


class SyntheticBank:
    """A bank of so many customers and branches, and its days up to ``last``.

    ``twins`` is the share of customers who are earlier ones once more, under another number. ``deliveries`` writes all
    days; ``day`` writes the next one and takes what staff have done, to which customers react; ``through`` writes one
    delivery of all days up to a date. The same seed and the same contacts give the same bytes.
    """

    def __init__(
        self,
        customers: int,
        branches: int,
        days: int,
        last: date,
        seed: int,
        twins: float = 0.0,
        richer: float = 1.0,
        managers: int = names.MANAGERS,
    ) -> None:
        self.days, self.first = days, last - timedelta(days=days - 1)
        rng = np.random.default_rng(seed)
        self.state, mistakes = _found(rng, customers, branches, days, self.first, seed, twins, richer)
        self.facts = Facts(np.random.default_rng([seed, 2]), self.state, mistakes)
        self.truth = Truth(self.state)
        self._parties = Parties(self.state)
        self._writer = Writer(self.state, self.facts, managers)

    def deliveries(self, out: Path) -> Iterator[Path]:
        """Write one delivery per day, and then the truth; yields each folder."""
        for _ in range(self.days):
            yield self.day(out)
        self.write_truth(out)

    def day(self, out: Path, contacts: Iterable[Contact] = ()) -> Path:
        """Let the next day pass and write its delivery; ``contacts`` are what staff did since the last one."""
        self._pass(contacts)
        return self._writer.write(out)

    def through(self, out: Path, last: date) -> Path:
        """Let the days up to a date pass, on which staff do nothing, and write one delivery of them all."""
        while self.state.on < day_number(last):
            self._pass(())
        return self._writer.write(out)

    def _pass(self, contacts: Iterable[Contact]) -> None:
        state = self.state
        state.begin(state.on + 1)
        if state.on > state.first:
            self._live(contacts)
        self.truth.watch()
        self.facts.learn(state)
        self._writer.gather()

    def write_truth(self, out: Path) -> None:
        """What the system must never read, up to the last day written: files in ``OUT/.truth``."""
        self.truth.write(out / ".truth", self.facts)

    def _live(self, contacts: Iterable[Contact]) -> None:
        state = self.state
        self._hear(contacts)
        self._minds()
        life.live(state)
        days.mature(state)
        days.pay(state)
        days.earn_elsewhere(state)
        days.owe(state)
        days.spend(state)
        days.trade(state)
        days.leave(state)
        days.chance_sums(state)
        self._buy()
        days.markets(state)
        self._open()
        self._parties.name(state)

    def _hear(self, contacts: Iterable[Contact]) -> None:
        who, purpose = read_contacts(contacts, self.state.date)
        if len(who):
            saved = self.state.latent.hear(self.state.draw(40), who, purpose, self.state.on)
            self.state.note(saved, "kept")
            for number, name in enumerate(PURPOSES):
                self.state.note(np.unique(who[purpose == number]), f"contact_{name}")

    def _minds(self) -> None:
        state = self.state
        accounts = state.accounts
        running = state.open_now() & (accounts.product != DEMAND)
        n = state.people.count
        ripe = np.zeros(n, dtype=bool)
        ripe[accounts.owner[running & (accounts.matures - state.on < 30)]] = True
        held = np.bincount(accounts.owner[running], minlength=n)
        free = state.alive & (state.people.again < 0) & (state.assets() > 10_000)
        failed, begins = state.latent.pass_a_day(
            state.draw(41), state.on, state.rates.gap(state.date), free, ripe, held, state.wealth.home > 0
        )
        state.note(failed, "incident")
        self.truth.leaving(begins)

    def _buy(self) -> None:
        """Purchases; who buys what has a risk is rated anew if need be, and others are now and then."""
        bought = buying.buy(self.state)
        self.truth.purchases.append(bought)
        risky = bought.who[bought.bought[:, buying.RISKY].any(axis=1)]
        self.facts.rate(risky, self.state)

    def _open(self) -> None:
        """Those who become customers today, with what they bring."""
        state = self.state
        places = np.flatnonzero((state.accounts.opened == state.on) & (state.since[state.accounts.owner] == state.on))
        fresh = places[state.accounts.balance[places] > 0]
        state.announce(fresh, OPENING)
        state.changed_accounts.append(places)
        who = np.flatnonzero(state.since == state.on)
        state.changed_people.append(who)
        state.note(who, "joined")


def _found(
    rng: np.random.Generator,
    customers: int,
    branches: int,
    days: int,
    first: date,
    seed: int,
    twins: float,
    richer: float,
) -> tuple[State, Ints]:
    """The people and what they have on the first day, and the places of the accounts that were sold wrongly."""
    on = day_number(first)
    people = families(rng, customers, on)
    branch = rng.integers(1, branches + 1, people.households)[people.household]
    again = _write_down_twice(np.random.default_rng([seed, 1]), people, branch, twins, on)
    wealth = endow(rng, people, on, richer)
    wealth.here[again] //= 6
    wealth.paid_here &= np.isin(people.occupation, _paid_occupations()) & (people.income > 0) & (people.again < 0)
    risk = risk_classes(rng, people, wealth, on)
    since = _since(rng, people, on, days)
    accounts, mistakes = open_accounts(rng, people, wealth, risk, since, branch, branches, on)
    services = first_services(rng, people, wealth, since, on)
    pay_day = np.where(people.occupation == names.RETIRED, PENSION_DAY, rng.choice(PAY_DAYS, customers))
    state = State(
        people, wealth, risk, branches, branch, since, accounts, services,
        latent=Latent(rng, people, wealth, branch, on), rates=Rates.of(seed, first, days), seed=seed, first=on, on=on - 1,
        paid_on=np.where(wealth.paid_here, pay_day, 0), turnover=_turnover(rng, people, wealth), rent=_rent(rng, people, wealth, on),
        died=np.full(customers, NEVER), estate_on=np.full(customers, NEVER),
    )  # fmt: skip
    return state, mistakes


def _turnover(rng: np.random.Generator, people: People, wealth: Wealth) -> Ints:
    """What owners of a business, at home here, take or pay at a time."""
    n = people.count
    owner = np.isin(people.occupation, [names.JOB["企业主"], names.JOB["个体经营"]]) & (wealth.home == 0)
    size = people.income * rng.uniform(0.4, 1.6, n) + wealth.here * rng.uniform(0.02, 0.10, n)
    return np.where(owner & (rng.random(n) < TRADES), size, 0).astype(np.int64)


def _rent(rng: np.random.Generator, people: People, wealth: Wealth, on: int) -> Ints:
    """What some of the well-off get a month for a home they let."""
    n = people.count
    lets = (rng.random(n) < LETS) & (wealth.rank > 0.6) & (people.age(on) > 35) & (wealth.home == 0)
    return np.where(lets, rng.integers(15, 60, n) * 10_000, 0)


def _paid_occupations() -> Ints:
    return np.array([place for place, job in enumerate(names.JOBS) if job.paid] + [names.RETIRED])


def _since(rng: np.random.Generator, people: People, on: int, days: int) -> Ints:
    """When everybody became a customer: within fourteen years, after birth, a few while the bank is watched."""
    n = people.count
    relation = (rng.random(n) ** 1.7 * 365 * 14).astype(np.int64) + 1
    earliest = people.born + np.where(people.age(on) < GROWN, 20, int(16 * YEAR))
    since = np.maximum(on - relation, np.minimum(earliest, on - 1))
    late = (rng.random(n) < max(NEW_AT_LEAST, NEW_A_YEAR * days / YEAR)) & (days > 1)
    return np.where(late, on + rng.integers(1, max(2, days), n), since)


def _write_down_twice(rng: np.random.Generator, people: People, branch: Ints, share: float, on: int) -> Ints:
    """A share of the customers are earlier ones of the branch once more. Returns the later rows' places."""
    n = people.count
    alone = np.bincount(people.household, minlength=people.households)[people.household] == 1
    later = np.flatnonzero(alone & (np.arange(n) >= n // 2))
    again = np.sort(rng.permutation(later)[: int(n * share)])
    early = (np.arange(n) < n // 2) & (people.role == HEAD) & (people.age(on) >= GROWN)
    of = [np.flatnonzero(early & (branch == number)) for number in range(int(branch.max()) + 1)]
    again = again[[len(of[number]) > 0 for number in branch[again]]] if len(again) else again
    first = np.array([rng.choice(of[number]) for number in branch[again]], dtype=np.int64)
    people.copy_to(again, first)
    people.again[again] = first
    people.spouse[again] = -1
    return again
