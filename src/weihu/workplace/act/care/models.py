"""Care plans (关怀计划) of customers: started by a signal or by hand; each step is a task."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.base.fields import CustomerField


class CarePlan(models.Model):
    """A care plan of the rule book for a customer.

    ``open_key`` is set while the plan runs, so that a customer never has the same plan twice at a time. ``signal``:
    kind and subject of the signal that started it, empty if started by hand; a signal never starts a plan twice.
    """

    class Why(models.TextChoices):
        """Why it ended."""

        DONE = "done", _("All steps done")
        RESULT = "result", _("Ended by a result")
        HAND = "hand", _("Stopped by hand")

    customer_id = CustomerField(db_index=True)
    plan = models.CharField(max_length=40)
    open_key = models.CharField(max_length=110, unique=True, null=True)
    signal = models.CharField(max_length=200, blank=True)
    started_on = models.DateField()
    started_by = models.CharField(max_length=60, blank=True)
    ended_on = models.DateField(null=True)
    ended_by = models.CharField(max_length=60, blank=True)
    why = models.CharField(max_length=10, choices=Why.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer_id", "plan", "signal"], condition=~models.Q(signal=""), name="care_plan_signal"
            )
        ]


class CareStep(models.Model):
    """A step (``place``, from 0) of a plan: when it is due and when it was done."""

    care_plan = models.ForeignKey(CarePlan, models.CASCADE, related_name="steps")
    place = models.IntegerField()
    due_on = models.DateField(db_index=True)
    done_on = models.DateField(null=True)
    done_by = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["care_plan", "place"], name="care_step_place")]
