"""Relations and households."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from weihu.workplace.base.channels import Channel
from weihu.workplace.base.fields import CustomerField, SealedField


class Relation(models.Model):
    """A relation (关系): ``other`` is ``kind`` to the customer. One row for both sides; the rule book has the inverse.

    ``other_id`` is a customer, or "" for somebody who is not, identified by ``name``. ``born`` is YYYY-MM-DD.
    """

    token = models.UUIDField(unique=True)
    customer_id = CustomerField(db_index=True)
    kind = models.CharField(max_length=40)
    other_id = CustomerField(blank=True, db_index=True)
    name = SealedField(blank=True, scope="relation.name")
    born = SealedField(blank=True, scope="relation.born")
    note = SealedField(blank=True, scope="relation.note")
    channel = models.CharField(max_length=20, choices=Channel.choices)
    staff_id = models.CharField(max_length=60)
    on = models.DateField()
    recorded_at = models.DateTimeField()
    withdrawn_by = models.CharField(max_length=60, blank=True)
    withdrawn_at = models.DateTimeField(null=True)


class Household(models.Model):
    """A household (家庭); its head is one of its members."""

    head_id = CustomerField()
    staff_id = models.CharField(max_length=60)
    on = models.DateField()


class Member(models.Model):
    """A customer's membership of a household; a customer is in one household at a time."""

    household = models.ForeignKey(Household, models.CASCADE, related_name="members")
    customer_id = CustomerField()
    joined_on = models.DateField()
    left_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer_id"], condition=Q(left_on__isnull=True), name="one_household")
        ]
