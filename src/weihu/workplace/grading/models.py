"""What the night says of a customer."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.db import models
from django.db.models import Q

from weihu.workplace.archive.models import Customer
from weihu.workplace.fields import MoneyField
from weihu.workplace.runs.models import LISTED, REPLACED, Run, VersionedModel, VersionedQuerySet


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
    account_count = models.IntegerField()
    product_count = models.IntegerField()
    moved_on = models.DateField()
    grade_rank = models.SmallIntegerField()
    grade_since = models.DateField()
    months_below = models.SmallIntegerField()
    watch_since = models.DateField(null=True)
    primary_id = models.CharField(max_length=60, null=True)
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


def aum_on(history: list[Standing], on: date) -> Decimal | None:
    """AUM at the end of a date by a customer's rows, oldest first; None before the first."""
    known = [row.aum for row in history if row.since <= on]
    return known[-1] if known else None
