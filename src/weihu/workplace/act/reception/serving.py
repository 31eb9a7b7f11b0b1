"""What is done on a service card: facts learned, a referral, a complaint, words to who answers; each counts as a contact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from weihu.workplace.act.reception.models import Memo
from weihu.workplace.bank.models import Staff, Standing
from weihu.workplace.base import audit
from weihu.workplace.base.words import called
from weihu.workplace.contact.models import Contact, Outcome, Way
from weihu.workplace.gate import cards
from weihu.workplace.gate.cover import absent_on
from weihu.workplace.gate.models import Referral, ServiceCard
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.benefits.models import BenefitUse
from weihu.workplace.judge.benefits.using import use
from weihu.workplace.judge.portfolio import decisions
from weihu.workplace.know.archive.facts import FactContent, record_fact
from weihu.workplace.know.complaints.cases import open_case
from weihu.workplace.know.complaints.models import Complaint, Origin


@dataclass(frozen=True)
class Service:
    """A customer who is being served: the person's gate, the open card, the customer's standing."""

    gate: Gate
    card: ServiceCard
    standing: Standing

    @property
    def customer_id(self) -> str:
        """The customer's number."""
        return str(self.standing.customer_id)

    @property
    def by(self) -> str:
        """Who serves."""
        return str(self.gate.staff.staff_id)


def memos_to(gate: Gate) -> QuerySet[Memo]:
    """What the counter told the person, and those whom he or she covers."""
    return Memo.objects.filter(to_id__in=[gate.staff.staff_id, *gate.covered])


def memos_waiting(gate: Gate) -> QuerySet[Memo]:
    """Those of them that nobody has read."""
    return memos_to(gate).filter(read_on__isnull=True)


def learn(service: Service, contents: Iterable[tuple[FactContent, list[int], UUID]], token: UUID) -> int:
    """Record facts; who answers is told which fields, never what they say. Returns how many were recorded."""
    gate, book = service.gate, service.gate.run.rulebook
    with transaction.atomic():
        learned = []
        for content, seen, fact_token in contents:
            record_fact(service.customer_id, content, seen, service.by, gate.run.work_date, fact_token)
            learned.append(called(book.fields[content.field]))
        if learned:
            _served(service)
            _tell(service, Memo.Kind.LEARNED, _(", ").join(learned), token)
    return len(learned)


def tell(service: Service, text: str, token: UUID) -> None:
    """Tell whoever answers for the customer something; the same ``token`` tells once."""
    with transaction.atomic():
        _served(service)
        _tell(service, Memo.Kind.TOLD, text, token)


def complain(service: Service, subject: str, text: str, token: UUID) -> Complaint:
    """Open a complaint that was made at the counter."""
    values = {"origin": Origin.COUNTER, "subject": subject, "text": text}
    book, on = service.gate.run.rulebook, service.gate.run.work_date
    with transaction.atomic():
        case = open_case(service.customer_id, values, service.by, on, book, token)
        _served(service)
        _tell(service, Memo.Kind.COMPLAINED, subject, token)
    return case


def refer(service: Service, to: Staff, target: int, evidence: str) -> Referral:
    """Refer the customer upward. Raises DecisionRefused."""
    with transaction.atomic():
        referral = decisions.refer(service.gate, service.standing, to, target, evidence)
        _served(service)
        _tell(service, Memo.Kind.REFERRED, evidence, service.card.token)
    return referral


def use_benefit(service: Service, key: str, token: UUID) -> BenefitUse:
    """Use a benefit. Raises UsedUp."""
    on = service.gate.run.work_date
    with transaction.atomic():
        benefit_use = use(service.standing, key, service.gate.run.rulebook, service.by, on, token)
        _served(service)
    return benefit_use


def answering(service: Service) -> str | None:
    """Who answers for the customer on the day: the primary or, while away, who covers or else a deputy who is not."""
    standing = service.standing
    if not standing.primary_id:
        return standing.deputy_id
    absences = {
        row.staff_id: row
        for row in absent_on(service.gate.run.work_date).filter(staff_id__in=[standing.primary_id, standing.deputy_id])
    }
    if standing.primary_id not in absences:
        return str(standing.primary_id)
    deputy = None if standing.deputy_id in absences else standing.deputy_id
    return absences[standing.primary_id].cover_id or deputy or standing.primary_id


def _tell(service: Service, kind: Memo.Kind, text: str, token: UUID) -> None:
    """A memo to whoever answers; none where that is the person or nobody."""
    to = answering(service)
    if to is None or to == service.by:
        return
    on = service.gate.run.work_date
    values = {"customer_id": service.customer_id, "from_id": service.by, "to_id": to, "on": on, "kind": kind}
    values |= {"at": timezone.now(), "text": text}
    if Memo.objects.get_or_create(token=uuid5(token, kind), defaults=values)[1]:
        audit.record(service.by, f"memo.{kind}", service.customer_id, to)


def _served(service: Service) -> None:
    """The card was acted on; the first act of a card is a contact."""
    cards.acted(service.card)
    Contact.objects.get_or_create(
        token=service.card.token,
        defaults={
            "customer_id": service.customer_id,
            "staff_id": service.by,
            "on": service.gate.run.work_date,
            "recorded_at": timezone.now(),
            "way": Way.COUNTER,
            "outcome": Outcome.SERVED,
        },
    )
