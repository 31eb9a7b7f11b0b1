"""Contacts with customers (联系记录) and the signals that they answered."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.base.fields import CustomerField, SealedField


class Outcome(models.TextChoices):
    """The result of a contact (结果), in the order of the page's keyboard shortcuts."""

    INTERESTED = "interested", _("Reached: interested")
    CONSIDERING = "considering", _("Reached: considering")
    NOT_REACHED = "not_reached", _("Not reached")
    RESCHEDULED = "rescheduled", _("Another time")
    DECLINED = "declined", _("Rather not be disturbed")
    SERVED = "served", _("Served at the counter")


CHOSEN = [choice for choice in Outcome.choices if choice[0] != Outcome.SERVED]
"""The results that people choose; that a customer was served follows from what was done at the counter."""


class Way(models.TextChoices):
    """How the contact was made."""

    PHONE = "phone", _("Phone")
    VISIT = "visit", _("Visit")
    COUNTER = "counter", _("At the counter")
    MESSAGE = "message", _("Message")


class Contact(models.Model):
    """A contact with a customer (联系记录). ``on`` is the working day it belongs to; ``interest`` an offer of the book."""

    token = models.UUIDField(unique=True)
    customer_id = CustomerField()
    staff_id = models.CharField(max_length=60)
    on = models.DateField(db_index=True)
    recorded_at = models.DateTimeField()
    way = models.CharField(max_length=20, choices=Way.choices)
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    follow_up_on = models.DateField(null=True)
    interest = models.CharField(max_length=40, blank=True)
    note = SealedField(blank=True, scope="note")

    class Meta:
        indexes = [
            models.Index(fields=["customer_id", "on"], name="contact_customer"),
            models.Index(fields=["staff_id", "on"], name="contact_staff"),
        ]


class Answer(models.Model):
    """A signal that a contact answered. It is not raised again for the rule book's quiet days."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="answers")
    customer_id = CustomerField()
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=100)
    on = models.DateField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["customer_id", "on"], name="answer_customer")]
