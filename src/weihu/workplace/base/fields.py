"""Model fields that Django lacks: exact money, sealed text, and JSON documents whose keys keep their order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from weihu.engine.seal import INDEX, Seal


def seal() -> Seal:
    """The installation's seal."""
    made: Seal = settings.HOME.seal
    return made


class MoneyField(models.BigIntegerField):  # type: ignore[type-arg]
    """An amount with two decimals, stored as whole cents: exact, summable and sortable on every database.

    (SQLite would keep a DecimalField as a binary float.)
    """

    _pyi_private_set_type: Any

    def deconstruct(self) -> Any:
        """Migrations know the column that the database has; so they import none of our code."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.BigIntegerField", args, kwargs

    def from_db_value(self, value: int | None, *_: Any) -> Decimal | None:
        """Cents as yuan."""
        return None if value is None else Decimal(value).scaleb(-2)

    def get_prep_value(self, value: Any) -> int | None:
        """Yuan as cents."""
        return None if value is None else int(Decimal(value).scaleb(2).to_integral_exact())

    def to_python(self, value: Any) -> Decimal | None:
        """Text or number as yuan."""
        return None if value is None else Decimal(value)


class CustomerField(models.CharField):  # type: ignore[type-arg]
    """A customer's number. Whatever has one stands in the record of what is kept of a customer (``customer.record``)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": 60, **kwargs})

    def deconstruct(self) -> Any:
        """Migrations know the column that the database has; so they import none of our code."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class Sealed(str):
    """A value as the database has it, not opened yet."""

    __slots__ = ()


class SealedValue(DeferredAttribute):
    """Opens a row's value when it is first read, as this row's."""

    field: SealedField

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        """The text."""
        value = super().__get__(instance, cls)
        if isinstance(value, Sealed) and instance is not None:
            instance.__dict__[self.field.attname] = value = self.field.opened(value, instance)
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        """Text, or the sealed form out of the database."""
        instance.__dict__[self.field.attname] = value


class SealedField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted in the database (C2), bound to its column and row: in another one it does not open.

    ``scope`` names the column. ``row`` are the columns that tell rows apart and never change; with none of them, values
    are bound to the column only and may be given to ``update``. Queries that read the column by itself get the sealed
    form, which ``opened`` opens.
    """

    descriptor_class = SealedValue

    def __init__(self, *args: Any, scope: str = "", row: tuple[str, ...] = ("token",), **kwargs: Any) -> None:
        self.scope = scope
        self.row = row
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """Migrations know the column that the database has; so they import none of our code."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        """Not opened before somebody reads it."""
        return Sealed(value) if value else value

    def opened(self, value: str | None, row: models.Model | Mapping[str, Any]) -> str | None:
        """The text of a sealed form of this column in a row (or in the values of its ``row`` columns)."""
        return seal().open(value, self.scope, self._place(row)) if value else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """The sealed form for this row; what was not opened stays as it is."""
        value = model_instance.__dict__.get(self.attname)
        return self.sealed(value, model_instance) if self.row else value

    def sealed(self, text: str | None, row: models.Model) -> str | None:
        """The sealed form of a text for a row, as ``update`` takes it too."""
        if not text or isinstance(text, Sealed):
            return text
        return Sealed(seal().close(str(text), self.scope, self._place(row)))

    def get_prep_value(self, value: Any) -> str | None:
        """As it is stored. Raises TypeError for text whose row is not known."""
        if not value or isinstance(value, Sealed):
            return str(value) if value else value
        if self.row:
            raise TypeError(f"{self.scope} is sealed with its row: save the row, or give update what sealed() makes")
        return seal().close(str(value), self.scope)

    def _place(self, row: models.Model | Mapping[str, Any]) -> str:
        column: Any = self.model._meta.get_field
        values = ((name, row[name] if isinstance(row, Mapping) else getattr(row, name)) for name in self.row)
        return "\0".join(_constant(column(name).to_python(value)) for name, value in values)


def sealed(row: models.Model, **texts: str) -> dict[str, str | None]:
    """Texts for columns of a row, sealed for it: ``rows.update(**sealed(row, reason=reason))``."""
    fields: dict[str, Any] = {field.name: field for field in row._meta.concrete_fields}
    return {name: fields[name].sealed(text, row) for name, text in texts.items()}


def _constant(value: Any) -> str:
    """The same text for a value before it is stored and after."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value)


class IndexField(models.CharField):  # type: ignore[type-arg]
    """A keyed fingerprint by which a sealed value is found exactly. ``of``: the sealed column of the same row that it is
    of, a number; without it, what it is of stands elsewhere."""

    def __init__(self, *args: Any, of: str = "", **kwargs: Any) -> None:
        self.of = of
        super().__init__(*args, **{"max_length": INDEX, **kwargs})

    def deconstruct(self) -> Any:
        """Migrations know the column that the database has; so they import none of our code."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class DocumentField(models.TextField):  # type: ignore[type-arg]
    """A JSON document whose keys keep their order, as a rule book's grades must (PostgreSQL's jsonb sorts them)."""

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def deconstruct(self) -> Any:
        """Migrations know the column that the database has; so they import none of our code."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        """JSON text as the document."""
        return None if value is None else json.loads(value)

    def get_prep_value(self, value: Any) -> str | None:
        """The document as JSON text."""
        return None if value is None else json.dumps(value, ensure_ascii=False)
