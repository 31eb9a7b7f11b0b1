"""Advice a good manager would give (M6, M7): which reason comes first, what to say and to do, what to offer. Pure.

Losses and complaints come before everything. What is said names exactly the offer that is made; what the customer said
last time comes before what the book would rank first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypedDict

from weihu.rules.events import S, Told, answered_kinds
from weihu.rules.match import OCCASION, Fit, Situation, lacks_rating, matches
from weihu.rules.metric import kinds_without_money
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.suitability import Advice as Caution

STEPS = ("care_step", "care_deputy")
"""The kinds that put a step of a care plan on a list."""

DECLINED = "declined"


@dataclass(frozen=True)
class Matter(Generic[S]):
    """A reason to act: an event's leading signal with the others that tell of it."""

    signal: S
    others: tuple[S, ...]

    @property
    def signals(self) -> tuple[S, ...]:
        """All the signals of the event, the leading one first."""
        return (self.signal, *self.others)

    @property
    def _what(self) -> str:
        """What the detail names first: the care plan, the kind of occasion."""
        return str(self.signal.detail).partition(":")[0]

    def kinds(self, book: RuleBook) -> list[str]:
        """The kinds that an offer may answer; a care plan goes on with what began it."""
        plan = book.care_plans.get(self._what)
        if self.signal.kind in STEPS and plan:
            return [kind for kind in plan.starts_on if kind in book.signals]
        return answered_kinds(self.signal, self.others)

    def suggestion(self, book: RuleBook, language: str) -> str:
        """What to do."""
        return book.signals[self.signal.kind].text("suggestion", language)

    def talk(self, book: RuleBook, language: str) -> str:
        """What may be said; of an occasion, what the book has for its kind; in a care plan, what its beginning has."""
        if self.signal.kind == OCCASION and self._what in book.occasions:
            return book.occasions[self._what].talk(language)
        kinds = self.kinds(book) if self.signal.kind in STEPS else [self.signal.kind]
        return next((text for kind in kinds if (text := book.signals[kind].text("talk", language))), "")


@dataclass(frozen=True)
class Advice(Generic[S]):
    """Every reason with its words; the offers, of which the first one's words are a part of the words of the reason that
    it answers; and what to mind."""

    reasons: list[tuple[Matter[S], list[str]]]
    offers: list[Fit]
    cautions: list[Caution]


class Concerned(TypedDict):
    """The part of a Situation that follows from the reasons."""

    kinds: list[str]
    amount: Decimal
    occasions: frozenset[str]


def most_urgent_first(signals: Iterable[S], book: RuleBook) -> list[S]:
    """A customer's signals in the order of the book: by urgency, then by weight; of one kind the nearest date ahead, and
    the last of what has happened."""
    urgency = {kind: book.urgency_of([kind]) for kind in book.signals}
    return sorted(
        signals,
        key=lambda signal: (
            urgency[signal.kind],
            -book.signals[signal.kind].weight,
            signal.kind,
            _turn(signal),
            signal.subject,
        ),
    )


def _turn(signal: Told) -> int:
    ahead = signal.on_date is not None and signal.on_date > signal.raised_on
    return int(signal.on_date.toordinal()) if ahead else -int(signal.raised_on.toordinal())


def told_to(signals: Sequence[S], is_deputy: bool, has_deputy: bool, book: RuleBook) -> list[S]:
    """Those of a customer's signals that are for a person: a deputy's own come first, and if there is a deputy at work
    nobody else is told of them but for want of anything else."""
    own = [signal for signal in signals if book.signals[signal.kind].to == "deputy"]
    others = [signal for signal in signals if book.signals[signal.kind].to != "deputy"]
    return own + others if is_deputy or not has_deputy else others or own


def concerned(matters: Sequence[Matter[S]], aum: Decimal, book: RuleBook) -> Concerned:
    """What the reasons are about; without an amount of their own, the customer's AUM. What comes alone hushes the others'
    kinds."""
    points, groups = kinds_without_money(book), list(book.urgency.values())
    first = groups[book.urgency_of([matters[0].signal.kind])] if matters else None
    asking = [matter for matter in matters if first and (not first.alone or matter.signal.kind in first.kinds)]
    signals = [signal for matter in matters for signal in matter.signals]
    amounts = [signal.amount for signal in signals if signal.amount and signal.kind not in points]
    return {
        "kinds": list(dict.fromkeys(kind for matter in asking for kind in matter.kinds(book))),
        "amount": max(amounts, default=aum),
        "occasions": frozenset(signal.detail.partition(":")[0] for signal in signals if signal.kind == OCCASION),
    }


def said_of_offers(contacts: Iterable[tuple[str, str]], book: RuleBook) -> tuple[frozenset[str], frozenset[str]]:
    """The offers in which the customer was interested by the last contacts, and those that he or she declined since.
    ``contacts``: interest and outcome of those with an interest, the latest first."""
    last: dict[str, str] = {}
    for interest, outcome in list(contacts)[: book.ranking.liked_contacts]:
        last.setdefault(interest, outcome)
    refused = frozenset(offer for offer, outcome in last.items() if outcome == DECLINED)
    return frozenset(last) - refused, refused


def advise(matters: Sequence[Matter[S]], situation: Situation, book: RuleBook, language: str) -> Advice[S]:
    """The advice for a customer's reasons, the most urgent first."""
    offers = matches(situation, book)
    reasons = [(matter, [talk] if (talk := matter.talk(book, language)) else []) for matter in matters]
    if offers and reasons:
        answering = (words for matter, words in reasons if set(matter.kinds(book)) & set(offers[0].answers))
        next(answering, reasons[0][1]).append(offers[0].offer.text(language))
    cautions: list[Caution] = []
    if situation.is_minor(book):
        cautions.append(book.suitability.minor)
    if lacks_rating(situation, book):
        cautions.append(book.suitability.unrated)
    return Advice(reasons, offers, cautions)
