"""Which offers fit a customer's reasons to act, and why (产品匹配, M6). Pure.

Never above the customer's risk rating, never with a risk without a valid one (domain, section 5: a rating older than
one year counts as none). Nothing at all while a complaint is open, to who refused to have offers chosen from his or her
data, and nothing that the customer does not want to hear of. Only what is fit to be said: ``Fit.offer`` has its talk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.offers import Offer

EVERYTHING = "everything"
"""Among what a customer does not want to hear of: any product."""

OCCASION = "life_occasion"


@dataclass(frozen=True)
class Situation:
    """What is known when an offer is looked for. ``amount``: the money in question, yuan. ``needed_within``: days
    until the customer needs it, if that is known. ``held``: categories that are held. ``classes``: the risk class of
    the core system's products per category and id. ``liked``: the offers in which the customer was interested, ``refused``:
    those that he or she does not want to hear of, by key or category. ``occasions``: the life occasions among the reasons. ``personal``:
    whether offers may be chosen from the customer's data. ``likely``: the category that the customer most probably buys
    next."""

    kinds: list[str]
    amount: Decimal
    on: date
    held: frozenset[str]
    rating: str | None
    rated_on: date | None
    born: date | None
    goals: frozenset[str]
    needed_within: int | None
    classes: Mapping[tuple[str, str], str | None]
    liked: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    occasions: frozenset[str] = frozenset()
    personal: bool = True
    likely: str = ""

    def age(self) -> int | None:
        """Full years; who was born on 29 February is a year older on 1 March of other years."""
        if self.born is None:
            return None
        before = (self.on.month, self.on.day) < (self.born.month, self.born.day)
        return self.on.year - self.born.year - before

    def is_minor(self, book: RuleBook) -> bool:
        """Whether the customer is known to be under age."""
        age = self.age()
        return age is not None and age < book.suitability.adult_age

    def may_be_offered(self, book: RuleBook) -> bool:
        """Whether there may be any offers now."""
        hushed = any(book.signals[kind].no_offers for kind in self.kinds)
        return self.personal and EVERYTHING not in self.refused and not hushed

    def valid_rating(self, book: RuleBook) -> str | None:
        """The risk rating, unless it is older than the book lets it count."""
        days = timedelta(days=book.suitability.rating_days)
        return self.rating if self.rated_on is not None and self.on - self.rated_on <= days else None


@dataclass(frozen=True)
class Fit:
    """An offer that fits: the signals it answers, its risk class and products, the goals that it serves, whether the
    customer was interested in it, whether it is what he or she most probably buys next."""

    key: str
    offer: Offer
    answers: list[str]
    risk: str | None
    products: list[str]
    goals: list[str]
    new: bool
    liked: bool
    likely: bool


def matches(situation: Situation, book: RuleBook) -> list[Fit]:
    """The offers that fit, what the customer liked first, then the best by the book's ranking, as many as it shows."""
    return _fitting(situation, book)[: book.ranking.shown]


def lacks_rating(situation: Situation, book: RuleBook) -> bool:
    """Whether a valid risk rating is lacking for something that would fit the reasons."""
    if situation.valid_rating(book) is not None or situation.is_minor(book):
        return False
    rated = replace(situation, rating="C5", rated_on=situation.on)
    known = {fit.key for fit in _fitting(situation, book)}
    return any(fit.key not in known and fit.risk for fit in _fitting(rated, book))


def _fitting(situation: Situation, book: RuleBook) -> list[Fit]:
    if not situation.may_be_offered(book):
        return []
    ranking = book.ranking

    def pull(fit: Fit) -> Decimal:
        reasons = ranking.signal * len(fit.answers) + ranking.goal * len(fit.goals) + ranking.new * fit.new
        reasons += ranking.likely * fit.likely
        return fit.offer.weight * reasons

    fits = [fit for key, offer in book.offers.items() if (fit := _fit(key, offer, situation, book))]
    return sorted(fits, key=lambda fit: (not fit.liked, -pull(fit), fit.key))


def _fit(key: str, offer: Offer, situation: Situation, book: RuleBook) -> Fit | None:
    answers, liked = _answered(offer, situation), _is_among(key, offer, situation.liked, book)
    spoken_of = liked and any(kind in book.ranking.liked_kinds for kind in situation.kinds)
    goals = sorted(situation.goals & set(offer.goals))
    if not (answers or spoken_of) or _is_among(key, offer, situation.refused, book) or not _is_for(offer, situation):
        return None
    if offer.goals_only and not (goals or liked):
        return None
    products, risk = _suitable(offer, situation, book)
    if products is None:
        return None
    new, likely = offer.category not in situation.held, offer.category == situation.likely
    return Fit(key, offer, answers, risk, products, goals, new, liked, likely)


def _is_among(key: str, offer: Offer, named: frozenset[str], book: RuleBook) -> bool:
    """Whether an offer is among some that are named by key or by category, or is of the category of one of them."""
    categories = {book.offers[other].category for other in named if other in book.offers} | named
    return key in named or offer.category in categories


def _answered(offer: Offer, situation: Situation) -> list[str]:
    """The reasons that an offer answers."""
    answers = [kind for kind in situation.kinds if kind in offer.answers]
    if OCCASION in answers and offer.occasions and not situation.occasions & set(offer.occasions):
        answers.remove(OCCASION)
    return answers


def _is_for(offer: Offer, situation: Situation) -> bool:
    """Whether an offer is sold and is for such a customer: amount, age, what is held, when the money is needed."""
    if offer.sold_until is not None and situation.on > offer.sold_until:
        return False
    if situation.amount < offer.minimum or (offer.once and offer.category in situation.held):
        return False
    age = situation.age()
    if (offer.age_from or offer.age_to < 150) and (age is None or not offer.age_from <= age <= offer.age_to):
        return False
    return situation.needed_within is None or offer.locks_days <= situation.needed_within


def _suitable(offer: Offer, situation: Situation, book: RuleBook) -> tuple[list[str] | None, str | None]:
    """The offer's products within the customer's rating, and the highest class among them; (None, None): none fits."""
    classes = {product: risk for (category, product), risk in situation.classes.items() if category == offer.category}
    wanted = offer.products or sorted(classes)
    rating = situation.valid_rating(book)
    allowed = int(rating[1]) if rating else 0
    exempt = offer.category in book.suitability.exempt
    if not exempt and situation.is_minor(book):
        return None, None
    fitting: dict[str, int] = {}
    for product in wanted:
        level = 0 if exempt else max(int((risk or "R0")[1]) for risk in (classes.get(product), offer.risk))
        if product in classes and level <= allowed:
            fitting[product] = level
    if not fitting:
        return None, None
    highest = max(fitting.values())
    return sorted(fitting), f"R{highest}" if highest else None
