"""What rules compile to, in an engine's own language: once for each rule, its inputs and its constants."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import ibis
from ibis.expr import datatypes, operations
from ibis.expr.types import Table
from pydantic import BaseModel

from weihu.engine.compiled import Compiled
from weihu.engine.protocol import Rule, name_of

MOST_TEXTS = 2_000
"""So many compiled rules are kept: some twenty rule books'."""
MOST_BOOKS = 50

Text = tuple[str, ibis.Schema]
"""What a rule compiles to, and the columns of what it makes."""

Memory = dict[Hashable, Text]


class Texts:
    """Compiles rules for one engine.

    What a rule compiles to depends on the rule, its inputs' names and columns, and its constants. It is compiled once
    for each of these, whatever engines of a kind the process opens.
    """

    def __init__(self, memory: Memory, compiled: Callable[[str, Table], Text], file: Path | None) -> None:
        """``memory``: the process's; ``compiled``: what the engine compiles a named expression to; ``file``: in which it
        is kept for the next process."""
        self._memory = memory
        self._text_of = compiled
        self._kept = Compiled(file) if file else None
        self._digests: dict[int, tuple[BaseModel, str]] = {}

    def key(
        self, name: str, rule: Rule, inputs: tuple[Any, ...], named: dict[str, Any], parameters: set[str]
    ) -> tuple[Any, ...]:
        """All that the text of a rule depends on."""
        stamps = [self._stamp(value) for value in (*inputs, *named.values())]
        return (name, rule, frozenset(parameters), tuple(named), *stamps)

    def text(self, key: tuple[Any, ...], inputs: tuple[Any, ...], named: dict[str, Any]) -> Text:
        """What the rule of a key compiles to: known to the process, kept by an earlier one, or compiled now."""
        name, rule, parameters, *stamps = key
        # by its name, which says the same in every process
        lasting = (name, f"{rule.__module__}.{rule.__qualname__}", sorted(parameters), *stamps)
        # other threads have engines of their own, but the process has one memory for all of them
        text = self._memory.get(key)
        if text is None:
            kept = self._kept.get(lasting) if self._kept else None
            text = kept or self._text_of(name, rule(*inputs, **named))
            remember(self._memory, key, text)
        if self._kept:
            self._kept.put(lasting, *text)
        return text

    def save(self) -> None:
        """Keep what was asked for."""
        if self._kept:
            self._kept.save()

    def _stamp(self, value: Any) -> Hashable:
        """What tells two inputs of a rule apart; a rule book by its content."""
        if isinstance(value, Table):
            return name_of(value), value.schema()
        if isinstance(value, BaseModel):
            if id(value) not in self._digests:
                # the model is kept too, so that no other one gets its id
                digest = hashlib.sha256(value.model_dump_json().encode()).hexdigest()
                remember(self._digests, id(value), (value, digest), most=MOST_BOOKS)
            return self._digests[id(value)][1]
        return repr(value)


def with_parameters(
    expression: Table, parameters: set[str], read: Callable[[datatypes.DataType, str], operations.Node]
) -> Table:
    """The expression with parameters in place of the columns of one-row tables, so that it is planned with their
    values instead of a join for each place where one stands. ``read``: of a type, by its name ``table.column``."""
    if not parameters:
        return expression

    def replaced(node: operations.Node, changed: dict[str, Any] | None) -> operations.Node:
        if isinstance(node, operations.ScalarSubquery) and isinstance(node.rel, operations.Project):
            source, columns = node.rel.parent, list(node.rel.values.values())
            if isinstance(source, operations.UnboundTable) and source.name in parameters:
                return read(node.dtype, f"{source.name}.{columns[0].name}")
        return node.__recreate__(changed) if changed else node

    return expression.op().replace(replaced).to_expr()


def remember(memory: dict[Any, Any], key: Hashable, value: object, most: int = MOST_TEXTS) -> None:
    """Add to a memory, which begins anew when it is full: a page may ask by ever new books and reaches."""
    if len(memory) >= most:
        memory.clear()
    memory[key] = value
