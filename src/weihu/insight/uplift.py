"""Whom a contact helps (uplift): learned from trials that ended, judged on trials that began after what was learned from.

A trial is a signal of which a random part of the customers was kept back (``rules.effect``). What acting did to a customer
is never seen, since nobody is both told of and kept back. What can be learned is how the difference between the two
groups varies with how customers stood when the signal came: a ridge regression of what is left when the usual outcome
and the group's share are taken away (Nie and Wager, 2021). Below the book's number of trials there are averages only.

The outcome is the change of AUM as a share of what the customer had when the trial began, or of the own level if that
is more, from -1 to 1: a few very large customers would decide everything in yuan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from weihu.insight.files import TooFew
from weihu.insight.measures import Floats, Groups, Ints, interval, psi
from weihu.insight.scorer import notched, scores
from weihu.rules import effect
from weihu.rules.attrition import NAMES, WHOLE
from weihu.rules.effect import Group
from weihu.rules.rulebook import RuleBook
from weihu.rules.scores import MILLIONTHS, Scorer
from weihu.rules.sections.effects import Effects

ALL = ""
"""Stands for all kinds of signal together."""
CALL, SAME, LEAVE = "call", "same", "leave"
"""What is said of a fifth: acting helps, makes no sure difference, harms."""
BLOCKS = 5
"""Parts of time; the first one is only learned from."""
FIFTHS = 5
FEWEST = 100
"""Trials of each group, to learn from."""
RIDGE, OF_KINDS, OF_INPUTS = 10.0, 100.0, 3_000.0
"""How strongly coefficients of standardised columns are held to 0: the usual outcome's; and what acting changes, by kind
and by input. The square of how many times larger chance is: a standard deviation of an input is taken to change what
acting does by a fiftieth of the spread of outcomes."""
FLATTEST = 1e-7
LEFT = NAMES.index("left")
RANKINGS = ("regression", "kinds", "aum")
"""Beside the model: each kind's average so far, and the largest AUM first."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Trials:
    """Trials that ended. ``begun``, ``ended``: days since 1970; ``inputs``: attrition.NAMES when they began;
    ``known``: whether they are."""

    customers: NDArray[np.str_]
    kinds: NDArray[np.str_]
    begun: Ints
    ended: Ints
    told: Bools
    contacted: Bools
    aum: Floats
    change: Floats
    inputs: Ints
    known: Bools

    @classmethod
    def of(cls, table: pa.Table) -> Trials:
        """Rows with the columns of effect.ENDED, and with effect.INPUTS when they began."""
        return cls(
            customers=np.array(table["customer_id"].to_pylist(), np.str_),
            kinds=np.array(table["kind"].to_pylist(), np.str_),
            begun=np.asarray(table["raised_on"].cast(pa.int32())).astype(np.int64),
            ended=np.asarray(table["ended_on"].cast(pa.int32())).astype(np.int64),
            told=~np.asarray(table["held_out"]).astype(np.bool_),
            contacted=np.asarray(table["contacted"]).astype(np.bool_),
            aum=np.asarray(table["aum"].cast(pa.float64())),
            change=np.asarray(table["change"].cast(pa.float64())),
            inputs=inputs_of(table)[0],
            known=inputs_of(table)[1],
        )

    def __len__(self) -> int:
        """How many."""
        return len(self.customers)

    def at(self, rows: Ints | Bools) -> Trials:
        """Some of the rows."""
        return Trials(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    @property
    def outcome(self) -> Floats:
        """The change as a share of the AUM at the beginning, or of the own level if that is more."""
        of_level = np.where(self.known, np.clip(self.inputs[:, LEFT], 1, WHOLE) / WHOLE, 1.0)
        return np.clip(self.change * of_level / np.maximum(self.aum, 1.0), -1.0, 1.0)


def inputs_of(table: pa.Table) -> tuple[Ints, Bools]:
    """How customers stood when their trials began, and whether that is known."""
    columns = [np.asarray(pc.fill_null(table[name], 0)).astype(np.int64) for name in NAMES]
    return np.column_stack(columns), np.asarray(pc.is_valid(table[NAMES[0]])).astype(np.bool_)


def averages(trials: Trials, rule: Effects) -> list[dict[str, Any]]:
    """Of all kinds together and of each: the groups, how many of those told of were contacted, and what acting changed,
    a customer, in yuan and as a share of AUM; None while a group is too small."""
    found = []
    for kind in (ALL, *sorted(set(trials.kinds.tolist()))):
        part = trials.at(trials.kinds == kind) if kind else trials
        found.append(
            {
                "kind": kind,
                "told": int(part.told.sum()),
                "held": int((~part.told).sum()),
                "contacted": float(part.contacted[part.told].mean()) if part.told.any() else 0.0,
                "yuan": _difference(part.change, part.told, rule),
                "share": _difference(part.outcome, part.told, rule),
            }
        )
    return found


def _difference(values: Floats, told: Bools, rule: Effects) -> list[float] | None:
    groups = (Group.of(values[told].tolist()), Group.of(values[~told].tolist()))
    each = effect.interval(*groups, float(rule.confidence), rule.smallest_group)
    return [each.difference, each.low, each.high] if each else None


def learn(trials: Trials) -> Scorer:
    """What a contact changes, by how customers stand: millionths of the AUM; kinds of signal are inputs that are 0 or 1."""
    kinds = sorted(set(trials.kinds.tolist()))
    seen = np.column_stack([notched(trials.inputs), *((trials.kinds == kind).astype(np.float64) for kind in kinds)])
    means, spread = seen.mean(axis=0), seen.std(axis=0)
    scales = np.where(spread > FLATTEST, spread, np.inf)
    design = np.column_stack([np.ones(len(seen)), (seen - means) / scales])
    left = trials.outcome - design @ _ridge(design, trials.outcome, [RIDGE] * seen.shape[1])
    apart = (trials.told - shares(trials))[:, None]
    beta = _ridge(design * apart, left, [OF_INPUTS] * len(NAMES) + [OF_KINDS] * len(kinds))
    steps = np.where(np.isinf(scales), 0.0, beta[1:] / scales)
    return Scorer(
        kind="regression",
        intercept=round(float(beta[0] - means @ steps) * MILLIONTHS),
        weights={name: round(float(step) * MILLIONTHS) for name, step in zip((*NAMES, *kinds), steps, strict=True)},
    )


def _ridge(design: Floats, outcome: Floats, ridge: Sequence[float]) -> Floats:
    penalty = np.diag([0.0, *ridge]) + FLATTEST * np.eye(design.shape[1])
    return np.asarray(np.linalg.solve(design.T @ design + penalty, design.T @ outcome), np.float64)


def shares(trials: Trials) -> Floats:
    """Of each row, the share of its kind that was told of."""
    found = np.zeros(len(trials))
    for kind in set(trials.kinds.tolist()):
        rows = trials.kinds == kind
        found[rows] = trials.told[rows].mean()
    return np.clip(found, FLATTEST, 1 - FLATTEST)


def expected(by: Scorer, kinds: NDArray[np.str_], inputs: Ints) -> Ints:
    """What a contact is expected to change, in millionths of the AUM."""
    others = [name for name in by.weights if name not in NAMES]
    columns = np.column_stack([inputs, *((kinds == kind).astype(np.int64) for kind in others)])
    return scores(by, columns, (*NAMES, *others))


@dataclass(frozen=True)
class Judged:
    """Trials with what was said of them by what was known when they began: by ranking, the higher the sooner to call.

    ``left``: the outcome less what is usual; ``share``: of the kind that was told of.
    """

    trials: Trials
    said: Mapping[str, Floats]
    left: Floats
    share: Floats

    @property
    def gained(self) -> Floats:
        """By row, what is gained by calling: on average over rows, what acting changes, and of a row alone hardly more
        than chance (the outcome of those told of less that of those kept back, by the groups' shares)."""
        weight = (self.trials.told - self.share) / (self.share * (1 - self.share))
        return np.asarray(weight * self.left, np.float64)


def later(trials: Trials) -> Judged | None:
    """The trials after the first block of time, with what was said of each by trials that had ended before its block began;
    None if they lie too close together for that."""
    cuts = np.quantile(trials.begun, np.linspace(0, 1, BLOCKS + 1)[1:-1], method="nearest")
    starts = np.unique(cuts)
    parts = []
    for at, start in enumerate(starts):
        past = trials.at(trials.ended <= start)
        end = starts[at + 1] if at + 1 < len(starts) else trials.begun.max() + 1
        now = trials.at((trials.begun >= start) & (trials.begun < end) & np.isin(trials.kinds, past.kinds))
        if min(past.told.sum(), (~past.told).sum()) < FEWEST or not len(now):
            continue
        parts.append((now, _said(past, now)))
    if not parts:
        return None
    every = Trials(*(np.concatenate([getattr(now, name) for now, _ in parts]) for name in Trials.__dataclass_fields__))
    said = {name: np.concatenate([told[name] for _, told in parts]) for name in RANKINGS}
    return Judged(every, said, every.outcome - _usual(every), shares(every))


def _said(past: Trials, now: Trials) -> dict[str, Floats]:
    kinds = {
        kind: float(rows.outcome[rows.told].mean() - rows.outcome[~rows.told].mean())
        for kind in set(past.kinds.tolist())
        if (rows := past.at(past.kinds == kind)).told.any() and not rows.told.all()
    }
    return {
        "regression": expected(learn(past), now.kinds, now.inputs).astype(np.float64),
        "kinds": np.array([kinds.get(kind, 0.0) for kind in now.kinds]),
        "aum": now.aum,
    }


def _usual(trials: Trials) -> Floats:
    """What is usual with these inputs, whoever was told: it takes away what makes outcomes differ besides acting."""
    seen = notched(trials.inputs)
    spread = seen.std(axis=0)
    design = np.column_stack([np.ones(len(seen)), (seen - seen.mean(axis=0)) / np.where(spread > 0, spread, np.inf)])
    return np.asarray(design @ _ridge(design, trials.outcome, [RIDGE] * len(NAMES)), np.float64)


def qini(ranking: Floats, gained: Floats) -> float:
    """The Qini coefficient: how much more is gained, on average over all shares of customers that could be called, by
    calling in the ranking's order than at random; as a share of the AUM of everybody. 0 is chance."""
    order = np.argsort(-ranking, kind="stable")
    total = np.cumsum(gained[order]) / len(order)
    # rows of one rank are called at random among themselves
    ends = np.flatnonzero(np.append(np.diff(ranking[order]) != 0, True))
    x, y = np.append(0.0, (ends + 1) / len(order)), np.append(0.0, total[ends])
    return float(np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1])) / 2 - y[-1] / 2)


def measured(judged: Judged, rankings: Mapping[str, Floats]) -> dict[str, list[float]]:
    """The Qini coefficient of each ranking with its 95 % interval, customers resampled with all their trials."""
    people, gained = np.unique(judged.trials.customers, return_inverse=True)[1].astype(np.int64), judged.gained

    def of(values: Floats) -> Callable[[Ints], float]:
        return lambda rows: qini(values[rows], gained[rows])

    return {
        name: [qini(values, gained), *interval(of(values), people, len(people))] for name, values in rankings.items()
    }


def fifths(judged: Judged, rule: Effects) -> list[dict[str, Any]]:
    """The judged trials by fifths of what was said, the highest first: what was said and what came, a customer, and what
    follows from it in a word."""
    said = judged.said["regression"]
    found = []
    for rows in np.array_split(np.argsort(-said, kind="stable"), FIFTHS):
        told = judged.trials.told[rows]
        share = _difference(judged.left[rows], told, rule)
        word = SAME if share is None or share[1] <= 0 <= share[2] else CALL if share[1] > 0 else LEAVE
        found.append(
            {
                "least": int(said[rows].min()),
                "told": int(told.sum()),
                "held": int((~told).sum()),
                "said": float(said[rows].mean()) / MILLIONTHS,
                "share": share,
                "yuan": _difference(judged.trials.change[rows], told, rule),
                "word": word,
            }
        )
    return found


def words(fifth_of: Sequence[Mapping[str, Any]], found: Ints) -> NDArray[np.str_]:
    """What is said of customers by what is expected of them."""
    least = np.array([fifth["least"] for fifth in reversed(fifth_of)][1:])
    named = np.array([fifth["word"] for fifth in reversed(fifth_of)], np.str_)
    return np.asarray(named[np.searchsorted(least, found, side="right")], np.str_)


@dataclass(frozen=True)
class Model:
    """What is known of whom a contact helps. ``scorers``: by kind of signal, and of all together (ALL)."""

    scorers: Mapping[str, Scorer]
    facts: dict[str, Any]

    @property
    def content(self) -> dict[str, Any]:
        """As it is kept."""
        return {"scorers": {kind: by.model_dump() for kind, by in self.scorers.items()}, "facts": self.facts}

    @classmethod
    def of(cls, content: dict[str, Any]) -> Model:
        """What ``content`` was made of."""
        return cls({kind: Scorer.model_validate(by) for kind, by in content["scorers"].items()}, content["facts"])

    @property
    def sure(self) -> list[str]:
        """The kinds whose ranking is better than chance: zero lies outside of the interval."""
        return [kind for kind, facts in self.facts["models"].items() if facts["metrics"]["regression"][1] > 0]

    def hints(self, kinds: NDArray[np.str_], inputs: Ints) -> NDArray[np.str_]:
        """CALL, SAME or LEAVE of each row, by its kind's own model or by that of all kinds; SAME where it is not sure."""
        found = np.full(len(kinds), SAME, f"<U{len(LEAVE)}")
        for kind in sorted(self.sure):
            rows = kinds == kind if kind else ~np.isin(kinds, list(self.scorers))
            expects = expected(self.scorers[kind], kinds[rows], inputs[rows])
            found[rows] = words(self.facts["models"][kind]["fifths"], expects)
        return found


def train(trials: Trials, book: RuleBook, groups: Groups | None = None) -> Model:
    """What the trials say: averages; and of all kinds together and of each kind that has enough of them, whom a contact
    helps. Raises TooFew."""
    if not len(trials):
        raise TooFew("还没有已结束的对照", "no trial has ended yet")
    rule, known = book.effects, trials.at(trials.known)
    learned = {ALL: known} | {kind: known.at(known.kinds == kind) for kind in sorted(set(known.kinds.tolist()))}
    enough = {kind: part for kind, part in learned.items() if len(part) >= rule.uplift_trials}
    judged = {kind: found for kind, part in enough.items() if (found := later(part))}
    facts = {
        "period": [_day(trials.begun.min()), _day(trials.ended.max())],
        "trials": len(trials),
        "known": len(known),
        "needed": max(0, rule.uplift_trials - len(known)),
        "averages": averages(trials, rule),
        "models": {kind: _facts(enough[kind], found, rule, groups or {}) for kind, found in judged.items()},
    }
    return Model({kind: learn(enough[kind]) for kind in judged}, facts)


def _facts(trials: Trials, judged: Judged, rule: Effects, groups: Groups) -> dict[str, Any]:
    ahead = judged.said["regression"]
    order = np.argsort(trials.begun, kind="stable")
    early, late = (trials.inputs[part] for part in (order[: len(order) // BLOCKS], order[-(len(order) // BLOCKS) :]))
    found = fifths(judged, rule)
    return {
        "rows": len(trials),
        "judged": len(judged.trials),
        "from": _day(judged.trials.begun.min()),
        "metrics": measured(judged, judged.said),
        "fifths": found,
        "stability": {name: round(psi(early[:, at], late[:, at]), 3) for at, name in enumerate(NAMES)},
        "fairness": _fairness(judged, words(found, ahead.astype(np.int64)), groups),
    }


def _fairness(judged: Judged, said: NDArray[np.str_], groups: Groups) -> dict[str, list[dict[str, Any]]]:
    """By each group: of how many it is said that a contact helps, and that they are better left alone."""
    told: dict[str, list[dict[str, Any]]] = {}
    for by, of in groups.items():
        names = np.array([of.get(customer, "") for customer in judged.trials.customers.tolist()])
        told[by] = [
            {
                "group": name,
                "trials": int((names == name).sum()),
                **{word: float((said[names == name] == word).mean()) for word in (CALL, LEAVE)},
            }
            for name in sorted(set(names.tolist()))
        ]
    return told


def _day(days: np.int64) -> str:
    return str(np.datetime64(int(days), "D"))
