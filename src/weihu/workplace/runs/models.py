"""The nights and what they published."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Self, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)

FOREVER = 2**31 - 1
"""``until_run`` of a row that no later run has replaced."""


class Run(models.Model):
    """One night (批次): its date, its rule book, its report, the run whose state it was ``built_on``. Readers see it once ``CurrentRun`` points to it."""

    number = models.IntegerField(primary_key=True)
    business_date = models.DateField(db_index=True)
    published = models.BooleanField(default=False)
    revision = models.IntegerField()
    digest = models.CharField(max_length=64)
    month_days = models.IntegerField()
    book = models.JSONField()
    report = models.JSONField(default=dict)
    built_on = models.IntegerField(null=True)

    @property
    def work_date(self) -> date:
        """The working day that the run's lists are for."""
        return self.business_date + timedelta(days=1)


class CurrentRun(models.Model):
    """One row: the run that readers see. Moving it is what publishes a night."""

    run = models.ForeignKey(Run, models.PROTECT)


class VersionedQuerySet(models.QuerySet[M]):
    """Rows that hold from ``since_run`` to before ``until_run``."""

    def at(self, run: Run | int) -> Self:
        """The rows as of a run."""
        number = run if isinstance(run, int) else run.number
        return self.filter(since_run__lte=number, until_run__gt=number)


class VersionedModel(models.Model):
    """A published row and the runs between which it holds; ``objects`` is a VersionedQuerySet's manager."""

    since_run = models.IntegerField()
    until_run = models.IntegerField(default=FOREVER)

    class Meta:
        abstract = True
