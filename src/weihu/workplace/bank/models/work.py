"""The work that a night finds for staff: signals and tasks."""

from __future__ import annotations

from django.db import models

from weihu.workplace.bank.models.runs import LISTED, REPLACED, Run, VersionedModel, VersionedQuerySet
from weihu.workplace.base.fields import CustomerField, MoneyField


class Signal(VersionedModel):
    """An open reason to act (商机) with its evidence. ``held_out``: in the control group, so nobody sees it.

    ``led_by``: kind and subject of the signal that leads what is known of the same money, if it is another one.
    """

    customer_id = CustomerField()
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=100)
    raised_on = models.DateField()
    amount = MoneyField(null=True)
    base = MoneyField(null=True)
    limit = MoneyField(null=True)
    on_date = models.DateField(null=True)
    detail = models.CharField(max_length=200)
    held_out = models.BooleanField(default=False)
    led_by = models.CharField(max_length=141, blank=True, default="")

    objects = VersionedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["customer_id"], condition=LISTED, name="signal_customer"),
            models.Index(fields=["customer_id"], condition=LISTED & REPLACED, name="signal_replaced"),
        ]


class Task(models.Model):
    """A customer on somebody's list of a run (任务) for the day ``on``, in order of ``position``.

    ``value``: what acting is worth, yuan; ``score``: the same per minute; ``top``: one of the best customers.
    ``urgency``: the place of its group among those of the run's book; ``flow_30``: the change of AUM over 30 days.
    """

    run = models.ForeignKey(Run, models.DO_NOTHING, db_constraint=False, db_index=False)
    staff_id = models.CharField(max_length=60)
    customer_id = CustomerField()
    on = models.DateField()
    position = models.IntegerField()
    minutes = models.IntegerField()
    value = MoneyField(default=0)
    promised = models.BooleanField(default=False)
    top = models.BooleanField(default=False)
    score = models.FloatField()
    grade_rank = models.SmallIntegerField()
    urgency = models.SmallIntegerField(default=0)
    flow_30 = MoneyField(default=0)

    class Meta:
        indexes = [models.Index(fields=["run", "staff_id", "position"], name="task_list")]
