"""What to say and what to offer a customer on the list (产品匹配), with the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from weihu.rules.advice import advise, concerned, said_of_offers
from weihu.rules.match import Fit, Situation
from weihu.workplace.act.signals.reasons import Reason
from weihu.workplace.bank.models import Product, Standing, Uplift
from weihu.workplace.base.words import called
from weihu.workplace.consent.consents import is_stopped
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
class Shown:
    """An advice (``rules.advice``) as a page shows it; ``cautions``: (what to do, what to say)."""

    reasons: list[tuple[Reason, list[str]]]
    offers: list[Suggestion]
    cautions: list[tuple[str, str]]


def advice_for(
    request: WorkRequest, standing: Standing, archive: dict[str, FieldState], reasons: Sequence[Reason]
) -> Shown:
    """The advice for a customer's open reasons."""
    products, language = Product.objects.in_bulk(), get_language() or "zh-hans"
    situation = _situation(request, standing, archive, reasons, products)
    advice = advise(reasons, situation, request.book, language)
    return Shown(
        [(reason, words) for reason, (_matter, words) in zip(reasons, advice.reasons, strict=True)],
        [
            Suggestion(fit, [products[key] for key in fit.products], _whys(fit, situation, request))
            for fit in advice.offers
        ],
        [(caution.suggestion(language), caution.talk(language)) for caution in advice.cautions if reasons],
    )


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
    rows = request.gate.contacts(standing).exclude(interest="").values_list("interest", "outcome")
    liked, refused = said_of_offers(rows[: request.book.ranking.liked_contacts], request.book)
    return Situation(
        **concerned(reasons, Decimal(standing.aum), request.book),
        on=request.run.work_date,
        held=frozenset(product.category for product in products.values() if product.product_id in owned),
        rating=customer.risk_rating,
        rated_on=customer.risk_rated_on,
        born=customer.birth_date,
        goals=_chosen(archive, "financial_goals"),
        needed_within=(needed.due_on - request.run.work_date).days if needed else None,
        liked=liked,
        refused=refused | _chosen(archive, request.book.suitability.refusals),
        personal=not is_stopped(standing.customer_id, "offer", request.book),
        likely=_likely(request, standing),
        classes={(product.category, product.product_id): product.risk for product in products.values()},
    )


def _likely(request: WorkRequest, standing: Standing) -> str:
    """The kind of product that the customer most probably buys next, unless he or she refuses personal analysis."""
    row = request.gate.bought_next(standing)
    if row is None or not row.categories or is_stopped(standing.customer_id, "score", request.book):
        return ""
    return str(row.categories[0])


def uplift_of(request: WorkRequest, standing: Standing) -> dict[str, Uplift]:
    """By kind of signal, whether a contact surely helps the customer or harms, unless he or she refuses personal analysis."""
    found = request.gate.uplift(standing)
    return found if found and not is_stopped(standing.customer_id, "score", request.book) else {}


def _chosen(archive: dict[str, FieldState], field: str) -> frozenset[str]:
    """What is known to be chosen of a field's choices."""
    state = archive.get(field)
    return frozenset(state.value.split(",")) if state and state.value else frozenset()


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
    if fit.likely:
        whys.append(_("customers like this one buy it next"))
    names = {choice.key: choice for choice in book.fields["financial_goals"].choices} if fit.goals else {}
    if fit.goals:
        whys.append(_("serves the goal: %(goals)s") % {"goals": ", ".join(called(names[goal]) for goal in fit.goals)})
    if fit.offer.locks_days and situation.needed_within is not None:
        whys.append(
            _("tied for %(days)s days; the money is needed in %(needed)s")
            % {"days": fit.offer.locks_days, "needed": situation.needed_within}
        )
    return whys
