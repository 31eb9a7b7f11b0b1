"""Which offers fit a customer's reasons to act, and why (产品匹配, M6). Pure.

Never above the customer's risk rating, never with a risk without a valid one (domain, section 5: a rating older than
one year counts as none).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.offers import Offer


@dataclass(frozen=True)
class Situation:
    """What is known when an offer is looked for. ``amount``: the money in question, yuan. ``needed_within``: days
    until the customer needs it, if that is known. ``held``: categories that are held. ``classes``: the risk class of
    the core system's products per category and id. ``liked``: the offers in which the customer was interested."""

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

    def valid_rating(self, book: RuleBook) -> str | None:
        """The risk rating, unless it is older than the book lets it count."""
        days = timedelta(days=book.suitability.rating_days)
        return self.rating if self.rated_on is not None and self.on - self.rated_on <= days else None


@dataclass(frozen=True)
class Fit:
    """An offer that fits: the signals it answers, its risk class and products, the goals that it serves, whether the
    customer was interested in it."""

    key: str
    offer: Offer
    answers: list[str]
    risk: str | None
    products: list[str]
    goals: list[str]
    new: bool
    liked: bool


def matches(situation: Situation, book: RuleBook) -> list[Fit]:
    """The offers that fit, what the customer liked first, then the best by the book's ranking, as many as it shows."""
    ranking = book.ranking

    def pull(fit: Fit) -> Decimal:
        reasons = ranking.signal * len(fit.answers) + ranking.goal * len(fit.goals) + ranking.new * fit.new
        return fit.offer.weight * reasons

    fits = [fit for key, offer in book.offers.items() if (fit := _fit(key, offer, situation, book))]
    return sorted(fits, key=lambda fit: (not fit.liked, -pull(fit), fit.key))[: ranking.shown]


def _fit(key: str, offer: Offer, situation: Situation, book: RuleBook) -> Fit | None:
    answers = [kind for kind in situation.kinds if kind in offer.answers]
    held = offer.category in situation.held
    if not answers or situation.amount < offer.minimum or (offer.once and held):
        return None
    age = _age(situation.born, situation.on) if situation.born else None
    if (offer.age_from or offer.age_to < 150) and (age is None or not offer.age_from <= age <= offer.age_to):
        return None
    if situation.needed_within is not None and offer.locks_days > situation.needed_within:
        return None
    products, risk = _suitable(offer, situation, book)
    if products is None:
        return None
    goals = sorted(situation.goals & set(offer.goals))
    return Fit(key, offer, answers, risk, products, goals, not held, key in situation.liked)


def _age(born: date, on: date) -> int:
    """Full years; who was born on 29 February is a year older on 1 March of other years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _suitable(offer: Offer, situation: Situation, book: RuleBook) -> tuple[list[str] | None, str | None]:
    """The offer's products within the customer's rating, and the highest class among them; (None, None): none fits."""
    classes = {product: risk for (category, product), risk in situation.classes.items() if category == offer.category}
    wanted = offer.products or sorted(classes)
    rating = situation.valid_rating(book)
    allowed = int(rating[1]) if rating else 0
    exempt = offer.category in book.suitability.exempt
    fitting: dict[str, int] = {}
    for product in wanted:
        level = 0 if exempt else max(int((risk or "R0")[1]) for risk in (classes.get(product), offer.risk))
        if product in classes and level <= allowed:
            fitting[product] = level
    if not fitting:
        return None, None
    highest = max(fitting.values())
    return sorted(fitting), f"R{highest}" if highest else None
