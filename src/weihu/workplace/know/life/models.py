"""Financial goals and the progress made towards them; what payments let staff ask about."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

from django.db import models

from weihu.workplace.base.fields import CustomerField, MoneyField, SealedField


class Goal(models.Model):
    """A financial goal (理财目标): what for, the target (yuan) by ``due_on``, how much is saved."""

    token = models.UUIDField(unique=True)
    customer_id = CustomerField(db_index=True)
    name = SealedField(scope="goal")
    target = MoneyField()
    saved = MoneyField()
    due_on = models.DateField()
    staff_id = models.CharField(max_length=60)
    on = models.DateField()
    ended_on = models.DateField(null=True)

    @property
    def per_cent(self) -> int:
        """The saved share of the target in per cent."""
        return min(100, int(100 * self.saved / self.target)) if self.target else 100

    @property
    def gap(self) -> Decimal:
        """How much is missing, yuan."""
        return Decimal(max(self.target - self.saved, Decimal(0)))


class Progress(models.Model):
    """The amount saved towards a goal on a day."""

    goal = models.ForeignKey(Goal, models.CASCADE, related_name="progress")
    saved = MoneyField()
    staff_id = models.CharField(max_length=60)
    on = models.DateField()


class LifeQuestion(models.Model):
    """What payments up to the night ``on`` let staff ask a customer: whether an event of the book happened. It is no fact.

    ``since``: the first payment; ``party``: whom it came from (``comes``) or went to, ``before``: the one before, if any;
    ``times`` and ``amount``: all such payments. ``answer`` is yes once the archive has it, no when somebody said so.
    """

    token = models.UUIDField(unique=True, default=uuid4)
    customer_id = CustomerField(db_index=True)
    kind = models.CharField(max_length=60)
    on = models.DateField()
    since = models.DateField()
    comes = models.BooleanField()
    party = SealedField(scope="life")
    before = SealedField(scope="life")
    times = models.IntegerField()
    amount = MoneyField()
    answer = models.CharField(max_length=3, default="")
    answered_on = models.DateField(null=True)
    staff_id = models.CharField(max_length=60, default="")
