"""What a night computes of customers: value, grade, who answers for them; figures of branches; effects of signals."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db import models
from django.db.models import Q

from weihu.rules.metric import timing
from weihu.workplace.bank.models.customers import Customer
from weihu.workplace.bank.models.runs import LISTED, REPLACED, Run, VersionedModel, VersionedQuerySet
from weihu.workplace.base.fields import CustomerField, MoneyField


class Standing(VersionedModel):
    """Value, grade and responsible staff of a customer while they stay the same.

    A new row is written only on a night on which something in it changed, so the rows of a customer are its whole
    history. What changes daily by itself (monthly average, metric, flows) is computed from the rows.
    ``balance_days`` and ``measured_days``: AUM and the policy's leading measure ``measured``, in its own unit, summed
    over the month up to ``since``. ``month`` (of ``since``, as YYYYMM) leads the history's index, so that a night
    touches this month's part of the index only.
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
    measured = MoneyField()
    measured_days = MoneyField()
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
        """The months in which the customer's history can have rows, as YYYYMM."""
        first, last = self.first_seen_on, self.since
        span = (last.year - first.year) * 12 + last.month - first.month
        counted = (first.year * 12 + first.month - 1 + ahead for ahead in range(span + 1))
        return [number // 12 * 100 + number % 12 + 1 for number in counted]

    def monthly_average(self, run: Run) -> Decimal:
        """Monthly average AUM (月日均) as of a run: balance-days of the month to date over its days so far, yuan."""
        return self._average(self.aum, self.balance_days, run)

    def metric(self, run: Run) -> Decimal:
        """指标 as of a run, by which its policy grades: yuan, or points, as ``rules.metric.unit`` says."""
        if timing(run.rulebook) == "point_in_time":
            return Decimal(self.measured)
        return self._average(self.measured, self.measured_days, run)

    def month_total(self, run: Run) -> Decimal:
        """The leading measure summed over the month to date, as of a run."""
        return self._month_total(self.measured, self.measured_days, run)

    def _average(self, amount: Decimal, days_sum: Decimal, run: Run) -> Decimal:
        total = self._month_total(amount, days_sum, run)
        return (total / run.month_days).quantize(Decimal("0.01"), ROUND_HALF_UP)

    def _month_total(self, amount: Decimal, days_sum: Decimal, run: Run) -> Decimal:
        if self.since.replace(day=1) != run.business_date.replace(day=1):
            return amount * run.month_days
        return days_sum + amount * (run.business_date - self.since).days


class GradeChange(models.Model):
    """A change of a customer's grade on a night. Migrations between two dates are summed from these.

    ``rank_before`` is empty when the customer was graded for the first time. Ranks are those of the run's book.
    """

    run_id = models.IntegerField()
    on = models.DateField()
    customer_id = CustomerField()
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


def change_over(history: list[Standing], days: int, run: Run) -> Decimal:
    """Net change of AUM (yuan) over so many days up to a run, from a customer's rows, oldest first.

    As nights count it (``rules.value``): a customer who came after the bank's first night came with nothing, of the
    others what they had on it is where counting begins.
    """
    since = run.business_date - timedelta(days=days)
    before = [row.aum for row in history if row.since <= since]
    came_later = history[0].first_seen_on > run.begins_on
    then = before[-1] if before else Decimal(0) if came_later else history[0].aum
    return Decimal(history[-1].aum - then)


class Threshold(models.Model):
    """The metric that a grade took in a branch on a night (``rules.tables.THRESHOLDS``): a minimum, or a share's cut-off."""

    run_id = models.IntegerField()
    branch_id = models.CharField(max_length=40)
    grade_rank = models.SmallIntegerField()
    threshold = MoneyField()

    class Meta:
        indexes = [models.Index(fields=["run_id", "branch_id"], name="threshold_branch")]


class Unassigned(models.Model):
    """A customer for whom a night found nobody responsible: why, and who has to settle it."""

    run_id = models.IntegerField(db_index=True)
    customer_id = CustomerField()
    why = models.CharField(max_length=20)
    owner_id = models.CharField(max_length=60, null=True)


class Figure(models.Model):
    """A night's figures per branch, member of staff and grade (``rules.tables.FIGURES``); yuan, minutes.

    ``staff_id`` is empty for customers that nobody is responsible for.
    """

    run_id = models.IntegerField()
    branch_id = models.CharField(max_length=40)
    staff_id = models.CharField(max_length=60, blank=True)
    grade_rank = models.SmallIntegerField()
    customers = models.IntegerField()
    everybody = models.IntegerField()
    watched = models.IntegerField()
    aum = MoneyField()
    effective_aum = MoneyField()
    contribution = MoneyField()
    products = models.IntegerField()
    facts_expected = models.IntegerField()
    facts_known = models.IntegerField()
    owed = models.IntegerField()
    kept = models.IntegerField()
    lost = models.IntegerField()
    lost_aum = MoneyField()
    won_back = models.IntegerField()
    won_aum = MoneyField()
    inflow = MoneyField()
    opened = MoneyField()
    outflow = MoneyField()
    matured = MoneyField()
    closed = MoneyField()
    moved = MoneyField()
    tasks = models.IntegerField()
    minutes = models.IntegerField()
    top_minutes = models.IntegerField()
    listed = models.IntegerField()
    listed_minutes = models.IntegerField()
    listed_top_minutes = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["run_id", "branch_id"], name="figure_branch")]


class Effect(models.Model):
    """The outcome of a kind of signal for the customers whose trial ended on a night (``rules.tables.EFFECTS``).

    ``change`` and ``squares`` are the sums of their changes of AUM and of the squares; ``held_out`` marks the
    control group, whose signals nobody saw.
    """

    run_id = models.IntegerField(db_index=True)
    on = models.DateField(db_index=True)
    kind = models.CharField(max_length=40)
    branch_id = models.CharField(max_length=40)
    held_out = models.BooleanField()
    customers = models.IntegerField()
    change = MoneyField()
    squares = models.FloatField()
