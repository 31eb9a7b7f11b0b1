"""Systems that may call the API, and the answers they got."""

from __future__ import annotations

from django.db import models

from weihu.workplace.base.channels import Channel
from weihu.workplace.base.fields import SealedField


class System(models.Model):
    """Another system with a token of its own. It reaches what its ``post`` of the rule book reaches in its branch."""

    name = models.CharField(max_length=40, unique=True)
    token_index = models.CharField(max_length=32, unique=True)
    post = models.CharField(max_length=40)
    branch_id = models.CharField(max_length=40, blank=True)
    channel = models.CharField(max_length=20, choices=Channel.choices)
    made_on = models.DateField()


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
