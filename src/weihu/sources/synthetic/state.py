"""The bank's books as columns, and the only ways in which a day changes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from weihu.sources.synthetic import names
from weihu.sources.synthetic.columns import NEVER, Bools, Floats, Ints, day, joined
from weihu.sources.synthetic.holdings import DEMAND, Accounts, Services
from weihu.sources.synthetic.latent import Latent, Rates
from weihu.sources.synthetic.people import People
from weihu.sources.synthetic.wealth import Wealth

KINDS = ("salary", "cash", "transfer", "payment", "interest", "product", "opening", "loan", "fee")
SALARY, CASH, TRANSFER, PAYMENT, INTEREST, PRODUCT, OPENING, LOAN, FEE = range(9)
CATEGORIES = ("demand", "term", "wealth", "fund", "insurance", "loan", "card", "standing_order")
SAVED = CATEGORIES[1:5]
BILL, SCHOOL, HOME = 1, 2, 3
"""What some money is for."""


@dataclass
class Move:
    """Transactions of one kind; ``bank`` is the other bank's number from 1, ``branch`` where it was done, ``purpose`` what
    they are for and ``party`` whom they name, 0 for none."""

    account: Ints
    cents: Ints
    kind: int
    branch: Ints
    bank: Ints
    purpose: Ints
    party: Ints


@dataclass
class Told:
    """Rows of a truth, noted day by day."""

    on: list[Ints] = field(default_factory=list)
    who: list[Ints] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    cents: list[Ints] = field(default_factory=list)


@dataclass
class State:
    """Everything of the bank on a day. Days count from 1970, money is in cents; a row's place is its number.

    ``since`` is the day on which somebody becomes a customer; ``estate_on`` the day on which the accounts of one who
    has died are closed. ``paid_on`` is the day of the month of salary or pension, 0 for who has none here;
    ``turnover`` is what a business takes or pays at a time, ``rent`` what a landlord gets a month.
    """

    people: People
    wealth: Wealth
    risk: Ints
    branches: int
    branch: Ints
    since: Ints
    accounts: Accounts
    services: Services
    latent: Latent
    rates: Rates
    seed: int
    first: int
    on: int
    paid_on: Ints
    turnover: Ints
    rent: Ints
    died: Ints
    estate_on: Ints
    moves: list[Move] = field(default_factory=list)
    events: Told = field(default_factory=Told)
    changed_people: list[Ints] = field(default_factory=list)
    changed_accounts: list[Ints] = field(default_factory=list)
    changed_services: list[Ints] = field(default_factory=list)
    touched: list[Ints] = field(default_factory=list)

    @property
    def date(self) -> date:
        return day(self.on)

    def draw(self, step: int) -> np.random.Generator:
        """A step's own chance on this day, so that one step more or less disturbs no other."""
        return np.random.default_rng([self.seed, self.on, step])

    def begin(self, on: int) -> None:
        self.on = on
        self.moves, self.touched = [], []
        self.changed_people, self.changed_accounts, self.changed_services = [], [], []

    @property
    def alive(self) -> Bools:
        """Customers since before today who are not dead."""
        return np.asarray((self.since < self.on) & (self.died > self.on))

    def demand(self, who: Ints) -> Ints:
        """What lies in people's demand accounts, which have the places of their owners."""
        return self.accounts.balance[who]

    def move(
        self,
        account: Ints,
        cents: Ints,
        kind: int,
        branch: Ints | None = None,
        bank: Ints | None = None,
        purpose: Ints | None = None,
    ) -> Bools:
        """Book at most one amount on each account; what would overdraw one is not done. Returns what was done."""
        done = (cents != 0) & ((cents > 0) | (self.accounts.balance[account] + cents >= 0))
        account, cents = account[done], cents[done]
        none = np.zeros(len(account), np.int64)
        np.add.at(self.accounts.balance, account, cents)
        where, other, what = (none if given is None else given[done] for given in (branch, bank, purpose))
        self.moves.append(Move(account, cents, kind, where, other, what, none))
        self.touched.append(account)
        return np.asarray(done)

    def announce(self, accounts: Ints, kind: int) -> None:
        """Book balances that are there already: what a new customer opens with."""
        none = np.zeros(len(accounts), np.int64)
        balances, branches = self.accounts.balance[accounts], self.accounts.branch[accounts]
        self.moves.append(Move(accounts, balances, kind, branches, none, none, none))
        self.touched.append(accounts)

    def own(self, who: Ints, cents: Ints, bank: Ints) -> Bools:
        """Money of their own from (positive) or to (negative) another bank."""
        held = self.wealth.away[who, bank - 1]
        cents = np.where(cents > 0, np.minimum(cents, held), cents)
        done = self.move(who, cents, TRANSFER, bank=bank)
        np.add.at(self.wealth.away, (who[done], bank[done] - 1), -cents[done])
        return done

    def note(self, who: Ints, kind: str, cents: Ints | None = None) -> None:
        """Keep in the truth what happened today."""
        if len(who):
            self.events.on.append(np.full(len(who), self.on))
            self.events.who.append(who)
            self.events.kind.append(kind)
            self.events.cents.append(np.zeros(len(who), np.int64) if cents is None else cents)

    def today(self, kind: str) -> Ints:
        """To whom something has happened today."""
        events = zip(self.events.on, self.events.who, self.events.kind, strict=True)
        return joined([who for on, who, of in events if of == kind and on[0] == self.on])

    def close_accounts(self, places: Ints) -> None:
        """Term money and the like back to its owner's demand account, and the account closed."""
        freed = self.accounts.balance[places].copy()
        self.move(places, -freed, PRODUCT)
        self.move(self.accounts.owner[places], freed, PRODUCT)
        self.accounts.closed[places] = self.on
        self.changed_accounts.append(places)

    def open_now(self) -> Bools:
        return np.asarray((self.accounts.opened <= self.on) & (self.accounts.closed == NEVER))

    def saved_of(self, who: Ints) -> Ints:
        """The open accounts of people other than their demand accounts."""
        chosen = np.zeros(self.people.count, dtype=bool)
        chosen[who] = True
        accounts = self.accounts
        running = (accounts.product != DEMAND) & (accounts.closed == NEVER) & (accounts.opened < self.on)
        return np.flatnonzero(running & chosen[accounts.owner])

    def assets(self) -> Ints:
        """Each customer's balances."""
        running = self.open_now()
        held = np.where(running, self.accounts.balance, 0)
        return np.bincount(self.accounts.owner, held, self.people.count).astype(np.int64)

    def holds(self) -> dict[str, Bools]:
        """Who holds which category of product today."""
        result = {}
        running = self.open_now()
        served = (self.services.opened <= self.on) & (self.services.closed == NEVER)
        for category in CATEGORIES:
            has = np.zeros(self.people.count, dtype=bool)
            kind = np.isin(names.CATEGORY, category)
            has[self.accounts.owner[running & kind[self.accounts.product]]] = True
            has[self.services.owner[served & kind[self.services.product]]] = True
            result[category] = has
        return result

    def other_bank(self, who: Ints) -> Ints:
        """The bank that people deal with beside this one."""
        return np.asarray(np.where(self.wealth.home[who] > 0, self.wealth.home[who], self.wealth.second[who]))

    def chance(self, generator: np.random.Generator, chances: Floats | float) -> Ints:
        """Living customers to whom something happens today with the chance of each."""
        return np.flatnonzero(self.alive & (generator.random(self.people.count) < chances))


def unique(parts: list[Ints]) -> Ints:
    """Places noted in a day, each once."""
    return np.unique(joined(parts))
