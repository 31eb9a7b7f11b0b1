"""Questions over everybody within reach, answered from the run's columns in the lake and not row by row."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from threading import Lock
from typing import Any, Literal

import duckdb
import ibis
import pyarrow as pa
from django.conf import settings
from django.core.cache import cache

from weihu.rules.metric import near_next
from weihu.rules.tables import STANDINGS, THRESHOLDS
from weihu.workplace.bank.metric import Distance, distance
from weihu.workplace.bank.models import Run
from weihu.workplace.gate.reach import Gate

Worth = Literal["aum", "contribution"]
POINTS = 50
"""So many points a curve has."""
KEPT_SECONDS = 3600
_lock = Lock()


@dataclass(frozen=True)
class Curve:
    """Pareto's curve: points (share of customers, share of the worth), the top's share of both, and the point that brings most"""

    points: list[tuple[float, float]]
    top_share: float
    brought_by_top: float
    bring_most: float


def pyramid(gate: Gate) -> list[dict[str, Any]]:
    """Per rank, from the lowest: customers, aum, contribution, watched. Of effective customers."""
    by_rank = {
        row["grade_rank"]: row
        for row in _answers(
            gate,
            "SELECT grade_rank, count(*) AS customers, sum(aum) AS aum, sum(contribution) AS contribution,"
            " count(watch_since) AS watched FROM reached WHERE effective GROUP BY 1",
        )
    }
    nothing = {"customers": 0, "aum": Decimal(0), "contribution": Decimal(0), "watched": 0}
    ranks = range(len(gate.run.rulebook.grades))
    return [by_rank.get(rank, {"grade_rank": rank, **nothing}) for rank in ranks]


def curve(gate: Gate, worth: Worth) -> Curve | None:
    """How much of the assets or of the contribution how few bring (M10); None of nobody. Kept for the run's day."""
    key = f"curve-{gate.run.number}-{worth}-{_scope(gate)}"
    return cache.get_or_set(key, lambda: _curve(gate, worth), KEPT_SECONDS)


def _curve(gate: Gate, worth: Worth) -> Curve | None:
    top, most = gate.run.rulebook.top_share, gate.run.rulebook.top_time
    rows = _answers(
        gate,
        f"WITH worth AS (SELECT greatest({worth}, 0) AS x FROM reached WHERE effective),"
        " summed AS (SELECT x, row_number() OVER (ORDER BY x DESC) AS place, sum(x) OVER (ORDER BY x DESC ROWS UNBOUNDED PRECEDING) AS so_far,"
        " count(*) OVER () AS n, sum(x) OVER () AS whole FROM worth),"
        f" steps AS (SELECT ceil(n * step / {POINTS}.0) AS place FROM range(0, {POINTS + 1}) t(step), (SELECT count(*) AS n FROM worth))"
        " SELECT place / n AS customers, CAST(so_far AS DOUBLE) / nullif(CAST(whole AS DOUBLE), 0) AS share FROM summed SEMI JOIN steps USING (place)"
        f" UNION ALL SELECT 2.0, max(CAST(so_far AS DOUBLE) / nullif(CAST(whole AS DOUBLE), 0)) FROM summed WHERE place <= ceil(n * {top})"
        f" UNION ALL SELECT 3.0, min(place / n) FROM summed WHERE so_far >= whole * {most} ORDER BY 1",
    )
    points = [(row["customers"], row["share"]) for row in rows if row["customers"] <= 1 and row["share"] is not None]
    ends = {row["customers"]: row["share"] for row in rows if row["customers"] > 1}
    if not points or ends.get(2.0) is None:
        return None
    return Curve([(0.0, 0.0), *points], float(top), ends[2.0], ends[3.0])


def near(gate: Gate, most: int) -> dict[str, Distance]:
    """By number, the effective customers near under the next grade and how far they are; the largest assets first."""
    run, columns = gate.run, ("customer_id", "branch_id", "grade_rank", "aum", "measured", "measured_days", "metric")
    reached = ibis.table({**{name: STANDINGS[name] for name in columns}, "effective": "boolean"}, name="reached")
    thresholds = ibis.table(THRESHOLDS, name="thresholds")
    close = near_next(reached.filter(reached.effective).select(*columns), thresholds, run.rulebook)
    rows = _answers(
        gate,
        f"WITH thresholds AS (FROM read_parquet('{_file(run, 'thresholds')}'))"
        f" SELECT * FROM ({ibis.to_sql(close, dialect='duckdb')}) ORDER BY aum DESC, customer_id LIMIT {most}",
    )
    return {
        row["customer_id"]: distance(
            row["grade_rank"] + 1, row["threshold"], row["metric"], row["measured"], row["measured_days"], run
        )
        for row in rows
    }


def top_time(gate: Gate, spent: Sequence[tuple[str, int]]) -> dict[str, float | None]:
    """The share of planned minutes, and of contacts ``spent`` (customer, how many), that go to the top share of customers."""
    top = gate.run.rulebook.top_share
    tasks = _file(gate.run, "tasks")
    contacts = pa.table(
        {"customer_id": [customer for customer, _ in spent], "n": pa.array([n for _, n in spent], pa.int64())}
    )
    contacts = contacts.cast(pa.schema([("customer_id", pa.string()), ("n", pa.int64())]))
    with _lock:
        database = _opened(gate, gate.run.number)
        database.register("spent", contacts)
        planned, done = database.execute(
            "WITH placed AS (SELECT customer_id, row_number() OVER (ORDER BY aum DESC, customer_id) <= ceil(count(*) OVER () * "
            f"{top}) AS best FROM reached WHERE effective)"
            " SELECT (SELECT coalesce(sum(minutes) FILTER (best), 0) / sum(minutes) FROM"
            f" read_parquet('{tasks}') JOIN placed USING (customer_id)),"
            " (SELECT coalesce(sum(n) FILTER (best), 0) / sum(n) FROM spent JOIN placed USING (customer_id))"
        ).fetchall()[0]
        database.unregister("spent")
    return {"planned": planned, "spent": done}


def loads(gate: Gate) -> dict[str, dict[str, Any]]:
    """Of each person within reach: customers, aum, contribution, per rank as ``ranks``. Of effective customers."""
    rows = _answers(
        gate,
        "SELECT primary_id, grade_rank, count(*) AS customers, sum(aum) AS aum, sum(contribution) AS contribution"
        " FROM reached WHERE effective AND primary_id IS NOT NULL GROUP BY ALL",
    )
    by_person: dict[str, dict[str, Any]] = {}
    for row in rows:
        nothing = {"customers": 0, "aum": Decimal(0), "contribution": Decimal(0), "ranks": {}}
        load = by_person.setdefault(row["primary_id"], nothing)
        for name in ("customers", "aum", "contribution"):
            load[name] += row[name]
        load["ranks"][row["grade_rank"]] = row["customers"]
    return by_person


def _answers(gate: Gate, sql: str) -> list[dict[str, Any]]:
    """The rows of a query on ``reached``, the standings within reach."""
    with _lock:
        rows: list[dict[str, Any]] = _opened(gate, gate.run.number).sql(sql).to_arrow_table().to_pylist()
    return rows


def _opened(gate: Gate, number: int) -> duckdb.DuckDBPyConnection:
    database = _database(number)
    database.execute(
        f"CREATE OR REPLACE TEMP VIEW reached AS SELECT * FROM read_parquet('{_file(gate.run, 'standings')}') WHERE {gate.columns}"
    )
    return database


@lru_cache(maxsize=1)
def _database(number: int) -> duckdb.DuckDBPyConnection:
    """One connection per run; an earlier run's is let go."""
    return duckdb.connect()


def _file(run: Run, table: str) -> str:
    return str(settings.HOME.run(run.number) / f"{table}.parquet").replace("'", "''")


def _scope(gate: Gate) -> str:
    """A name for the reach, for what is kept."""
    return hashlib.sha256(gate.columns.encode()).hexdigest()[:32]
