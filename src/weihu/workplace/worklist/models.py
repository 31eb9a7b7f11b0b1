"""A person's work: why, what, and what came of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.fields import MoneyField, SealedField
from weihu.workplace.runs.models import LISTED, REPLACED, Run, VersionedModel, VersionedQuerySet


class Signal(VersionedModel):
    """A reason to act (商机) with its evidence, while it is open. ``held_out``: nobody hears of it, to tell the effect.
    ``told_by``: the kind of the signal that leads what is known of the same movement of money, if it is another."""

    customer_id = models.CharField(max_length=60)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=100)
    raised_on = models.DateField()
    amount = MoneyField(null=True)
    base = MoneyField(null=True)
    limit = MoneyField(null=True)
    on_date = models.DateField(null=True)
    detail = models.CharField(max_length=200)
    held_out = models.BooleanField(default=False)
    told_by = models.CharField(max_length=40, blank=True, default="")

    objects = VersionedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["customer_id"], condition=LISTED, name="signal_customer"),
            models.Index(fields=["customer_id"], condition=LISTED & REPLACED, name="signal_replaced"),
        ]


class Task(models.Model):
    """One customer on a person's list of a run (任务), in order of ``position``.

    ``value``: what acting is worth, yuan; ``score``: the same per minute; ``top``: one of the best customers.
    """

    run = models.ForeignKey(Run, models.DO_NOTHING, db_constraint=False, db_index=False)
    staff_id = models.CharField(max_length=60)
    customer_id = models.CharField(max_length=60)
    position = models.IntegerField()
    minutes = models.IntegerField()
    value = MoneyField(default=0)
    promised = models.BooleanField(default=False)
    top = models.BooleanField(default=False)
    score = models.FloatField()
    grade_rank = models.SmallIntegerField()

    class Meta:
        indexes = [models.Index(fields=["run", "staff_id", "position"], name="task_list")]


class Outcome(models.TextChoices):
    """The result of a contact (结果), in the order of their keys on the page."""

    INTERESTED = "interested", _("Reached: interested")
    CONSIDERING = "considering", _("Reached: considering")
    NOT_REACHED = "not_reached", _("Not reached")
    RESCHEDULED = "rescheduled", _("Another time")
    DECLINED = "declined", _("Rather not be disturbed")


class Way(models.TextChoices):
    """How the contact was made."""

    PHONE = "phone", _("Phone")
    VISIT = "visit", _("Visit")
    COUNTER = "counter", _("At the counter")
    MESSAGE = "message", _("Message")


class Contact(models.Model):
    """A contact with a customer (联系记录). ``on`` is the working day it belongs to; ``interest`` an offer of the book."""

    token = models.UUIDField(unique=True)
    customer_id = models.CharField(max_length=60)
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
    """A signal that a contact has answered; it stays silent for the book's quiet days."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="answers")
    customer_id = models.CharField(max_length=60)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=100)
    on = models.DateField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["customer_id", "on"], name="answer_customer")]
