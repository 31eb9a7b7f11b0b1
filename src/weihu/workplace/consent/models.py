"""The table of consents."""

from __future__ import annotations

from django.db import models

from weihu.workplace.base.channels import Channel
from weihu.workplace.base.fields import CustomerField, SealedField


class Consent(models.Model):
    """A customer's answer (授权同意) to the text of a purpose; the latest counts. Never changed.

    ``purpose`` and ``version`` are of the rule book's consents. ``given`` is False for a refusal or a withdrawal.
    """

    token = models.UUIDField(unique=True)
    customer_id = CustomerField()
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
