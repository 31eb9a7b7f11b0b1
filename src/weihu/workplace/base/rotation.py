"""Values under other keys (密钥轮换): online, in small steps, and going on where a killed one stopped.

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

from weihu.engine.keys import FIRST
from weihu.engine.seal import CannotOpen, plain_number
from weihu.workplace.base.fields import IndexField, SealedField, seal

AT_ONCE = 500

Keyed = SealedField | IndexField


def keyed_models(kind: type[Keyed]) -> Iterator[tuple[type[models.Model], list[Any]]]:
    """Every model that has fields of a kind, with these."""
    for model in apps.get_models():
        fields = [field for field in model._meta.concrete_fields if isinstance(field, kind)]
        if fields:
            yield model, fields


def counted(kind: type[Keyed] = SealedField) -> Counter[str]:
    """How many values of a kind of field the database has under each key, by the key's id."""
    keys: Counter[str] = Counter()
    for model, fields in keyed_models(kind):
        for field in fields:
            rows = keyed_rows(model, [field]).values_list(under(field)).annotate(n=models.Count("pk"))
            keys.update(dict(rows.order_by()))
    return keys


def sampled() -> set[str]:
    """The ids of the keys that a few sealed values of each column are under, old and new ones."""
    found: set[str] = set()
    for model, fields in keyed_models(SealedField):
        for field in fields:
            rows = keyed_rows(model, [field])
            for order in ("pk", "-pk"):
                found.update(rows.order_by(order).values_list(under(field), flat=True)[:1])
    return found


def renew(shut: list[str]) -> Iterator[int]:
    """Bring the database's sealed values, and the index of numbers that stand sealed in the same row, under the current
    keys; says after each step how many rows it went through.

    Each step is a transaction of its own. What others record meanwhile is under the current keys already. A value that
    does not open stays as it is, and ``shut`` gets its table, column and row.
    """
    indexed = dict(keyed_models(IndexField))
    for model, sealed in keyed_models(SealedField):
        fields = [*sealed, *(field for field in indexed.get(model, []) if field.of)]
        last: Any = None
        while rows := _step(model, fields, last, shut):
            last = rows[-1].pk
            yield len(rows)


def _step(model: type[models.Model], fields: list[Keyed], last: Any, shut: list[str]) -> list[models.Model]:
    """The next rows after one with this key, under the current keys."""
    rows = keyed_rows(model, fields).filter(earlier(fields)).order_by("pk")
    with transaction.atomic():
        some = list((rows if last is None else rows.filter(pk__gt=last)).select_for_update()[:AT_ONCE])
        for row in some:
            named: list[str] = []
            for field in fields:
                if getattr(row, under(field)) in ("", current_of(field)):
                    continue
                opened = _opened(row, field.of if isinstance(field, IndexField) else field.name)
                if opened is None:
                    shut.append(f"{row._meta.db_table}.{field.column} {row.pk}")
                    continue
                if isinstance(field, IndexField):
                    setattr(row, field.attname, _indexed(field, opened))
                named.append(field.name)
            row.save(update_fields=named)
    return some


def _opened(row: models.Model, name: str) -> str | None:
    """A sealed value, opened, so that saving seals it anew; None if it does not open."""
    try:
        return getattr(row, name) or ""
    except CannotOpen:
        return None


def _indexed(field: IndexField, number: str) -> str | None:
    """The index of a number under the current key; of none, nothing."""
    return seal().index(plain_number(number), field.of) if number else None if field.null else ""


def earlier(fields: list[Keyed]) -> Q:
    """Of ``keyed_rows`` those of which one of the fields is under an earlier key."""
    some = Q()
    for field in fields:
        some |= ~Q(**{f"{under(field)}__in": ("", current_of(field))})
    return some


def current_of(field: Keyed) -> str:
    """The id of the key that a field's new values are under."""
    return seal().current_index if isinstance(field, IndexField) else seal().current


def keyed_rows(model: type[models.Model], fields: list[Keyed]) -> QuerySet[models.Model]:
    """Rows in which one of the fields has a value, with the id of each field's key."""
    text = models.TextField()
    keys: dict[str, Any] = {}
    for field in fields:
        column = Coalesce(ExpressionWrapper(F(field.name), text), Value(""), output_field=text)
        end = StrIndex(column, Value(".")) - 1
        none = [When(Exact(column, Value("")), then=Value(""))]
        if isinstance(field, IndexField):
            none.append(When(Exact(StrIndex(column, Value(".")), Value(0)), then=Value(FIRST)))
        keys[under(field)] = Case(*none, default=Substr(column, 1, end), output_field=text)
    some = Q()
    for field in fields:
        some |= ~Q(**{under(field): ""})
    rows: QuerySet[models.Model] = model._base_manager.annotate(**keys).filter(some)
    return rows


def under(field: Keyed) -> str:
    """How the key's id of a field's value is called in a query."""
    return f"under_{field.name}"
