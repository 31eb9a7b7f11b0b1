"""Why a customer is likely to leave, in words: the customer's own numbers, and what warned (a model or the rule)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from weihu.rules.attrition import LONG_AGO, SIZES, WHOLE
from weihu.rules.kinds.leaving import KIND, Why
from weihu.workplace.bank.models import Signal
from weihu.workplace.base.words import amount_text, day, english, per_cent

register = template.Library()

SCORERS: dict[str, Promise] = {
    "rule": lazy("the rule"),
    "regression": lazy("the regression"),
    "trees": lazy("the boosted trees"),
}
SHARES: dict[str, Promise] = {
    "left": lazy("assets are at %(share)s of the own level"),
    "month": lazy("the average of 4 weeks is at %(share)s of the own level"),
    "quarter": lazy("the average of 13 weeks is at %(share)s of the own level"),
    "demand": lazy("%(share)s of the own level lies on demand"),
    "demand_then": lazy("%(share)s of the own level lay on demand 13 weeks ago"),
    "maturing": lazy("%(share)s of the own level matures within 30 days"),
    "went_month": lazy("%(share)s of the own level went to other banks in 4 weeks"),
    "went_quarter": lazy("%(share)s of the own level went to other banks in 13 weeks"),
    "came_month": lazy("%(share)s of the own level came from other banks in 4 weeks"),
    "came_quarter": lazy("%(share)s of the own level came from other banks in 13 weeks"),
    "salary": lazy("the salary of half a year is %(share)s of the own level"),
    "spent": lazy("%(share)s of the own level was spent in half a year"),
    "spending_pace": lazy("pays at %(share)s of the usual pace"),
    "own_pace": lazy("moves money at %(share)s of the usual pace"),
    "salary_pace": lazy("the salary is at %(share)s of the usual"),
    "branch_left": lazy("%(share)s of the branch's customers have left"),
}
"""Inputs in thousandths."""
COUNTS: dict[str, Promise] = {
    "sendings": lazy("%(count)s transfers to other banks in 4 weeks"),
    "spendings": lazy("%(count)s payments in 4 weeks"),
    "spendings_half": lazy("%(count)s payments in half a year"),
    "salary_days": lazy("last salary %(count)s days ago"),
    "contact_days": lazy("last contact %(count)s days ago"),
    "complaint_days": lazy("last complaint %(count)s days ago"),
    "products": lazy("products held: %(count)s"),
    "opened_days": lazy("with the bank for %(count)s days"),
}
LONG_SINCE: dict[str, Promise] = {
    "salary_days": lazy("no salary in the last years"),
    "contact_days": lazy("no contact in the last years"),
    "complaint_days": lazy("no complaint in the last years"),
}


def in_words(detail: str, currency: str) -> str:
    """The reasons of a warning, the weightiest first."""
    comma = ", " if english() else "、"
    return comma.join(_input_in_words(name, value, currency) for name, value in Why.read(detail).inputs)


def _input_in_words(name: str, value: int, currency: str) -> str:
    if name in SHARES:
        return str(SHARES[name]) % {"share": per_cent(Decimal(value) / WHOLE)}
    if name in LONG_SINCE and value >= LONG_AGO:
        return str(LONG_SINCE[name])
    special = SPECIAL.get(name)
    return special(value, currency) if special else str(COUNTS[name]) % {"count": value}


def _size(value: int, currency: str) -> str:
    least = Decimal(SIZES[value - 1] if value else 0)
    return _("an own level of %(amount)s or more") % {"amount": amount_text(least, currency)}


def _risk(value: int, _currency: str) -> str:
    return _("risk rating C%(count)s") % {"count": value} if value else _("no risk rating")


SPECIAL: dict[str, Callable[[int, str], str]] = {"size": _size, "risk": _risk}


@register.filter
def warned_by(signal: Signal) -> str:
    """What warned of a customer's leaving, of which date, and with which chance; empty for other kinds of signal."""
    if signal.kind != KIND:
        return ""
    why = Why.read(signal.detail)
    words = str(SCORERS[why.by])
    if why.learned_on:
        words = _("%(scorer)s of %(on)s") % {"scorer": words, "on": day(date.fromisoformat(why.learned_on))}
    if why.chance:
        words = _("%(words)s, chance %(share)s") % {"words": words, "share": per_cent(Decimal(why.chance) / WHOLE)}
    return _("warned by %(words)s") % {"words": words}
