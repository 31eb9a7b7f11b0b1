"""Segments found among the customers of a home, month by month: never of those who refused it, nor of those who died."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow.parquet as pq
from django.db import transaction
from ibis.expr.types import Table
from numpy.typing import NDArray

from weihu.engine.lake import Home
from weihu.insight import files, found
from weihu.nightly.gather import unscored_customers
from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.segments.reading import EVERYBODY, columns_of, kept_nights
from weihu.workplace.act.segments.state import State, within_reach
from weihu.workplace.bank.models import FoundSegment, Run
from weihu.workplace.gate.merged import merges_on

MONTH_DAYS = 30
YEAR_DAYS = 365.25
NEVER = 365
"""Days since a contact, at most."""
PACES = {"spendings": "spendings", "salary": "salary", "sent": "went"}
"""Columns of found.RAW that the levels tell, each with theirs."""
BATCH = 2_000


def find_segments(home: Home, book: RuleBook, last: Run, said: Callable[[str], None]) -> found.Model:
    """Find segments among the customers of the ``last`` night, keep them, and write down who belongs to which.

    Raises files.TooFew, and checksums.Damaged if what was kept is not as it was left.
    """
    out = unscored_customers(book, last.business_date)
    nights = []
    for run in reversed(kept_nights(last)[: book.groups.found_months + 1]):
        said(str(run.business_date))
        nights.append(_night(home, run, out))
    nights = [night for night in nights[:-1] if _knows_contacts(night)] + nights[-1:]
    earlier = files.load(home.insight / found.NAME)
    model = found.fit(nights, book.groups.found, found.Model.of(earlier) if earlier else None, said)
    _keep(model, nights[-1])
    files.save(home.insight / found.NAME, model.content)
    return model


def _knows_contacts(night: found.Night) -> bool:
    """Whether contacts were recorded by then: of a bank's past that was taken over nobody has any, so a change from it would
    tell when recording began, not how customers changed."""
    return bool((night.raw["contact"] < NEVER).any())


def _night(home: Home, run: Run, out: Collection[str]) -> found.Night:
    """The customers of a night who may be looked at."""
    merges = {row["gone"]: row["kept"] for row in merges_on(run.business_date) if row["active"]}
    state = columns_of(run)
    try:
        return night_of(state, home.verified(home.run(run.number) / "levels.parquet"), run.business_date, out, merges)
    finally:
        state.close()


def night_of(
    state: State, levels: Path, on: date, out: Collection[str] = (), merges: Mapping[str, str] | None = None
) -> found.Night:
    """The customers of a night's columns and levels, without those who are ``out``; ``merges``: for whom a number counts."""
    rows = [row for row in state.answer(_columns, EVERYBODY) if row["customer_id"] not in out]
    customers = [row["customer_id"] for row in rows]
    raw = {name: np.array([row[name] for row in rows], np.float64) for name in found.RAW if name not in PACES}
    return found.Night(on, customers, raw | _paces(levels, customers, merges or {}))


def _columns(*given: Table, places: tuple[Any, ...], today: date, **how: Any) -> Table:
    """Of each customer the columns of found.RAW that segments of conditions know too; sex and place are not among them."""
    rows = within_reach(*given, definitions=(), places=places, today=today, **how).rows
    now = ibis.literal(today, "date")
    invested = rows.in_wealth + rows.in_fund + rows.in_insurance
    since = now.delta(rows.last_contact_on, unit="day")
    told = {
        "aum": rows.aum,
        "demand": rows.in_demand,
        "term": rows.in_term,
        "invested": invested,
        "owed": rows.liabilities,
        "products": rows.product_count,
        "age": rows.age,
        "years": now.delta(rows.opened_on, unit="day") / YEAR_DAYS,
        "contact": ibis.least(ibis.coalesce(since, NEVER), NEVER),
    }
    return rows.order_by("customer_id").select(
        "customer_id", **{name: value.cast("float64") for name, value in told.items()}
    )


def _paces(levels: Path, customers: Sequence[str], kept_for: Mapping[str, str]) -> dict[str, NDArray[np.float64]]:
    """What customers pay, get as salary and send to other banks in 30 days, on average since the first night."""
    columns = pq.read_table(levels, columns=["customer_id", "days", *PACES.values()]).to_pylist()
    totals: dict[str, list[float]] = {}
    for row in columns:
        pace = [MONTH_DAYS * float(row[column] or 0) / max(row["days"], 1) for column in PACES.values()]
        owner = kept_for.get(row["customer_id"], row["customer_id"])
        totals[owner] = [sum(pair) for pair in zip(pace, totals.get(owner, (0.0,) * len(pace)), strict=True)]
    nothing = [0.0] * len(PACES)
    rows = np.array([totals.get(customer, nothing) for customer in customers], np.float64).reshape(-1, len(PACES))
    return {name: np.maximum(rows[:, place], 0.0) for place, name in enumerate(PACES)}


def _keep(model: found.Model, night: found.Night) -> None:
    """Who belongs to which segment, in place of what was found before."""
    pairs = zip(night.customers, model.assigned(night), strict=True)
    rows = [FoundSegment(customer_id=customer, on=night.on, letter=letter) for customer, letter in pairs]
    with transaction.atomic():
        FoundSegment.objects.all().delete()
        FoundSegment.objects.bulk_create(rows, batch_size=BATCH)
