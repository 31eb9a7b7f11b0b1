"""Candidates and merges."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.fields import DocumentField


class Verdict(models.TextChoices):
    """What somebody found of two customers who may be one person."""

    OPEN = "open", _("To look at")
    MERGED = "merged", _("One person")
    DIFFERENT = "different", _("Different people")


class Candidate(models.Model):
    """Two customers who may be one person, ``left_id`` before ``right_id``; ``reasons`` as (Chinese, English, weight)."""

    left_id = models.CharField(max_length=60)
    right_id = models.CharField(max_length=60, db_index=True)
    probability = models.FloatField()
    reasons = DocumentField()
    verdict = models.CharField(max_length=20, choices=Verdict.choices, default=Verdict.OPEN)
    decided_by = models.CharField(max_length=60, blank=True)
    found_on = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["left_id", "right_id"], name="one_candidate")]
        indexes = [models.Index(fields=["verdict", "-probability"], name="candidate_verdict")]


class Merge(models.Model):
    """``gone`` is the same person as ``kept`` (合并), from a day until it is undone. The core system keeps both."""

    kept_id = models.CharField(max_length=60, db_index=True)
    gone_id = models.CharField(max_length=60)
    by = models.CharField(max_length=60)
    on = models.DateField()
    at = models.DateTimeField()
    undone_by = models.CharField(max_length=60, blank=True)
    undone_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gone_id"], condition=models.Q(undone_on__isnull=True), name="merged_once")
        ]


class Moved(models.Model):
    """A row that a merge gave to the kept customer, so that an undo gives back exactly these."""

    merge = models.ForeignKey(Merge, models.CASCADE, related_name="moved")
    table = models.CharField(max_length=60)
    row = models.BigIntegerField()
