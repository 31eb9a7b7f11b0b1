"""Reasons for undone tasks, and notes of other work."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.base.fields import CustomerField, SealedField


class Undone(models.Model):
    """Why a task of a day was left undone (夕会). The task comes back on its own."""

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
    """Other work of a person on a day (工作日志): meetings, training, visits that were not tasks."""

    staff_id = models.CharField(max_length=60)
    on = models.DateField()
    minutes = models.IntegerField()
    text = SealedField(scope="work_note", row=("staff_id", "on"))

    class Meta:
        indexes = [models.Index(fields=["staff_id", "on"], name="work_note_staff")]
