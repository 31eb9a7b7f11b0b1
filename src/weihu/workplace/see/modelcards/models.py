"""What people decided about models."""

from __future__ import annotations

from django.db import models


class Switch(models.Model):
    """A model switched off, or on again, by a person with a reason. The last one of a model holds."""

    model = models.CharField(max_length=40)
    on = models.BooleanField()
    reason = models.CharField(max_length=200)
    staff_id = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["model", "id"], name="switch_of_model")]
