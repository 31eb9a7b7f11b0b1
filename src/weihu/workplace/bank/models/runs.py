"""The nights and what they published."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
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
    """A rule book (制度) as runs were made by it, kept whole and never changed; ``digest`` is of its content."""

    digest = models.CharField(max_length=64, primary_key=True)
    key = models.CharField(max_length=100)
    version = models.CharField(max_length=100)
    content = DocumentField()

    @classmethod
    def of(cls, book: RuleBook) -> Book:
        """The row of a rule book, written when a run first uses it."""
        content = book.model_dump(mode="json")
        digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        named = {"key": book.key, "version": book.version, "content": content}
        return cls.objects.get_or_create(digest=digest, defaults=named)[0]


class Run(models.Model):
    """One night (批次): its date, its rule book, its report, the run whose state it was ``built_on``.

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
        """The rule book that the run was made by."""
        return rulebook_of(self.book_id)

    @property
    def work_date(self) -> date:
        """The working day that the run's lists are for."""
        return self.business_date + timedelta(days=1)


@lru_cache(maxsize=32)
def rulebook_of(digest: str) -> RuleBook:
    """The rule book of a digest."""
    return restored(Book.objects.get(digest=digest).content)


def rulebooks_of(numbers: Iterable[int]) -> dict[int, RuleBook]:
    """The rule books of some runs by their numbers: what a rank meant when it was given."""
    books = Run.objects.filter(number__in=set(numbers)).values_list("number", "book_id")
    return {number: rulebook_of(digest) for number, digest in books}


class CurrentRun(models.Model):
    """One row: the run that readers see. Moving it is what publishes a night."""

    run = models.ForeignKey(Run, models.PROTECT)


class VersionedQuerySet(models.QuerySet[M]):
    """Rows that hold from ``since_run`` to before ``until_run``."""

    def at(self, run: Run | int) -> Self:
        """The rows as of any run. Nothing but a key's history is found fast this way."""
        number = run if isinstance(run, int) else run.number
        return self.filter(since_run__lte=number, until_run__gt=number)

    def listed_at(self, run: Run) -> Self:
        """The rows as of the published run. (Those of the one before go while the next night is staged.)"""
        return self.at(run).filter(listed=True)


class VersionedModel(models.Model):
    """A published row and the runs between which it holds; ``objects`` is a VersionedQuerySet's manager.

    The indexes for lists hold ``listed`` rows only, so they grow with the bank and not with its history; a row
    leaves them when the night after the one that replaced it is staged.
    """

    since_run = models.IntegerField()
    until_run = models.IntegerField(default=FOREVER)
    listed = models.BooleanField(default=True)

    class Meta:
        abstract = True
