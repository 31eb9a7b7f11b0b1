"""How contacts end and what staff note of them, by the reason of the contact: the patterns of ``notes.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from weihu.workplace.contact.models import Outcome

WITHOUT_NOTE = 0.3
"""Of the contacts that went as usual, so many have no note."""
AGREED_DAYS = (1, 8)
"""What is agreed on is so many days on, from the first and before the second."""
BANKS = ("建行", "工行", "农行", "招行", "邮储", "交行", "中行", "浦发", "兴业", "农商行")
PERSONS = ("家人", "家里人", "亲戚", "朋友")
WEEKDAYS = "一二三四五六日"
AGREED = "□"
"""Where a note names the day that was agreed on."""
_CHOICE = re.compile(r"\{([^{}]*\|[^{}]*)\}")


@dataclass(frozen=True)
class Reasons:
    """Reasons of one sort: how contacts for them end, what customers become interested in, and the patterns of notes."""

    outcomes: dict[Outcome, float]
    offers: tuple[str, ...]
    notes: dict[Outcome, tuple[str, ...]]


@dataclass(frozen=True)
class Talk:
    """How one contact ended. ``again_on``: the day that was agreed on, if one was."""

    outcome: Outcome
    note: str
    offer: str
    again_on: date | None


def talk(kind: str, detail: str, on: date, open_days: Sequence[date], rng: np.random.Generator) -> Talk:
    """A contact made for a kind of signal; ``open_days``: those after ``on`` on which something can be agreed."""
    reasons = _reasons()[kind]
    weights = np.array(list(reasons.outcomes.values()))
    outcome = list(reasons.outcomes)[int(rng.choice(len(weights), p=weights / weights.sum()))]
    usual = outcome in (Outcome.CONSIDERING, Outcome.NOT_REACHED)
    pattern = "" if usual and rng.random() < WITHOUT_NOTE else _one_of(reasons.notes[outcome], rng)
    note = _chosen(pattern, detail if kind == "to_other_bank" else "", rng)
    agreed = outcome == Outcome.RESCHEDULED or AGREED in note
    again_on = _one_of(_near(on, open_days), rng) if agreed else None
    offer = _offer(note, reasons, rng) if outcome == Outcome.INTERESTED else ""
    return Talk(outcome, note.replace(AGREED, _called(on, again_on)) if again_on else note, offer, again_on)


def _near(on: date, open_days: Sequence[date]) -> Sequence[date]:
    near = [day for day in open_days if timedelta(AGREED_DAYS[0]) <= day - on < timedelta(AGREED_DAYS[1])]
    return near or open_days[:1] or [on + timedelta(days=1)]


def _chosen(pattern: str, bank: str, rng: np.random.Generator) -> str:
    """A note with one part of each choice; ``bank``: the other bank, if it is known."""
    named = pattern.replace("{bank}", bank or _one_of(BANKS, rng)).replace("{person}", _one_of(PERSONS, rng))
    named = named.replace("{day}", AGREED)
    return _CHOICE.sub(lambda match: str(_one_of(match[1].split("|"), rng)), named)


def _offer(note: str, reasons: Reasons, rng: np.random.Generator) -> str:
    """What a customer is interested in: what the note names first, or anything that goes with the reason."""
    places = [(note.find(word), offer) for offer, words in _named().items() for word in words if word in note]
    if places:
        return min(places)[1]
    return _one_of(reasons.offers, rng) if reasons.offers else ""


def _called(on: date, day: date) -> str:
    """A day as people speak of it."""
    week = day.isocalendar().week != on.isocalendar().week
    return "明天" if day == on + timedelta(days=1) else f"{'下' if week else ''}周{WEEKDAYS[day.weekday()]}"


def _one_of(choices: Sequence[Any], rng: np.random.Generator) -> Any:
    return choices[int(rng.integers(len(choices)))]


@cache
def _content() -> dict[str, Any]:
    return tomllib.loads((files("weihu.demo.working") / "notes.toml").read_text(encoding="utf-8"))


@cache
def _named() -> dict[str, list[str]]:
    """The words by which a note names an offer."""
    return dict(_content()["named"])


@cache
def _reasons() -> dict[str, Reasons]:
    """The sorts of reasons by kind of signal."""
    silent = tuple(_content()["not_reached"]["patterns"])
    by_kind: dict[str, Reasons] = {}
    for entry in _content().values():
        if "kinds" in entry:
            outcomes = {Outcome(name): float(weight) for name, weight in entry["outcomes"].items()}
            notes = {outcome: tuple(entry.get(outcome, silent)) for outcome in outcomes}
            by_kind |= dict.fromkeys(entry["kinds"], Reasons(outcomes, tuple(entry["offers"]), notes))
    return by_kind
