"""Questions over everybody within reach, answered from the run's columns in the lake and not row by row."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from threading import Lock
from typing import Any, Literal

import ibis
from django.conf import settings
from django.core.cache import cache
from ibis.expr.types import Table

from weihu.engine.duck import DuckEngine
from weihu.engine.protocol import Engine, Rule, table_of
from weihu.rules.metric import near_next
from weihu.rules.rulebook import RuleBook
from weihu.rules.tables import MONEY, STANDINGS, THRESHOLDS, WORTHS
from weihu.rules.value import WINDOW_DAYS
from weihu.workplace.bank.metric import Distance, distance
from weihu.workplace.bank.models import Run
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.scope import Reach, within

Worth = Literal["aum", "contribution", "worth"]
Parts = tuple[str, ...]
POINTS = 50
"""So many points a curve has."""
KEPT_SECONDS = 3600
SPENT = ibis.schema({"customer_id": "string", "n": "int64"})
WANTED = ibis.schema({"customer_id": "string"})
COLUMNS = (
    "customer_id",
    "branch_id",
    "primary_id",
    "deputy_id",
    "grade_rank",
    "aum",
    "contribution",
    "measured",
    "measured_days",
    "metric",
    "effective",
    *(f"flow_{days}" for days in WINDOW_DAYS),
)
READ = {
    "standings": ibis.schema({name: STANDINGS[name] for name in COLUMNS}),
    "thresholds": THRESHOLDS,
    "worths": WORTHS,
    "spent": SPENT,
    "wanted": WANTED,
}
"""What rules may read, by the name in the engine; of standings the columns that they ask for."""
_lock = Lock()


@dataclass(frozen=True)
class Curve:
    """Pareto's curve: points (share of customers, share of the worth), the top's share of both, and the point that brings most"""

    points: list[tuple[float, float]]
    top_share: float
    brought_by_top: float
    bring_most: float


def curve(gate: Gate, worth: Worth) -> Curve | None:
    """How much of the assets, of the contribution or of the expected worth how few bring (M10); None of nobody. Kept for
    the run's day."""
    scope = hashlib.sha256(repr(gate.scope).encode()).hexdigest()[:32]
    key = f"curve-{gate.run.number}-{worth}-{scope}"
    return cache.get_or_set(key, lambda: _curve(gate, worth), KEPT_SECONDS)


def _curve(gate: Gate, worth: Worth) -> Curve | None:
    top, most = gate.run.rulebook.top_share, gate.run.rulebook.top_time
    if worth == "worth":
        rows = _answers(gate, _places_of_worth, ("worths",), top=top, most=most)
    else:
        rows = _answers(gate, _places, worth=worth, top=top, most=most)
    points = [(row["customers"], row["share"]) for row in rows if row["is_point"] and row["share"] is not None]
    if not points:
        return None
    brought = next(row["share"] for row in rows if row["is_top"])
    bring_most = next(row["customers"] for row in rows if row["is_most"])
    return Curve([(0.0, 0.0), *points], float(top), brought, bring_most)


def _places(standings: Table, reach: Table, parts: Parts, worth: Worth, top: Decimal, most: Decimal) -> Table:
    """The points of a curve (``_curved``) of what a standing says."""
    reached = _reached(standings, reach, parts)
    return _curved(reached.select(x=reached[worth]), top, most)


def _places_of_worth(standings: Table, reach: Table, worths: Table, parts: Parts, top: Decimal, most: Decimal) -> Table:
    """The points of the curve of the expected worth, of those who have one."""
    reached = _reached(standings, reach, parts).select("customer_id")
    return _curved(reached.join(worths, "customer_id").select(x="worth"), top, most)


def _curved(rows: Table, top: Decimal, most: Decimal) -> Table:
    """The customers who stand at a point of the curve, at the end of the ``top`` share of customers, and where ``most``
    of ``x`` is reached; ``customers``: the share of all up to this one, ``share``: the share of ``x``."""
    nobody_owes = rows.select(x=ibis.greatest(rows.x, ibis.literal(0, MONEY)))
    falling = {"order_by": nobody_owes.x.desc()}
    summed = nobody_owes.mutate(
        place=ibis.row_number().over(**falling) + 1,
        so_far=nobody_owes.x.sum().over(**falling, rows=(None, 0)),
        n=nobody_owes.count().over(),
        whole=nobody_owes.x.sum().over(),
    )
    enough, last = summed.whole * ibis.literal(most), summed.n * ibis.literal(top)
    marked = summed.mutate(
        is_point=(summed.place * POINTS) // summed.n > ((summed.place - 1) * POINTS) // summed.n,
        is_top=(summed.place >= last) & (summed.place - 1 < last),
        is_most=(summed.so_far >= enough) & (summed.so_far - summed.x < enough),
    )
    chosen = marked.filter(marked.is_point | marked.is_top | marked.is_most)
    share = chosen.so_far.cast("float64") / chosen.whole.cast("float64").nullif(0)
    return chosen.select("is_point", "is_top", "is_most", customers=chosen.place / chosen.n, share=share).order_by(
        "customers"
    )


def worth_of(gate: Gate, customer_id: str) -> dict[str, Any] | None:
    """What the night expects a customer to bring (tables.WORTHS); None of who is beyond reach or has no worth."""
    with _lock:
        engine, _ = _engine(gate.run)
        engine.bind_rows("wanted", WANTED, [(customer_id,)])
        rows = _answer(gate, _worth_of, ("worths", "wanted"))
    return rows[0] if rows else None


def _worth_of(standings: Table, reach: Table, worths: Table, wanted: Table, parts: Parts) -> Table:
    own = standings.semi_join(wanted, "customer_id")
    return worths.semi_join(own.filter(within(own, reach, parts)), "customer_id")


def near(gate: Gate, most: int) -> dict[str, Distance]:
    """By number, the effective customers near under the next grade and how far they are; the largest assets first."""
    run = gate.run
    return {
        row["customer_id"]: distance(
            row["grade_rank"] + 1, row["threshold"], row["metric"], row["measured"], row["measured_days"], run
        )
        for row in _answers(gate, _nearest, reads=("thresholds",), book=run.rulebook, most=most)
    }


def _nearest(standings: Table, reach: Table, thresholds: Table, parts: Parts, book: RuleBook, most: int) -> Table:
    columns = ("customer_id", "branch_id", "grade_rank", "aum", "measured", "measured_days", "metric")
    close = near_next(
        _reached(standings, reach, parts).select(*columns, f"flow_{book.near_fall_days}"), thresholds, book
    )
    return close.order_by(close.aum.desc(), close.customer_id).limit(most)


def spent_on_best(gate: Gate, spent: Sequence[tuple[str, int]]) -> float | None:
    """The share of contacts ``spent`` (customer, how many) with customers within reach that went to the bank's best, as the
    night's plan has them (``rules.plan.top``); None of none."""
    with _lock:
        engine, _ = _engine(gate.run)
        engine.bind_rows("spent", SPENT, spent)
        top_from = Decimal(gate.run.report["top_from"])
        share: float | None = _answer(gate, _spent_on_best, ("spent",), top_from=top_from)[0]["share"]
    return share


def _spent_on_best(standings: Table, reach: Table, spent: Table, parts: Parts, top_from: Decimal) -> Table:
    reached = _reached(standings, reach, parts)
    best = reached.select("customer_id", best=reached.aum >= ibis.literal(top_from, MONEY))
    joined = spent.join(best, "customer_id")
    of_best = ibis.coalesce(joined.n.sum(where=joined.best), 0)
    return joined.agg(share=of_best.cast("float64") / joined.n.sum().cast("float64"))


def _reached(standings: Table, reach: Table, parts: Parts) -> Table:
    """The effective customers within reach."""
    return standings.filter(standings.effective, within(standings, reach, parts))


def _answers(gate: Gate, rule: Rule, reads: Sequence[str] = (), **constants: object) -> list[dict[str, Any]]:
    """What a rule makes of the standings within reach and of other tables of the run that it reads."""
    with _lock:
        return _answer(gate, rule, reads, **constants)


def _answer(gate: Gate, rule: Rule, reads: Sequence[str], **constants: object) -> list[dict[str, Any]]:
    """The same, for a caller who holds the lock: no other reach may be bound before the answer."""
    scope, (engine, reach) = gate.scope, _engine(gate.run)
    inputs = [table_of("standings", READ["standings"]), reach.of(scope)]
    inputs += [table_of(name, READ[name]) for name in reads]
    return engine.answer(rule, *inputs, parts=scope.parts, **constants)


@lru_cache(maxsize=1)
def _engine(run: Run) -> tuple[Engine, Reach]:
    """An engine with the run's files under their names, and the reach in it; an earlier run's is let go."""
    engine = DuckEngine.in_memory()
    folder = settings.HOME.run(run.number)
    for name in ("standings", "thresholds", "worths"):
        engine.bind(name, READ[name], [settings.HOME.verified(folder / f"{name}.parquet")], often=False)
    return engine, Reach(engine)
