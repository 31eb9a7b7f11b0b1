"""The overview of a customer: the facts that count, what is open, what to suggest, what matures (概览)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from weihu.workplace.act.care.models import CarePlan, CareStep
from weihu.workplace.act.schedule.visits import visits_of
from weihu.workplace.act.worklist.suggestions import advice_for
from weihu.workplace.bank.models import Product, Standing
from weihu.workplace.base.words import called
from weihu.workplace.gate.requests import WorkRequest
from weihu.workplace.judge.benefits import views as benefits
from weihu.workplace.judge.portfolio.decisions import open_referral
from weihu.workplace.judge.portfolio.referrals import offer_of
from weihu.workplace.know.archive.portrait import products
from weihu.workplace.know.life.questions import questions_of

SUGGESTED, MATURING, BENEFITS = 3, 4, 4
"""How many of a kind the overview shows at most; its tab has the others."""

FIRST = {"complaint": 2, "reason": 2, "offer": 1, "visit": 1, "referral": 1, "plan": 1}
"""What is open, by kind: how many stand first; the others fold."""


@dataclass(frozen=True)
class Maturing:
    """What matures: the day, the product, the amount, and whether the customer owes it."""

    on: date
    product: Product | None
    amount: Decimal
    owed: bool = False


def overview(request: WorkRequest, standing: Standing, shown: dict[str, Any]) -> dict[str, Any]:
    """The context of customer/overview.html; ``shown``: the portrait and the head."""
    advice = advice_for(request, standing, shown["archive"], shown["reasons"])
    advised = [(reason, words) for reason, words in advice.reasons if reason.suggested][:1]
    maturing = _maturing(request, standing)
    due = benefits.card(request, standing)
    return {
        "life_questions": questions_of(request, standing.customer_id, shown["archive"]),
        "key_facts": [shown["archive"][key] for key in request.book.pages.key_fields],
        **_open(request, standing, shown),
        "advised": advised,
        "offers": advice.offers[: SUGGESTED - len(advised)],
        "cautions": advice.cautions,
        "maturing": maturing[:MATURING],
        "benefits": due["benefits"][:BENEFITS],
        "benefits_more": max(0, len(due["benefits"]) - BENEFITS),
        "uses_today": due["uses_today"],
    }


def _open(request: WorkRequest, standing: Standing, shown: dict[str, Any]) -> dict[str, Any]:
    """What is open, each with its kind: what stands first, and what folds."""
    referral = open_referral(standing.customer_id)
    offer = offer_of(request, standing) if shown["near"] and not referral else None
    waiting: dict[str, list[Any]] = {
        "complaint": shown["complaints_open"],
        "reason": shown["reasons"],
        "offer": [offer] if offer else [],
        "visit": visits_of(standing.customer_id, request.run.work_date),
        "referral": [referral] if referral else [],
        "plan": _running(request, standing.customer_id),
    }
    return {
        "open_first": [(kind, row) for kind, rows in waiting.items() for row in rows[: FIRST[kind]]],
        "open_folded": [(kind, row) for kind, rows in waiting.items() for row in rows[FIRST[kind] :]],
    }


def _maturing(request: WorkRequest, standing: Standing) -> list[Maturing]:
    """Money that has yet to come back or to be paid back, the earliest first; a card that expires is none."""
    by_id, on = products(), request.run.work_date
    rows = [
        Maturing(row.matures_on, by_id.get(row.product_id), balance)
        for row, balance in request.gate.accounts(standing)
        if row.closed_on is None and row.matures_on and row.matures_on >= on
    ]
    loans = {key for key, product in by_id.items() if product.category == "loan"}
    rows += [
        Maturing(row.matures_on, by_id[row.product_id], row.amount, owed=True)
        for row in request.gate.holdings(standing)
        if row.closed_on is None and row.matures_on and row.matures_on >= on and row.product_id in loans
    ]
    return sorted(rows, key=lambda row: (row.on, -row.amount))


def _running(request: WorkRequest, customer_id: str) -> list[tuple[str, str, CareStep | None]]:
    """The care plans under way: the plan's name, and the next step in words and as it is due."""
    plans = CarePlan.objects.filter(customer_id=customer_id, ended_on__isnull=True).prefetch_related("steps")
    rows: list[tuple[str, str, CareStep | None]] = []
    for plan in plans.order_by("pk"):
        rule = request.book.care_plans.get(plan.plan)
        waiting = sorted((step for step in plan.steps.all() if step.done_on is None), key=lambda step: step.place)
        step = waiting[0] if waiting else None
        words = called(rule.steps[step.place]) if rule and step and step.place < len(rule.steps) else ""
        rows.append((called(rule) if rule else plan.plan, words, step))
    return rows
