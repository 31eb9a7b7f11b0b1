"""What customers have agreed to (授权同意), and which uses need it. PIPL, articles 13-17 and 29."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections import consents
from weihu.workplace.base import audit
from weihu.workplace.base.channels import Channel
from weihu.workplace.consent.models import Consent


@dataclass(frozen=True)
class PurposeStatus:
    """A purpose of the rule book and the customer's latest answer to it, if any."""

    key: str
    purpose: consents.Consent
    latest: Consent | None

    @property
    def given(self) -> bool:
        """Whether the customer has agreed."""
        return bool(self.latest and self.latest.given)


def purpose_statuses(customer_id: str, book: RuleBook) -> list[PurposeStatus]:
    """Every purpose of the rule book with the customer's latest answer."""
    latest = {
        consent.purpose: consent
        for consent in Consent.objects.filter(customer_id=customer_id).order_by("recorded_at", "pk")
    }
    return [PurposeStatus(key, purpose, latest.get(key)) for key, purpose in book.consents.items()]


def agreed_purposes(customer_ids: Collection[str], purposes: Collection[str]) -> dict[str, set[str]]:
    """Those of ``purposes`` that each customer has agreed to, by customer."""
    answers: dict[str, dict[str, bool]] = {customer: {} for customer in customer_ids}
    ids = list(answers)
    for start in range(0, len(ids) if purposes else 0, 500):
        rows = Consent.objects.filter(customer_id__in=ids[start : start + 500], purpose__in=purposes)
        for consent in rows.order_by("recorded_at", "pk"):
            answers[consent.customer_id][consent.purpose] = consent.given
    return {
        customer: {purpose for purpose, agrees in by_purpose.items() if agrees}
        for customer, by_purpose in answers.items()
    }


def needed_for(use: str, book: RuleBook) -> list[str]:
    """The purposes that a use needs the customer's consent to."""
    return [key for key, purpose in book.consents.items() if use in purpose.needed_for]


def missing_consents(customer_id: str, use: str, book: RuleBook) -> list[consents.Consent]:
    """The purposes that a use needs and the customer has not agreed to."""
    needed = needed_for(use, book)
    agreed_to = agreed_purposes([customer_id], needed)[customer_id]
    return [book.consents[key] for key in needed if key not in agreed_to]


def is_stopped(customer_id: str, use: str, book: RuleBook) -> bool:
    """Whether the customer has said no to a purpose whose refusal ends a use."""
    purposes = [key for key, purpose in book.consents.items() if use in purpose.stops]
    last: dict[str, bool] = {}
    rows = Consent.objects.filter(customer_id=customer_id, purpose__in=purposes)
    for consent in rows.order_by("recorded_at", "pk"):
        last[consent.purpose] = consent.given
    return not all(last.values())


def stopped_customers(use: str, book: RuleBook) -> set[str]:
    """The customers who have said no to a purpose whose refusal ends a use."""
    purposes = [key for key, purpose in book.consents.items() if use in purpose.stops]
    last: dict[tuple[str, str], bool] = {}
    for consent in Consent.objects.filter(purpose__in=purposes).order_by("recorded_at", "pk"):
        last[consent.customer_id, consent.purpose] = consent.given
    return {customer for (customer, _), given in last.items() if not given}


@dataclass(frozen=True)
class ConsentAnswer:
    """An answer to record: yes or no to a version of a purpose's text, and how the bank received it."""

    purpose: str
    version: str
    given: bool
    channel: Channel
    evidence: str = ""


def record_consent(customer_id: str, answer: ConsentAnswer, by: str, on: date, token: UUID) -> None:
    """Record an answer; repeating the same ``token`` changes nothing."""
    with transaction.atomic():
        _, created = Consent.objects.get_or_create(
            token=token,
            defaults={
                "customer_id": customer_id,
                "purpose": answer.purpose,
                "version": answer.version,
                "given": answer.given,
                "channel": answer.channel,
                "evidence": answer.evidence,
                "staff_id": by,
                "on": on,
                "recorded_at": timezone.now(),
            },
        )
        if created:
            audit.record(by, "consent.given" if answer.given else "consent.withdrawn", customer_id, answer.purpose)
