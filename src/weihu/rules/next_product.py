"""What customers hold and have bought lately, as it stood on a night, and what they bought after it: tables in, tables out."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
from ibis.expr.types import Table

from weihu.rules.rulebook import RuleBook
from weihu.rules.value import full_years

RECENT_DAYS = 180
LEVELS = ("days", "aum", "demand", "maturing", "salary", "spent", "spendings")
"""Of tables.LEVELS, in yuan and counts; from ``salary`` on they are sums of ``days`` nights."""
NAMES = (*LEVELS, "age", "risk")
"""What a model looks at beside what is held: ``age`` is -1 where the birthday is not known, ``risk`` the rating's class."""

BOUGHT = ibis.schema({"customer_id": "string", "category": "string", "opened_on": "date", "closed_on": "date"})
"""Everything that customers ever opened."""


def categories(book: RuleBook) -> list[str]:
    """The kinds of product that a book offers."""
    return sorted({offer.category for offer in book.offers.values()})


def columns(kinds: Sequence[str]) -> list[str]:
    """The inputs, in order."""
    return [*NAMES, *(f"{what}_{kind}" for what in ("held", "recent") for kind in kinds)]


def features(levels: Table, bought: Table, profiles: Table, kinds: tuple[str, ...], days: int) -> Table:
    """What is known of customers on the night of ``levels``, and in ``next_KIND`` how many of a kind they opened in the
    ``days`` days after it."""
    own = levels.select("customer_id", "on", *LEVELS)
    lines = bought.join(own.select("customer_id", "on"), "customer_id")
    open_then = (lines.opened_on <= lines.on) & (lines.closed_on.isnull() | (lines.closed_on > lines.on))
    before = lines.on.delta(lines.opened_on, unit="day")
    lately = (before >= 0) & (before < RECENT_DAYS)
    after = (before < 0) & (before >= -days)
    counts = {
        f"{what}_{kind}": (when & (lines.category == kind)).sum()
        for what, when in (("held", open_then), ("recent", lately), ("next", after))
        for kind in kinds
    }
    counted = lines.group_by("customer_id").agg(**counts)
    born = profiles.select("customer_id", "birth_date", "risk_rating")
    joined = own.left_join(born, "customer_id").drop("customer_id_right")
    joined = joined.left_join(counted, "customer_id").drop("customer_id_right")
    joined = joined.mutate(
        age=ibis.coalesce(full_years(joined.birth_date, joined.on), -1),
        risk=ibis.coalesce(joined.risk_rating.substr(1, 1).cast("int64"), 0),
    )
    names = [*columns(kinds), *(f"next_{kind}" for kind in kinds)]
    whole = {name: ibis.coalesce(joined[name], 0).round().cast("int64") for name in names}
    return joined.select("customer_id", "on", **whole)
