"""Model fields that Django lacks: exact money, sealed text, and JSON documents whose keys keep their order."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from typing import Any

from django.conf import settings
from django.db import models

from weihu.engine.seal import Seal


@cache
def seal() -> Seal:
    """The installation's seal."""
    return Seal(settings.HOME.key("seal"), settings.HOME.key("index"))


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


class SealedField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted in the database (C2). ``scope`` keeps a value from being read in another column."""

    def __init__(self, *args: Any, scope: str = "", **kwargs: Any) -> None:
        self.scope = scope
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """Migrations know the column that the database has; so they import none of our code."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        """Decrypt."""
        return seal().open(value, self.scope) if value else value

    def get_prep_value(self, value: Any) -> str | None:
        """Encrypt."""
        return seal().close(str(value), self.scope) if value else value


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
