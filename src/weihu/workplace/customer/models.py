"""Candidates and merges."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.base.fields import CustomerField, DocumentField, SealedField
from weihu.workplace.gate.models import Merge


class Verdict(models.TextChoices):
    """What somebody found of two customers who may be one person."""

    OPEN = "open", _("To look at")
    MERGED = "merged", _("One person")
    DIFFERENT = "different", _("Different people")


class Candidate(models.Model):
    """Two customers who may be one person, ``left_id`` before ``right_id``; ``reasons`` as (Chinese, English, weight)."""

    left_id = CustomerField()
    right_id = CustomerField(db_index=True)
    probability = models.FloatField()
    reasons = DocumentField()
    verdict = models.CharField(max_length=20, choices=Verdict.choices, default=Verdict.OPEN)
    decided_by = models.CharField(max_length=60, blank=True)
    found_on = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["left_id", "right_id"], name="one_candidate")]
        indexes = [models.Index(fields=["verdict", "-probability"], name="candidate_verdict")]


class Moved(models.Model):
    """A row that a merge gave to the kept customer, so that an undo gives back exactly these."""

    merge = models.ForeignKey(Merge, models.CASCADE, related_name="moved")
    table = models.CharField(max_length=60)
    row = models.BigIntegerField()


class Hold(models.Model):
    """A legal hold (法定保留): nothing of the customer may be erased until it is lifted."""

    customer_id = CustomerField(db_index=True)
    why = SealedField(scope="hold", row=("by", "on"))
    by = models.CharField(max_length=60)
    on = models.DateField()
    lifted_by = models.CharField(max_length=60, blank=True)
    lifted_on = models.DateField(null=True)


class Erasure(models.Model):
    """A customer's wish to have erased what people recorded of him (删除). Asked by one person, approved by another.

    Until ``due_on`` it can be taken back; then it is done and cannot. What the law says a bank must keep (the core
    system's records) is not touched.
    """

    customer_id = CustomerField(db_index=True)
    why = SealedField(scope="erasure", row=("asked_by", "asked_on"))
    asked_by = models.CharField(max_length=60)
    asked_on = models.DateField()
    approved_by = models.CharField(max_length=60, blank=True)
    due_on = models.DateField(null=True, db_index=True)
    taken_back_by = models.CharField(max_length=60, blank=True)
    done_on = models.DateField(null=True)

    @property
    def running(self) -> bool:
        """Whether it is neither done nor taken back."""
        return self.done_on is None and not self.taken_back_by
