"""What a customer has agreed to (授权同意), and which uses are refused without it. PIPL, articles 13-17 and 29."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.consents import Consent as Purpose
from weihu.workplace.archive.models import Channel
from weihu.workplace.audit import log
from weihu.workplace.rights.models import Consent


@dataclass(frozen=True)
class Answer:
    """A purpose of the book with the customer's latest answer, if there is one."""

    key: str
    purpose: Purpose
    latest: Consent | None

    @property
    def given(self) -> bool:
        """Whether the customer has agreed."""
        return bool(self.latest and self.latest.given)


def answers_of(customer_id: str, book: RuleBook) -> list[Answer]:
    """Every purpose of the book and what the customer has said to it."""
    latest = {one.purpose: one for one in Consent.objects.filter(customer_id=customer_id).order_by("recorded_at", "pk")}
    return [Answer(key, purpose, latest.get(key)) for key, purpose in book.consents.items()]


def agreed(customer_ids: Collection[str], purposes: Collection[str]) -> dict[str, set[str]]:
    """Of some purposes, those that each customer has agreed to, by customer."""
    found: dict[str, dict[str, bool]] = {customer: {} for customer in customer_ids}
    ids = list(found)
    for start in range(0, len(ids) if purposes else 0, 500):
        rows = Consent.objects.filter(customer_id__in=ids[start : start + 500], purpose__in=purposes)
        for one in rows.order_by("recorded_at", "pk"):
            found[one.customer_id][one.purpose] = one.given
    return {customer: {purpose for purpose, given in said.items() if given} for customer, said in found.items()}


def needed_for(use: str, book: RuleBook) -> list[str]:
    """The purposes without which a use is refused."""
    return [key for key, purpose in book.consents.items() if use in purpose.needed_for]


def lacking(customer_id: str, use: str, book: RuleBook) -> list[Purpose]:
    """The purposes that a use needs and the customer has not agreed to."""
    needed = needed_for(use, book)
    has = agreed([customer_id], needed)[customer_id]
    return [book.consents[key] for key in needed if key not in has]


@dataclass(frozen=True)
class Said:
    """An answer to be recorded: to which purpose, in which version of its text, and how it came."""

    purpose: str
    version: str
    given: bool
    channel: Channel
    evidence: str = ""


def record_consent(customer_id: str, said: Said, by: str, on: date, token: UUID) -> None:
    """Add an answer; the same ``token`` again is the same answer."""
    with transaction.atomic():
        _, created = Consent.objects.get_or_create(
            token=token,
            defaults={
                "customer_id": customer_id,
                "purpose": said.purpose,
                "version": said.version,
                "given": said.given,
                "channel": said.channel,
                "evidence": said.evidence,
                "staff_id": by,
                "on": on,
                "recorded_at": timezone.now(),
            },
        )
        if created:
            log.record(by, "consent.given" if said.given else "consent.withdrawn", customer_id, said.purpose)
