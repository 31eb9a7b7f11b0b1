"""What to offer a customer on the list (产品匹配), with the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from weihu.rules.match import Fit, Situation, matches
from weihu.rules.metric import kinds_without_money
from weihu.workplace.bank.models import Product, Signal, Standing
from weihu.workplace.base.words import called
from weihu.workplace.gate.requests import WorkRequest
from weihu.workplace.know.archive.facts import FieldState
from weihu.workplace.know.life.models import Goal


@dataclass(frozen=True)
class Suggestion:
    """An offer with its products and why it fits."""

    fit: Fit
    products: list[Product]
    whys: list[str]


def suggestions(
    request: WorkRequest, standing: Standing, archive: dict[str, FieldState], signals: list[Signal]
) -> tuple[list[Suggestion], bool]:
    """The offers that fit the customer's signals, and whether a valid risk rating is missing."""
    products = Product.objects.in_bulk()
    situation = _situation(request, standing, archive, signals, products)
    suggested = [
        Suggestion(fit, [products[key] for key in fit.products], _whys(fit, situation, request))
        for fit in matches(situation, request.book)
    ]
    return suggested, situation.valid_rating(request.book) is None


def _situation(
    request: WorkRequest,
    standing: Standing,
    archive: dict[str, FieldState],
    signals: list[Signal],
    products: dict[str, Product],
) -> Situation:
    customer = standing.customer
    owned = {account.product_id for account, _ in request.gate.accounts(standing) if account.closed_on is None}
    owned |= set(request.gate.holdings(standing).filter(closed_on__isnull=True).values_list("product_id", flat=True))
    goals = archive.get("financial_goals")
    needed = Goal.objects.filter(customer_id=standing.customer_id, ended_on__isnull=True).order_by("due_on").first()
    points = kinds_without_money(request.book)
    amounts = [signal.amount for signal in signals if signal.amount and signal.kind not in points]
    return Situation(
        kinds=list(dict.fromkeys(signal.kind for signal in signals)),
        amount=max(amounts, default=Decimal(standing.aum)),
        on=request.run.work_date,
        held=frozenset(product.category for product in products.values() if product.product_id in owned),
        rating=customer.risk_rating,
        rated_on=customer.risk_rated_on,
        born=customer.birth_date,
        goals=frozenset(goals.value.split(",")) if goals and goals.value else frozenset(),
        needed_within=(needed.due_on - request.run.work_date).days if needed else None,
        liked=frozenset(_liked(request, standing)),
        classes={(product.category, product.product_id): product.risk for product in products.values()},
    )


def _liked(request: WorkRequest, standing: Standing) -> list[str]:
    """The offers that the customer was recently interested in, by the contacts."""
    rows = request.gate.contacts(standing).exclude(interest="")
    return list(rows.values_list("interest", flat=True)[: request.book.ranking.liked_contacts])


def _whys(fit: Fit, situation: Situation, request: WorkRequest) -> list[str]:
    book = request.book
    whys = [_("answers: %(kinds)s") % {"kinds": ", ".join(called(book.signals[kind]) for kind in fit.answers)}]
    if fit.risk:
        whys.append(_("%(risk)s is within the rating %(rating)s") % {"risk": fit.risk, "rating": situation.rating})
    else:
        whys.append(_("needs no risk rating"))
    if fit.liked:
        whys.append(_("was interested in it"))
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
