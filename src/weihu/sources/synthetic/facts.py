"""What the core system knows of its customers, which is not all and not always right."""

from __future__ import annotations

import numpy as np

from weihu.sources.synthetic import names
from weihu.sources.synthetic.columns import YEAR, Bools, Ints
from weihu.sources.synthetic.names import RISK
from weihu.sources.synthetic.people import GROWN, MARRIED, PRIMARY, SINGLE
from weihu.sources.synthetic.state import State, unique

UNKNOWN = {
    "birth": 0.01, "identity": 0.0, "phone": 0.06, "address": 0.15, "income": 0.40, "occupation": 0.50,
    "education": 0.55, "marital": 0.60, "risk": 0.40,
}  # fmt: skip
"""How often a fact has never been asked for."""
WRONG = {"phone": 0.03, "address": 0.04, "income": 0.07, "occupation": 0.03, "education": 0.02, "marital": 0.015}
"""How often what is known is old or mistaken on the first day."""
LEARNS = 0.6
"""How often the bank hears of a change in somebody's life."""
RATED_DAYS = 365
ADDRESS = ("district", "road", "house", "estate", "block", "room")
COPIED = {
    "birth": ("born",), "identity": ("area", "id_order"), "phone": ("prefix", "number"), "address": ADDRESS,
    "income": ("income",), "occupation": ("occupation",), "education": ("education",), "marital": ("marital",),
}  # fmt: skip
"""The columns of people behind each fact."""
CHANGING = ("address", "income", "occupation", "education", "marital")
TWIN_PHONE, TWIN_BIRTH, TWIN_IDENTITY = 0.6, 0.9, 0.3
"""How often a person who was opened again gave the same phone and birthday, and an identity number at all."""
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class Facts:
    """Columns by customer as they are delivered, and which of them are known. ``mistakes``: accounts sold wrongly."""

    def __init__(self, rng: np.random.Generator, state: State, mistakes: Ints) -> None:
        people, n = state.people, state.people.count
        self.mistakes = mistakes
        self._rated: list[Ints] = []
        self.columns = {name: getattr(people, name).copy() for part in COPIED.values() for name in part}
        for name in ("surname", "given_1", "given_2", "female"):
            self.columns[name] = getattr(people, name)
        self.known = {fact: rng.random(n) >= share for fact, share in UNKNOWN.items()}
        age = people.age(state.first)
        for fact in ("marital", "risk"):
            self.known[fact] &= age >= GROWN
        holds_risk = np.zeros(n, dtype=bool)
        holds_risk[state.accounts.owner[RISK[state.accounts.product] >= 2]] = True
        self.known["risk"] |= holds_risk
        of_age = people.born + int(GROWN * YEAR)
        rated = np.maximum(
            state.first - rng.integers(8, 800, n), np.maximum(np.minimum(state.since, state.first), of_age)
        )
        self.rated_on = np.where(state.since > state.first, state.since, np.minimum(rated, state.first))
        self._mistake(rng, state)
        child = np.flatnonzero((age < 14) & (np.maximum(people.mother, people.father) >= 0))
        parent = np.where(people.mother[child] >= 0, people.mother[child], people.father[child])
        for name in ("prefix", "number"):
            self.columns[name][child] = self.columns[name][parent]
        twins = np.flatnonzero(people.again >= 0)
        self.columns["number"][twins] += np.where(
            rng.random(len(twins)) > TWIN_PHONE, rng.integers(1, 9, len(twins)), 0
        )
        self.columns["born"][twins] += np.where(rng.random(len(twins)) > TWIN_BIRTH, rng.integers(1, 9, len(twins)), 0)
        self.known["identity"][twins] = rng.random(len(twins)) < TWIN_IDENTITY
        self._identity()

    def _mistake(self, rng: np.random.Generator, state: State) -> None:
        people, columns = state.people, self.columns
        chance = rng.random((len(WRONG), people.count))
        wrong = {fact: chance[place] < share for place, (fact, share) in enumerate(WRONG.items())}
        columns["number"][wrong["phone"]] = rng.integers(10_000_000, 10**8, int(wrong["phone"].sum()))
        for name, most in names.ADDRESS.items():
            columns[name][wrong["address"]] = rng.integers(0, most, int(wrong["address"].sum()))
        old = rng.uniform(0.5, 0.9, people.count)
        columns["income"] = np.where(wrong["income"], columns["income"] * old // 10_000 * 10_000, columns["income"])
        columns["income"] = columns["income"].astype(np.int64)
        worked = (columns["occupation"] == names.RETIRED) & (people.trade < names.RETIRED)
        columns["occupation"] = np.where(wrong["occupation"] & worked, people.trade, columns["occupation"])
        lower = np.maximum(PRIMARY, columns["education"] - 1)
        columns["education"] = np.where(
            wrong["education"] & (columns["education"] > PRIMARY), lower, columns["education"]
        )
        still = wrong["marital"] & (people.marital == MARRIED) & (people.spouse < 0) & (people.age(state.first) < 40)
        columns["marital"] = np.where(still, SINGLE, columns["marital"])

    def _identity(self) -> None:
        """The check digit of the number that goes with the recorded region and day of birth."""
        columns = self.columns
        born = columns["born"].astype("datetime64[D]")
        month = born.astype("datetime64[M]")
        parts = (
            (columns["area"], 6), (born.astype("datetime64[Y]").astype(np.int64) + 1970, 4),
            (month.astype(np.int64) % 12 + 1, 2), ((born - month).astype(np.int64) + 1, 2), (columns["id_order"], 3),
        )  # fmt: skip
        digits = [part // 10**place % 10 for part, width in parts for place in reversed(range(width))]
        total = sum(digit * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
        columns["id_check"] = np.asarray(total % 11)

    def learn(self, state: State) -> None:
        """Of those whose life has changed today, many tell the bank; a move or a new job says nothing to it else."""
        changed = unique(state.changed_people)
        new = changed[state.since[changed] == state.on]
        told = changed[state.draw(50).random(len(changed)) < LEARNS]
        for fact in CHANGING:
            for name in COPIED[fact]:
                for who in (new, told):
                    self.columns[name][who] = getattr(state.people, name)[who]
        rated = state.draw(51).random(state.people.count) < 1 / 450
        self.rate(np.flatnonzero(rated & state.alive & self.known["risk"]), state)
        state.changed_people = [told, new, *self._rated]
        self._rated = []

    def rate(self, who: Ints, state: State) -> None:
        """Ask those anew whose risk was never asked, or more than a year ago."""
        due = who[~self.known["risk"][who] | (self.rated_on[who] < state.on - RATED_DAYS)]
        self.known["risk"][due] = True
        self.rated_on[due] = state.on
        self._rated = [*self._rated, due]

    def wrong(self, state: State) -> dict[str, Bools]:
        """Per fact, of whom the bank knows something that is not so."""
        result = {}
        for fact, parts in COPIED.items():
            differs = np.zeros(state.people.count, dtype=bool)
            for name in parts:
                differs |= self.columns[name] != getattr(state.people, name)
            result[fact] = differs & self.known[fact]
        return result
