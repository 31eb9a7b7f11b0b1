"""The embedded engine: DuckDB, in memory, over Parquet files of the lake."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from queue import LifoQueue
from typing import Any, ClassVar

import duckdb
import ibis
import ibis.backends.sql.compilers  # ibis would load them within somebody's first page
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.sql.datatypes import DuckDBType
from ibis.expr import datatypes, operations
from ibis.expr.types import Table

from weihu.engine.parts import parts_of
from weihu.engine.protocol import Rule, name_of, table_of
from weihu.engine.texts import Memory, Text, Texts, remember, with_parameters

SMALL = 50_000
OF_NO_USE = (
    "expression_rewriter",
    "common_subexpressions",
    "common_subplan",
    "statistics_propagation",
    "join_order",
    "compressed_materialization",
    "join_filter_pushdown",
    "projection_pullup",
)
"""What DuckDB does for queries over many rows, which over fewer than SMALL takes longer than it saves."""
MOST_AT_ONCE = 4
"""So many steps at once leave no step waiting for a thread: what each waits for of the others takes longer."""


class DuckEngine:
    """Engine (protocol.Engine) in this process.

    What a rule compiles to (texts.Texts) is parsed once by an engine; DuckDB plans it anew each time, since what is
    best depends on the night's rows.
    """

    _memory: ClassVar[Memory] = {}

    def __init__(self, spill: Path | None, threads: int | None = None, compiled: Path | None = None) -> None:
        """``compiled``: the file in which what rules compile to is kept for the next process."""
        self.connection = duckdb.connect()
        if spill:
            spill.mkdir(parents=True, exist_ok=True)
            self.connection.execute(f"SET temp_directory = '{quoted(spill)}'")
        if threads:
            self.connection.execute(f"SET threads = {threads}")
        self._threads = threads_of(self.connection)
        self._connections = [self.connection]
        self._free: LifoQueue[duckdb.DuckDBPyConnection] = LifoQueue()
        self._free.put(self.connection)
        self._begin()
        self._schemas: dict[str, ibis.Schema] = {}
        self._kinds: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._aliases: dict[str, str] = {}
        self._parameters: set[str] = set()
        self._values: dict[str, list[Any]] = {}
        self._compiled: dict[Hashable, tuple[duckdb.Statement, ibis.Schema]] = {}
        self._texts = Texts(self._memory, self._text_of, compiled)
        self._small = False
        self._settled = False

    @classmethod
    def in_memory(cls) -> DuckEngine:
        """An engine that never touches the disk."""
        return cls(None)

    def close(self) -> None:
        """Free everything."""
        self._texts.save()
        for connection in self._connections:
            connection.close()

    def expect(self, readers: Mapping[str, int]) -> None:
        """Engine.expect: in memory everything is computed at once."""

    def at_once(self) -> int:
        """Engine.at_once: planning is most of a small night and has one thread, while many rows take all threads and
        all memory by themselves."""
        if not self._settled:
            if self._threads == 1 or any(count >= SMALL for count in self._counts.values()):
                return 1
            # planning is set for all connections: it stays so until the tables are forgotten
            self._plan_for()
            self._settled = True
            while len(self._connections) < min(self._threads, MOST_AT_ONCE):
                self._connect()
        return len(self._connections)

    def bind(self, name: str, schema: ibis.Schema, paths: Sequence[Path], often: bool = True) -> Table:
        """Engine.bind: a table if it is read often, else a view of the files."""
        paths = [part for path in paths for part in parts_of(path)]
        if not paths:
            return self.bind_rows(name, schema, [])
        footers = [pq.read_metadata(path) for path in paths]
        known = {column for footer in footers for column in footer.schema.to_arrow_schema().names}
        count = sum(footer.num_rows for footer in footers)
        read = ", ".join(f"'{quoted(path)}'" for path in paths)
        source = f"SELECT {_columns(schema, known)} FROM read_parquet([{read}], union_by_name = true)"
        with self._connected() as connection:
            self._create(connection, "TABLE" if often else "VIEW", name, source)
        return self._named(name, schema, count)

    def bind_arrow(self, name: str, schema: ibis.Schema, rows: pa.Table) -> Table:
        """Engine.bind_arrow."""
        if not rows.num_rows:
            return self.bind_rows(name, schema, [])
        with self._connected() as connection:
            connection.register("_rows", rows.cast(schema.to_pyarrow()))
            self._create(connection, "TABLE", name, f"SELECT {_columns(schema)} FROM _rows")
            connection.unregister("_rows")
        return self._named(name, schema, rows.num_rows)

    def bind_rows(self, name: str, schema: ibis.Schema, rows: Sequence[Sequence[Any]]) -> Table:
        """Engine.bind_rows: an Arrow table made of Python's values would load pandas, a second of a page's time."""
        with self._connected() as connection:
            self._make_way(connection, "TABLE", name)
            connection.execute(self._empty(connection, name, schema))
            if rows:
                values = ", ".join(f"unnest(CAST(? AS {_duck_type(kind)}[]))" for kind in schema.types)
                columns = [list(column) for column in zip(*rows, strict=True)]
                connection.execute(f'INSERT INTO "{name}" SELECT {values}', columns)
        return self._named(name, schema, len(rows))

    def bind_row(self, name: str, schema: ibis.Schema, row: Mapping[str, Any]) -> Table:
        """Engine.bind_row: its columns are variables of each connection too."""
        values = [row.get(column) for column in schema]
        table = self.bind_rows(name, schema, [values])
        self._parameters.add(name)
        self._values[name] = values
        for connection in self._connections:
            self._set_variables(connection, name)
        return table

    def alias(self, name: str, of: str) -> Table:
        """Engine.alias."""
        # a view of a view would be bound twice by each statement that reads it
        origin = self._aliases.get(of, of)
        with self._connected() as connection:
            self._create(connection, "VIEW", name, f'SELECT * FROM "{origin}"')
        self._aliases[name] = origin
        return self._named(name, self._schemas[of], self._counts[of])

    def prepare(self, name: str, rule: Rule, *inputs: Any, **named: Any) -> ibis.Schema:
        """Engine.prepare."""
        return self._prepared(name, rule, inputs, named)[1]

    def derive(self, name: str, rule: Rule, *inputs: Any, **named: Any) -> Table:
        """Engine.derive."""
        statement, schema = self._prepared(name, rule, inputs, named)
        self._plan_for(*(name_of(value) for value in (*inputs, *named.values()) if isinstance(value, Table)))
        with self._connected() as connection:
            self._make_way(connection, "TABLE", name)
            count = connection.execute(statement).fetchall()[0][0]
        return self._named(name, schema, count)

    def answer(self, rule: Rule, *inputs: Any, **named: Any) -> list[dict[str, Any]]:
        """Engine.answer."""
        statement, schema = self._prepared("", rule, inputs, named)
        self._plan_for(*(name_of(value) for value in (*inputs, *named.values()) if isinstance(value, Table)))
        # a relation would be bound twice, which for few rows takes as long as the answer
        with self._connected() as connection:
            rows = connection.execute(statement).fetchall()
        return [dict(zip(schema.names, row, strict=True)) for row in rows]

    def rows(self, name: str) -> int:
        """Engine.rows."""
        return self._counts[name]

    def computed(self, name: str) -> bool:
        """Engine.computed."""
        return name in self._counts

    def read(self, name: str) -> pa.Table:
        """Engine.read."""
        with self._connected() as connection:
            rows = connection.sql(f'FROM "{name}"').to_arrow_table()
        return rows.cast(self._schemas[name].to_pyarrow())

    def write(self, name: str, path: Path, order_by: Sequence[str]) -> None:
        """Engine.write."""
        if not self._counts[name]:
            pq.write_table(self._schemas[name].to_pyarrow().empty_table(), path)
            return
        order = ", ".join(f'"{column}"' for column in order_by)
        source = f'SELECT * FROM "{name}" ORDER BY {order}'
        with self._connected() as connection:
            connection.execute(f"COPY ({source}) TO '{quoted(path)}' (FORMAT parquet, COMPRESSION zstd)")

    def clear(self) -> None:
        """Engine.clear."""
        for connection in self._connections:
            connection.execute("USE memory")
        self.connection.execute("DETACH tables")
        self._begin()
        self._settled = False
        self._kinds.clear()
        self._values.clear()
        self._aliases.clear()
        self._schemas.clear()
        self._counts.clear()

    def _begin(self) -> None:
        """All tables lie in a database of their own: letting go of it costs a small night less than dropping each."""
        self.connection.execute("ATTACH ':memory:' AS tables")
        for connection in self._connections:
            connection.execute("USE tables")

    def _connect(self) -> None:
        """One more connection that sees the tables."""
        connection = self.connection.cursor()
        connection.execute("USE tables")
        for name in self._values:
            self._set_variables(connection, name)
        self._connections.append(connection)
        self._free.put(connection)

    @contextmanager
    def _connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that no other thread has meanwhile."""
        connection = self._free.get()
        try:
            yield connection
        finally:
            self._free.put(connection)

    def _set_variables(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        """The columns of a table of one row, as variables of a connection."""
        for (column, kind), value in zip(self._schemas[name].items(), self._values[name], strict=True):
            connection.execute(f'SET VARIABLE "{name}.{column}" = CAST(? AS {_duck_type(kind)})', [value])

    def _prepared(
        self, name: str, rule: Rule, inputs: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[duckdb.Statement, ibis.Schema]:
        key = self._texts.key(name, rule, inputs, named, self._parameters)
        prepared = self._compiled.get(key)
        if prepared is None:
            text, schema = self._texts.text(key, inputs, named)
            with self._connected() as connection:
                prepared = connection.extract_statements(text)[0], schema
            remember(self._compiled, key, prepared)
        return prepared

    def _text_of(self, name: str, expression: Table) -> Text:
        """The statement that makes a table of an expression, or without a name asks for its rows; the rows' schema."""
        schema = expression.schema()
        sql = ibis.to_sql(with_parameters(expression, self._parameters, _variable), dialect="duckdb", pretty=False)
        # DuckDB's own types may be wider than the expression's (a date plus days is a timestamp there)
        rows = f"SELECT {_columns(schema)} FROM ({sql})"
        return (f'CREATE OR REPLACE TABLE "{name}" AS {rows}' if name else rows), schema

    def _plan_for(self, *tables: str) -> None:
        """Spend on planning what the tables are worth."""
        small = all(self._counts.get(name, SMALL) < SMALL for name in tables)
        if small != self._small and not self._settled:
            plan_for(self.connection, small, self._threads)
            self._small = small

    def _empty(self, connection: duckdb.DuckDBPyConnection, name: str, schema: ibis.Schema) -> duckdb.Statement:
        """The statement that makes an empty table, parsed once."""
        key = ("empty", name, schema)
        if key not in self._compiled:
            columns = ", ".join(f'"{column}" {_duck_type(kind)}' for column, kind in schema.items())
            statement = connection.extract_statements(f'CREATE OR REPLACE TABLE "{name}" ({columns})')[0]
            self._compiled[key] = (statement, schema)
        return self._compiled[key][0]

    def _create(self, connection: duckdb.DuckDBPyConnection, kind: str, name: str, source: str) -> None:
        self._make_way(connection, kind, name)
        connection.execute(f'CREATE OR REPLACE {kind} "{name}" AS {source}')

    def _make_way(self, connection: duckdb.DuckDBPyConnection, kind: str, name: str) -> None:
        """A table does not replace a view, nor a view a table."""
        self._aliases.pop(name, None)
        if self._kinds.get(name, kind) != kind:
            connection.execute(f'DROP {self._kinds[name]} "{name}"')
        self._kinds[name] = kind

    def _named(self, name: str, schema: ibis.Schema, count: int) -> Table:
        self._schemas[name], self._counts[name] = schema, count
        return table_of(name, schema)


def plan_for(connection: duckdb.DuckDBPyConnection, small: bool, threads: int) -> None:
    """Spend on planning what few rows, or many, are worth. ``threads``: for many rows."""
    connection.execute(f"SET disabled_optimizers = '{','.join(OF_NO_USE) if small else ''}'")
    # few rows are done before a second thread has begun
    connection.execute(f"SET threads = {1 if small else threads}")


def threads_of(connection: duckdb.DuckDBPyConnection) -> int:
    """How many threads a connection's statements have."""
    return int(connection.execute("SELECT current_setting('threads')").fetchall()[0][0])


def files(path: Path) -> str:
    """A table of the lake as DuckDB reads it, its parts in their order: a list in SQL."""
    return ", ".join(f"'{quoted(part)}'" for part in parts_of(path)).join("[]")


def quoted(path: Path) -> str:
    """A path within single quotes of SQL."""
    return str(path).replace("'", "''")


def _columns(schema: ibis.Schema, known: set[str] | None = None) -> str:
    values = {name: f'"{name}"' if known is None or name in known else "NULL" for name in schema}
    return ", ".join(f'CAST({values[name]} AS {_duck_type(kind)}) AS "{name}"' for name, kind in schema.items())


@lru_cache(maxsize=256)
def _duck_type(kind: ibis.DataType) -> str:
    return str(DuckDBType.to_string(kind))


def _variable(kind: datatypes.DataType, name: str) -> operations.Node:
    return _reader_of(kind)(name).op()


@lru_cache(maxsize=64)
def _reader_of(kind: datatypes.DataType) -> Any:
    """DuckDB's function that reads a variable of a type."""

    return ibis.udf.scalar.builtin(_getvariable, name="getvariable", signature=((datatypes.string,), kind))


def _getvariable(name: str) -> None:
    """The shape of DuckDB's function for Ibis, which never calls this one."""
