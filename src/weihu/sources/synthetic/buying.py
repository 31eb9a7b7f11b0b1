"""What existing customers buy: each is at the door once in four weeks, with chances that are kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weihu.sources.synthetic.columns import NEVER, Bools, Floats, Ints
from weihu.sources.synthetic.holdings import (
    CONSUMER,
    PRODUCT_OF,
    THOUSAND,
    Accounts,
    grant_loans,
    issue_cards,
)
from weihu.sources.synthetic.latent import CATEGORIES, HEARD_DAYS, SELL, propensities
from weihu.sources.synthetic.names import LEAST, TERM
from weihu.sources.synthetic.state import LOAN, PRODUCT, SAVED, State

EVERY_DAYS = 28
RISKY = [place for place, category in enumerate(CATEGORIES) if category in ("wealth", "fund", "insurance")]
KEEPS = 0.25
"""The share of idle money that stays where it lies, whatever is bought."""


@dataclass
class Bought:
    """A day's people at the door: the chances of each category without and with a contact, and what was bought."""

    on: int
    who: Ints
    contacted: Bools
    without: Floats
    moved: Floats
    bought: Bools


def buy(state: State) -> Bought:
    """Let those whose turn it is buy by chance; the products suit them, and the money is there."""
    rng, people = state.draw(30), state.people
    turn = (np.arange(people.count) * 11 + state.on) % EVERY_DAYS == 0
    who = np.flatnonzero(state.alive & turn & (people.again < 0))
    idle = (state.demand(who) * (1 - KEEPS)).astype(np.int64)
    holds, rally = state.holds(), float(state.rates.regime(state.date) == 3)
    without, moved = propensities(state.latent, people, who, state.on, idle, holds, state.risk, rally)
    contacted = state.on - state.latent.heard[who, SELL] <= HEARD_DAYS
    chance = np.where(contacted[:, None], moved, without)
    drawn = rng.random((people.count, len(CATEGORIES)))[who]
    bought = drawn < chance
    for number, category in enumerate(CATEGORIES):
        buyers = who[bought[:, number]]
        if category in SAVED:
            done = _save(state, rng, buyers, category)
            bought[bought[:, number], number] = done
            state.note(buyers[done], f"bought_{category}")
        elif category == "card":
            cards = issue_cards(rng, buyers, people, state.wealth, state.since, state.on, fresh=True)
            state.changed_services.append(state.services.add(cards))
            state.note(buyers, "bought_card")
        else:
            loans = grant_loans(rng, buyers, CONSUMER, people, state.since, state.on, fresh=True)
            state.changed_services.append(state.services.add(loans))
            state.move(buyers, loans.owed, LOAN)
            state.note(buyers, "bought_loan", loans.owed)
    return Bought(state.on, who, contacted, without, moved, bought)


def _save(state: State, rng: np.random.Generator, who: Ints, category: str) -> Bools:
    """Open an account of a suitable product with a part of the idle money."""
    share = rng.uniform(0.35, 0.95, len(who))
    cents = (state.demand(who) * (1 - KEEPS) * share).astype(np.int64) // THOUSAND * THOUSAND
    product = PRODUCT_OF[category](rng, state.risk[who], cents)
    can = (cents >= LEAST[product]) & (cents >= THOUSAND)
    buyers, cents, product = who[can], cents[can], product[can]
    term = TERM[product]
    opened = Accounts(
        buyers, product, np.zeros(len(buyers), np.int64), state.branch[buyers], np.full(len(buyers), state.on),
        np.where(term > 0, state.on + term, NEVER), np.full(len(buyers), NEVER),
    )  # fmt: skip
    places = state.accounts.add(opened)
    state.move(buyers, -cents, PRODUCT)
    state.move(places, cents, PRODUCT)
    state.changed_accounts.append(places)
    return np.asarray(can)
