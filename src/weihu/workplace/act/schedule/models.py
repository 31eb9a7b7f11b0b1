"""Visits agreed with customers, and the calendar feeds of staff."""

from __future__ import annotations

from django.db import models

from weihu.workplace.base.fields import CustomerField, SealedField


class Feed(models.Model):
    """The secret address of a person's calendar feed. It works without a login, so it can be revoked."""

    staff_id = models.CharField(max_length=60, unique=True)
    secret = SealedField(scope="feed", row=("staff_id",))
    secret_index = models.CharField(max_length=32, unique=True)
    made_on = models.DateField()


class Visit(models.Model):
    """A visit agreed with a customer: day, time, minutes, place."""

    token = models.UUIDField(unique=True)
    customer_id = CustomerField(db_index=True)
    staff_id = models.CharField(max_length=60)
    on = models.DateField()
    at = models.TimeField()
    minutes = models.IntegerField()
    place = SealedField(blank=True, scope="visit_place")
    made_on = models.DateField()
    cancelled = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["staff_id", "on"], name="visit_staff"),
            models.Index(fields=["on"], name="visit_on"),
        ]
