"""A night as a graph: what it starts from, and the steps that each make one table of others. Checked before it runs."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from inspect import Parameter, signature
from typing import Any, Literal

import ibis
import pyarrow as pa

from weihu.engine.protocol import Engine, table_of
from weihu.rules.rulebook import RuleBook

Origin = Literal["stored", "delivered", "noted", "book"]
"""Where a source comes from: the state that the night before wrote, the delivery, what the workplace noted, the
calendar and the rule book."""

Stage = Literal["carry", "value", "grade", "assign", "signals", "lists", "plan", "measure"]
"""The parts of a night between landing and writing, as progress and report name them."""

BOOK = "book"
"""The parameter by which a rule asks for the rule book; all others are tables or constants of the step."""


class GraphFault(ValueError):
    """The steps do not fit together. ``faults``: a line each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Source:
    """A table that is there before the first step. ``file``: of the state or of the delivery."""

    name: str
    schema: ibis.Schema
    origin: Origin
    file: str = ""


@dataclass(frozen=True)
class Step:
    """One table of a night, and the rule that makes it.

    The rule's parameters are named after the tables that it reads; ``reads`` names those that differ, ``constants``
    the parameters that are no tables. A rule with ``**`` reads the tables that ``reads`` names. ``solves``: the rule is
    no Ibis expression; it gets its tables' rows in Arrow and returns rows. ``same_without``: if that table is empty,
    the step makes what its first input holds, and the engine need not compute it.

    ``file`` and ``order``: it is written to the run's folder under this name, its rows in this order; a source of the
    same file carries it to the next night. ``group``: steps that a picture shows as one.
    """

    makes: str
    rule: Callable[..., Any]
    schema: ibis.Schema
    stage: Stage
    reads: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, object] = field(default_factory=dict)
    solves: bool = False
    same_without: str = ""
    file: str = ""
    order: tuple[str, ...] = ()
    group: str = ""

    @cached_property
    def inputs(self) -> dict[str, str]:
        """The tables that the rule reads, by its parameters."""
        tables: dict[str, str] = {}
        for name, parameter in signature(self.rule).parameters.items():
            if parameter.kind is Parameter.VAR_KEYWORD:
                tables |= self.reads
            elif name != BOOK and name not in self.constants:
                tables[name] = self.reads.get(name, name)
        return tables

    @property
    def needs(self) -> set[str]:
        """The tables that have to be there before it."""
        return {*self.inputs.values(), *([self.same_without] if self.same_without else [])}

    @property
    def origin(self) -> str:
        """The table whose rows it makes ``same_without``: its first input."""
        return next(iter(self.inputs.values()))

    def values(self, book: RuleBook) -> dict[str, object]:
        """What the rule gets besides tables."""
        return {**self.constants, **({BOOK: book} if self._asks_for_the_book else {})}

    @cached_property
    def _asks_for_the_book(self) -> bool:
        return BOOK in signature(self.rule).parameters


@dataclass(frozen=True)
class Graph:
    """The sources and the steps of a night, in the order in which they run."""

    sources: tuple[Source, ...]
    steps: tuple[Step, ...]

    def check(self, engine: Engine, book: RuleBook) -> None:
        """Whether every input is made earlier, nothing is made twice, and every rule makes the declared columns.

        Raises GraphFault with everything that is wrong. Rules are compiled on the way.
        """
        known: dict[str, ibis.Schema] = {}
        faults: list[str] = []
        nodes: list[Source | Step] = [*self.sources, *self.steps]
        for node in nodes:
            name = node.name if isinstance(node, Source) else node.makes
            if name in known:
                faults.append(f"{name}: made twice")
            if isinstance(node, Step):
                faults += _faults_of(node, known, engine, book)
            known[name] = node.schema
        written = {step.file: step for step in self.steps if step.file}
        for source in self.sources:
            if source.origin == "stored" and source.file not in written:
                faults.append(f"{source.name}: no step writes {source.file}")
            elif source.origin == "stored" and written[source.file].schema != source.schema:
                faults.append(f"{source.name}: {_difference(written[source.file].schema, source.schema)}")
        if faults:
            raise GraphFault(faults)

    @cached_property
    def schemas(self) -> dict[str, ibis.Schema]:
        """The columns of every table."""
        made = {step.makes: step.schema for step in self.steps}
        return {source.name: source.schema for source in self.sources} | made

    def readers(self, empty: Container[str]) -> dict[str, int]:
        """By how many steps each table's rows are read in a night in which some tables are ``empty``: who reads what is
        the same without one of those reads what it is the same as."""
        counts = dict.fromkeys(self.schemas, 0)
        for step in reversed(self.steps):
            if step.same_without in empty:
                counts[step.origin] += counts[step.makes]
            else:
                for table in set(step.inputs.values()):
                    counts[table] += 1
        return counts

    def picture(self) -> str:
        """The graph as a Mermaid flowchart: sources by origin, steps by stage; what is written stands in a box."""
        lines = ["flowchart LR"]
        for origin in ("stored", "delivered", "noted", "book"):
            names = [f'{source.name}["{source.name}"]' for source in self.sources if source.origin == origin]
            lines += _boxed(origin, names)
        for stage in dict.fromkeys(step.stage for step in self.steps):
            names = [_node(step) for step in self.steps if step.stage == stage]
            lines += _boxed(stage, names)
        drawn = {step.makes: step.group or step.makes for step in self.steps}
        edges = [(drawn.get(table, table), drawn[step.makes]) for step in self.steps for table in step.inputs.values()]
        return "\n".join([*lines, *(f"  {start} --> {end}" for start, end in dict.fromkeys(edges))])


def _faults_of(step: Step, known: dict[str, ibis.Schema], engine: Engine, book: RuleBook) -> list[str]:
    missing = [table for table in step.inputs.values() if table not in known]
    if missing:
        return [f"{step.makes}: reads {table}, which nothing makes before it" for table in missing]
    faults = []
    if step.same_without and step.same_without not in known:
        faults.append(f"{step.makes}: is the same without {step.same_without}, which nothing makes before it")
    if not step.solves:
        tables = {name: table_of(table, known[table]) for name, table in step.inputs.items()}
        made = engine.prepare(step.makes, step.rule, **tables, **step.values(book))
        if made != step.schema:
            faults.append(f"{step.makes}: {_difference(made, step.schema)}")
    unordered = [column for column in step.order if column not in step.schema]
    return faults + [f"{step.makes}: ordered by {column}, which it does not have" for column in unordered]


def _difference(made: ibis.Schema, declared: ibis.Schema) -> str:
    """What is not as declared, in words."""
    parts = [
        f"{name} is {kind}, not {declared[name]}" for name, kind in made.items() if declared.get(name, kind) != kind
    ]
    parts += [f"{name} is not declared" for name in made if name not in declared]
    parts += [f"{name} is not made" for name in declared if name not in made]
    return "; ".join(parts) or f"the columns' order is {', '.join(made)}, not {', '.join(declared)}"


def _boxed(title: str, names: Iterable[str]) -> list[str]:
    return [f"  subgraph {title}_[{title}]", *(f"    {name}" for name in dict.fromkeys(names)), "  end"]


def _node(step: Step) -> str:
    name = step.group or step.makes
    return f'{name}["{name}"]' if step.file else f"{name}([{name}])"


def rows_of(schema: ibis.Schema, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows in Arrow with a schema's columns."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema.to_pyarrow())
