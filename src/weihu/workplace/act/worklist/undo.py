"""Taking back a result at once: as if it had not been recorded, but for the audit log."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid5

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.care.models import CarePlan
from weihu.workplace.act.introductions.thanking import unthank
from weihu.workplace.base import audit
from weihu.workplace.contact.models import Contact
from weihu.workplace.know.archive.models import Fact

UNDO = timedelta(seconds=12)
"""How long a result can be taken back: the ten seconds of the page, and the way there."""


def is_alone(contact: Contact, book: RuleBook) -> bool:
    """Whether a contact changed nothing but its signals: no fact was learned, and no care plan could have moved."""
    facts = Fact.objects.filter(token__in=[uuid5(contact.token, key) for key in book.fields])
    plans = CarePlan.objects.filter(Q(ended_on__isnull=True) | Q(ended_on=contact.on), customer_id=contact.customer_id)
    return not facts.exists() and not plans.exists()


def undo(token: str, customer_id: str, staff_id: str, book: RuleBook) -> bool:
    """Delete a contact that its author has just recorded, with its answers; False if it is too late or not alone."""
    with transaction.atomic():
        contact = Contact.objects.filter(
            token=token, customer_id=customer_id, staff_id=staff_id, recorded_at__gt=timezone.now() - UNDO
        ).first()
        if contact is None or not is_alone(contact, book):
            return False
        unthank(contact)
        contact.delete()
        audit.record(staff_id, "contact.undo", customer_id, contact.outcome)
    return True
