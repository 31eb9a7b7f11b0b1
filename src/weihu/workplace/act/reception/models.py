"""Searches that found nobody, and what the counter told those who answer for customers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.base.fields import CustomerField, SealedField


class Miss(models.Model):
    """A search at the counter that found nobody of the branch. What was searched for is not kept."""

    staff_id = models.CharField(max_length=60)
    on = models.DateField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["staff_id", "on"], name="miss_staff")]


class Memo(models.Model):
    """What somebody at the counter tells whoever answers for a customer (告知): words, or which facts were learned."""

    class Kind(models.TextChoices):
        """What it is about."""

        TOLD = "told", _("Passed on")
        LEARNED = "learned", _("Learned")
        REFERRED = "referred", _("Referral")
        COMPLAINED = "complained", _("Complaint")

    token = models.UUIDField(unique=True)
    customer_id = CustomerField(db_index=True)
    from_id = models.CharField(max_length=60)
    to_id = models.CharField(max_length=60)
    on = models.DateField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    text = SealedField(scope="memo")
    read_on = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["to_id"], condition=models.Q(read_on__isnull=True), name="memo_unread"),
            models.Index(fields=["to_id", "on"], name="memo_to"),
        ]
