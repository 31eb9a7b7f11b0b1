"""Conditions that the day's tables answer: consents, results of contacts, values of the archive, estimates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.segments.definition import Condition
from weihu.workplace.act.segments.fields import FACT
from weihu.workplace.bank.models import FoundSegment, Standing, WalletEstimate
from weihu.workplace.consent.consents import stopped_customers
from weihu.workplace.consent.models import Consent
from weihu.workplace.contact.models import Contact
from weihu.workplace.know.archive.lists import Filter, condition_on_standings

NEGATED = {"is_not": "is", "has_not": "has"}
SHOWN_AS = {"from": "{}-", "least": "{}-", "to": "-{}", "most": "-{}", "month": "{}月"}
"""How the lists of customers write the same condition."""


def asks_the_day(condition: Condition) -> bool:
    """Whether the database answers it, not the night's columns."""
    fact = condition.field.startswith(FACT) and condition.comparison not in ("known", "unknown")
    return fact or condition.field in ("last_outcome", "consent", "elsewhere", "found")


def members(condition: Condition, rows: QuerySet[Standing], book: RuleBook, on: date, everybody: bool) -> list[str]:
    """Who meets a condition, its negation left aside. ``rows``: the customers within reach, who are ``everybody`` for a
    reach of the whole bank. Raises archive's TooWide."""
    reached = Q() if everybody else Q(customer_id__in=rows.order_by().values("customer_id"))
    if condition.field == "last_outcome":
        return _ids(_with_outcome(condition.value).filter(reached))
    if condition.field == "consent":
        return _ids(_agreed(condition.value).filter(reached))
    if condition.field == "elsewhere":
        return sorted({*_ids(_estimated(condition).filter(reached))} - stopped_customers("score", book))
    if condition.field == "found":
        belong = FoundSegment.objects.filter(reached, letter=condition.value)
        return sorted({*_ids(belong)} - stopped_customers("score", book))
    key = condition.field.removeprefix(FACT)
    wanted = SHOWN_AS.get(condition.comparison, "{}").format(condition.value)
    asked = condition_on_standings(Filter(key, wanted, book.fields[key]), None if everybody else rows, on)
    return _ids(rows.filter(asked))


def contacted_since(on: date) -> list[tuple[str, date]]:
    """Customers whom somebody contacted after a date, and when last."""
    latest: dict[str, date] = {}
    for customer, day in Contact.objects.filter(on__gt=on).values_list("customer_id", "on"):
        latest[customer] = max(day, latest.get(customer, day))
    return sorted(latest.items())


def _with_outcome(outcome: str) -> QuerySet[Contact]:
    same = Contact.objects.filter(customer_id=OuterRef("customer_id"))
    later = same.filter(Q(on__gt=OuterRef("on")) | Q(on=OuterRef("on"), pk__gt=OuterRef("pk")))
    return Contact.objects.filter(~Exists(later), outcome=outcome)


def _agreed(purpose: str) -> QuerySet[Consent]:
    same = Consent.objects.filter(customer_id=OuterRef("customer_id"), purpose=purpose)
    at = OuterRef("recorded_at")
    later = same.filter(Q(recorded_at__gt=at) | Q(recorded_at=at, pk__gt=OuterRef("pk")))
    return Consent.objects.filter(~Exists(later), purpose=purpose, given=True)


def _estimated(condition: Condition) -> QuerySet[WalletEstimate]:
    if condition.comparison == "least":
        return WalletEstimate.objects.filter(amount__gte=condition.amount)
    return WalletEstimate.objects.filter(amount__lte=condition.amount)


def _ids(
    rows: QuerySet[Standing]
    | QuerySet[Contact]
    | QuerySet[Consent]
    | QuerySet[WalletEstimate]
    | QuerySet[FoundSegment],
) -> list[str]:
    ids: Iterable[str] = rows.order_by().values_list("customer_id", flat=True)
    return sorted(set(ids))
