"""The audit log (审计日志): who saw or did what. Append-only, each entry chained to the one before."""

from __future__ import annotations

from django.db import models

from weihu.workplace.base.fields import CustomerField


class Entry(models.Model):
    """One access or action. ``digest`` covers the entry and the previous entry's digest."""

    at = models.DateTimeField()
    staff_id = models.CharField(max_length=60)
    action = models.CharField(max_length=40)
    customer_id = CustomerField(blank=True, db_index=True)
    detail = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, unique=True)


class Sending(models.Model):
    """A form that was carried out, by the number that its page gave it; ``location``: where its answer led to."""

    number = models.UUIDField(primary_key=True)
    staff_id = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField(db_index=True)
    location = models.TextField(blank=True)
