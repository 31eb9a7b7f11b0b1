"""Saved filters of lists."""

from __future__ import annotations

from django.db import models

from weihu.workplace.base.fields import SealedField


class SavedFilter(models.Model):
    """A list's filter and order, kept under a name."""

    staff_id = models.CharField(max_length=60, db_index=True)
    list = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    query = SealedField(scope="filter", row=("staff_id", "list"))
