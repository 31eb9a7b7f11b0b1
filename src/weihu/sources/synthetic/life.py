"""Life goes on: people marry, have children, change jobs, move, buy homes, retire, inherit and die, and money follows."""

from __future__ import annotations

import numpy as np

from weihu.sources.synthetic import names
from weihu.sources.synthetic.columns import NEVER, YEAR, Ints
from weihu.sources.synthetic.days import PAY_DAYS, PENSION_DAY
from weihu.sources.synthetic.holdings import HOUSING, grant_loans
from weihu.sources.synthetic.latent import LONG_AGO, STAYING
from weihu.sources.synthetic.names import CATEGORY
from weihu.sources.synthetic.people import (
    CHILD,
    DIVORCED,
    GROWN,
    HEAD,
    LEGAL_AGE,
    MARRIED,
    MORTALITY,
    MORTALITY_GROWTH,
    SCHOOL_ENDS,
    SINGLE,
    WIDOWED,
    incomes,
    retires_on,
)
from weihu.sources.synthetic.state import HOME, PAYMENT, SCHOOL, TRANSFER, State

MARRIES, DIVORCES, BEARS = 0.10, 0.005, 0.055
"""A year, in the years in which people do."""
LOSES_JOB, CHANGES_JOB, FINDS_JOB = 0.025, 0.08, 1.6
TAKES_SALARY_ALONG = 0.45
MOVES_HOUSE, BUYS_HOUSE, BUYS_CAR, INHERITS = 0.022, 0.03, 0.06, 0.006
SCHOOL_AGES = (6, 12, 15, 18)


def live(state: State) -> None:
    """A day of everybody's life."""
    rng = state.draw(20)
    _marry(state, rng)
    _bear(state, rng)
    _go_to_school(state, rng)
    _work(state, rng)
    _retire(state)
    _move_house(state, rng)
    _spend_much(state, rng)
    _inherit(state, rng)
    _die(state, rng)
    _settle_estates(state, rng)


def _a_day(a_year: float) -> float:
    return a_year / YEAR


def _marry(state: State, rng: np.random.Generator) -> None:
    people, age = state.people, state.people.age(state.on)
    may = (people.marital == SINGLE) & (age > np.where(people.female, LEGAL_AGE[1], LEGAL_AGE[0])) & (age < 42)
    may &= people.occupation != names.STUDENT
    wed = state.chance(rng, np.where(may, _a_day(MARRIES), 0))
    people.marital[wed] = MARRIED
    cost = -np.minimum((state.demand(wed) * 6) // 10, rng.integers(20, 120, len(wed)) * 100_000)
    done = state.move(wed, cost, PAYMENT)
    state.note(wed, "marriage", np.where(done, cost, 0))
    together = (people.marital == MARRIED) & (age < 60) & (people.again < 0)
    parted = state.chance(rng, np.where(together, _a_day(DIVORCES), 0))
    both = np.unique(np.concatenate([parted, people.spouse[parted][people.spouse[parted] >= 0]]))
    both = both[state.died[both] > state.on]
    people.marital[both] = DIVORCED
    people.spouse[both] = -1
    state.note(both, "divorce")
    state.changed_people += [wed, both]


def _bear(state: State, rng: np.random.Generator) -> None:
    """Children are born to married women, or to men whose wives are no customers; a couple has the same children."""
    people, age = state.people, state.people.age(state.on)
    once = people.female | (people.spouse < 0)
    may = (people.marital == MARRIED) & once & (age > 22.5) & (age < np.where(people.female, 40, 45))
    may &= people.child_2 == NEVER
    last = np.where(people.child_1 == NEVER, LONG_AGO, people.child_1)
    may &= (state.on - last > 500) & (people.again < 0)
    rate = np.where(people.child_1 == NEVER, BEARS * 2.2, BEARS * 0.5)
    parent = state.chance(rng, np.where(may, _a_day(1) * rate, 0))
    other = people.spouse[parent]
    both = np.unique(np.concatenate([parent, other[other >= 0]]))
    first = people.child_1[both] == NEVER
    people.child_1[both[first]] = state.on
    people.child_2[both[~first]] = state.on
    state.note(both, "birth")


def _go_to_school(state: State, rng: np.random.Generator) -> None:
    """On the first of September: fees for those whose child begins a school; customers' own schooling goes on."""
    on, people = state.date, state.people
    if (on.month, on.day) != (9, 1):
        return
    for child in (people.child_1, people.child_2):
        born = np.where(child == NEVER, state.on, child)
        turns = np.floor((state.on - born) / YEAR).astype(np.int64)
        who = np.flatnonzero(state.alive & (child != NEVER) & np.isin(turns, SCHOOL_AGES) & (people.again < 0))
        fee = -np.where(turns[who] == 18, rng.integers(60, 130, len(who)), rng.integers(5, 60, len(who))) * 10_000
        done = state.move(who, fee, PAYMENT, purpose=np.full(len(who), SCHOOL))
        state.note(who, "school", np.where(done, fee, 0))
    age = people.age(state.on)
    starts = np.flatnonzero(state.alive & (people.occupation == names.INFANT) & (age >= 6))
    people.occupation[starts] = names.STUDENT
    state.changed_people.append(starts)


def _work(state: State, rng: np.random.Generator) -> None:
    """Students finish and begin to work; some lose their job, more change it; pay follows to another bank at times."""
    people, age, wealth = state.people, state.people.age(state.on), state.wealth
    learned = SCHOOL_ENDS[np.maximum(people.will_be, 1)] + 0.5
    ends = state.alive & (people.occupation == names.STUDENT) & (age >= np.maximum(learned, GROWN))
    idle = state.alive & (people.occupation == names.IDLE) & (rng.random(people.count) < _a_day(FINDS_JOB))
    begins = np.flatnonzero(ends | (idle & (people.trade < names.RETIRED)))
    people.education[begins] = np.maximum(people.education[begins], people.will_be[begins])
    working = (people.occupation < names.RETIRED) & np.array([job.paid for job in names.JOBS])[people.trade]
    loses = state.chance(rng, np.where(working & (age < 58), _a_day(LOSES_JOB), 0))
    changes = state.chance(rng, np.where(working & (age < 50), _a_day(CHANGES_JOB), 0))
    changes = changes[~np.isin(changes, loses)]
    people.occupation[begins] = people.trade[begins]
    people.occupation[loses] = names.IDLE
    luck = rng.normal(size=people.count)
    for who, kind in ((begins, "job"), (changes, "job"), (loses, "job_lost")):
        before = people.income[who]
        people.income[who] = incomes(people, state.on, luck)[who]
        state.note(who, kind, np.zeros(len(who), np.int64))
        state.changed_people.append(who)
        if kind == "job_lost":
            wealth.paid_here[who] = False
            people.income[who] = 0
            _remember_pay(state, who, before)
    along = rng.random(len(changes)) < TAKES_SALARY_ALONG
    wealth.paid_here[changes[along]] = False
    begun = begins[rng.random(len(begins)) < np.where(wealth.home[begins] == 0, 0.8, 0.1)]
    wealth.paid_here[begun] = True
    state.paid_on[begun] = PAY_DAYS[begun % len(PAY_DAYS)]


def _remember_pay(state: State, who: Ints, before: Ints) -> None:
    """Who loses a job is without a salary at once: the day on which it used to come is the day it is missed."""
    paid = state.paid_on[who] > 0
    state.note(who[paid], "salary_stopped", before[paid])
    state.latent.salary_lost[who[paid]] = state.on
    state.paid_on[who] = 0


def _retire(state: State) -> None:
    people = state.people
    working = state.alive & (people.occupation < names.RETIRED) | (state.alive & (people.occupation > names.STUDENT))
    who = np.flatnonzero(working & (people.occupation != names.INFANT) & (retires_on(people) <= state.on))
    people.occupation[who] = names.RETIRED
    people.income[who] = incomes(people, state.on, np.zeros(people.count))[who]
    state.turnover[who] = 0
    state.paid_on[who] = np.where(state.wealth.paid_here[who], PENSION_DAY, 0)
    state.note(who, "retirement")
    state.changed_people.append(who)


def _move_house(state: State, rng: np.random.Generator) -> None:
    """A whole household moves."""
    people = state.people
    head = (people.role == HEAD) & (people.again < 0)
    heads = state.chance(rng, np.where(head & (people.age(state.on) < 80), _a_day(MOVES_HOUSE), 0))
    homes = np.full(people.households, -1)
    homes[people.household[heads]] = np.arange(len(heads))
    who = np.flatnonzero(homes[people.household] >= 0) if len(heads) else heads
    for name, most in names.ADDRESS.items():
        getattr(people, name)[who] = rng.integers(0, most, len(heads))[homes[people.household[who]]]
    state.note(who, "moving")
    state.changed_people.append(who)


def _spend_much(state: State, rng: np.random.Generator) -> None:
    """A house or a car: much money goes, and nobody leaves. For a house term money is broken and a loan is taken."""
    people, age, wealth = state.people, state.people.age(state.on), state.wealth
    calm = (state.latent.stage(state.on) == STAYING) & (people.again < 0)
    rich = wealth.here > 15_000_000
    wants = np.where(rich & calm & (age > 25) & (age < 62), _a_day(BUYS_HOUSE) * np.interp(age, [26, 34, 60], [2, 2.5, 0.6]), 0)  # fmt: skip
    buyers = state.chance(rng, wants)
    if len(buyers):
        saved = state.saved_of(buyers)
        state.close_accounts(saved[CATEGORY[state.accounts.product[saved]] != "insurance"])
    down = -(state.demand(buyers) * rng.uniform(0.55, 0.92, len(buyers))).astype(np.int64)
    bank = rng.integers(1, len(names.OTHER_BANKS) + 1, len(buyers))
    done = state.move(buyers, down, TRANSFER, bank=bank, purpose=np.full(len(buyers), HOME))
    state.note(buyers[done], "house", down[done])
    indebted = state.services.owner[(state.services.owed > 0) & (state.services.closed == NEVER)]
    borrows = buyers[done & (rng.random(len(buyers)) < 0.5)]
    borrows = borrows[(people.income[borrows] > 0) & (age[borrows] < 58) & ~np.isin(borrows, indebted)]
    borrows = borrows[people.occupation[borrows] != names.RETIRED]
    loans = grant_loans(rng, borrows, HOUSING, people, state.since, state.on, fresh=True)
    state.changed_services.append(state.services.add(loans))
    drivers = state.chance(rng, np.where(calm & (age > 22) & (age < 65) & (people.income > 0), _a_day(BUYS_CAR), 0))
    price = -rng.integers(60, 320, len(drivers)) * 100_000
    can = state.demand(drivers) > -price
    done = state.move(drivers[can], price[can], PAYMENT)
    state.note(drivers[can][done], "car", price[can][done])


def _inherit(state: State, rng: np.random.Generator) -> None:
    """From parents who had their money elsewhere."""
    age = state.people.age(state.on)
    heirs = state.chance(rng, np.where((age > 38) & (age < 68), _a_day(INHERITS), 0))
    cents = np.exp(rng.normal(np.log(12_000_000), 0.9, len(heirs))).astype(np.int64) // 100_000 * 100_000
    done = state.move(heirs, cents, TRANSFER, bank=rng.integers(1, len(names.OTHER_BANKS) + 1, len(heirs)))
    state.note(heirs[done], "inheritance", cents[done])


def _die(state: State, rng: np.random.Generator) -> None:
    people, age = state.people, np.clip(state.people.age(state.on), 0, 105)
    who = state.chance(rng, MORTALITY * np.exp(MORTALITY_GROWTH * age) / YEAR)
    state.died[who] = state.on
    state.estate_on[who] = state.on + rng.integers(25, 130, len(who))
    left = people.spouse[who]
    left = left[left >= 0]
    people.marital[left] = WIDOWED
    people.spouse[left] = people.spouse[who] = -1
    state.note(who, "death")
    paid = who[(state.paid_on[who] > 0) & state.wealth.paid_here[who]]
    state.note(paid, "salary_stopped", people.income[paid])
    state.changed_people.append(left)


def _settle_estates(state: State, rng: np.random.Generator) -> None:
    """A while after a death loans are paid off, the accounts closed, and the family gets what is left."""
    accounts, services = state.accounts, state.services
    who = np.flatnonzero(state.estate_on == state.on)
    if not len(who):
        return
    state.close_accounts(state.saved_of(who))
    for place in np.flatnonzero(np.isin(services.owner, who) & (services.closed == NEVER)):
        owner, owed = services.owner[place : place + 1], services.owed[place : place + 1]
        state.move(owner, -np.minimum(owed, state.demand(owner)), PAYMENT)
        services.owed[place], services.closed[place] = 0, state.on
        state.changed_services.append(np.array([place]))
    left = state.demand(who).copy()
    heirs = _heirs(state, who)
    found = heirs >= 0
    state.move(who, -left, TRANSFER, bank=np.where(found, 0, state.other_bank(who)))
    for heir, cents in zip(heirs[found], left[found], strict=True):
        if state.move(np.array([heir]), np.array([cents]), TRANSFER).all():
            state.note(np.array([heir]), "inheritance", np.array([cents]))
    state.note(who, "estate", -left)
    accounts.closed[who] = state.on
    state.changed_accounts.append(who)


def _heirs(state: State, who: Ints) -> Ints:
    """Somebody of the same household who lives and is a customer, the spouse first; -1 where there is none."""
    people = state.people
    result = np.full(len(who), -1)
    for number, dead in enumerate(who):
        home = np.flatnonzero((people.household == people.household[dead]) & state.alive)
        home = home[(home != dead) & (people.again[home] < 0) & (people.age(state.on)[home] >= GROWN)]
        if len(home):
            result[number] = home[np.argsort(people.role[home] == CHILD, kind="stable")][0]
    return result
