"""Complaints and the steps taken on them."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.rules.sections.complaints import Complaints
from weihu.workplace.base.fields import CustomerField, SealedField


class Origin(models.TextChoices):
    """How a complaint reached the bank."""

    COUNTER = "counter", _("At the counter")
    PHONE = "phone", _("Phone")
    ONLINE = "online", _("Website or app")
    LETTER = "letter", _("Letter")
    AUTHORITY = "authority", _("Referred by the regulator")


class Satisfaction(models.IntegerChoices):
    """How satisfied the customer was with the answer."""

    VERY_UNHAPPY = 1, _("Very unhappy")
    UNHAPPY = 2, _("Unhappy")
    SO_SO = 3, _("So-so")
    HAPPY = 4, _("Happy")
    VERY_HAPPY = 5, _("Very happy")


class Complaint(models.Model):
    """A complaint. ``assigned_to`` has to answer it by ``due_on``; after closing, the customer is asked about it."""

    token = models.UUIDField(unique=True)
    customer_id = CustomerField(db_index=True)
    origin = models.CharField(max_length=20, choices=Origin.choices)
    subject = SealedField(scope="complaint.subject")
    text = SealedField(blank=True, scope="complaint.text")
    raised_on = models.DateField()
    raised_by = models.CharField(max_length=60)
    assigned_to = models.CharField(max_length=60, blank=True, db_index=True)
    due_on = models.DateField()
    closed_on = models.DateField(null=True)
    asked_on = models.DateField(null=True)
    satisfaction = models.SmallIntegerField(choices=Satisfaction.choices, null=True)

    def overdue(self, on: date) -> bool:
        """Whether an answer is overdue on a day."""
        return self.closed_on is None and self.due_on < on

    def to_ask(self, on: date, care: Complaints) -> bool:
        """Whether it is time to ask the customer about the answer."""
        closed = self.closed_on
        return closed is not None and self.asked_on is None and on >= closed + timedelta(days=care.ask_after_days)


class Act(models.TextChoices):
    """What can be done with a case."""

    OPENED = "opened", _("Case opened")
    ASSIGNED = "assigned", _("Assigned")
    NOTED = "noted", _("Noted")
    CLOSED = "closed", _("Closed")
    REOPENED = "reopened", _("Reopened")
    ASKED = "asked", _("Asked the customer")


class Step(models.Model):
    """A step taken on a complaint; steps are never changed."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="steps")
    act = models.CharField(max_length=20, choices=Act.choices)
    staff_id = models.CharField(max_length=60)
    on = models.DateField()
    at = models.DateTimeField()
    note = SealedField(blank=True, scope="complaint.step", row=("complaint_id", "act", "staff_id", "on"))
