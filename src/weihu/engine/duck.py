"""The embedded engine: DuckDB, in memory, over Parquet files of the lake."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa
from ibis.backends.sql.datatypes import DuckDBType
from ibis.expr.types import Table


class DuckEngine:
    """Named tables, and rules that make new ones of them.

    A rule is a function of Ibis tables. What it compiles to depends only on its inputs' names and columns, so a
    rule is compiled once and its SQL is used again on every later night of the process.
    """

    def __init__(self, spill: Path | None, threads: int | None = None) -> None:
        self.connection = duckdb.connect()
        if spill:
            spill.mkdir(parents=True, exist_ok=True)
            self.connection.execute(f"SET temp_directory = '{_quote(spill)}'")
        if threads:
            self.connection.execute(f"SET threads = {threads}")
        self._schemas: dict[str, ibis.Schema] = {}
        self._compiled: dict[str, tuple[str, ibis.Schema]] = {}

    @classmethod
    def in_memory(cls) -> DuckEngine:
        """An engine that never touches the disk."""
        return cls(None)

    def close(self) -> None:
        """Free the memory."""
        self.connection.close()

    def bind(self, name: str, schema: ibis.Schema, paths: list[Path]) -> Table:
        """The rows of some Parquet files (none: an empty table) under ``name``, with exactly the schema's columns."""
        if paths:
            files = ", ".join(f"'{_quote(path)}'" for path in paths)
            read = f"read_parquet([{files}], union_by_name = true)"
            found = {row[0] for row in self.connection.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()}
            # a column that earlier versions did not keep is empty
            source = f"SELECT {_columns(schema, found)} FROM {read}"
        else:
            nulls = ", ".join(f'CAST(NULL AS {_duck_type(schema[column])}) AS "{column}"' for column in schema)
            source = f"SELECT {nulls} WHERE false"
        self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS {source}")
        return self._named(name, schema)

    def bind_arrow(self, name: str, schema: ibis.Schema, table: pa.Table) -> Table:
        """An Arrow table under ``name``."""
        self.connection.register("_given", table.cast(schema.to_pyarrow()))
        self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {_columns(schema)} FROM _given")
        self.connection.unregister("_given")
        return self._named(name, schema)

    def derive(self, name: str, rule: Callable[..., Table], *inputs: Any) -> Table:
        """What ``rule`` makes of its inputs, kept under ``name``."""
        if name not in self._compiled:
            expression = rule(*inputs)
            schema = expression.schema()
            # DuckDB's own types may be wider than the expression's (a date plus days is a timestamp there)
            sql = f"SELECT {_columns(schema)} FROM ({ibis.to_sql(expression, dialect='duckdb')})"
            self._compiled[name] = (sql, schema)
        sql, schema = self._compiled[name]
        self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS {sql}")
        return self._named(name, schema)

    def forget_rules(self) -> None:
        """Compile every rule anew: another rule book holds."""
        self._compiled.clear()

    def derive_sql(self, name: str, sql: str) -> None:
        """The answer of a query, kept under ``name``."""
        self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS {sql}")

    def write(self, name: str, path: Path, order_by: str) -> None:
        """The rows of ``name`` as one Parquet file, in a fixed order."""
        self.connection.execute(
            f"COPY (SELECT * FROM {name} ORDER BY {order_by}) TO '{_quote(path)}' (FORMAT parquet, COMPRESSION zstd)"
        )

    def arrow(self, sql: str) -> pa.Table:
        """The answer of a query on the named tables."""
        return self.connection.sql(sql).to_arrow_table()

    def row(self, sql: str) -> tuple[Any, ...]:
        """The first row of an answer."""
        return self.connection.execute(sql).fetchall()[0]

    def _named(self, name: str, schema: ibis.Schema) -> Table:
        self._schemas[name] = schema
        return ibis.table(schema, name=name)


def _quote(path: Path) -> str:
    return str(path).replace("'", "''")


def _columns(schema: ibis.Schema, found: set[str] | None = None) -> str:
    values = {name: f'"{name}"' if found is None or name in found else "NULL" for name in schema}
    return ", ".join(f'CAST({values[name]} AS {_duck_type(kind)}) AS "{name}"' for name, kind in schema.items())


@lru_cache(maxsize=256)
def _duck_type(kind: ibis.DataType) -> str:
    return str(DuckDBType.to_string(kind))
