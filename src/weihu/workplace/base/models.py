"""The audit log (审计日志): who saw or did what. Append-only, each entry chained to the one before."""

from __future__ import annotations

from django.db import models

from weihu.workplace.base.fields import CustomerField


class Entry(models.Model):
    """One access or action. ``place``: its place in the chain, none while it waits; ``digest`` covers the entry, its place
    and the previous entry's digest, or while it waits the entry alone."""

    at = models.DateTimeField()
    staff_id = models.CharField(max_length=60)
    action = models.CharField(max_length=40)
    customer_id = CustomerField(blank=True, db_index=True)
    detail = models.CharField(max_length=200, blank=True)
    place = models.BigIntegerField(null=True, unique=True)
    digest = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=models.Q(place__isnull=True), name="entry_waits"),
            models.Index(fields=["staff_id", "id"], name="entry_staff"),
        ]


class Head(models.Model):
    """The end of the chain, one row: the place and digest of the last entry, signed with the key of the log."""

    place = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    signature = models.CharField(max_length=64)


class Sending(models.Model):
    """A form that was carried out, by the number that its page gave it; ``location``: where its answer led to."""

    number = models.UUIDField(primary_key=True)
    staff_id = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField(db_index=True)
    location = models.TextField(blank=True)


class Knock(models.Model):
    """How often somebody knocked in a span of time that ends with ``until`` (``pace``)."""

    key = models.CharField(max_length=120, primary_key=True)
    until = models.DateTimeField(db_index=True)
    count = models.IntegerField()
