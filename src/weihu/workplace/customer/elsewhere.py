"""What a customer probably has at other banks (钱包份额), in words: an estimate with its range and reasons, never a fact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from weihu.workplace.bank.models import Standing
from weihu.workplace.base.words import about_text
from weihu.workplace.consent.consents import is_stopped
from weihu.workplace.gate.requests import WorkRequest
from weihu.workplace.know.archive.facts import FieldState


@dataclass(frozen=True)
class Elsewhere:
    """What a page shows: amounts in words, shares of all that the customer probably has, and what was told of it.

    ``reasons``: (whether it speaks for more than others have, the words).
    """

    on: date
    amount: str
    low: str
    high: str
    share: Decimal
    least: Decimal
    most: Decimal
    held: Decimal
    reasons: list[tuple[bool, str]]
    told: FieldState | None


def elsewhere(request: WorkRequest, standing: Standing, archive: dict[str, FieldState]) -> Elsewhere | None:
    """The latest estimate of a customer within reach; None without one, and of who refuses personal analysis."""
    row = request.gate.elsewhere(standing)
    if row is None or is_stopped(standing.customer_id, "score", request.book):
        return None
    currency, rule = request.book.currency, request.book.wallet

    def share(away: Decimal) -> Decimal:
        whole = standing.aum + away
        return standing.aum / whole if whole else Decimal(0)

    return Elsewhere(
        row.on,
        about_text(row.amount, currency),
        about_text(row.low, currency),
        about_text(row.high, currency),
        share(row.amount),
        share(row.high),
        share(row.low),
        rule.range,
        [(speaks > 0, _words(kind, numbers, currency)) for kind, speaks, numbers in row.reasons],
        archive.get(rule.field),
    )


def _words(kind: str, numbers: dict[str, Any], currency: str) -> str:
    """A reason with the customer's own numbers."""

    def about(name: str) -> str:
        return about_text(Decimal(numbers[name]), currency)

    return WORDS[kind](numbers, about)


def _assets(numbers: dict[str, Any], about: Callable[[str], str]) -> str:
    return _("%(amount)s in %(products)s products here") % {
        "amount": about("amount"),
        "products": numbers["products"],
    }


def _income(numbers: dict[str, Any], about: Callable[[str], str]) -> str:
    if not numbers["amount"]:
        return _("Income unknown")
    return _("Income of %(amount)s a month, and what others with it have") % {"amount": about("amount")}


def _stage(numbers: dict[str, Any], about: Callable[[str], str]) -> str:
    return _("What others of this stage of life have")


def _salary(numbers: dict[str, Any], about: Callable[[str], str]) -> str:
    if not numbers["amount"]:
        return _("No salary comes in here")
    return _("Salary of %(amount)s a month comes in here") % {"amount": about("amount")}


def _use(numbers: dict[str, Any], about: Callable[[str], str]) -> str:
    return _("Payments from here: %(times)s a month") % {"times": numbers["times"]}


def _transfers(numbers: dict[str, Any], about: Callable[[str], str]) -> str:
    if not numbers["bank"]:
        return _("No transfers to or from other banks")
    return _("%(bank)s in %(days)s days: %(went)s sent, %(came)s received") % {
        "bank": numbers["bank"],
        "days": numbers["days"],
        "went": about("went"),
        "came": about("came"),
    }


WORDS: dict[str, Callable[[dict[str, Any], Callable[[str], str]], str]] = {
    "assets": _assets,
    "income": _income,
    "stage": _stage,
    "salary": _salary,
    "use": _use,
    "transfers": _transfers,
}
