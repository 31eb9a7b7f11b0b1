"""Many rows into the workplace's database at once: COPY on PostgreSQL, batched statements on SQLite.

Each batch is a transaction of its own, so that a person who saves a contact waits for one batch at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
from django.db import connection, models, transaction

BATCH = 20_000


def insert(model: type[models.Model], rows: pa.Table) -> None:
    """Insert rows; the columns' names are the table's, their values as the database stores them."""
    columns = rows.column_names
    table = connection.ops.quote_name(model._meta.db_table)
    named = ", ".join(connection.ops.quote_name(column) for column in columns)
    for batch in _batches(_tuples(rows)):
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table} ({named}) FROM STDIN") as copy:
                    for row in batch:
                        copy.write_row(row)
            else:
                marks = ", ".join(["%s"] * len(columns))
                cursor.executemany(f"INSERT INTO {table} ({named}) VALUES ({marks})", batch)


def close_versions(model: type[models.Model], key: Sequence[str], keys: pa.Table, run: int, forever: int) -> None:
    """End the open rows of some keys at a run. Readers of earlier runs still see them."""
    table = connection.ops.quote_name(model._meta.db_table)
    for batch in _batches(_tuples(keys.select(list(key)))):
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                columns = ", ".join(f"{name} text" for name in key)
                cursor.execute(f"CREATE TEMP TABLE closing ({columns}) ON COMMIT DROP")
                with cursor.copy(f"COPY closing ({', '.join(key)}) FROM STDIN") as copy:
                    for row in batch:
                        copy.write_row(row)
                cursor.execute("ANALYZE closing")
                same = " AND ".join(f"t.{name} = closing.{name}" for name in key)
                cursor.execute(
                    f"UPDATE {table} t SET until_run = %s FROM closing WHERE {same} AND t.until_run = %s",
                    [run, forever],
                )
            else:
                same = " AND ".join(f"{name} = %s" for name in key)
                cursor.executemany(
                    f"UPDATE {table} SET until_run = {int(run)} WHERE {same} AND until_run = {int(forever)}", batch
                )


def upsert(model: type[models.Model], key: str, rows: pa.Table, once: Sequence[str] = ()) -> None:
    """Insert or replace rows by key, within the caller's transaction; columns of ``once`` are never replaced."""
    columns = rows.column_names
    table = connection.ops.quote_name(model._meta.db_table)
    others = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in (key, *once))
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT ({key}) DO UPDATE SET {others}",
            list(_tuples(rows)),
        )


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
