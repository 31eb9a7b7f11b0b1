"""What the night says of a customer."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from weihu.workplace.archive.models import Customer
from weihu.workplace.fields import MoneyField, SealedField
from weihu.workplace.runs.models import LISTED, REPLACED, Book, Run, VersionedModel, VersionedQuerySet


class Standing(VersionedModel):
    """Value, grade and people of a customer while they stay the same: from ``since_run`` to before ``until_run``.

    A new row is written only on a night on which something in it changed, so the rows of a customer are the whole
    history. What moves by itself from day to day (monthly average, flows) follows from the rows. ``month``
    (of ``since``, as YYYYMM) leads the history's index, so that a night writes into this month's part of it only.
    """

    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="standings"
    )
    since = models.DateField()
    month = models.IntegerField()
    first_seen_on = models.DateField()
    branch_id = models.CharField(max_length=40)
    aum = MoneyField()
    liabilities = MoneyField()
    balance_days = MoneyField()
    contribution = MoneyField(default=0)
    effective = models.BooleanField(default=True)
    account_count = models.IntegerField()
    product_count = models.IntegerField()
    moved_on = models.DateField()
    grade_rank = models.SmallIntegerField()
    grade_since = models.DateField()
    grade_why = models.CharField(max_length=10, default="new")
    earned_rank = models.SmallIntegerField(default=0)
    months_below = models.SmallIntegerField()
    watch_since = models.DateField(null=True)
    primary_id = models.CharField(max_length=60, null=True)
    primary_since = models.DateField(null=True)
    primary_why = models.CharField(max_length=10, null=True)
    deputy_id = models.CharField(max_length=60, null=True)
    facts_expected = models.SmallIntegerField()
    facts_known = models.SmallIntegerField()

    objects = VersionedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["customer"], condition=LISTED, name="standing_customer"),
            models.Index(fields=["primary_id"], condition=LISTED, name="standing_primary"),
            models.Index(fields=["deputy_id"], condition=LISTED & Q(deputy_id__isnull=False), name="standing_deputy"),
            models.Index(fields=["branch_id", "grade_rank"], condition=LISTED, name="standing_branch"),
            models.Index(fields=["grade_rank"], condition=LISTED, name="standing_grade"),
            models.Index(fields=["customer"], condition=LISTED & REPLACED, name="standing_replaced"),
            models.Index(fields=["month", "customer"], name="standing_history"),
        ]

    @property
    def months(self) -> list[int]:
        """The months that the customer's history can have rows of, as YYYYMM."""
        first, last = self.first_seen_on, self.since
        span = (last.year - first.year) * 12 + last.month - first.month
        counted = (first.year * 12 + first.month - 1 + ahead for ahead in range(span + 1))
        return [number // 12 * 100 + number % 12 + 1 for number in counted]

    def monthly_average(self, run: Run) -> Decimal:
        """月日均 as of a run: balance-days of the month to date by the days seen in it."""
        days = (run.business_date - self.since).days
        if self.since.replace(day=1) != run.business_date.replace(day=1):
            return Decimal(self.aum)
        total = self.balance_days + self.aum * days
        average: Decimal = (total / run.month_days).quantize(Decimal("0.01"), ROUND_HALF_UP)
        return average


class GradeChange(models.Model):
    """A customer's grade changed on a night: what migrations between two dates are put together from.

    ``rank_before`` is empty for who was graded for the first time; ranks are of the run's book.
    """

    run_id = models.IntegerField()
    on = models.DateField()
    customer_id = models.CharField(max_length=60)
    branch_id = models.CharField(max_length=40)
    primary_id = models.CharField(max_length=60, null=True)
    rank_before = models.SmallIntegerField(null=True)
    rank_after = models.SmallIntegerField()
    why = models.CharField(max_length=10)
    metric = MoneyField()
    aum = MoneyField()

    class Meta:
        indexes = [
            models.Index(fields=["branch_id", "on"], name="change_branch"),
            models.Index(fields=["on"], name="change_on"),
            models.Index(fields=["run_id"], name="change_run"),
        ]


class GradeException(models.Model):
    """A customer has at least a grade until a day, whatever the policy says; granted by a person with a reason."""

    customer_id = models.CharField(max_length=60, db_index=True)
    grade = models.CharField(max_length=40)
    from_on = models.DateField()
    until_on = models.DateField(db_index=True)
    reason = SealedField(scope="exception")
    granted_by = models.CharField(max_length=60)
    ended_on = models.DateField(null=True)
    ended_by = models.CharField(max_length=60, blank=True)


class BookDraft(models.Model):
    """A rule book that somebody proposes (制度修订): in force from a business date once a second person approved it."""

    class State(models.TextChoices):
        """How far it is."""

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


def aum_on(history: list[Standing], on: date) -> Decimal | None:
    """AUM at the end of a date by a customer's rows, oldest first; None before the first."""
    known = [row.aum for row in history if row.since <= on]
    return known[-1] if known else None
