"""Spark as an engine: the same rules, computed by a cluster, over Parquet that all its machines see."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.pyspark.datatypes import PySparkSchema
from ibis.expr.types import Table
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from weihu.engine.parts import parts_of
from weihu.engine.protocol import Rule, name_of, table_of
from weihu.engine.spark.dialect import argument, compiled
from weihu.engine.spark.session import PARTITIONS, session, sets_partitions
from weihu.engine.texts import Memory, Text, Texts

FEW = 5_000
"""Up to so many rows stay with the driver and go out with each job, instead of being read from files."""
MANY = 100_000
"""Fewer rows are computed before Java code for them would be generated and compiled."""
FEWEST_PARTITIONS = 2
ROWS_OF_A_PARTITION = 250_000
"""A statement's rows are dealt into so many partitions that each gets about so many; adaptive execution joins small ones."""
LONGEST = 20_000
"""So many characters of statements may hang together: beyond it plans take long, and generated code grows too large."""


@dataclass
class Held:
    """A table, under one name or several: what makes it, and its rows if they are there.

    ``weight``: the characters of the statements that are still to be carried out for it; ``most``: the rows of the
    largest table among those that they read.
    """

    schema: ibis.Schema
    frame: DataFrame
    weight: int = 0
    most: int = 0
    count: int | None = None
    rows: pa.Table | None = None
    parts: list[Path] = field(default_factory=list)

    @property
    def lazy(self) -> bool:
        """Whether its rows are still to be computed."""
        return self.rows is None and not self.parts


class SparkEngine:
    """Engine (protocol.Engine) of a Spark session, which the process keeps.

    What is read more than once is computed once and kept as Parquet in ``work``, a folder that all of the cluster's
    machines see, as they see the lake; the rest is part of its reader's job. (Spark's own ``persist`` and
    ``localCheckpoint`` make code too large for Java, and lose rows with a worker.)
    """

    _memory: ClassVar[Memory] = {}

    def __init__(self, work: Path, threads: int | None = None, compiled: Path | None = None) -> None:
        self._session = session(threads)
        self._sized = not sets_partitions()
        self._work = work
        self._held: dict[str, Held] = {}
        self._readers: Mapping[str, int] = {}
        self._parameters: dict[str, Any] = {}
        self._rows: set[str] = set()
        self._texts = Texts(self._memory, self._text_of, compiled)
        self._made = 0

    def close(self) -> None:
        """Engine.close: the session stays for the next engine of the process."""
        self._texts.save()
        self.clear()

    def expect(self, readers: Mapping[str, int]) -> None:
        """Engine.expect."""
        self._readers = readers

    def at_once(self) -> int:
        """Engine.at_once: a job has the whole cluster."""
        return 1

    def bind(self, name: str, schema: ibis.Schema, paths: Sequence[Path], often: bool = True) -> Table:
        """Engine.bind: few rows are taken to the driver."""
        parts = [part for path in paths for part in parts_of(path)]
        footers = [pq.read_metadata(part) for part in parts]
        count = sum(footer.num_rows for footer in footers)
        if count <= FEW:
            return self._bound(name, schema, _together(schema, parts))
        # files with the same columns are read together
        alike: dict[ibis.Schema, list[Path]] = {}
        for part, footer in zip(parts, footers, strict=True):
            found = footer.schema.to_arrow_schema()
            kinds = {column: ibis.Schema.from_pyarrow(found)[column] for column in schema if column in found.names}
            alike.setdefault(ibis.schema(kinds), []).append(part)
        frames = [self._scan(found, files).select(*_columns(schema, found)) for found, files in alike.items()]
        frame = frames[0]
        for further in frames[1:]:
            frame = frame.unionAll(further)
        return self._name(name, Held(schema, frame, most=count, count=count, parts=parts))

    def bind_arrow(self, name: str, schema: ibis.Schema, rows: pa.Table) -> Table:
        """Engine.bind_arrow."""
        return self._bound(name, schema, rows.cast(schema.to_pyarrow()))

    def bind_rows(self, name: str, schema: ibis.Schema, rows: Sequence[Sequence[Any]]) -> Table:
        """Engine.bind_rows."""
        named = [dict(zip(schema.names, row, strict=True)) for row in rows]
        return self._bound(name, schema, pa.Table.from_pylist(named, schema=schema.to_pyarrow()))

    def bind_row(self, name: str, schema: ibis.Schema, row: Mapping[str, Any]) -> Table:
        """Engine.bind_row: its columns are parameters of statements too."""
        self._parameters |= {argument(f"{name}.{column}"): row[column] for column in schema}
        self._rows.add(name)
        return self._bound(name, schema, pa.Table.from_pylist([dict(row)], schema=schema.to_pyarrow()))

    def alias(self, name: str, of: str) -> Table:
        """Engine.alias."""
        return self._name(name, self._held[of])

    def prepare(self, name: str, rule: Rule, *inputs: Any, **named: Any) -> ibis.Schema:
        """Engine.prepare."""
        return self._prepared(name, rule, inputs, named)[1]

    def derive(self, name: str, rule: Rule, *inputs: Any, **named: Any) -> Table:
        """Engine.derive: at once if it is read more than once."""
        text, schema = self._prepared(name, rule, inputs, named)
        table = self._name(name, self._asked(text, schema, (*inputs, *named.values())))
        if self._readers.get(name, 2) > 1:
            self._keep(name)
        return table

    def answer(self, rule: Rule, *inputs: Any, **named: Any) -> list[dict[str, Any]]:
        """Engine.answer."""
        text, schema = self._prepared("", rule, inputs, named)
        held = self._asked(text, schema, (*inputs, *named.values()))
        self._set_for(held)
        rows = held.frame.collect()
        return [dict(zip(schema.names, row, strict=True)) for row in rows]

    def rows(self, name: str) -> int:
        """Engine.rows."""
        if self._held[name].count is None:
            self._keep(name)
        return self._held[name].count or 0

    def computed(self, name: str) -> bool:
        """Engine.computed."""
        return self._held[name].count is not None

    def read(self, name: str) -> pa.Table:
        """Engine.read."""
        held = self._held[name]
        if held.lazy:
            self._keep(name)
        return held.rows if held.rows is not None else _together(held.schema, held.parts)

    def write(self, name: str, path: Path, order_by: Sequence[str]) -> None:
        """Engine.write: few rows by the driver as one file, more by the cluster as sorted parts."""
        held = self._held[name]
        if held.lazy and not all(column.nullable for column in held.frame.schema):
            # the file would say that a column is never empty, which is no property of the table
            self._keep(name)
        if held.rows is not None:
            rows = held.rows.sort_by([(column, "ascending") for column in order_by])
            pq.write_table(rows, path, compression="zstd")
            return
        ordered = held.frame.orderBy(*(f.col(column).asc_nulls_last() for column in order_by))
        folder = path.with_suffix(".writing")
        parts = self._written(held, ordered, folder, "zstd")
        held.count = sum(pq.read_metadata(part).num_rows for part in parts)
        filled = [part for part in parts if pq.read_metadata(part).num_rows]
        if len(filled) > 1:
            path.mkdir()
            for number, part in enumerate(filled):
                part.rename(path / f"part-{number:05d}.parquet")
        elif filled:
            filled[0].rename(path)
        else:
            pq.write_table(held.schema.to_pyarrow().empty_table(), path)
        shutil.rmtree(folder)

    def clear(self) -> None:
        """Engine.clear."""
        for name in self._held:
            self._session.catalog.dropTempView(_view(name))
        self._held.clear()
        self._readers = {}
        shutil.rmtree(self._work, ignore_errors=True)

    def _text_of(self, name: str, expression: Table) -> Text:
        return compiled(expression, self._rows)

    def _prepared(self, name: str, rule: Rule, inputs: tuple[Any, ...], named: dict[str, Any]) -> Text:
        return self._texts.text(self._texts.key(name, rule, inputs, named, self._rows), inputs, named)

    def _asked(self, text: str, schema: ibis.Schema, given: tuple[Any, ...]) -> Held:
        """What a statement asks for, its lazy inputs within it, as far as they are not too long together."""
        read = {name_of(value) for value in given if isinstance(value, Table)}
        # the heaviest first; what a statement reads twice would be computed twice, and all that lies behind it
        lazy = sorted((name for name in read if self._held[name].lazy), key=lambda name: -self._held[name].weight)
        for name in lazy:
            behind = sum(self._held[other].weight for other in lazy)
            if text.count(f"{_view(name)} AS ") > 1 or len(text) + behind > LONGEST:
                self._keep(name)
        weight = len(text) + sum(self._held[name].weight for name in lazy)
        most = max((self._held[name].most for name in read), default=0)
        return Held(schema, self._session.sql(text, args=self._parameters), weight, most)

    def _keep(self, name: str) -> None:
        """Compute a table's rows: few of them for the driver, more as files."""
        held = self._held[name]
        self._made += 1
        parts = self._written(held, held.frame, self._work / f"{self._made:05d}", "snappy")
        held.count, held.weight = sum(pq.read_metadata(part).num_rows for part in parts), 0
        held.most = held.count
        if held.count <= FEW:
            held.rows = _together(held.schema, parts)
            held.frame = self._local(held.schema, held.rows)
        else:
            held.parts = parts
            held.frame = self._scan(held.schema, parts)
        for known, same in list(self._held.items()):
            if same is held:
                self._name(known, held)

    def _bound(self, name: str, schema: ibis.Schema, rows: pa.Table) -> Table:
        held = Held(schema, self._local(schema, rows), most=rows.num_rows, count=rows.num_rows, rows=rows)
        return self._name(name, held)

    def _local(self, schema: ibis.Schema, rows: pa.Table) -> DataFrame:
        # Spark takes an empty chunk for the end of the rows, and says nothing of what comes after it
        return self._session.createDataFrame(rows.combine_chunks(), PySparkSchema.from_ibis(schema))

    def _scan(self, schema: ibis.Schema, parts: Sequence[Path]) -> DataFrame:
        return self._session.read.schema(PySparkSchema.from_ibis(schema)).parquet(*map(str, parts))

    def _written(self, held: Held, frame: DataFrame, folder: Path, compression: str) -> list[Path]:
        self._set_for(held)
        frame.write.parquet(str(folder), compression=compression)
        return parts_of(folder)

    def _set_for(self, held: Held) -> None:
        """What is best for the rows that a table is made of."""
        self._session.conf.set("spark.sql.codegen.wholeStage", str(held.most >= MANY).lower())
        if self._sized:
            self._session.conf.set(PARTITIONS, str(max(FEWEST_PARTITIONS, -(-held.most // ROWS_OF_A_PARTITION))))

    def _name(self, name: str, held: Held) -> Table:
        held.frame.createOrReplaceTempView(_view(name))
        self._held[name] = held
        return table_of(name, held.schema)


def _view(name: str) -> str:
    return f"`{name}`"


def _columns(schema: ibis.Schema, found: ibis.Schema) -> list[Column]:
    kinds = PySparkSchema.from_ibis(schema)
    return [
        (f.col(kind.name) if kind.name in found else f.lit(None)).cast(kind.dataType).alias(kind.name) for kind in kinds
    ]


def _together(schema: ibis.Schema, parts: Sequence[Path]) -> pa.Table:
    """The rows of some files, with exactly the schema's columns."""
    wanted = schema.to_pyarrow()
    tables = [pq.read_table(part) for part in parts]
    columns = [
        [
            table[column.name].cast(column.type)
            if column.name in table.column_names
            else pa.nulls(len(table), column.type)
            for column in wanted
        ]
        for table in tables
    ]
    return pa.concat_tables(
        [wanted.empty_table(), *(pa.Table.from_arrays(arrays, schema=wanted) for arrays in columns)]
    )
