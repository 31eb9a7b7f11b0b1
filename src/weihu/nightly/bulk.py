"""Many rows into the workplace's database at once: COPY on PostgreSQL, batched statements on SQLite.

Each batch is a transaction of its own, so that a person who saves a contact waits for one batch at most.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
from django.db import connection, models, transaction

BATCH = 20_000
CACHE_KIB = 1 << 20
WRITE_BACK_PAGES = 50_000


def roomy() -> None:
    """For this process, on SQLite: keep more of the file in memory than one that serves pages, write pages back."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
            cursor.execute(f"PRAGMA wal_autocheckpoint={WRITE_BACK_PAGES}")


def insert(model: type[models.Model], rows: pa.Table) -> None:
    """Insert rows; the columns' names are the table's, their values as the database stores them."""
    for batch in _batches(_tuples(rows)):
        with transaction.atomic():
            _fill(_table(model), rows.column_names, batch)


def update(model: type[models.Model], key: Sequence[str], rows: pa.Table, sets: str, where: str = "true") -> None:
    """Change the rows that ``rows`` name by ``key``. ``sets`` and ``where`` are SQL; ``given.x`` is a column of ``rows``."""
    columns = ", ".join(f"{field.name} {_sql_type(field.type)}" for field in rows.schema)
    same = " AND ".join(f"{_table(model)}.{name} = given.{name}" for name in key)
    for batch in _batches(_tuples(rows)):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMP TABLE given ({columns})")
            _fill("given", rows.column_names, batch)
            if connection.vendor == "postgresql":
                cursor.execute("ANALYZE given")
            cursor.execute(f"UPDATE {_table(model)} SET {sets} FROM given WHERE {same} AND {where}")
            cursor.execute("DROP TABLE given")


def upsert(model: type[models.Model], key: str, rows: pa.Table, once: Sequence[str] = ()) -> None:
    """Insert or replace rows by key, within the caller's transaction; columns of ``once`` are never replaced."""
    columns = rows.column_names
    others = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in (key, *once))
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {_table(model)} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT ({key}) DO UPDATE SET {others}",
            list(_tuples(rows)),
        )


def ranges(column: str, *tables: pa.Table) -> Iterator[tuple[str | None, str | None, list[pa.Table]]]:
    """Slices of sorted tables between the same keys, a batch of the longest at a time; the ends are open."""
    keys = [table[column].to_pylist() for table in tables]
    bounds = sorted(set(max(keys, key=len)[BATCH::BATCH]))
    for low, high in zip([None, *bounds], [*bounds, None], strict=True):
        cuts = [(bisect_left(ids, low) if low else 0, bisect_left(ids, high) if high else len(ids)) for ids in keys]
        yield low, high, [table.slice(start, end - start) for table, (start, end) in zip(tables, cuts, strict=True)]


def _table(model: type[models.Model]) -> str:
    return str(model._meta.db_table)


def _fill(table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    named = ", ".join(connection.ops.quote_name(column) for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({named}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({named}) VALUES ({marks})", rows)


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return "bigint"
    return "date" if pa.types.is_date(kind) else "text"


def _tuples(rows: pa.Table) -> Iterator[tuple[Any, ...]]:
    for chunk in rows.to_batches(max_chunksize=BATCH):
        columns = [_values(column) for column in chunk.columns]
        yield from zip(*columns, strict=True)


def _values(column: pa.Array) -> list[Any]:
    """Dates as ISO text, which both databases take."""
    if pa.types.is_date(column.type):
        column = column.cast(pa.string())
    values: list[Any] = column.to_pylist()
    return values


def _batches(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
