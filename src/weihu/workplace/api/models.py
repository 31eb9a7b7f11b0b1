"""Systems that may call the API, and the answers they got."""

from __future__ import annotations

from django.db import models

from weihu.workplace.base.channels import Channel
from weihu.workplace.base.fields import SealedField


class System(models.Model):
    """Another system with a token of its own. It reaches what its ``post`` of the rule book reaches in its branch.

    ``scopes``: what it may do there, by comma. ``until``: the last day of the token, if it has one. ``calls``: so many a
    minute, if fewer than any system. ``used_at``: its last call, to the minute.
    """

    name = models.CharField(max_length=40, unique=True)
    token_index = models.CharField(max_length=32, unique=True)
    post = models.CharField(max_length=40)
    branch_id = models.CharField(max_length=40, blank=True)
    channel = models.CharField(max_length=20, choices=Channel.choices)
    made_on = models.DateField()
    scopes = models.CharField(max_length=200)
    until = models.DateField(null=True)
    calls = models.IntegerField(null=True)
    used_at = models.DateTimeField(null=True)


class Answered(models.Model):
    """The answer to a call with an idempotency key; repeating the call returns the same answer."""

    system = models.ForeignKey(System, models.CASCADE)
    key = models.CharField(max_length=100)
    asked = models.CharField(max_length=64)
    status = models.SmallIntegerField()
    body = SealedField(scope="answer", row=("system_id", "key"))
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "key"], name="answered_once")]
