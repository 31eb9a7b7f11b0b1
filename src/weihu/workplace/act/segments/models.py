"""Segments, and who belonged to them from which night to which."""

from __future__ import annotations

from django.db import models

from weihu.workplace.base.fields import CustomerField, DocumentField, SealedField


class Segment(models.Model):
    """Conditions under a name. ``definition`` is sealed, since it may hold what was searched for; ``posts``: who else of
    the branch and of those below it uses it; ``changed_on``: since when it has been defined so."""

    name = models.CharField(max_length=60)
    definition = SealedField(scope="segment", row=("staff_id",))
    staff_id = models.CharField(max_length=60, db_index=True)
    branch_id = models.CharField(max_length=40)
    posts = DocumentField(default=list)
    changed_on = models.DateField()

    def __str__(self) -> str:
        return self.name


class SegmentNight(models.Model):
    """A night on which a segment was evaluated. ``kept``: small enough for its members to be kept."""

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="nights")
    on = models.DateField()
    kept = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "on"], name="segment_night")]


class SegmentMember(models.Model):
    """A customer who belonged to a segment from the night ``entered_on`` to the night before ``left_on``."""

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="members")
    customer_id = CustomerField(db_index=True)
    entered_on = models.DateField()
    left_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "customer_id", "entered_on"], name="segment_member")]
