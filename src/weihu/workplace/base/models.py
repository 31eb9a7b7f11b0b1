"""Who saw or did what: append-only, each entry chained to the one before."""

from __future__ import annotations

from django.db import models

from weihu.workplace.base.fields import CustomerField


class Entry(models.Model):
    """One access or act. ``digest`` covers the entry and the digest before it."""

    at = models.DateTimeField()
    staff_id = models.CharField(max_length=60)
    action = models.CharField(max_length=40)
    customer_id = CustomerField(blank=True, db_index=True)
    detail = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, unique=True)
