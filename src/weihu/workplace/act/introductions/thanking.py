"""Thanks to who introduced somebody: a contact that was made for it is how the introducer was thanked."""

from __future__ import annotations

from collections.abc import Iterable

from weihu.rules.sections.signals import ThanksDue
from weihu.workplace.act.introductions.linking import standing_introductions
from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.bank.models import Signal
from weihu.workplace.contact.models import Contact, Outcome

DUE = ThanksDue.model_fields["kind"].default
NOT_YET = (Outcome.NOT_REACHED, Outcome.RESCHEDULED)


def thank(contact: Contact, answered: Iterable[Signal]) -> None:
    """Record the thanks for which a contact was made, with its note."""
    numbers = [int(signal.subject) for signal in answered if signal.kind == DUE]
    if not numbers or contact.outcome in NOT_YET:
        return
    for row in standing_introductions().filter(pk__in=numbers, thanked_on__isnull=True):
        row.thanked_on, row.thanked_by, row.thanks = contact.on, contact.staff_id, contact.note
        row.save(update_fields=["thanked_on", "thanked_by", "thanks"])


def unthank(contact: Contact) -> None:
    """Take back what ``thank`` recorded, before the contact itself is."""
    numbers = [int(subject) for subject in contact.answers.filter(kind=DUE).values_list("subject", flat=True)]
    for row in Introduction.objects.filter(pk__in=numbers, thanked_on=contact.on, thanked_by=contact.staff_id):
        row.thanked_on, row.thanked_by, row.thanks = None, "", ""
        row.save(update_fields=["thanked_on", "thanked_by", "thanks"])
