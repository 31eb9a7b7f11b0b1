"""Consents."""

from __future__ import annotations

from django.db import models

from weihu.workplace.archive.models import Channel
from weihu.workplace.fields import SealedField


class Consent(models.Model):
    """A customer's answer (授权同意) to the text of a purpose; the latest counts. Never changed.

    ``purpose`` and ``version`` are of the rule book's consents. ``given`` is False for a refusal or a withdrawal.
    """

    token = models.UUIDField(unique=True)
    customer_id = models.CharField(max_length=60)
    purpose = models.CharField(max_length=40)
    version = models.CharField(max_length=40)
    given = models.BooleanField()
    channel = models.CharField(max_length=20, choices=Channel.choices)
    evidence = SealedField(blank=True, scope="consent")
    staff_id = models.CharField(max_length=60)
    on = models.DateField()
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["customer_id", "purpose"], name="consent_customer")]


class Hold(models.Model):
    """A legal hold (法定保留): nothing of the customer may be erased until it is lifted."""

    customer_id = models.CharField(max_length=60, db_index=True)
    why = SealedField(scope="hold")
    by = models.CharField(max_length=60)
    on = models.DateField()
    lifted_by = models.CharField(max_length=60, blank=True)
    lifted_on = models.DateField(null=True)


class Erasure(models.Model):
    """A customer's wish to have erased what people recorded of him (删除). Asked by one person, approved by another.

    Until ``due_on`` it can be taken back; then it is done and cannot. What the law says a bank must keep (the core
    system's records) is not touched.
    """

    customer_id = models.CharField(max_length=60, db_index=True)
    why = SealedField(scope="erasure")
    asked_by = models.CharField(max_length=60)
    asked_on = models.DateField()
    approved_by = models.CharField(max_length=60, blank=True)
    due_on = models.DateField(null=True, db_index=True)
    taken_back_by = models.CharField(max_length=60, blank=True)
    done_on = models.DateField(null=True)

    @property
    def running(self) -> bool:
        """Whether it is neither done nor taken back."""
        return self.done_on is None and not self.taken_back_by
