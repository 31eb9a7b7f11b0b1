"""Who the bank's customers are: families first, then each one's schooling, work and income, all fitting together.

Ages, sexes and marriages follow the seventh census (2020); schooling follows its cohorts in a city; incomes follow the
National Bureau of Statistics' average wages for 2024. ``docs/synthetic.md`` names every source.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

import numpy as np
from scipy.special import ndtr

from weihu.sources.synthetic import names
from weihu.sources.synthetic.columns import NEVER, YEAR, Bools, Floats, Ints, chosen, days, drawn, months, years

SINGLE, MARRIED, DIVORCED, WIDOWED = range(4)
HEAD, SPOUSE, CHILD = range(3)
PRIMARY, MIDDLE, HIGH, COLLEGE, BACHELOR, MASTER, DOCTOR = range(7)
NO_SCHOOL = -1
GROWN = 18
"""The age from which one may act alone."""

CENSUS = date(2020, 11, 1)
AGE_BAND = 5
PYRAMID = np.array([
    77.9, 90.2, 85.3, 72.7, 74.9, 91.8, 124.1, 99.0, 93.0, 114.2, 121.2, 101.4, 73.4, 74.0, 49.6, 31.2, 20.4, 10.8, 3.7, 0.8,
])  # fmt: skip
"""Millions of people by five-year age at the census."""
BANKED = ((25, 0.7), (65, 1.0), (75, 0.85), (130, 0.55))
"""Up to which age how many of the grown have an account of their own here, against those in the best years."""
MORTALITY, MORTALITY_GROWTH = 2.4e-5, 0.095
"""Deaths a year at age 0 and how they grow with each year (Gompertz), near the census's life table."""

MARRIAGE_AGES = (22, 25, 30, 35, 40, 50, 60, 70, 80, 130)
SINGLE_MEN = (1.0, 0.94, 0.56, 0.22, 0.10, 0.060, 0.040, 0.035, 0.030, 0.025, 0.02)
SINGLE_WOMEN = (1.0, 0.84, 0.38, 0.11, 0.05, 0.030, 0.014, 0.008, 0.006, 0.004, 0.004)
DIVORCED_SHARE = (0.0, 0.0, 0.012, 0.03, 0.045, 0.055, 0.048, 0.034, 0.02, 0.012, 0.01)
WIDOWED_MEN = (0.0, 0.0, 0.0, 0.001, 0.001, 0.003, 0.010, 0.028, 0.075, 0.18, 0.30)
WIDOWED_WOMEN = (0.0, 0.0, 0.0, 0.001, 0.003, 0.010, 0.034, 0.095, 0.23, 0.46, 0.66)
LEGAL_AGE = (22, 20)
"""From which men and women marry."""

SCHOOL_COHORTS = (1946, 1956, 1966, 1976, 1986, 1996)
SCHOOLING = np.array([
    (0.50, 0.25, 0.14, 0.062, 0.045, 0.0025, 0.0005),
    (0.26, 0.38, 0.23, 0.075, 0.050, 0.0040, 0.0010),
    (0.13, 0.37, 0.29, 0.120, 0.078, 0.0100, 0.0020),
    (0.06, 0.34, 0.25, 0.175, 0.150, 0.0210, 0.0040),
    (0.025, 0.24, 0.205, 0.235, 0.235, 0.0520, 0.0080),
    (0.008, 0.13, 0.182, 0.270, 0.320, 0.0810, 0.0090),
    (0.004, 0.07, 0.190, 0.310, 0.350, 0.0700, 0.0060),
])  # fmt: skip
"""Highest school by year of birth, a row before the first year and one from each on."""
SCHOOL_ENDS = np.array([12, 15, 18, 21, 22, 25, 29])
"""The age at which each school has been finished."""

WITH_SPOUSE, WITH_MINOR, WITH_GROWN = 0.42, 0.15, 0.38
"""How often the spouse, a minor child, and a grown child still at home are customers too."""
AT_HOME_UNTIL = 31
REFORM = days(date(2025, 1, 1))
"""Since then the ages of retirement rise."""


@dataclass
class People:
    """Columns of the customers. Days count from 1970; money is in cents a month.

    ``spouse``, ``mother`` and ``father`` are places of customers, -1 where there is none among them. ``trade`` is the
    job somebody has or had; ``occupation`` what he or she is now.
    """

    household: Ints
    role: Ints
    female: Bools
    born: Ints
    marital: Ints
    spouse: Ints
    father: Ints
    mother: Ints
    child_1: Ints
    child_2: Ints
    education: Ints
    will_be: Ints
    trade: Ints
    occupation: Ints
    income: Ints
    standing: Floats
    surname: Ints
    given_1: Ints
    given_2: Ints
    area: Ints
    id_order: Ints
    prefix: Ints
    number: Ints
    district: Ints
    road: Ints
    house: Ints
    estate: Ints
    block: Ints
    room: Ints
    again: Ints

    @property
    def count(self) -> int:
        return len(self.born)

    @property
    def households(self) -> int:
        return int(self.household.max()) + 1

    def age(self, on: int) -> Floats:
        return (on - self.born) / YEAR

    def copy_to(self, places: Ints, originals: Ints) -> None:
        """Make people the same as others in everything."""
        for field in fields(self):
            column = getattr(self, field.name)
            column[places] = column[originals]


def families(rng: np.random.Generator, count: int, on: int) -> People:
    """So many customers on a day, family after family."""
    household, role, female, born, marital, child_1, child_2, father, mother, spouse = _members(rng, count, on)
    n = len(born)
    none = np.zeros(n, np.int64)
    people = People(
        household, role, female, born, marital, spouse, father, mother, child_1, child_2,
        education=none.copy(), will_be=none.copy(), trade=none.copy(), occupation=none.copy(), income=none.copy(),
        standing=np.zeros(n), surname=names.surnames(rng, n), given_1=none, given_2=none.copy(),
        area=_areas(rng, n), id_order=rng.integers(0, 500, n) * 2 + ~female,
        prefix=rng.choice(names.PHONE_PREFIXES, n), number=rng.integers(10_000_000, 10**8, n),
        district=none.copy(), road=none.copy(), house=none.copy(), estate=none.copy(), block=none.copy(), room=none.copy(),
        again=np.full(n, -1),
    )  # fmt: skip
    _call(rng, people)
    _house(rng, people)
    _school_and_work(rng, people, on)
    return people


def _members(
    rng: np.random.Generator, count: int, on: int
) -> tuple[Ints, Ints, Bools, Ints, Ints, Ints, Ints, Ints, Ints, Ints]:
    """Heads, spouses and children who are customers, in families, cut at the count."""
    n = count
    born = _births(rng, n, on)
    age = (on - born) / YEAR
    old = np.interp(age, [60, 70, 80, 90], [0.485, 0.50, 0.54, 0.60])
    female = rng.random(n) < old
    marital = _marriages(rng, age, female)
    apart = np.clip(rng.normal(2.0, 2.6, n), -7, 12) * YEAR
    other_born = np.where(female, born - apart, born + apart).astype(np.int64)
    other_latest = on - (np.where(female, LEGAL_AGE[0], LEGAL_AGE[1]) * YEAR).astype(np.int64) - 200
    other_born = np.clip(other_born, on - int(97 * YEAR), other_latest)
    mother_born = np.where(female, born, other_born)
    father_born = np.where(female, other_born, born)
    child_1, child_2 = _children(rng, mother_born, father_born, marital, on)
    has_spouse = (marital == MARRIED) & (rng.random(n) < WITH_SPOUSE)
    joined = [_joins(rng, child, on) for child in (child_1, child_2)]
    everyone = np.arange(n)
    parts = [everyone, everyone[has_spouse], everyone[joined[0]], everyone[joined[1]]]
    roles = [HEAD, SPOUSE, CHILD, CHILD]
    home = np.concatenate(parts)
    role = np.concatenate([np.full(len(part), kind) for part, kind in zip(parts, roles, strict=True)])
    order = np.lexsort((np.arange(len(home)), role, home))[:count]
    of = np.concatenate([np.full(len(part), number) for number, part in enumerate(parts)])[order]
    home, role = home[order], role[order]
    her = np.select(
        [of == 0, of == 1], [female[home], ~female[home]], rng.random(len(home)) < 0.475
    )  # more sons are born than daughters
    births = np.select([of == 0, of == 1, of == 2], [born[home], other_born[home], child_1[home]], child_2[home])
    grown = of < 2
    status = np.where(grown, marital[home], SINGLE)
    first, second = (np.where(grown, child[home], NEVER) for child in (child_1, child_2))
    place = np.arange(len(home))
    head = np.maximum.accumulate(np.where(of == 0, place, 0))
    wed = np.full(len(home), -1)
    spouses = place[of == 1]
    wed[spouses], wed[head[spouses]] = head[spouses], spouses
    parent = np.where(of >= 2, head, -1)
    other = np.where(of >= 2, wed[head], -1)
    head_female = her[head]
    father = np.where(head_female, other, parent)
    mother = np.where(head_female, parent, other)
    return home, role, her, births, status, first, second, father, mother, wed


def _births(rng: np.random.Generator, count: int, on: int) -> Ints:
    """Days of birth of grown people, by the census's cohorts, those who died since left out."""
    band = np.arange(len(PYRAMID))
    age = band * AGE_BAND + AGE_BAND / 2 + (on - days(CENSUS)) / YEAR
    passed = max(0.0, (on - days(CENSUS)) / YEAR)
    alive = np.exp(-MORTALITY * np.exp(MORTALITY_GROWTH * np.clip(age, 0, 100)) * passed)
    banked = np.select([age < limit for limit, _ in BANKED], [share for _, share in BANKED])
    born = days(CENSUS) - (drawn(rng, PYRAMID * alive * banked, count) + rng.random(count)) * AGE_BAND * YEAR
    youngest, eldest = on - (GROWN + 0.2) * YEAR, on - 98 * YEAR
    too_young = born > youngest
    born = np.where(too_young, on - (GROWN + 0.3 + 4 * rng.random(count)) * YEAR, born)
    return np.asarray(np.maximum(born, eldest).astype(np.int64))


def _marriages(rng: np.random.Generator, age: Floats, female: Bools) -> Ints:
    band = np.searchsorted(MARRIAGE_AGES, age, side="right")
    tables = []
    for single, widowed in ((SINGLE_MEN, WIDOWED_MEN), (SINGLE_WOMEN, WIDOWED_WOMEN)):
        alone, parted, left = np.array(single), np.array(DIVORCED_SHARE), np.array(widowed)
        tables.append(np.stack([alone, np.maximum(0, 1 - alone - parted - left), parted, left], axis=1))
    row = band + female * len(SINGLE_MEN)
    return chosen(rng.random(len(age)), np.concatenate(tables), row)


def _children(rng: np.random.Generator, mother: Ints, father: Ints, marital: Ints, on: int) -> tuple[Ints, Ints]:
    """Days of birth of up to two children; NEVER where there is none."""
    n = len(mother)
    year = years(mother)
    first_age = rng.normal(np.interp(year, [1940, 1960, 1975, 1990, 2000], [23.5, 25, 25.5, 28, 29.5]), 2.8)
    first = (mother + np.clip(first_age, 20.2, 41) * YEAR).astype(np.int64)
    first = np.maximum(first, father + int(22 * YEAR))
    none = rng.random(n) < np.interp(year, [1950, 1970, 1985, 1995], [0.04, 0.05, 0.09, 0.20])
    none |= (marital == SINGLE) | (first > on - 30) | (first - mother > 46 * YEAR) | (first - father > 62 * YEAR)
    again = rng.random(n) < np.interp(year, [1940, 1952, 1958, 1978, 1985], [0.85, 0.6, 0.12, 0.16, 0.30])
    second = first + (rng.uniform(1.6, 6.5, n) * YEAR).astype(np.int64)
    again &= ~none & (second < on - 30) & (second - mother < 45 * YEAR) & (second - father < 62 * YEAR)
    return np.where(none, NEVER, first), np.where(again, second, NEVER)


def _joins(rng: np.random.Generator, child: Ints, on: int) -> Bools:
    age = np.where(child == NEVER, -1, (on - np.where(child == NEVER, on, child)) / YEAR)
    chance = np.select([age < 0, age < GROWN, age < AT_HOME_UNTIL], [0.0, WITH_MINOR, WITH_GROWN], 0.0)
    return np.asarray((child != NEVER) & (rng.random(len(child)) < chance))


def _areas(rng: np.random.Generator, count: int) -> Ints:
    return np.asarray(
        np.where(rng.random(count) < 0.62, rng.choice(names.HERE, count), rng.choice(names.AROUND, count))
    )


def _call(rng: np.random.Generator, people: People) -> None:
    """Names; children are called after the father, few after the mother, and are registered where they live."""
    after_mother = (people.mother >= 0) & ((people.father < 0) & (rng.random(people.count) < 0.12))
    after_mother |= (people.mother >= 0) & (people.father >= 0) & (rng.random(people.count) < 0.04)
    after = np.where(after_mother, people.mother, people.father)
    people.surname[after >= 0] = people.surname[after[after >= 0]]
    child = people.role == CHILD
    people.area[child] = rng.choice(names.HERE, int(child.sum()))
    people.given_1, people.given_2 = names.given(rng, years(people.born), people.female)


def _house(rng: np.random.Generator, people: People) -> None:
    homes = people.households
    for name, most in names.ADDRESS.items():
        getattr(people, name)[:] = rng.integers(0, most, homes)[people.household]
    room = rng.integers(1, 29, homes) * 100 + rng.integers(1, 7, homes)
    people.room[:] = room[people.household]


def _school_and_work(rng: np.random.Generator, people: People, on: int) -> None:
    """Schooling by cohort, the same in a couple more often than not; a job that asks for it; what the job pays."""
    n = people.count
    homes = people.households
    people.standing = 0.62 * rng.normal(size=homes)[people.household] + 0.785 * rng.normal(size=n)
    cohort = np.searchsorted(SCHOOL_COHORTS, years(people.born), side="right")
    people.will_be = chosen(ndtr(people.standing), SCHOOLING, cohort)
    age = people.age(on)
    behind_by = np.where(age[:, None] >= SCHOOL_ENDS[None, :] + 0.5, np.arange(7)[None, :], NO_SCHOOL).max(axis=1)
    people.education = np.minimum(people.will_be, behind_by)
    weights = np.array([job.by_education for job in names.JOBS]).T
    women = np.array([job.women for job in names.JOBS])
    tables = np.concatenate([weights * (1 - women), weights * women]) + 1e-12
    people.trade = chosen(rng.random(n), tables, people.will_be + people.female * 7)
    _too_young_for(people, age)
    people.occupation = people.trade.copy()
    home = people.female & (people.marital == MARRIED) & (age > 25) & (age < 50) & (rng.random(n) < 0.09)
    people.occupation[home] = names.HOME
    people.occupation[(rng.random(n) < 0.025) & (people.trade != names.JOB["农民"])] = names.IDLE
    learning = age < SCHOOL_ENDS[np.maximum(people.will_be, MIDDLE)] + 0.5
    people.occupation[learning | (age < GROWN)] = names.STUDENT
    people.occupation[age < 6] = names.INFANT
    people.occupation[on >= retires_on(people)] = names.RETIRED
    people.income = incomes(people, on, rng.normal(size=n))


def _too_young_for(people: People, age: Floats) -> None:
    """Nobody runs a firm at twenty, and few old people write programs."""
    owner, clerk = names.JOB["企业主"], names.JOB["公司职员"]
    people.trade[(people.trade == owner) & (age < 27)] = names.JOB["个体经营"]
    people.trade[(people.trade == names.JOB["企业管理人员"]) & (age < 30)] = clerk
    people.trade[(people.trade == names.JOB["程序员"]) & (age > 52)] = names.JOB["工程师"]
    people.trade[(people.trade == names.JOB["快递员"]) & (age > 52)] = names.JOB["保安"]


def retires_on(people: People) -> Ints:
    """The day of retirement by the rules of 2025: men from 60 to 63, women from 55 to 58 or from 50 to 55."""
    cadre = np.array([job.cadre for job in names.JOBS])[people.trade]
    paid = np.array([job.paid for job in names.JOBS])[people.trade]
    late = np.isin(people.trade, [names.JOB["企业主"], names.JOB["个体经营"], names.JOB["农民"]])
    age = np.where(people.female, np.where(cadre, 55, np.where(paid, 50, 55)), 60) + np.where(late, 4, 0)
    reached = people.born + (age * YEAR).astype(np.int64)
    step = np.where(people.female & (age == 50), 2, 4)
    most = np.where(people.female & (age == 50), 60, 36)
    waited = months(reached) - months(np.array([REFORM]))[0]
    later = np.where(waited < 0, 0, np.minimum(waited // step + 1, most))
    return np.asarray(reached + (later * YEAR / 12).astype(np.int64))


def incomes(people: People, on: int, chance: Floats) -> Ints:
    """A month's income in cents: the job's median, by age, schooling and luck; a pension; nothing."""
    age = people.age(on)
    median = np.array([job.income for job in names.JOBS])[people.trade]
    pension = np.array([job.pension for job in names.JOBS])[people.trade]
    spread = np.array([job.spread for job in names.JOBS])[people.trade]
    by_age = np.interp(age, [18, 22, 26, 32, 40, 50, 60], [0.52, 0.60, 0.75, 0.95, 1.05, 1.0, 0.88])
    pay = median * by_age * np.exp(spread * (0.45 * people.standing + 0.85 * chance))
    old = pension * np.exp(0.22 * (0.45 * people.standing + 0.85 * chance))
    yuan = np.where(people.occupation == names.RETIRED, old, pay)
    nothing = np.isin(people.occupation, [names.STUDENT, names.HOME, names.IDLE, names.INFANT])
    return np.asarray(np.where(nothing, 0, np.round(yuan / 100) * 10_000).astype(np.int64))
