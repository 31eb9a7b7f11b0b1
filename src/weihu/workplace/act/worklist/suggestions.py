"""What to say and what to offer a customer on the list (产品匹配), with the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from weihu.rules.events import answered_kinds
from weihu.rules.match import OCCASION, Fit, Situation, lacks_rating, matches
from weihu.rules.metric import kinds_without_money
from weihu.rules.sections.suitability import Advice as Caution
from weihu.workplace.act.signals.reasons import Reason
from weihu.workplace.bank.models import Product, Standing
from weihu.workplace.base.words import called
from weihu.workplace.consent.consents import is_stopped
from weihu.workplace.contact.models import Outcome
from weihu.workplace.gate.requests import WorkRequest
from weihu.workplace.know.archive.facts import FieldState
from weihu.workplace.know.life.models import Goal


@dataclass(frozen=True)
class Suggestion:
    """An offer with its products and why it fits."""

    fit: Fit
    products: list[Product]
    whys: list[str]


@dataclass(frozen=True)
class Advice:
    """What a good manager would say: every reason with its words, of which the offer's are a part where it answers the
    reason; the offers, that one first; and what to mind: (what to do, what to say)."""

    reasons: list[tuple[Reason, list[str]]]
    offers: list[Suggestion]
    cautions: list[tuple[str, str]]


def advise(
    request: WorkRequest, standing: Standing, archive: dict[str, FieldState], reasons: Sequence[Reason]
) -> Advice:
    """The advice for a customer's open reasons."""
    products = Product.objects.in_bulk()
    situation = _situation(request, standing, archive, reasons, products)
    offers = [
        Suggestion(fit, [products[key] for key in fit.products], _whys(fit, situation, request))
        for fit in matches(situation, request.book)
    ]
    spoken = [(reason, [reason.talk] if reason.talk else []) for reason in reasons]
    if offers:
        _said_where_it_answers(offers[0].fit, spoken)
    return Advice(spoken, offers, _cautions(situation, request) if reasons else [])


def _kinds(reason: Reason) -> list[str]:
    return answered_kinds(reason.signal, reason.others)


def _said_where_it_answers(fit: Fit, spoken: Sequence[tuple[Reason, list[str]]]) -> None:
    """Add an offer's words to those of the first reason that it answers; what was liked is spoken of at once."""
    answering = (words for reason, words in spoken if set(_kinds(reason)) & set(fit.answers))
    next(answering, spoken[0][1]).append(fit.offer.text(_language()))


def _cautions(situation: Situation, request: WorkRequest) -> list[tuple[str, str]]:
    rule = request.book.suitability
    cautions: list[Caution] = []
    if situation.is_minor(request.book):
        cautions.append(rule.minor)
    if lacks_rating(situation, request.book):
        cautions.append(rule.unrated)
    return [(caution.suggestion(_language()), caution.talk(_language())) for caution in cautions]


def _language() -> str:
    return get_language() or "zh-hans"


def _situation(
    request: WorkRequest,
    standing: Standing,
    archive: dict[str, FieldState],
    reasons: Sequence[Reason],
    products: dict[str, Product],
) -> Situation:
    customer = standing.customer
    owned = {account.product_id for account, _ in request.gate.accounts(standing) if account.closed_on is None}
    owned |= set(request.gate.holdings(standing).filter(closed_on__isnull=True).values_list("product_id", flat=True))
    needed = Goal.objects.filter(customer_id=standing.customer_id, ended_on__isnull=True).order_by("due_on").first()
    points = kinds_without_money(request.book)
    signals = [signal for reason in reasons for signal in reason.signals]
    amounts = [signal.amount for signal in signals if signal.amount and signal.kind not in points]
    liked, refused = _said_of_offers(request, standing)
    return Situation(
        kinds=list(dict.fromkeys(kind for reason in reasons for kind in _kinds(reason))),
        amount=max(amounts, default=Decimal(standing.aum)),
        on=request.run.work_date,
        held=frozenset(product.category for product in products.values() if product.product_id in owned),
        rating=customer.risk_rating,
        rated_on=customer.risk_rated_on,
        born=customer.birth_date,
        goals=_chosen(archive, "financial_goals"),
        needed_within=(needed.due_on - request.run.work_date).days if needed else None,
        liked=liked,
        refused=refused | _chosen(archive, request.book.suitability.refusals),
        occasions=frozenset(signal.detail.partition(":")[0] for signal in signals if signal.kind == OCCASION),
        personal=not is_stopped(standing.customer_id, "offer", request.book),
        classes={(product.category, product.product_id): product.risk for product in products.values()},
    )


def _chosen(archive: dict[str, FieldState], field: str) -> frozenset[str]:
    """What is known to be chosen of a field's choices."""
    state = archive.get(field)
    return frozenset(state.value.split(",")) if state and state.value else frozenset()


def _said_of_offers(request: WorkRequest, standing: Standing) -> tuple[frozenset[str], frozenset[str]]:
    """The offers that the customer was interested in by the last contacts, and those that he or she declined since."""
    last: dict[str, str] = {}
    for contact in request.gate.contacts(standing).exclude(interest="")[: request.book.ranking.liked_contacts]:
        last.setdefault(contact.interest, contact.outcome)
    refused = frozenset(offer for offer, outcome in last.items() if outcome == Outcome.DECLINED)
    return frozenset(last) - refused, refused


def _whys(fit: Fit, situation: Situation, request: WorkRequest) -> list[str]:
    book = request.book
    whys = []
    if fit.liked:
        whys.append(_("was interested in it"))
    if fit.answers:
        whys.append(_("answers: %(kinds)s") % {"kinds": ", ".join(called(book.signals[kind]) for kind in fit.answers)})
    if fit.risk:
        whys.append(_("%(risk)s is within the rating %(rating)s") % {"risk": fit.risk, "rating": situation.rating})
    else:
        whys.append(_("needs no risk rating"))
    if fit.new:
        whys.append(_("holds none yet"))
    names = {choice.key: choice for choice in book.fields["financial_goals"].choices} if fit.goals else {}
    if fit.goals:
        whys.append(_("serves the goal: %(goals)s") % {"goals": ", ".join(called(names[goal]) for goal in fit.goals)})
    if fit.offer.locks_days and situation.needed_within is not None:
        whys.append(
            _("tied for %(days)s days; the money is needed in %(needed)s")
            % {"days": fit.offer.locks_days, "needed": situation.needed_within}
        )
    return whys
