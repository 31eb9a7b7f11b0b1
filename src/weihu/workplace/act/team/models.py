"""The team's day: visits, what was left undone and why, what else was done."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.base.fields import CustomerField, SealedField


class Undone(models.Model):
    """Why a task of a day was left undone (夕会); the task comes back by itself."""

    class Why(models.TextChoices):
        """The reason."""

        NO_TIME = "no_time", _("No time left")
        NOT_REACHED = "not_reached", _("Could not be reached")
        LATER = "later", _("The customer asked for later")
        NEEDLESS = "needless", _("Not needed")

    staff_id = models.CharField(max_length=60)
    on = models.DateField()
    customer_id = CustomerField(db_index=True)
    why = models.CharField(max_length=20, choices=Why.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["staff_id", "on", "customer_id"], name="undone_once")]


class WorkNote(models.Model):
    """What else a person did on a day (工作日志): meetings, training, visits without a customer's task."""

    staff_id = models.CharField(max_length=60)
    on = models.DateField()
    minutes = models.IntegerField()
    text = SealedField(scope="work_note")

    class Meta:
        indexes = [models.Index(fields=["staff_id", "on"], name="work_note_staff")]
