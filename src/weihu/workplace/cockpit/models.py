"""What each night published for the cockpit."""

from __future__ import annotations

from django.db import models

from weihu.workplace.fields import MoneyField


class Figure(models.Model):
    """A night's figures of a person's customers of a grade in a branch (``rules.tables.FIGURES``); yuan, minutes.

    ``staff_id`` is empty for customers whom nobody answers for.
    """

    run_id = models.IntegerField()
    branch_id = models.CharField(max_length=40)
    staff_id = models.CharField(max_length=60, blank=True)
    grade_rank = models.SmallIntegerField()
    customers = models.IntegerField()
    aum = MoneyField()
    products = models.IntegerField()
    facts_expected = models.IntegerField()
    facts_known = models.IntegerField()
    owed = models.IntegerField()
    kept = models.IntegerField()
    lost = models.IntegerField()
    lost_aum = MoneyField()
    won_back = models.IntegerField()
    won_aum = MoneyField()
    tasks = models.IntegerField()
    minutes = models.IntegerField()
    top_minutes = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["run_id", "branch_id"], name="figure_branch")]


class Effect(models.Model):
    """What became of the customers of a kind of signal whose trial ended on a night: sums of the changes of AUM and of
    their squares, of those who were told of it and of those kept back (``rules.tables.EFFECTS``)."""

    run_id = models.IntegerField(db_index=True)
    on = models.DateField(db_index=True)
    kind = models.CharField(max_length=40)
    branch_id = models.CharField(max_length=40)
    held_out = models.BooleanField()
    customers = models.IntegerField()
    change = MoneyField()
    squares = models.FloatField()
