"""The lists' rows within reach, as nights left them in the lake; the engine filters, orders, counts and pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import ibis
from django.conf import settings
from ibis.expr.types import Table

from weihu.engine.duck import DuckEngine
from weihu.engine.protocol import Engine, Rule, table_of
from weihu.rules.tables import LISTED, MONEY, STANDINGS
from weihu.workplace.bank.models import Customer, Run
from weihu.workplace.gate.merged import merges_on
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.scope import Reach, within

ANSWERS = ibis.schema(
    {name: STANDINGS[name] for name in ("customer_id", "branch_id", "primary_id", "deputy_id", "effective")}
)
"""Who answers now, which decides on reach; the rows themselves are as of their night."""
ASKED = ibis.schema(
    {
        "list": "string",
        "from_rank": "int64",
        "least": MONEY,
        "reason": "string",
        "primary_id": "string",
        "branch_id": "string",
        "first": "int64",
        "last": "int64",
    }
)
NAMES = ibis.schema({"customer_id": "string", "name": "string"})
MERGED = ibis.schema({"gone": "string", "kept": "string"})
"""Numbers merged since a night are the kept customer's on its lists too."""
MOST_NAMED = 5000
"""Longer lists are not ordered by name, since names are not in the lake."""
SORTS = (
    "name",
    "grade_rank",
    "aum",
    "last_contact_on",
    "matures_on",
    "primary_id",
    "on_date",
    "amount",
    "base",
    "limit",
    "detail",
    "reason",
)
NOBODY, NO_END = "", 2**40
_lock = Lock()


@dataclass(frozen=True)
class Asked:
    """What is asked of a list: the rows of grades from ``from_rank`` up, of at least an amount in either direction, for a
    reason (a part of ``reason``), of customers of one person or of a branch; in which order."""

    list: str
    from_rank: int = 0
    least: Decimal = Decimal(0)
    reason: str = ""
    primary_id: str = NOBODY
    branch_id: str = ""
    sort: str = "amount"
    down: bool = True

    def row(self, first: int = 0, last: int = NO_END) -> dict[str, Any]:
        """What rules read of it, for the rows from place ``first`` up to, without, ``last``."""
        names = ("list", "from_rank", "least", "reason", "primary_id", "branch_id")
        return {**{name: getattr(self, name) for name in names}, "first": first, "last": last}


@dataclass(frozen=True)
class Night:
    """A night whose lists are kept: its run, its date, and the rows of it and of the nights before it that are read too."""

    run: Run
    on: date
    files: tuple[Path, ...]


def nights(run: Run) -> list[Night]:
    """The nights whose lists can be read, the latest first; of a date that was run twice, the later run's."""
    since = run.business_date - timedelta(days=run.rulebook.lists.kept_days)
    rows = Run.objects.filter(published=True, number__lte=run.number, business_date__gt=since)
    # without the reports and books of ninety nights, which take longer to read than a list
    latest = {row.business_date: row for row in rows.defer("report").order_by("number")}
    kept = [Night(latest[on], on, (_file(latest[on]),)) for on in sorted(latest, reverse=True)]
    return [night for night in kept if night.files[0].exists()]


def together(kept: Sequence[Night], night: Night, days: int) -> Night:
    """A night with those before it, so many days in all."""
    since = night.on - timedelta(days=days)
    return replace(night, files=tuple(file for read in kept if since < read.on <= night.on for file in read.files))


def _file(run: Run) -> Path:
    return settings.HOME.run(run.number) / "listed.parquet"


def counts(gate: Gate, night: Night) -> dict[str, dict[str, Any]]:
    """Rows and customers of each list, by its key."""
    with _lock:
        return {row["list"]: row for row in _answer(gate, night, Asked(""), _counted)}


def totals(gate: Gate, night: Night, asked: Asked) -> dict[str, Any]:
    """Rows, customers and sums of a list as it was asked for."""
    with _lock:
        return _answer(gate, night, asked, _totals)[0]


def page(gate: Gate, night: Night, asked: Asked, first: int, last: int) -> list[dict[str, Any]]:
    """The rows from place ``first`` (from 0) up to, without, ``last``, in order."""
    with _lock:
        names = _names(gate, night, asked) if asked.sort == "name" else []
        return _answer(gate, night, asked, _page, names, asked.row(first, last), sort=asked.sort, down=asked.down)


def neighbours(gate: Gate, night: Night, asked: Asked, customer_id: str) -> tuple[str | None, str | None]:
    """The customers before and after one in a list, each customer where it comes first."""
    ids = list(dict.fromkeys(row["customer_id"] for row in page(gate, night, asked, 0, MOST_NAMED)))
    if customer_id not in ids:
        return None, None
    place = ids.index(customer_id)
    return ids[place - 1] if place else None, ids[place + 1] if place + 1 < len(ids) else None


def _reached(standings: Table, listed: Table, merged: Table, reach: Table, parts: tuple[str, ...]) -> Table:
    """The rows of the customers within reach, with who answers for them now."""
    reached = standings.filter(within(standings, reach, parts)).select("customer_id", "primary_id")
    rows = listed.left_join(merged, listed.customer_id == merged.gone)
    rows = rows.mutate(customer_id=ibis.coalesce(rows.kept, rows.customer_id)).drop("gone", "kept")
    return rows.join(reached, "customer_id")


def _counted(
    standings: Table, listed: Table, merged: Table, names: Table, asked: Table, reach: Table, parts: tuple[str, ...]
) -> Table:
    rows = _reached(standings, listed, merged, reach, parts)
    return rows.group_by("list").agg(rows=rows.count(), customers=rows.customer_id.nunique())


def _asked(standings: Table, listed: Table, merged: Table, asked: Table, reach: Table, parts: tuple[str, ...]) -> Table:
    """The rows of a list as it was asked for."""
    of_list = listed.filter(listed.list == asked.list.as_scalar())
    rows = _reached(standings, of_list, merged, reach, parts)
    least, reason, primary = asked.least.as_scalar(), asked.reason.as_scalar(), asked.primary_id.as_scalar()
    branch = asked.branch_id.as_scalar()
    return rows.filter(
        rows.grade_rank >= asked.from_rank.as_scalar(),
        (least == 0) | (rows.amount.abs() >= least),
        (reason == "") | ("," + rows.reason + ",").contains("," + reason + ","),
        (primary == NOBODY) | (rows.primary_id == primary),
        (branch == "") | (rows.branch_id == branch),
    )


def _totals(
    standings: Table, listed: Table, merged: Table, names: Table, asked: Table, reach: Table, parts: tuple[str, ...]
) -> Table:
    rows = _asked(standings, listed, merged, asked, reach, parts)
    sums = {name: rows[name].sum().cast(MONEY) for name in ("amount", "base", "limit")}
    came, went = (rows.amount.sum(where=side).cast(MONEY) for side in (rows.amount > 0, rows.amount < 0))
    return rows.agg(rows=rows.count(), customers=rows.customer_id.nunique(), came=came, went=went, **sums)


def _page(
    standings: Table,
    listed: Table,
    merged: Table,
    names: Table,
    asked: Table,
    reach: Table,
    parts: tuple[str, ...],
    sort: str,
    down: bool,
) -> Table:
    """Rows with their ``place``. What has no value stands last in either direction."""
    rows = _asked(standings, listed, merged, asked, reach, parts)
    if sort == "name":
        rows = rows.left_join(names, "customer_id").drop("customer_id_right")
    column = rows[sort]
    key = column.desc(nulls_first=False) if down else column.asc(nulls_first=False)
    ties = [rows[name] for name in ("customer_id", "on_date", "subject", "detail") if name != sort]
    order = [key, *ties]
    placed = rows.mutate(place=ibis.row_number().over(order_by=order))
    first, last = asked["first"].as_scalar(), asked["last"].as_scalar()
    chosen = placed.filter((placed.place >= first) & (placed.place < last))
    return chosen.select(*LISTED, "primary_id", "place").order_by("place")


def _names(gate: Gate, night: Night, asked: Asked) -> list[tuple[str, str]]:
    rows = _answer(gate, night, asked, _page, (), asked.row(0, MOST_NAMED), sort="grade_rank", down=True)
    ids = sorted({row["customer_id"] for row in rows})
    names: list[tuple[str, str]] = []
    for start in range(0, len(ids), 500):
        known = Customer.objects.filter(customer_id__in=ids[start : start + 500])
        names += known.values_list("customer_id", "pinyin")
    return names


def _answer(
    gate: Gate,
    night: Night,
    asked: Asked,
    rule: Rule,
    names: Sequence[tuple[str, str]] = (),
    row: dict[str, Any] | None = None,
    **constants: object,
) -> list[dict[str, Any]]:
    """What a rule makes of the lists of a night within reach, for a caller who holds the lock."""
    scope, (engine, reach) = gate.scope, _engine(gate.run)
    inputs = [
        table_of("standings", ANSWERS),
        engine.bind("listed", LISTED, [settings.HOME.verified(file) for file in night.files], often=False),
        engine.bind_rows("merged", MERGED, _merged(gate.run)),
        engine.bind_rows("names", NAMES, names),
        engine.bind_row("asked", ASKED, row or asked.row()),
        reach.of(scope),
    ]
    return engine.answer(rule, *inputs, parts=scope.parts, **constants)


def _merged(run: Run) -> list[tuple[str, str]]:
    return [(row["gone"], row["kept"]) for row in merges_on(run.work_date) if row["active"]]


@lru_cache(maxsize=1)
def _engine(run: Run) -> tuple[Engine, Reach]:
    """An engine with who answers for whom as of a run, and the reach in it; an earlier run's is let go."""
    engine = DuckEngine.in_memory()
    standings = settings.HOME.verified(settings.HOME.run(run.number) / "standings.parquet")
    engine.bind("standings", ANSWERS, [standings], often=False)
    return engine, Reach(engine)
