"""Exceptions from grading, and drafts of rule books."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.bank.models import Book
from weihu.workplace.base.fields import CustomerField, SealedField


class GradeException(models.Model):
    """An exception: a customer keeps at least a grade until a day, whatever the policy says. One person proposes it; it
    holds from the day on which another has agreed, ``from_on``."""

    customer_id = CustomerField(db_index=True)
    grade = models.CharField(max_length=40)
    from_on = models.DateField()
    until_on = models.DateField(db_index=True)
    reason = SealedField(scope="exception", row=("granted_by", "until_on"))
    granted_by = models.CharField(max_length=60)
    agreed_by = models.CharField(max_length=60, blank=True)
    ended_on = models.DateField(null=True)
    ended_by = models.CharField(max_length=60, blank=True)


class BookDraft(models.Model):
    """A proposed rule book (制度修订), in force from a business date once a second person has approved it."""

    class State(models.TextChoices):
        """How far the draft has got."""

        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Waiting for approval")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")

    book = models.ForeignKey(Book, models.PROTECT, related_name="drafts")
    base = models.ForeignKey(Book, models.PROTECT, related_name="+")
    title = models.CharField(max_length=100)
    in_force_from = models.DateField()
    made_by = models.CharField(max_length=60)
    made_on = models.DateField()
    state = models.CharField(max_length=20, choices=State.choices, default=State.DRAFT)
    decided_by = models.CharField(max_length=60, blank=True)
    decided_on = models.DateField(null=True)
    note = models.TextField(blank=True)
