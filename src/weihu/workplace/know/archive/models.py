"""Facts recorded of customers, their search keys, and saved views of lists."""

from __future__ import annotations

from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.base.channels import Channel
from weihu.workplace.base.fields import CustomerField, IndexField, SealedField


class Confidence(models.IntegerChoices):
    """How reliable a fact is."""

    HEARD = 1, _("Heard")
    TOLD = 2, _("From the customer")
    SEEN = 3, _("Verified by document")


class Fact(models.Model):
    """One recorded item of the archive (信息项) with its provenance. Its value is never changed.

    ``refused``: the customer did not want to answer, so there is no value. A fact is open until it is withdrawn or
    replaced by a fact whose author had seen it. Several open facts of a field may have different values. ``value``
    is in the form that catalogue.read returns.
    """

    token = models.UUIDField(unique=True)
    customer_id = CustomerField()
    field = models.CharField(max_length=60)
    value = SealedField(blank=True, scope="fact.value")
    refused = models.BooleanField(default=False)
    channel = models.CharField(max_length=20, choices=Channel.choices)
    confidence = models.SmallIntegerField(choices=Confidence.choices)
    source = SealedField(blank=True, scope="fact.source")
    staff_id = models.CharField(max_length=60)
    on = models.DateField()
    recorded_at = models.DateTimeField()
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True, db_index=True)
    replaced_by = models.ForeignKey("self", models.DO_NOTHING, null=True, related_name="replaces")
    withdrawn_by = models.CharField(max_length=60, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    changed_on = models.DateField(db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["customer_id", "field"], name="fact_customer"),
            models.Index(fields=["field"], name="fact_field"),
        ]


def opened_value(token: UUID, value: str) -> str:
    """The value of a fact that was read by itself."""
    field: SealedField = Fact._meta.get_field("value")
    return field.opened(value, {"token": token}) or ""


class FactKey(models.Model):
    """A keyed fingerprint of a fact's value, to search customers by it without revealing it."""

    # the constraint below also indexes the fact
    fact = models.ForeignKey(Fact, models.CASCADE, to_field="token", related_name="keys", db_index=False)
    key = IndexField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fact", "key"], name="fact_key_once")]
        indexes = [models.Index(fields=["key", "fact"], name="fact_key")]


class SavedView(models.Model):
    """A list saved under a name (我的视图). Its query is encrypted, since it may hold what was searched for."""

    staff_id = models.CharField(max_length=60, db_index=True)
    name = models.CharField(max_length=60)
    query = SealedField(scope="view", row=("staff_id",))
