"""Service cards (接待): a customer of the branch is open at the counter for some minutes, within the limits of a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.db.models import F, QuerySet

from weihu.workplace.bank.models import Standing
from weihu.workplace.base import audit
from weihu.workplace.gate import limits
from weihu.workplace.gate.models import ServiceCard
from weihu.workplace.gate.reach import Gate


class DayIsFull(ValueError):
    """The person has opened as many cards today as the book allows."""


@dataclass(frozen=True)
class Occasion:
    """How a customer was found, what he came for, and the number that the queue machine called."""

    found_by: ServiceCard.FoundBy
    why: ServiceCard.Why
    ticket: str = ""


def cards_of(gate: Gate) -> QuerySet[ServiceCard]:
    """The cards that the person opened on the working day, latest first."""
    return ServiceCard.objects.filter(staff_id=gate.staff.staff_id, on=gate.run.work_date).order_by("-pk")


def cards_left(gate: Gate) -> int:
    """How many cards the person may still open today."""
    return limits.left(limits.Kind.CARDS, gate)


def open_card(gate: Gate, standing: Standing, occasion: Occasion, at: datetime) -> ServiceCard:
    """Open a customer's card; one that is open already is neither counted nor prolonged. Raises DayIsFull.

    The caller has the standing from ``of_branch``.
    """
    customer_id, by = standing.customer_id, gate.staff.staff_id
    if (card := card_of(gate, customer_id, at)) is not None:
        return card
    try:
        limits.take(limits.Kind.CARDS, gate)
    except limits.LimitReached:
        raise DayIsFull from None
    card = ServiceCard.objects.create(
        token=uuid4(),
        staff_id=by,
        customer_id=customer_id,
        branch_id=standing.branch_id,
        on=gate.run.work_date,
        opened_at=at,
        until=at + timedelta(minutes=gate.run.rulebook.reception.minutes),
        found_by=occasion.found_by,
        why=occasion.why,
        ticket=occasion.ticket,
    )
    audit.record(by, "card.open", customer_id, f"{occasion.found_by} {occasion.why} until {card.until:%H:%M:%S} UTC")
    return card


def card_of(gate: Gate, customer_id: str, at: datetime) -> ServiceCard | None:
    """The card that the person has open of a customer at a moment."""
    rows = ServiceCard.objects.filter(staff_id=gate.staff.staff_id, customer_id=customer_id, until__gt=at)
    return rows.order_by("-pk").first()


def close_card(card: ServiceCard, at: datetime) -> None:
    """Close a card before its time."""
    if ServiceCard.objects.filter(pk=card.pk, until__gt=at).update(until=at):
        audit.record(card.staff_id, "card.close", card.customer_id)


def acted(card: ServiceCard) -> None:
    """Count that something was done on a card."""
    ServiceCard.objects.filter(pk=card.pk).update(acts=F("acts") + 1)
