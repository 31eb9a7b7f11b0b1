"""Accounts, loans, cards and standing orders: what people of that kind hold, in sizes that they can have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from weihu.sources.synthetic import names
from weihu.sources.synthetic.columns import NEVER, YEAR, Floats, Ints, joined
from weihu.sources.synthetic.names import CATEGORY, LEAST, PLACE, RATE, RISK, TERM
from weihu.sources.synthetic.people import GROWN, MARRIED, People
from weihu.sources.synthetic.wealth import Wealth

DEMAND = PLACE["D001"]
DEPOSIT, CERTIFICATE = PLACE["T012"], PLACE["T024"]
HOUSING, CONSUMER, BUSINESS = PLACE["L001"], PLACE["L002"], PLACE["L004"]
CARDS = (PLACE["C001"], PLACE["C101"], PLACE["C102"])
ORDER = PLACE["C002"]
THOUSAND = 100_000
"""Cents."""

MISTAKES = 0.012
"""The share of risky holdings that were sold above the customer's class in years past."""
PAID_OFF_AT = 69
"""The age by which loans have ended."""
CARD_YEARS = 5
Choice = Callable[[np.random.Generator, Ints, Ints], Ints]


@dataclass
class Accounts:
    """Columns by account; a row's place is its number. Days count from 1970, money is in cents."""

    owner: Ints
    product: Ints
    balance: Ints
    branch: Ints
    opened: Ints
    matures: Ints
    closed: Ints

    def add(self, other: Accounts) -> Ints:
        """Append others; returns their places."""
        return _add(self, other, len(self.owner), len(other.owner))


@dataclass
class Services:
    """Loans, cards and standing orders. ``owed`` is what a loan has left; ``payment`` its instalment.

    ``limit`` and ``used`` are of cards.
    """

    owner: Ints
    product: Ints
    owed: Ints
    payment: Ints
    opened: Ints
    ends: Ints
    closed: Ints
    limit: Ints
    used: Ints

    def add(self, other: Services) -> Ints:
        """Append others; returns their places."""
        return _add(self, other, len(self.owner), len(other.owner))


def _add(table: Accounts | Services, other: Accounts | Services, before: int, more: int) -> Ints:
    for field in fields(table):
        setattr(table, field.name, np.concatenate([getattr(table, field.name), getattr(other, field.name)]))
    return np.arange(before, before + more)


def risk_classes(rng: np.random.Generator, people: People, wealth: Wealth, on: int) -> Ints:
    """C1 to C5 as 1 to 5 by age, wealth and schooling; 0 for those who may not be asked yet."""
    age = people.age(on)
    score = 2.95 - 0.028 * (age - 42) + 1.3 * (wealth.rank - 0.5) + 0.16 * (people.will_be - 3)
    score += 0.75 * rng.normal(size=people.count)
    most = np.select([age >= 80, age >= 70, age >= 65], [1, 2, 3], 5)
    classes = np.minimum(np.clip(np.floor(score), 1, 5).astype(np.int64), most)
    return np.where(age < GROWN, 0, classes)


def open_accounts(
    rng: np.random.Generator,
    people: People,
    wealth: Wealth,
    risk: Ints,
    since: Ints,
    branch: Ints,
    branches: int,
    on: int,
) -> tuple[Accounts, Ints]:
    """What everybody holds on the first day or opens with, and the places of the old mistakes among it."""
    n, age = people.count, people.age(on)
    owners, products, shares = (
        [np.arange(n)],
        [np.full(n, DEMAND)],
        [(rng.gamma(2.2, 0.28, n) + 0.04) * (1.25 - 0.75 * wealth.rank)],
    )
    for chance, category, low, high in _habits(people, wealth, risk, age):
        holds = np.flatnonzero(rng.random(n) < chance)
        owners.append(holds)
        products.append(PRODUCT_OF[category](rng, risk[holds], wealth.here[holds] // 2))
        shares.append(rng.uniform(low, high, len(holds)))
    owner, product, share = joined(owners), joined(products), np.concatenate(shares)
    whole = np.bincount(owner, share, n)
    balance = (wealth.here[owner] * share / whole[owner]).astype(np.int64)
    product = np.where((product == CERTIFICATE) & (balance < LEAST[CERTIFICATE]), DEPOSIT, product)
    saved = product != DEMAND
    balance[saved] = balance[saved] // THOUSAND * THOUSAND
    kept = ~saved | ((balance >= LEAST[product]) & (balance >= THOUSAND))
    owner, product, balance = owner[kept], product[kept], balance[kept]
    saved = product != DEMAND
    balance[:n] += wealth.here - np.bincount(owner, balance, n).astype(np.int64)
    opened, matures = _dates(rng, people, owner, product, since, on)
    away = saved & (rng.random(len(owner)) < 0.05)
    at = np.where(away, rng.integers(1, branches + 1, len(owner)), branch[owner])
    accounts = Accounts(owner, product, balance, at, opened, matures, np.full(len(owner), NEVER))
    return accounts, _mistakes(rng, accounts, risk, on)


def _habits(people: People, wealth: Wealth, risk: Ints, age: Floats) -> list[tuple[Floats, str, float, float]]:
    """Per kind of saving: who has it by chance, of which category, and how much of the money."""
    here, rank = wealth.here / 100, wealth.rank
    grown, old = age >= GROWN, np.interp(age, [18, 35, 60, 75], [0.0, 0.25, 0.8, 1.0])
    term = np.where(here >= 5_000, 0.16 + 0.36 * old + 0.18 * rank, 0)
    more = np.where(here >= 60_000, 0.06 + 0.22 * old, 0) * grown
    careful = np.interp(risk, [0, 1, 2, 3, 4, 5], [0, 0, 0.30, 0.40, 0.42, 0.40])
    bought = np.where(here >= 20_000, careful * (0.3 + rank), 0) * grown
    funds = np.where(here >= 8_000, np.interp(risk, [0, 1, 2, 3, 4, 5], [0, 0, 0.05, 0.13, 0.26, 0.38]), 0) * grown
    insured = np.where((here >= 80_000) & (age >= 28) & (age <= 72), 0.20, 0) * (risk >= 2)
    return [
        (np.where(grown, term, np.where(here >= 2_000, 0.35, 0)), "term", 0.4, 1.6),
        (more, "term", 0.3, 1.0),
        (bought, "wealth", 0.4, 1.5),
        (funds, "fund", 0.15, 0.8),
        (insured, "insurance", 0.2, 0.8),
    ]


def term_product(rng: np.random.Generator, risk: Ints, cents: Ints) -> Ints:
    """A deposit's term; large sums go into certificates."""
    usual = rng.choice([PLACE["T003"], PLACE["T006"], DEPOSIT, PLACE["T036"]], len(cents), p=[0.18, 0.17, 0.42, 0.23])
    return np.where((cents >= LEAST[CERTIFICATE]) & (rng.random(len(cents)) < 0.55), CERTIFICATE, usual)


def wealth_product(rng: np.random.Generator, risk: Ints, cents: Ints) -> Ints:
    """A wealth product that the class and the sum allow."""
    steady = np.where(rng.random(len(risk)) < 0.5, PLACE["W060"], PLACE["W180"])
    bold = (risk >= 3) & (rng.random(len(risk)) < 0.3) & (cents >= LEAST[PLACE["W365"]])
    return np.where(bold, PLACE["W365"], steady)


def fund_product(rng: np.random.Generator, risk: Ints, cents: Ints) -> Ints:
    """A fund that the class allows."""
    chance = rng.random(len(risk))
    balanced = np.where((risk >= 3) & (chance < 0.6), PLACE["F003"], PLACE["F002"])
    return np.where((risk >= 4) & (chance > 0.45), PLACE["F001"], balanced)


def annuity(rng: np.random.Generator, risk: Ints, cents: Ints) -> Ints:
    """The one insurance that the bank sells."""
    return np.full(len(risk), PLACE["I001"])


PRODUCT_OF: dict[str, Choice] = {
    "term": term_product, "wealth": wealth_product, "fund": fund_product, "insurance": annuity,
}  # fmt: skip
"""How a product of a category is chosen, by class and sum."""


def _dates(
    rng: np.random.Generator, people: People, owner: Ints, product: Ints, since: Ints, on: int
) -> tuple[Ints, Ints]:
    """When each account was opened and when it matures; nothing but deposits before its owner was grown."""
    m, term = len(owner), TERM[product]
    of_age = people.born[owner] + int(GROWN * YEAR) + 1
    deposit = np.isin(CATEGORY[product], ["demand", "term"])
    earliest = np.where(deposit, since[owner], np.maximum(since[owner], of_age))
    insured = CATEGORY[product] == "insurance"
    earliest = np.where(insured, np.maximum(earliest, people.born[owner] + int(27 * YEAR)), earliest)
    latest = np.where(insured, people.born[owner] + int(66 * YEAR), on - 1)
    latest = np.maximum(np.minimum(latest, on - 1), earliest)
    anywhen = earliest + (rng.random(m) * (latest - earliest)).astype(np.int64)
    left = (rng.random(m) * term).astype(np.int64) + 1
    begun = np.maximum(on + left - term, earliest)
    new = since[owner] >= on
    opened = np.where(new | (product == DEMAND), since[owner], np.where(term > 0, np.minimum(begun, on - 1), anywhen))
    return opened, np.where(term > 0, opened + term, NEVER)


def _mistakes(rng: np.random.Generator, accounts: Accounts, risk: Ints, on: int) -> Ints:
    """Some funds that were sold above the class, years ago."""
    funds = np.flatnonzero(
        np.isin(CATEGORY[accounts.product], ["fund"]) & (risk[accounts.owner] <= 3) & (accounts.opened < on - 200)
    )
    risky = int((RISK[accounts.product] >= 2).sum())
    wrong = np.sort(rng.permutation(funds)[: round(MISTAKES * risky)])
    accounts.product[wrong] = PLACE["F001"]
    return wrong


def instalment(owed: Ints, rate: Floats, term: Ints) -> Ints:
    """The equal payment of a month that pays off a loan in so many months."""
    monthly = rate / 12
    return np.asarray(np.ceil(owed * monthly / (1 - (1 + monthly) ** -term)).astype(np.int64))


def left_after(owed: Ints, rate: Floats, term: Ints, passed: Ints) -> Ints:
    """What is left of a loan after so many of its monthly payments."""
    growth = 1 + rate / 12
    return np.asarray((owed * (growth**term - growth**passed) / (growth**term - 1)).astype(np.int64))


def grant_loans(
    rng: np.random.Generator, who: Ints, product: int, people: People, since: Ints, on: int, fresh: bool = False
) -> Services:
    """Loans of a kind in sizes that incomes carry, ended by the age of 69; ``fresh``: granted today, nothing repaid."""
    n, age = len(who), people.age(on)[who]
    monthly = people.income[who] * np.where(people.marital[who] == MARRIED, 1.7, 1.0)
    rate = np.full(n, RATE[product])
    most = np.maximum(12, (12 * (PAID_OFF_AT - age)).astype(np.int64))
    if product == HOUSING:
        term = np.minimum(rng.choice([120, 180, 240, 300, 360], n, p=[0.08, 0.12, 0.26, 0.18, 0.36]), most)
        size, least, largest = (
            monthly * rng.uniform(0.24, 0.42, n) * (1 - (1 + rate / 12) ** -term) / (rate / 12),
            150,
            3500,
        )
        passed = (rng.random(n) ** 1.2 * np.minimum(term * 0.85, 150)).astype(np.int64)
    elif product == CONSUMER:
        term = np.minimum(rng.choice([12, 24, 36], n, p=[0.3, 0.35, 0.35]), most)
        size, least, largest = people.income[who] * rng.uniform(2, 9, n), 10, 300
        passed = (rng.random(n) * term).astype(np.int64)
    else:
        term = np.minimum(rng.choice([12, 24, 36], n, p=[0.5, 0.2, 0.3]), most)
        size, least, largest = people.income[who] * rng.uniform(6, 20, n), 50, 3000
        passed = (rng.random(n) * term).astype(np.int64)
    size = (np.clip(size, least * THOUSAND, largest * THOUSAND) // THOUSAND * THOUSAND).astype(np.int64)
    had = ((on - np.maximum(since[who], people.born[who] + int(22 * YEAR))) / 30.5).astype(np.int64)
    passed = np.zeros(n, np.int64) if fresh else np.clip(np.minimum(passed, had), 0, term - 2)
    opened = on - (passed * 30.44).astype(np.int64) - (0 if fresh else 12)
    owed = left_after(size, rate, term, passed)
    none = np.zeros(n, np.int64)
    return Services(
        who, np.full(n, product), owed, instalment(size, rate, term), np.maximum(opened, np.minimum(since[who], on)),
        opened + (term * 30.44).astype(np.int64) + 15, np.full(n, NEVER), none, none.copy(),
    )  # fmt: skip


def first_services(rng: np.random.Generator, people: People, wealth: Wealth, since: Ints, on: int) -> Services:
    """The loans, cards and standing orders of those who are customers already."""
    n, age, here = people.count, people.age(on), wealth.home == 0
    known, earns = (since < on - 60) & (people.again < 0), people.income > 0
    works = earns & (people.occupation != names.RETIRED) & known
    housing = np.interp(age, [24, 28, 36, 46, 56, 58], [0.0, 0.10, 0.17, 0.11, 0.03, 0.0]) * np.where(here, 1.3, 0.5)
    owner = np.isin(people.trade, [names.JOB["企业主"], names.JOB["个体经营"]])
    table = grant_loans(rng, np.flatnonzero(works & (rng.random(n) < housing)), HOUSING, people, since, on)
    consumer = works & (age > 23) & (age < 56) & (rng.random(n) < np.where(here, 0.055, 0.03))
    table.add(grant_loans(rng, np.flatnonzero(consumer), CONSUMER, people, since, on))
    trading = works & owner & (age > 26) & (age < 60) & (rng.random(n) < 0.16)
    table.add(grant_loans(rng, np.flatnonzero(trading), BUSINESS, people, since, on))
    carded = known & (earns | (wealth.here > 5_000_000)) & (age > 20) & (age < 66)
    carded &= rng.random(n) < np.where(here, 0.52, 0.24) * np.interp(age, [20, 28, 50, 66], [0.5, 1.0, 0.9, 0.35])
    table.add(issue_cards(rng, np.flatnonzero(carded), people, wealth, since, on))
    paying = known & here & (age >= 22) & (rng.random(n) < 0.34)
    table.add(order_payments(rng, np.flatnonzero(paying), people, since, on))
    return table


def issue_cards(
    rng: np.random.Generator, who: Ints, people: People, wealth: Wealth, since: Ints, on: int, fresh: bool = False
) -> Services:
    """Credit cards with a limit by income and wealth, and what of it is used."""
    n = len(who)
    rank = wealth.rank[who] + 0.08 * rng.normal(size=n)
    product = np.select([rank > 0.95, rank > 0.82], [CARDS[2], CARDS[1]], CARDS[0])
    limit = people.income[who] * rng.uniform(1, 4, n) + np.minimum(wealth.here[who] * 0.1, 10_000_000)
    limit = (np.clip(limit, 3 * THOUSAND, 500 * THOUSAND) // THOUSAND * THOUSAND).astype(np.int64)
    used = card_use(rng, limit, people.income[who])
    held = np.zeros(n, np.int64) if fresh else (rng.random(n) * CARD_YEARS * YEAR).astype(np.int64) + 1
    opened = np.maximum(np.maximum(on - held, since[who]), people.born[who] + int(GROWN * YEAR) + 1)
    return Services(
        who, product, np.zeros(n, np.int64), np.zeros(n, np.int64), opened,
        opened + int(CARD_YEARS * YEAR), np.full(n, NEVER), limit, used,
    )  # fmt: skip


def card_use(rng: np.random.Generator, limit: Ints, income: Ints) -> Ints:
    """What stands on cards in a month: a part of the income, within the limit; on every fourth card nothing."""
    spent = np.maximum(income, 200_000) * rng.beta(1.6, 3.4, len(limit))
    return np.where(rng.random(len(limit)) < 0.75, np.minimum(spent, limit * 0.9), 0).astype(np.int64)


def order_payments(rng: np.random.Generator, who: Ints, people: People, since: Ints, on: int) -> Services:
    """Standing orders for water and electricity: what is paid differs by the month, so nothing is owed and none ends."""
    n = len(who)
    none = np.zeros(n, np.int64)
    earliest = np.maximum(since[who], people.born[who] + int(GROWN * YEAR) + 1)
    opened = earliest + (rng.random(n) * np.maximum(1, on - earliest)).astype(np.int64)
    payment = (rng.gamma(3.0, 6_500, n) + 3_000).astype(np.int64)
    never = np.full(n, NEVER)
    return Services(who, np.full(n, ORDER), none, payment, opened, never, never.copy(), none.copy(), none.copy())
