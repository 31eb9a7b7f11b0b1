"""What the core system says of customers and accounts."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.base.channels import Channel
from weihu.workplace.base.fields import CustomerField, SealedField


class Confidence(models.IntegerChoices):
    """How sure a fact is."""

    HEARD = 1, _("Heard")
    TOLD = 2, _("Told by the customer")
    SEEN = 3, _("Seen in a document")


class Fact(models.Model):
    """One recorded item of the archive (信息项) with its provenance. Its value is never changed.

    ``refused``: the customer did not want to tell; there is no value then. A fact is open until another one,
    recorded by someone who had seen it, replaces it, or until it is withdrawn. Open facts of a field with different
    values stand side by side. ``value`` is kept as catalogue.read gives it.
    """

    token = models.UUIDField(unique=True)
    customer_id = CustomerField()
    field = models.CharField(max_length=60)
    value = SealedField(blank=True, scope="fact")
    refused = models.BooleanField(default=False)
    channel = models.CharField(max_length=20, choices=Channel.choices)
    confidence = models.SmallIntegerField(choices=Confidence.choices)
    source = SealedField(blank=True, scope="fact")
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


class FactKey(models.Model):
    """A keyed fingerprint of a fact's value, for finding customers by what is known of them; it tells nothing itself."""

    # the constraint below is an index by fact, too
    fact = models.ForeignKey(Fact, models.CASCADE, to_field="token", related_name="keys", db_index=False)
    key = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fact", "key"], name="fact_key_once")]
        indexes = [models.Index(fields=["key", "fact"], name="fact_key")]


class SavedView(models.Model):
    """A list that somebody keeps under a name (我的视图): its address, sealed, since it says what is looked for."""

    staff_id = models.CharField(max_length=60, db_index=True)
    name = models.CharField(max_length=60)
    query = SealedField(scope="view")
