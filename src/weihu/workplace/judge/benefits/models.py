"""The uses of benefits."""

from __future__ import annotations

from django.db import models

from weihu.workplace.base.fields import CustomerField, MoneyField


class BenefitUse(models.Model):
    """One use of a benefit in a period. ``nth`` numbers the uses of a quota, so that nobody can exceed it."""

    token = models.UUIDField(unique=True)
    customer_id = CustomerField()
    benefit = models.CharField(max_length=60)
    period_from = models.DateField()
    nth = models.SmallIntegerField()
    on = models.DateField(db_index=True)
    staff_id = models.CharField(max_length=60)
    branch_id = models.CharField(max_length=40)
    grade = models.CharField(max_length=40)
    cost = MoneyField()
    undone = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer_id", "benefit", "period_from", "nth"],
                condition=models.Q(undone=False),
                name="benefit_quota",
            )
        ]
        indexes = [models.Index(fields=["branch_id", "on"], name="benefit_branch")]
