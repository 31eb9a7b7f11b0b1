"""What happens to money in a day: pay, pensions, rents, spending by the season, takings, instalments, maturities."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np
from lunardate import LunarDate

from weihu.sources.synthetic import names
from weihu.sources.synthetic.columns import NEVER, Bools, Floats, Ints
from weihu.sources.synthetic.holdings import DEMAND, HOUSING, ORDER, card_use
from weihu.sources.synthetic.latent import AT_MATURITY, AT_ONCE, DRIFT, GOING, GONE, STAYING, WAVERING
from weihu.sources.synthetic.names import CATEGORY, PLACE, RATE, TERM
from weihu.sources.synthetic.people import GROWN
from weihu.sources.synthetic.state import BILL, CASH, FEE, INTEREST, LOAN, PAYMENT, SALARY, TRANSFER, State

PAY_DAYS = np.array([5, 8, 10, 15, 20, 25])
PENSION_DAY = 12
MORTGAGE_DAY = 20
BONUS_BEFORE = 12
"""Days before Spring Festival on which the year's bonus is paid."""
INTEREST_MONTHS, INTEREST_DAY = (3, 6, 9, 12), 21
SMALL_CENTS = 300_00
"""Cents below which a small account costs three yuan a quarter."""
LARGE_SHARE = 0.0005


@cache
def spring_festival(year: int) -> date:
    found: date = LunarDate(year, 1, 1).to_solar_date()
    return found


SEASONS = (
    ((6, 1), (6, 1), 1.9, 0.9),
    ((6, 18), (6, 18), 1.9, 0.9),
    ((6, 1), (6, 20), 1.2, 0.9),
    ((10, 1), (10, 7), 1.35, 1.2),
    ((11, 1), (11, 1), 2.2, 0.9),
    ((11, 11), (11, 11), 2.2, 0.9),
    ((11, 1), (11, 12), 1.2, 0.9),
    ((12, 20), (12, 31), 1.2, 1.1),
)
"""618, National Day, Singles' Day, the year's end: first and last day, spending and cash; the first that fits counts."""
AROUND_SPRING = ((-20, -1, 1.5, 2.4), (0, 6, 0.7, 0.5), (7, 20, 0.8, 0.8))
"""Days from Spring Festival on, spending and cash."""


@cache
def season(on: date) -> tuple[float, float]:
    """How much more than usual is spent on a day, and how much more cash is drawn."""
    passed = (on - spring_festival(on.year)).days
    near = [(spends, cash) for first, last, spends, cash in AROUND_SPRING if first <= passed <= last]
    fixed = [(spends, cash) for first, last, spends, cash in SEASONS if first <= (on.month, on.day) <= last]
    return next(iter(near + fixed), (1.0, 1.0))


def pay(state: State) -> None:
    """Salaries and pensions on their days, a bonus before Spring Festival, allowances from home for students."""
    on, people = state.date, state.people
    rng = state.draw(1)
    jitter = rng.normal(1, 0.025, people.count)
    due = state.alive & (state.paid_on == on.day)
    who = np.flatnonzero(due & state.wealth.paid_here)
    state.move(who, (people.income[who] * jitter[who]).astype(np.int64), SALARY)
    gone = np.flatnonzero(due & ~state.wealth.paid_here)
    state.paid_on[gone] = 0
    state.latent.salary_lost[gone] = state.on
    state.note(gone, "salary_stopped", people.income[gone])
    if on == spring_festival(on.year) - timedelta(days=BONUS_BEFORE):
        paid = np.array([job.paid for job in names.JOBS])[people.trade]
        working = people.occupation < names.RETIRED
        bonus = np.flatnonzero(
            state.alive & state.wealth.paid_here & working & paid & (rng.random(people.count) < 0.72)
        )
        state.move(bonus, (people.income[bonus] * rng.uniform(0.4, 2.6, len(bonus))).astype(np.int64), SALARY)
    if on.day == 3:
        student = state.alive & (people.occupation == names.STUDENT) & (people.age(state.on) >= GROWN)
        fed = np.flatnonzero(student & (rng.random(people.count) < 0.6))
        state.move(fed, rng.integers(12, 26, len(fed)) * 10_000, TRANSFER, bank=state.other_bank(fed))


def earn_elsewhere(state: State) -> None:
    """Who is not paid here brings money over now and then, or saves it where the salary comes."""
    rng, people, wealth = state.draw(2), state.people, state.wealth
    month_day = np.arange(people.count) % 28 + 1
    due = state.alive & (month_day == state.date.day)
    grown = people.age(state.on) >= GROWN
    saved = np.flatnonzero(due & ~wealth.paid_here & (wealth.home > 0) & (people.income > 0))
    wealth.away[saved, wealth.home[saved] - 1] += (people.income[saved] * 0.22).astype(np.int64)
    staying = state.latent.stage(state.on) == STAYING
    mine = due & grown & ~wealth.paid_here & (wealth.home == 0) & staying & (state.turnover == 0)
    who = np.flatnonzero(mine & (rng.random(people.count) < 0.9))
    usual = np.maximum(people.income[who], 220_000)
    cents = (usual * rng.uniform(0.75, 1.1, len(who))).astype(np.int64)
    cash = rng.random(len(who)) < 0.3
    state.move(who[cash], cents[cash] // 10_000 * 10_000, CASH, branch=state.branch[who[cash]])
    state.move(who[~cash], cents[~cash], TRANSFER, bank=state.other_bank(who[~cash]))
    swept = np.flatnonzero(due & wealth.paid_here & (wealth.home > 0))
    out = -np.minimum(state.demand(swept), people.income[swept]) * 8 // 10
    state.own(swept, np.where(out < -20_000, out, 0), wealth.home[swept])
    rented = np.flatnonzero(due & (state.rent > 0))
    state.move(rented, state.rent[rented], TRANSFER, bank=state.other_bank(rented))


def spend(state: State) -> None:
    """Daily spending out of what comes in, more of it before festivals and on the days of online sales."""
    rng, people, wealth = state.draw(3), state.people, state.wealth
    n, on = people.count, state.date
    more, cash_more = season(on)
    stage = state.latent.stage(state.on)
    here = (wealth.home == 0) & (stage != GONE)
    often = np.where(here, 0.25, 0.035) * np.select([stage == WAVERING, stage == GOING], [0.55, 0.35], 1.0)
    often = often * (1.0 if on.weekday() < 5 else 0.85) * np.where(people.age(state.on) < 14, 0.03, 1.0)
    chance = rng.random((4, n))
    who = np.flatnonzero(state.alive & (chance[0] < often * min(1.5, more)))
    comes = np.maximum(people.income, 180_000) * np.where(here, 0.74, 0.05) + state.rent * 0.5
    mean = comes[who] / (30 * np.where(here, 0.24, 0.033)[who])
    cents = (-rng.exponential(1.0, len(who)) * mean * more).astype(np.int64) - 500
    cents = np.maximum(cents, np.minimum(-500, -state.demand(who) * 7 // 10))
    cash = chance[1, who] < np.where(people.age(state.on)[who] > 60, 0.34, 0.10) * cash_more
    visiting = chance[2, who] < 0.08
    branch = np.where(visiting, rng.integers(1, state.branches + 1, len(who)), state.branch[who])
    drawn = np.minimum(-10_000, cents[cash] // 10_000 * 10_000)
    state.move(who[cash], drawn, CASH, branch=branch[cash])
    sent = ~cash & (chance[3, who] < 0.09)
    outside = rng.random(len(who)) < 0.6
    bank = np.where(outside, rng.integers(1, len(names.OTHER_BANKS) + 1, len(who)), 0)
    state.move(who[sent], cents[sent], TRANSFER, bank=bank[sent])
    paid = ~cash & ~sent
    state.move(who[paid], cents[paid], PAYMENT)
    _red_packets(state, rng)


def _red_packets(state: State, rng: np.random.Generator) -> None:
    """After Spring Festival children's gifts of money are paid in."""
    passed = (state.date - spring_festival(state.date.year)).days
    if 7 <= passed <= 20:
        child = state.people.age(state.on) < GROWN
        who = np.flatnonzero(state.alive & child & (rng.random(state.people.count) < 0.05))
        cents = rng.integers(5, 60, len(who)) * 10_000
        state.move(who, cents, CASH, branch=state.branch[who])


def trade(state: State) -> None:
    """Owners of a business bank their takings and pay their suppliers, large sums that mean nothing."""
    rng = state.draw(4)
    quiet = spring_festival(state.date.year)
    open_share = 0.05 if -3 <= (state.date - quiet).days <= 8 else 0.3
    going = state.latent.stage(state.on) < GOING
    who = np.flatnonzero(state.alive & going & (state.turnover > 0) & (rng.random(state.people.count) < open_share))
    takings = rng.random(len(who)) < 0.55
    size = (state.turnover[who] * rng.uniform(0.5, 1.5, len(who))).astype(np.int64)
    usual = state.wealth.here[who] // 3
    keeps = np.where(state.demand(who) > usual, 0.85, 0.4)
    paid = np.minimum(size * 12 // 10, (state.demand(who) * keeps).astype(np.int64))
    state.move(who, np.where(takings, size, -paid), PAYMENT)


def owe(state: State) -> None:
    """Instalments, card bills and utilities on their days; what is short is brought over from elsewhere, mostly."""
    rng, services = state.draw(5), state.services
    dom = state.date.day
    running = (services.closed == NEVER) & (services.opened < state.on) & (state.died > state.on)[services.owner]
    due_day = np.where(services.product == HOUSING, MORTGAGE_DAY, services.opened % 28 + 1)
    due = np.flatnonzero(running & (due_day == dom))
    who = services.owner[due]
    loan, order = services.owed[due] > 0, services.product[due] == ORDER
    rate = RATE[services.product[due]]
    interest = (services.owed[due] * rate / 12).astype(np.int64)
    bill = np.where(loan, np.minimum(services.payment[due], services.owed[due] + interest), services.payment[due])
    bill = np.where(order, (bill * rng.uniform(0.6, 1.5, len(due))).astype(np.int64), bill)
    bill = np.where(services.limit[due] > 0, services.used[due], bill)
    for chosen, kind in ((loan, LOAN), (~loan & (bill > 0), PAYMENT)):
        _pay_bills(state, rng, due[chosen], who[chosen], bill[chosen], interest[chosen], kind)
    cards = due[services.limit[due] > 0]
    services.used[cards] = card_use(rng, services.limit[cards], state.people.income[services.owner[cards]])
    state.changed_services.append(cards)
    ended = np.flatnonzero(running & (services.ends <= state.on) & (services.limit > 0))
    services.opened[ended], services.ends[ended] = state.on, state.on + 1826
    state.changed_services.append(ended)
    _charge(state)


def _pay_bills(
    state: State, rng: np.random.Generator, due: Ints, who: Ints, bill: Ints, interest: Ints, kind: int
) -> None:
    """One bill a person and kind a day; a second waits for the next month."""
    _, first = np.unique(who, return_index=True)
    due, who, bill, interest = due[first], who[first], bill[first], interest[first]
    short = bill - state.demand(who)
    brought = np.flatnonzero((short > 0) & (rng.random(len(who)) < 0.97))
    cents = short[brought] + rng.integers(1, 9, len(brought)) * 10_000
    state.move(who[brought], cents, TRANSFER, bank=state.other_bank(who[brought]))
    is_order = state.services.product[due] == ORDER
    done = state.move(who, -bill, kind, purpose=np.where(is_order, BILL, 0))
    if kind == LOAN:
        services = state.services
        paid = due[done]
        services.owed[paid] = np.maximum(0, services.owed[paid] - (bill - interest)[done])
        over = paid[(services.owed[paid] == 0) | (services.ends[paid] <= state.on)]
        services.owed[over] = 0
        services.closed[over] = state.on
        state.changed_services.append(paid)
        state.note(who[~done], "arrears", -bill[~done])
        state.note(services.owner[over], "loan_paid_off")


def _charge(state: State) -> None:
    """Messages cost two yuan a month for some, small accounts three yuan a quarter."""
    if state.date.day == 20:
        everyone = np.arange(state.people.count)
        who = np.flatnonzero(state.alive & (everyone % 10 < 3) & (state.demand(everyone) > 200))
        state.move(who, np.full(len(who), -200), FEE)
    if state.date.day == 28 and state.date.month in INTEREST_MONTHS:
        small = np.flatnonzero(state.alive & (state.wealth.home > 0))
        small = small[(state.demand(small) < SMALL_CENTS) & (state.demand(small) > 300)]
        state.move(small, np.full(len(small), -300), FEE)


def mature(state: State) -> None:
    """Money that matures is renewed by most; the rest goes to the demand account, and some of it leaves that day."""
    rng, accounts = state.draw(6), state.accounts
    due = np.flatnonzero((accounts.matures == state.on) & (accounts.closed == NEVER) & (accounts.opened < state.on))
    due = due[state.died[accounts.owner[due]] > state.on]
    owner, product = accounts.owner[due], accounts.product[due]
    earned = accounts.balance[due] * (RATE[product] + state.rates.added(state.date)) * TERM[product] / 365
    _credit(state, owner, np.maximum(0, earned).astype(np.int64))
    gap = state.rates.gap(state.date)
    chance = rng.random((2, state.people.count))
    renewed = chance[0, owner] < state.latent.renews(owner, state.on, gap)
    again, ended = due[renewed], due[~renewed]
    accounts.matures[again] = state.on + TERM[accounts.product[again]]
    state.changed_accounts.append(again)
    freed, left = accounts.balance[ended].copy(), accounts.owner[ended]
    state.close_accounts(ended)
    stage = state.latent.stage(state.on)[left]
    leaves = np.where(stage == STAYING, 0.06 + 0.30 * state.latent.rate_sense[left] * gap, 0.88)
    lost = np.flatnonzero(chance[1, left] < leaves)
    _, once = np.unique(left[lost], return_index=True)
    lost = lost[once]
    gone, who = freed[lost], left[lost]
    done = state.own(who, -gone, state.other_bank(who))
    state.note(who[done], "maturity_lost", gone[done])


def _credit(state: State, who: Ints, cents: Ints) -> None:
    """Interest to the demand accounts; two that mature on a day are credited together."""
    people, place = np.unique(who, return_inverse=True)
    state.move(people, np.bincount(place, cents, len(people)).astype(np.int64), INTEREST)


def markets(state: State) -> None:
    """Funds move with the market on working days without a transaction; demand money earns interest each quarter."""
    rng, accounts = state.draw(7), state.accounts
    rally = state.rates.regime(state.date) == 3
    chances = rng.normal(size=3)
    if state.date.weekday() < 5:
        running = state.open_now() & (accounts.opened < state.on)
        moves = {"F001": (0.0008 if rally else 0.0001, 0.011), "F002": (0.00008, 0.0012), "F003": (0.0004 if rally else 0.0001, 0.007)}  # fmt: skip
        for (key, (drift, size)), luck in zip(moves.items(), chances, strict=True):
            held = np.flatnonzero((accounts.product == PLACE[key]) & running)
            accounts.balance[held] = (accounts.balance[held] * (1 + drift + size * luck)).astype(np.int64)
            state.touched.append(held)
    if state.date.day == INTEREST_DAY and state.date.month in INTEREST_MONTHS:
        who = np.flatnonzero(state.alive)
        state.move(who, (state.demand(who) * RATE[DEMAND] / 4).astype(np.int64), INTEREST)


def leave(state: State) -> None:
    """Those who waver try another bank with a little money; those who go take it there in their own way."""
    rng, latent = state.draw(8), state.latent
    stage, n = latent.stage(state.on), state.people.count
    chance = rng.random((4, n))
    trying = np.flatnonzero(state.alive & (stage == WAVERING) & (chance[0] < 0.04))
    cents = -(state.demand(trying) * (0.02 + 0.07 * chance[1, trying])).astype(np.int64)
    state.own(trying, np.where(cents < -10_000, cents, 0), state.other_bank(trying))
    moved = np.flatnonzero(
        state.alive & (stage == WAVERING) & state.wealth.paid_here & (state.people.income > 0) & (chance[2] < 0.014)
    )
    state.wealth.paid_here[moved] = False
    going = state.alive & (stage == GOING)
    _break_early(state, going, chance[3])
    sends = chance[0] < np.select([latent.way == DRIFT, latent.way == AT_MATURITY], [0.13, 0.04], 0)
    share = np.where(latent.way == AT_ONCE, 0.86 + 0.13 * chance[1], 0.15 + 0.30 * chance[1])
    starts = going & (latent.way == AT_ONCE) & (latent.going == state.on)
    who = np.flatnonzero(going & (sends | starts))
    out = -(state.demand(who) * share[who]).astype(np.int64)
    out = np.where(out < -10_000, out, 0)
    done = state.own(who, out, state.other_bank(who))
    large = latent.way[who] == AT_ONCE
    for kind, chosen in (("drift", ~large & done), ("large", large & done)):
        state.note(who[chosen], kind, out[chosen])
    over = np.flatnonzero(latent.ended == state.on)
    state.wealth.home[over] = state.other_bank(over)


def _break_early(state: State, going: Bools, chance: Floats) -> None:
    """Some of those who go break their term money and sell their funds for it."""
    latent = state.latent
    at_once = going & (latent.way == AT_ONCE) & (latent.going == state.on)
    breaks = np.flatnonzero(at_once | (going & (latent.way == DRIFT) & (chance < 0.02)))
    if len(breaks):
        saved = state.saved_of(breaks)
        state.close_accounts(saved[CATEGORY[state.accounts.product[saved]] != "insurance"])


def chance_sums(state: State) -> None:
    """Once in a long while a large sum comes or goes, for reasons of its own; deposits move around a quarter's end."""
    rng, wealth = state.draw(9), state.wealth
    n = state.people.count
    grown = state.people.age(state.on) >= GROWN
    chance = rng.random((3, n))
    who = np.flatnonzero(state.alive & grown & (chance[0] < LARGE_SHARE * (0.6 + 1.6 * wealth.rank)))
    comes = chance[1, who] < 0.5
    size = np.where(
        comes,
        np.minimum(wealth.here[who], wealth.total[who] // 2) * (0.08 + 0.4 * chance[2, who]),
        -state.demand(who) * (0.4 + 0.55 * chance[2, who]),
    ).astype(np.int64)
    other = rng.random(len(who)) < 0.55
    banks = rng.integers(1, len(names.OTHER_BANKS) + 1, len(who))
    branches = rng.integers(1, state.branches + 1, len(who))
    done = state.move(who, size, TRANSFER, np.where(other, 0, branches), np.where(other, banks, 0))
    state.note(who[done], "large", size[done])
    _quarter_end(state, rng)


def _quarter_end(state: State, rng: np.random.Generator) -> None:
    """Some oblige the branch before a quarter ends and take the money back after: it says nothing about them."""
    on, wealth = state.date, state.wealth
    before = on.month in INTEREST_MONTHS and on.day == 29
    after = on.month % 3 == 1 and on.day == 3
    if not (before or after):
        return
    quarter = (on - timedelta(days=8)).replace(day=1).toordinal()
    obliging = np.random.default_rng([state.seed, quarter]).random((2, state.people.count))
    who = np.flatnonzero(state.alive & (obliging[0] < 0.012) & (wealth.away.sum(axis=1) > 5_000_000))
    bank = state.other_bank(who)
    size = (wealth.away[who, bank - 1] * (0.1 + 0.3 * obliging[1, who])).astype(np.int64)
    if after:
        size = -np.minimum(size, state.demand(who) * 9 // 10)
    size = size // 100_000 * 100_000
    done = state.own(who, size, bank)
    state.note(who[done], "quarter_end", size[done])
