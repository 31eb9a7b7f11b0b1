"""A reach as rules over everybody read it: without a database, of the night's tables alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_

import ibis
from ibis.expr.types import BooleanValue, Table

from weihu.engine.protocol import Engine, table_of

REACH = ibis.schema({"part": "string", "key": "string"})
"""A reach's keys as a table, with the part of the scope that each belongs to."""
COLUMN_OF = {
    "branches": "branch_id",
    "primaries": "primary_id",
    "deputies": "deputy_id",
    "customers": "customer_id",
}
WITHOUT = "without"


@dataclass(frozen=True)
class Scope:
    """Whose customers are within a reach: everybody's, or those of any of the branches, primaries, deputies and
    customers named; never those ``without`` (merged into another number)."""

    everybody: bool = False
    branches: tuple[str, ...] = ()
    primaries: tuple[str, ...] = ()
    deputies: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """Which parts say anything: scopes differ little in this, so a rule is compiled for the parts and not the keys."""
        named = tuple(part for part in COLUMN_OF if getattr(self, part))
        return (("everybody",) if self.everybody else named) + ((WITHOUT,) if self.without else ())

    def keys(self) -> list[tuple[str, str]]:
        """The keys of all parts, which rules read as a table: never a part of what is compiled."""
        return [(part, key) for part in (*COLUMN_OF, WITHOUT) for key in getattr(self, part)]


class Reach:
    """An engine's table ``reach``, bound anew for another scope only. Threads that share the engine hold a lock from
    here to the answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._scope: Scope | None = None

    def of(self, scope: Scope) -> Table:
        """The table with the keys of a scope."""
        if scope != self._scope:
            self._engine.bind_rows("reach", REACH, scope.keys())
            self._scope = scope
        return table_of("reach", REACH)


def within(standings: Table, reach: Table, parts: tuple[str, ...]) -> BooleanValue:
    """Whether a row of the night's standings (or of columns of it) is within a scope of those ``parts``, whose keys are
    ``reach``. A condition to filter by: of a row without a deputy it may be empty instead of false."""
    named = [standings[COLUMN_OF[part]].isin(_keys(reach, part)) for part in parts if part in COLUMN_OF]
    has = reduce(or_, named) if named else ibis.literal("everybody" in parts)
    return has & standings.customer_id.notin(_keys(reach, WITHOUT)) if WITHOUT in parts else has


def _keys(reach: Table, part: str) -> ibis.Value:
    return reach.filter(reach.part == part).key
