"""Runs (nights), their rule books, and the base of all tables whose rows hold from run to run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import Self, TypeVar

from django.db import models
from django.db.models import Q

from weihu.rules.rulebook import RuleBook, restored
from weihu.workplace.base.fields import DocumentField

M = TypeVar("M", bound=models.Model)

FOREVER = 2**31 - 1
"""``until_run`` of a row that no later run has replaced."""

LISTED = Q(listed=True)
REPLACED = Q(until_run__lt=FOREVER)


class Book(models.Model):
    """A rule book (制度) that runs were computed with: the whole content, never changed, under its digest."""

    digest = models.CharField(max_length=64, primary_key=True)
    key = models.CharField(max_length=100)
    version = models.CharField(max_length=100)
    content = DocumentField()

    @classmethod
    def of(cls, book: RuleBook) -> Book:
        """The row of a rule book; it is written when a run first uses the book."""
        content = book.model_dump(mode="json")
        digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        values = {"key": book.key, "version": book.version, "content": content}
        return cls.objects.get_or_create(digest=digest, defaults=values)[0]


class Run(models.Model):
    """A night's run (批次). ``built_on`` is the run whose state it continued from.

    Readers see it once ``CurrentRun`` points to it.
    """

    number = models.IntegerField(primary_key=True)
    business_date = models.DateField(db_index=True)
    published = models.BooleanField(default=False)
    revision = models.IntegerField()
    digest = models.CharField(max_length=64)
    month_days = models.IntegerField()
    book = models.ForeignKey(Book, models.PROTECT)
    report = DocumentField(default=dict)
    built_on = models.IntegerField(null=True)

    @property
    def rulebook(self) -> RuleBook:
        """The rule book that the run was computed with."""
        return rulebook_of(self.book_id)

    @property
    def work_date(self) -> date:
        """The day after the business date: what is recorded while the run is current belongs to it.

        It may be a closed day; which day a list is for is asked of the gate (``list_day``).
        """
        return self.business_date + timedelta(days=1)

    @cached_property
    def begins_on(self) -> date:
        """The business date of the bank's first night; what customers had before it is not known."""
        first: date = Run.objects.filter(published=True).aggregate(first=models.Min("business_date"))["first"]
        return first


@lru_cache(maxsize=32)
def rulebook_of(digest: str) -> RuleBook:
    """The rule book of a digest."""
    return restored(Book.objects.get(digest=digest).content)


def rulebooks_of(numbers: Iterable[int]) -> dict[int, RuleBook]:
    """The rule books of runs by run number: a grade's rank is to be read by the book of its time."""
    books = Run.objects.filter(number__in=set(numbers)).values_list("number", "book_id")
    return {number: rulebook_of(digest) for number, digest in books}


class CurrentRun(models.Model):
    """A single row: the run that readers see. Pointing it to another run publishes that run."""

    run = models.ForeignKey(Run, models.PROTECT)


class VersionedQuerySet(models.QuerySet[M]):
    """Rows valid from ``since_run`` up to, but not including, ``until_run``."""

    def at(self, run: Run | int) -> Self:
        """The rows as of any run. Only fast together with a condition on a key: no index covers old rows."""
        number = run if isinstance(run, int) else run.number
        return self.filter(since_run__lte=number, until_run__gt=number)

    def listed_at(self, run: Run) -> Self:
        """The rows as of the published run, or of the run before it until the next night is staged."""
        return self.at(run).filter(listed=True)


class VersionedModel(models.Model):
    """A published row with the runs it is valid for. Subclasses set ``objects`` to a VersionedQuerySet's manager.

    The indexes for lists hold ``listed`` rows only, so they grow with the bank and not with its history. A row
    leaves them when the night after the one that replaced it is staged.
    """

    since_run = models.IntegerField()
    until_run = models.IntegerField(default=FOREVER)
    listed = models.BooleanField(default=True)

    class Meta:
        abstract = True
