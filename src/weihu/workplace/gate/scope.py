"""A reach as rules over everybody read it: without a database, of the night's tables alone."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
from ibis.expr.types import BooleanValue, Table


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

    def has(self, standings: Table) -> BooleanValue:
        """Whether a row of the night's standings (or of columns of it) is within the reach."""
        within = ibis.literal(self.everybody)
        named = (
            ("branch_id", self.branches),
            ("primary_id", self.primaries),
            ("deputy_id", self.deputies),
            ("customer_id", self.customers),
        )
        for column, values in named:
            if values:
                within = within | ibis.coalesce(standings[column].isin(values), False)
        return within & standings.customer_id.notin(self.without) if self.without else within
