"""Sealed values under another key (密钥轮换): online, in small steps, and going on where a killed one stopped.

What is still under an earlier key is found by the id that each value begins with, so nothing else has to be remembered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models import Case, ExpressionWrapper, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, StrIndex, Substr
from django.db.models.lookups import Exact

from weihu.workplace.base.fields import SealedField, seal

AT_ONCE = 500


def sealed_models() -> Iterator[tuple[type[models.Model], list[SealedField]]]:
    """Every model that has sealed fields, with these."""
    for model in apps.get_models():
        fields = [field for field in model._meta.concrete_fields if isinstance(field, SealedField)]
        if fields:
            yield model, fields


def counted() -> Counter[str]:
    """How many values the database has under each key, by the key's id."""
    keys: Counter[str] = Counter()
    for model, fields in sealed_models():
        for field in fields:
            rows = _sealed_rows(model, [field]).values_list(_under(field)).annotate(n=models.Count("pk"))
            keys.update(dict(rows.order_by()))
    return keys


def sampled() -> set[str]:
    """The ids of the keys that a few values of each column are under, old and new ones."""
    found: set[str] = set()
    for model, fields in sealed_models():
        for field in fields:
            rows = _sealed_rows(model, [field])
            for order in ("pk", "-pk"):
                found.update(rows.order_by(order).values_list(_under(field), flat=True)[:1])
    return found


def reseal() -> Iterator[int]:
    """Bring everything in the database under the current key; says after each step how many rows it changed.

    Each step is a transaction of its own. What others record meanwhile is under the current key already.
    """
    for model, fields in sealed_models():
        last: Any = None
        while rows := _step(model, fields, last):
            last = rows[-1].pk
            yield len(rows)


def _step(model: type[models.Model], fields: list[SealedField], last: Any) -> list[models.Model]:
    """The next rows after one with this key, sealed anew."""
    earlier = Q()
    for field in fields:
        earlier |= ~Q(**{_under(field): seal().current}) & ~Q(**{_under(field): ""})
    rows = _sealed_rows(model, fields).filter(earlier).order_by("pk")
    with transaction.atomic():
        some = list((rows if last is None else rows.filter(pk__gt=last)).select_for_update()[:AT_ONCE])
        for row in some:
            for field in fields:
                setattr(row, field.attname, getattr(row, field.attname))  # opened, so that it is sealed anew
            row.save(update_fields=[field.name for field in fields])
    return some


def _sealed_rows(model: type[models.Model], fields: list[SealedField]) -> QuerySet[models.Model]:
    """Rows in which one of the fields has a value, with the id of each field's key."""
    text = models.TextField()
    keys: dict[str, Any] = {}
    for field in fields:
        column = Coalesce(ExpressionWrapper(F(field.name), text), Value(""), output_field=text)
        end = StrIndex(column, Value(".")) - 1
        keys[_under(field)] = Case(When(Exact(column, Value("")), then=Value("")), default=Substr(column, 1, end))
    some = Q()
    for field in fields:
        some |= ~Q(**{_under(field): ""})
    rows: QuerySet[models.Model] = model._base_manager.annotate(**keys).filter(some)
    return rows


def _under(field: SealedField) -> str:
    """How the key's id of a field's value is called in a query."""
    return f"under_{field.name}"
