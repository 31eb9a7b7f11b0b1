"""Financial goals and the progress made towards them."""

from __future__ import annotations

from decimal import Decimal

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
