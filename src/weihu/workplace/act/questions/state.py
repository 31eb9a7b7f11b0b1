"""The one rule that answers a question: sums of the customers within reach who meet conditions, grouped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
from ibis.expr.types import Table

from weihu.rules.tables import MONEY
from weihu.workplace.act.questions.dimensions import DIMENSIONS
from weihu.workplace.act.questions.measures import AMOUNTS, Sums
from weihu.workplace.act.segments.definition import Definition
from weihu.workplace.act.segments.state import Asked, State, within_reach
from weihu.workplace.gate.scope import Scope

Keys = tuple[str | None, ...]
"""A group: of each axis a value's key, or None for all."""


@dataclass(frozen=True)
class Axis:
    """A dimension as it is computed: its key, and of one without a column who has which value."""

    key: str
    values: tuple[tuple[str, Definition], ...] = ()


def sums(state: State, definition: Definition, axes: tuple[Axis, ...], scope: Scope) -> dict[Keys, Sums]:
    """The sums of all groups and of their totals; groups without customers are left out."""
    found: dict[Keys, Sums] = {}
    for chosen in range(2 ** len(axes)):
        by = tuple(place for place in range(len(axes)) if chosen >> place & 1)
        parts = tuple(axes[place] for place in by)
        for row in state.answer(_grouped, scope, definition=definition, axes=parts):
            keys: list[str | None] = [None] * len(axes)
            for number, place in enumerate(by):
                keys[place] = row.pop(f"key_{number}") or ""
            if row["customers"]:
                found[tuple(keys)] = row
    return found


def _grouped(*given: Table, definition: Definition, axes: tuple[Axis, ...], **how: Any) -> Table:
    definitions = (definition, *(meets for axis in axes for _, meets in axis.values))
    asked = within_reach(*given, definitions=definitions, **how)
    columns: dict[str, Any] = {"chosen": asked.meets(definition)}
    for place, axis in enumerate(axes):
        columns |= _columns(asked, place, axis)
    rows = asked.rows.mutate(**columns)
    rows = rows.filter(rows.chosen).select(*columns, "losing", "product_count", *AMOUNTS)
    for place, axis in enumerate(axes):
        if DIMENSIONS[axis.key].kind == "several":
            rows = _once_for_each(rows, place, axis)
    counted = {"customers": rows.count(), "losing": rows.losing.sum(), "products": rows.product_count.sum()}
    amounts = {name: rows[name].sum().cast(MONEY) for name in AMOUNTS}
    keys = [f"key_{place}" for place in range(len(axes))]
    return (rows.group_by(keys) if keys else rows).agg(**counted, **amounts)


def _columns(asked: Asked, place: int, axis: Axis) -> dict[str, Any]:
    """The key of an axis for each customer, or whether a customer has each of its values."""
    dimension = DIMENSIONS[axis.key]
    if dimension.column:
        return {f"key_{place}": dimension.column(asked.rows, asked.book)}
    met = [(asked.meets(definition), key) for key, definition in axis.values]
    if dimension.kind == "first":
        return {f"key_{place}": ibis.cases(*met, else_="")}
    return {f"has_{place}_{number}": meets for number, (meets, _) in enumerate(met)}


def _once_for_each(rows: Table, place: int, axis: Axis) -> Table:
    """Each customer once for each value that he or she has."""
    name = f"key_{place}"
    if not axis.values:
        return rows.limit(0).mutate(**{name: ibis.literal("", "string")})
    had = [
        ibis.ifelse(rows[f"has_{place}_{number}"], ibis.literal(key, "string"), ibis.null("string"))
        for number, (key, _) in enumerate(axis.values)
    ]
    spread = rows.mutate(**{name: ibis.array(had).unnest()})
    return spread.filter(spread[name].notnull())
