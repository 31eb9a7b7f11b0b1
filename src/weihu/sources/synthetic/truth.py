"""What the system must never read: the files of ``OUT/.truth``, for tests of signals and models.

``docs/synthetic.md`` lists the files and their columns.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from weihu.sources.synthetic import names
from weihu.sources.synthetic.buying import Bought
from weihu.sources.synthetic.columns import NEVER, Ints, joined, sigmoid
from weihu.sources.synthetic.facts import Facts
from weihu.sources.synthetic.latent import CATEGORIES, CAUSES, PURPOSES, REGIMES, USUALLY, WAYS
from weihu.sources.synthetic.state import State

Columns = dict[str, Ints | pa.Array]
ROLES = ("head", "spouse", "child")
STAGES = ("staying", "wavering", "going", "gone")
HAZARD_DAYS = 30


class Truth:
    """Notes by the month what is hidden, and writes it in the end."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.purchases: list[Bought] = []
        self._wallets: list[Columns] = []
        self._minds: list[Columns] = []
        self._rates: list[tuple[int, int]] = []
        self._leaving: list[tuple[Ints, Ints, Ints, Ints, Ints]] = []

    def watch(self) -> None:
        """Keep the first day of each month, and the bank's first."""
        state = self.state
        if state.on != state.first and state.date.day != 1:
            return
        who = np.flatnonzero((state.since <= state.on) & (state.estate_on > state.on))
        wealth, latent = state.wealth, state.latent
        on = np.full(len(who), state.on)
        self._wallets.append(
            {"on": on, "who": who, "here": state.assets()[who], "home": wealth.home[who]}
            | {f"away_{place}": wealth.away[who, place] for place in range(len(names.OTHER_BANKS))}
        )
        hazard = 1 - np.exp(-HAZARD_DAYS * latent.hazard[who])
        self._minds.append({
            "on": on, "who": who, "satisfaction": latent.satisfaction[who], "hazard": hazard, "stage": latent.stage(state.on)[who],
        })  # fmt: skip
        self._rates.append((state.on, state.rates.regime(state.date)))

    def leaving(self, begins: Ints) -> None:
        """Those who begin to leave today."""
        latent = self.state.latent
        self._leaving.append(
            (begins, latent.onset[begins], latent.going[begins], latent.cause[begins], latent.way[begins])
        )

    def write(self, folder: Path, facts: Facts) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        database = duckdb.connect()
        for name, columns in {
            "households": self._households(),
            "people": self._people(),
            "events": self._events(),
            "wallet": self._wallet(),
            "minds": self._mind(),
            "leaving": self._leavers(),
            "purchases": self._purchases(),
            "response": self._response(),
            "duplicates": self._duplicates(),
            "wrong_facts": self._wrong(facts),
            "mistakes": self._mistakes(facts),
            "cards": self._cards(),
            "rates": self._regimes(),
        }.items():
            database.register("truth", pa.table(columns))
            database.execute(f"COPY truth TO '{folder / f'{name}.parquet'}' (FORMAT parquet)")
            database.unregister("truth")

    def _households(self) -> Columns:
        people = self.state.people
        return {
            "customer_id": _ids(np.arange(people.count)),
            "household": people.household,
            "role": people.role,
            "relation": pa.array(ROLES).take(pa.array(people.role)),
            "spouse": _ids(people.spouse),
            "father": _ids(people.father),
            "mother": _ids(people.mother),
        }

    def _people(self) -> Columns:
        state, people = self.state, self.state.people
        return {
            "customer_id": _ids(np.arange(people.count)),
            "female": people.female,
            "birth_date": _dates(people.born),
            "marital_status": pa.array(names.MARITAL).take(pa.array(people.marital)),
            "education": _named(names.EDUCATIONS, people.education),
            "occupation": pa.array(names.OCCUPATIONS).take(pa.array(people.occupation)),
            "trade": pa.array(names.OCCUPATIONS).take(pa.array(people.trade)),
            "income": people.income,
            "child_1": _dates(people.child_1),
            "child_2": _dates(people.child_2),
            "home_bank": _banks(state.wealth.home),
            "second_bank": _banks(state.wealth.second),
            "risk_class": state.risk,
            "rate_sense": state.latent.rate_sense,
            "reached": state.latent.reached,
            "died_on": _dates(state.died),
        }

    def _events(self) -> Columns:
        told = self.state.events
        return {
            "date": _dates(joined(told.on)),
            "customer_id": _ids(joined(told.who)),
            "kind": pa.array([kind for kind, part in zip(told.kind, told.who, strict=True) for _ in range(len(part))], pa.string()),
            "cents": joined(told.cents),
        }  # fmt: skip

    def _wallet(self) -> Columns:
        parts = _stacked(self._wallets)
        away = {name: parts[f"away_{place}"] for place, name in enumerate(names.OTHER_BANKS)}
        whole = parts["here"] + sum(away.values())
        return {
            "month": _dates(parts["on"]),
            "customer_id": _ids(parts["who"]),
            "here": parts["here"],
            "wealth": whole,
            "share": parts["here"] / np.maximum(1, whole),
            "home_bank": _banks(parts["home"]),
            **away,
        }

    def _mind(self) -> Columns:
        parts = _stacked(self._minds)
        return {
            "month": _dates(parts["on"]),
            "customer_id": _ids(parts["who"]),
            "satisfaction": parts["satisfaction"],
            "hazard_30": parts["hazard"],
            "stage": pa.array(STAGES).take(pa.array(parts["stage"])),
        }

    def _leavers(self) -> Columns:
        who, onset, going, cause, way = (joined([part[place] for part in self._leaving]) for place in range(5))
        stays = self.state.latent.onset[who] != onset
        return {
            "customer_id": _ids(who),
            "onset": _dates(onset),
            "going": _dates(going),
            "cause": pa.array(CAUSES).take(pa.array(cause)),
            "way": pa.array(WAYS).take(pa.array(way)),
            "kept": stays,
        }

    def _purchases(self) -> Columns:
        parts = self.purchases
        columns: Columns = {
            "date": _dates(joined([np.full(len(part.who), part.on) for part in parts])),
            "customer_id": _ids(joined([part.who for part in parts])),
            "contacted": joined([part.contacted.astype(np.int64) for part in parts]).astype(bool),
        }
        for place, category in enumerate(CATEGORIES):
            for name, value in (("without", "without"), ("with", "moved"), ("bought", "bought")):
                cells = [getattr(part, value)[:, place] for part in parts]
                empty = np.zeros(0, dtype=bool if name == "bought" else float)
                columns[f"{category}_{name}"] = np.concatenate([empty, *cells])
        return columns

    def _response(self) -> Columns:
        """By person and purpose, the chance of the wished outcome without and with a contact."""
        latent, n = self.state.latent, self.state.people.count
        usual = np.repeat(np.array([USUALLY]), n, axis=0)
        return {
            "customer_id": _ids(np.repeat(np.arange(n), len(PURPOSES))),
            "purpose": pa.array(PURPOSES).take(pa.array(np.tile(np.arange(len(PURPOSES)), n))),
            "without": sigmoid(usual).ravel(),
            "with": sigmoid(usual + latent.response).ravel(),
        }

    def _duplicates(self) -> Columns:
        again = np.flatnonzero(self.state.people.again >= 0)
        return {"customer_id": _ids(again), "same_as": _ids(self.state.people.again[again])}

    def _wrong(self, facts: Facts) -> Columns:
        found = {fact: np.flatnonzero(wrong) for fact, wrong in facts.wrong(self.state).items()}
        return {
            "customer_id": _ids(joined(list(found.values()))),
            "field": pa.array([fact for fact, who in found.items() for _ in range(len(who))], pa.string()),
        }

    def _mistakes(self, facts: Facts) -> Columns:
        owner = self.state.accounts.owner[facts.mistakes]
        return {
            "account_id": _keys("A", 8, facts.mistakes),
            "customer_id": _ids(owner),
        }

    def _cards(self) -> Columns:
        services = self.state.services
        cards = np.flatnonzero(services.limit > 0)
        return {
            "holding_id": _keys("H", 8, cards),
            "customer_id": _ids(services.owner[cards]),
            "limit": services.limit[cards],
            "used": services.used[cards],
        }

    def _regimes(self) -> Columns:
        return {
            "month": _dates(np.array([on for on, _ in self._rates])),
            "regime": pa.array([REGIMES[kind][0] for _, kind in self._rates]),
            "gap": pa.array([REGIMES[kind][1] for _, kind in self._rates]),
        }


def _stacked(parts: list[Columns]) -> dict[str, Ints]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _ids(places: Ints) -> pa.Array:
    return _keys("P", 7, places)


def _keys(letter: str, width: int, places: Ints) -> pa.Array:
    """Keys as deliveries write them; none for a negative place."""
    numbers = pc.utf8_lpad(pc.cast(pa.array(places + 1, mask=places < 0), pa.string()), width, "0")
    return pc.binary_join_element_wise(letter, numbers, "")


def _named(words: list[str], places: Ints) -> pa.Array:
    return pa.array(words).take(pa.array(np.maximum(places, 0), mask=places < 0))


def _banks(places: Ints) -> pa.Array:
    return pa.array(["本行", *names.OTHER_BANKS]).take(pa.array(places))


def _dates(days: Ints) -> pa.Array:
    return pa.array(np.where(days == NEVER, 0, days).astype("int32"), mask=days == NEVER, type=pa.int32()).cast(
        pa.date32()
    )
