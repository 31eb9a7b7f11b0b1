"""What the night says of a customer."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.db import models

from weihu.workplace.archive.models import Customer
from weihu.workplace.fields import MoneyField
from weihu.workplace.runs.models import Run, VersionedModel, VersionedQuerySet


class Standing(VersionedModel):
    """Value, grade and people of a customer while they stay the same: from ``since_run`` to before ``until_run``.

    A new row is written only on a night on which something in it changed, so the rows of a customer are the whole
    history. What moves by itself from day to day (monthly average, flows) follows from the rows.
    """

    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="standings"
    )
    since = models.DateField()
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

    objects = VersionedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["customer", "until_run"], name="standing_customer"),
            models.Index(fields=["primary_id", "until_run"], name="standing_primary"),
            models.Index(fields=["deputy_id", "until_run"], name="standing_deputy"),
            models.Index(fields=["branch_id", "until_run", "aum"], name="standing_branch"),
        ]

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
