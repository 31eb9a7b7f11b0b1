"""What computes a night: named tables, and rules that make new ones of them. DuckDB is the embedded engine; Spark runs
where a bank's data and cluster are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import ibis
import pyarrow as pa
from ibis.expr.types import Table

Rule = Callable[..., Table]
"""A rule: Ibis tables, and constants such as the rule book, in; an Ibis table out. It touches no data itself."""


@lru_cache(maxsize=1024)
def table_of(name: str, schema: ibis.Schema) -> Table:
    """What a rule is given for a table of some name and columns."""
    return ibis.table(schema, name=name)


def name_of(table: Table) -> str:
    """The name of what ``table_of`` gave; Ibis's own way to ask looks for a catalogue too, which takes much longer."""
    return str(table.op().name)


class Engine(Protocol):
    """Tables by name. Putting a table under a name that is taken replaces what was there.

    A rule's inputs are tables that ``bind``, ``bind_arrow``, ``bind_row``, ``alias`` or ``derive`` put under a name;
    everything else that it is given is a constant (the rule book, a text, a number).
    """

    def expect(self, readers: Mapping[str, int]) -> None:
        """How often each table that will be derived is going to be read. One that nobody mentions is read often; one
        that is read once may be computed only then."""
        ...

    def at_once(self) -> int:
        """How many tables may be derived, read, written, bound or aliased at the same time, each in a thread of its own,
        now that a night's tables are bound: worth it only where a night is small."""
        ...

    def bind(self, name: str, schema: ibis.Schema, paths: Sequence[Path], often: bool = True) -> Table:
        """The rows of some tables of the lake (none: an empty table), with exactly the schema's columns; one that the
        files lack is empty. ``often``: several rules read it, so it may be worth keeping in memory."""
        ...

    def bind_arrow(self, name: str, schema: ibis.Schema, rows: pa.Table) -> Table:
        """An Arrow table."""
        ...

    def bind_rows(self, name: str, schema: ibis.Schema, rows: Sequence[Sequence[Any]]) -> Table:
        """A few rows that Python holds, without Arrow."""
        ...

    def bind_row(self, name: str, schema: ibis.Schema, row: Mapping[str, Any]) -> Table:
        """A table of one row, whose columns rules read as scalars: never a part of what is compiled. A column that is not
        given is empty."""
        ...

    def alias(self, name: str, of: str) -> Table:
        """What stands under ``of``, under a second name, without a copy."""
        ...

    def prepare(self, name: str, rule: Rule, *inputs: Any, **named: Any) -> ibis.Schema:
        """Compile a rule; the schema of what it makes. The same rule of the same inputs is compiled once."""
        ...

    def derive(self, name: str, rule: Rule, *inputs: Any, **named: Any) -> Table:
        """What a rule makes of its inputs."""
        ...

    def answer(self, rule: Rule, *inputs: Any, **named: Any) -> list[dict[str, Any]]:
        """The few rows that a rule makes of its inputs, read at once and not kept; in the rule's order, if it has one."""
        ...

    def rows(self, name: str) -> int:
        """How many rows a table has."""
        ...

    def computed(self, name: str) -> bool:
        """Whether a table's rows are there already: others are computed when they are read."""
        ...

    def read(self, name: str) -> pa.Table:
        """A table's rows, in no particular order."""
        ...

    def write(self, name: str, path: Path, order_by: Sequence[str]) -> None:
        """A table of the lake (parts.parts_of), its rows in the order of some columns."""
        ...

    def clear(self) -> None:
        """Forget all tables, not what was compiled."""
        ...

    def close(self) -> None:
        """Free everything."""
        ...
