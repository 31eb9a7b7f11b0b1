"""Public forms (问卷、活动报名): the signed link, receiving replies, and identifying their customers."""

from __future__ import annotations

import json
from datetime import date
from uuid import UUID, uuid5

from django.core import signing
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from weihu.rules.rulebook import RuleBook
from weihu.workplace.base.channels import Channel
from weihu.workplace.consent.consents import ConsentAnswer, record_consent
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.facts import FactContent, NewFact, record_facts
from weihu.workplace.know.archive.models import Confidence
from weihu.workplace.know.archive.search import indexes_of
from weihu.workplace.know.intake.models import Invitation, Reply

SIGNER = signing.Signer(salt="weihu.invitation")


def link_of(invitation: Invitation) -> str:
    """The address of the form, signed so that it cannot be guessed."""
    return reverse("public_form", args=[SIGNER.sign(str(invitation.pk))])


def invitation_of(signed: str) -> Invitation | None:
    """The form of a signed link, or None if the link is not ours."""
    try:
        return Invitation.objects.filter(pk=int(SIGNER.unsign(signed))).first()
    except (signing.BadSignature, ValueError):
        return None


def is_open(invitation: Invitation, on: date) -> bool:
    """Whether the form takes replies on a day."""
    return not invitation.closed and invitation.opens_on <= on <= invitation.closes_on


def receive(
    invitation: Invitation, person: tuple[str, str], answers: dict[str, str], book: RuleBook, on: date, token: UUID
) -> Reply:
    """Store a reply of a ``person`` (name, phone) once.

    Whoever has the link can write anybody's name and phone. So a reply says nothing of a customer until somebody in the
    branch has settled whose it is, and records neither facts nor consent before.
    """
    with transaction.atomic():
        reply, _created = Reply.objects.get_or_create(
            token=token,
            defaults={
                "invitation": invitation,
                "on": on,
                "received_at": timezone.now(),
                "name": person[0],
                "phone": person[1],
                "said": json.dumps(answers, ensure_ascii=False),
                "version": book.consents[invitation.purpose].version,
            },
        )
    return reply


def candidates(reply: Reply, gate: Gate) -> list[tuple[str, str]]:
    """Customers within reach who have the reply's phone or name, as (number, name)."""
    condition = Q(customer__phone_index__in=indexes_of(reply.phone, "phone")) | Q(customer__name=reply.name)
    rows = gate.standings().filter(condition).order_by("-grade_rank", "customer_id")[:10]
    return [(row.customer_id, row.customer.name) for row in rows]


def settle(reply: Reply, customer_id: str, by: str, book: RuleBook, on: date) -> None:
    """Assign a reply to a customer and record its facts and consent. A reply that is settled already stays as it is."""
    with transaction.atomic():
        if Reply.objects.filter(pk=reply.pk, customer_id="").update(set_aside=False):
            _settle(reply, customer_id, by, book, on)


def _settle(reply: Reply, customer_id: str, by: str, book: RuleBook, on: date) -> None:
    invitation = reply.invitation
    Reply.objects.filter(pk=reply.pk).update(customer_id=customer_id)
    channel = Channel(invitation.channel)
    consent = ConsentAnswer(invitation.purpose, reply.version, True, channel, invitation.title)
    record_consent(customer_id, consent, by, reply.on, uuid5(reply.token, "consent"))
    facts = [
        NewFact(
            customer_id,
            FactContent(key, value, channel, Confidence.TOLD, source=invitation.title),
            uuid5(reply.token, key),
        )
        for key, value in json.loads(reply.said).items()
        if key in book.fields
    ]
    record_facts(facts, by, on, f"reply {reply.pk}")
