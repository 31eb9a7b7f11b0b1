"""Publish a night: stage what changed under the run's number, where no reader looks, then move one pointer.

Versioned rows (standings, signals, accounts, holdings) say between which runs they hold. Staging adds rows from the
new run on and ends the rows they replace at it; a reader of the current run sees neither. The last step is one short
transaction. A run that died before it is undone by ``withdraw``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pypinyin
from django.db import models, transaction

from weihu.engine.duck import DuckEngine
from weihu.nightly import bulk
from weihu.nightly.land import Landed
from weihu.workplace.archive.models import Account, Customer, Holding, Product
from weihu.workplace.grading.models import Standing
from weihu.workplace.people.models import Branch, Staff
from weihu.workplace.runs.models import FOREVER, CurrentRun, Run
from weihu.workplace.worklist.models import Signal, Task


@dataclass(frozen=True)
class Versioned:
    """How a table of the night becomes versioned rows.

    ``kept`` columns decide whether a row changed; ``extra`` columns are written with it.
    """

    model: type[models.Model]
    table: str
    key: tuple[str, ...]
    kept: tuple[str, ...]
    extra: tuple[str, ...] = ()
    money: tuple[str, ...] = ()


VERSIONED = (
    Versioned(
        Standing,
        "standings",
        ("customer_id",),
        (
            "branch_id",
            "aum",
            "liabilities",
            "account_count",
            "product_count",
            "moved_on",
            "grade_rank",
            "grade_since",
            "months_below",
            "watch_since",
            "primary_id",
            "deputy_id",
        ),
        extra=("balance_days",),
        money=("aum", "liabilities", "balance_days"),
    ),
    Versioned(
        Signal,
        "signals",
        ("customer_id", "kind", "subject"),
        ("raised_on", "amount", "base", '"limit"', "on_date", "detail"),
        money=("amount", "base", '"limit"'),
    ),
    Versioned(
        Account,
        "accounts",
        ("account_id",),
        ("customer_id", "branch_id", "product_id", "opened_on", "closed_on", "matures_on", "account_last4", "balance"),
        money=("balance",),
    ),
    Versioned(
        Holding,
        "holdings",
        ("holding_id",),
        ("customer_id", "product_id", "amount", "opened_on", "closed_on", "matures_on"),
        money=("amount",),
    ),
)


def withdraw() -> None:
    """Undo what unpublished runs staged."""
    pointer = CurrentRun.objects.first()
    number = pointer.run_id if pointer else 0
    if not Run.objects.filter(number__gt=number).exists():
        return
    for plan in VERSIONED:
        with transaction.atomic():
            plan.model._default_manager.filter(since_run__gt=number).delete()
            plan.model._default_manager.filter(until_run__gt=number).exclude(until_run=FOREVER).update(
                until_run=FOREVER
            )
    Task.objects.filter(run_id__gt=number).delete()
    Run.objects.filter(number__gt=number).delete()


def stage(engine: DuckEngine, run: Run, published: Path | None, landed: Landed) -> int:
    """Write everything that differs from the ``published`` run's state; returns the number of rows written.

    ``engine`` holds the night's tables.
    """
    run.save(force_insert=True)
    written = _stage_new_customers(engine, landed)
    for plan in VERSIONED:
        written += _stage_versions(engine, run, plan, published)
    tasks = engine.arrow(
        f"SELECT {run.number} AS run_id, staff_id, customer_id, position, minutes, score, grade_rank FROM tasks"
        " ORDER BY staff_id, position"
    )
    bulk.insert(Task, tasks)
    return written + int(tasks.num_rows)


def commit(engine: DuckEngine, run: Run, landed: Landed) -> None:
    """The one moment in which the night becomes true."""
    changed = _core_rows(engine, landed)
    with transaction.atomic():
        for model, key, rows in changed:
            if rows.num_rows:
                # a password is given here, not by the core system
                bulk.upsert(model, key, rows, once=("password",))
        Run.objects.filter(number=run.number).update(published=True, report=run.report)
        CurrentRun.objects.update_or_create(pk=1, defaults={"run": run})


def sweep(run: Run) -> None:
    """Drop versions of accounts and holdings that no reader needs any more; standings and signals are history."""
    for model in (Account, Holding):
        model.objects.filter(until_run__lte=run.number).delete()


def _stage_versions(engine: DuckEngine, run: Run, plan: Versioned, published: Path | None) -> int:
    key = ", ".join(plan.key)
    columns = ", ".join(_stored(name, plan) for name in (*plan.key, *plan.kept, *plan.extra))
    unchanged = " AND ".join(f"p.{name} IS NOT DISTINCT FROM n.{name}" for name in (*plan.key, *plan.kept))
    before = (
        f"read_parquet('{published / f'{plan.table}.parquet'}')"
        if published
        else f"(SELECT * FROM {plan.table} LIMIT 0)"
    )
    same = " AND ".join(f"p.{name} = n.{name}" for name in plan.key)
    engine.derive_sql("changed", f"SELECT n.* FROM {plan.table} n ANTI JOIN {before} p ON {unchanged}")
    since = ", n.since" if plan.model is Standing else ""
    source = f"(SELECT *, DATE '{run.business_date}' AS since FROM changed)" if since else "changed"
    rows = engine.arrow(
        f"SELECT {columns}{since}, {run.number} AS since_run, {FOREVER} AS until_run FROM {source} n ORDER BY {key}"
    )
    closing = engine.arrow(
        f"SELECT {key} FROM {before} p WHERE EXISTS (SELECT 1 FROM changed n WHERE {same})"
        f" OR NOT EXISTS (SELECT 1 FROM {plan.table} n WHERE {same}) ORDER BY {key}"
    )
    bulk.close_versions(plan.model, plan.key, closing, run.number, FOREVER)
    bulk.insert(plan.model, rows)
    return int(rows.num_rows + closing.num_rows)


def _stored(name: str, plan: Versioned) -> str:
    """A column as the database stores it: money as whole cents."""
    return f"CAST(n.{name} * 100 AS BIGINT) AS {name}" if name in plan.money else f"n.{name}"


def _stage_new_customers(engine: DuckEngine, landed: Landed) -> int:
    """Customers never seen before; without a standing no reader finds them."""
    rows = _customers(engine, landed, "ANTI JOIN profiles_before p USING (customer_id)")
    fresh = rows.filter(pc.invert(_exists(rows)))
    bulk.insert(Customer, fresh)
    return int(fresh.num_rows)


def _exists(rows: pa.Table) -> pa.Array:
    """Which customers are in the database already (left there by a run that was withdrawn)."""
    known: set[str] = set()
    ids = rows["customer_id"].to_pylist()
    if ids and Customer.objects.exists():
        for start in range(0, len(ids), 500):
            chunk = ids[start : start + 500]
            known.update(Customer.objects.filter(customer_id__in=chunk).values_list("customer_id", flat=True))
    return pa.array([customer in known for customer in ids], pa.bool_())


def _core_rows(engine: DuckEngine, landed: Landed) -> list[tuple[type[models.Model], str, pa.Table]]:
    """Changed staff, branches, products and customers: few, so they go with the pointer."""
    rows: list[tuple[type[models.Model], str, pa.Table]] = [
        (Branch, "branch_id", _landed_rows(engine, landed, "branches", "branch_id, name, parent_id"))
    ]
    active = f"left_on IS NULL OR left_on > DATE '{landed.manifest.business_date}' AS is_active"
    staff = _landed_rows(
        engine, landed, "staff", f"staff_id, name, branch_id, post, left_on, {active}, '!' AS password"
    )
    rows.append((Staff, "staff_id", staff))
    products = _landed_rows(engine, landed, "products", "product_id, name, name_en, category, risk")
    rows.append((Product, "product_id", products))
    rows.append((Customer, "customer_id", _customers(engine, landed, "")))
    return rows


def _landed_rows(engine: DuckEngine, landed: Landed, file: str, columns: str) -> pa.Table:
    paths = landed.paths(file)
    return engine.arrow(f"SELECT {columns} FROM read_parquet('{paths[0]}')") if paths else pa.table({})


def _customers(engine: DuckEngine, landed: Landed, join: str) -> pa.Table:
    paths = landed.paths("customers")
    if not paths:
        return pa.table({"customer_id": pa.array([], pa.string())})
    rows = engine.arrow(
        "SELECT customer_id, name, sex, birth_date, identity_number, identity_number_index, phone, phone_index, address, "
        "CAST(income * 100 AS BIGINT) AS income, occupation, education, marital_status, risk_rating, risk_rated_on, "
        f"opened_on FROM read_parquet('{paths[0]}') {join} ORDER BY customer_id"
    )
    spelled = [spell(name) for name in rows["name"].to_pylist()]
    rows = rows.append_column("pinyin", pa.array(["".join(parts) for parts in spelled], pa.string()))
    return rows.append_column(
        "initials", pa.array(["".join(part[:1] for part in parts) for parts in spelled], pa.string())
    )


def spell(name: str) -> list[str]:
    """The pinyin syllables of a name, lower case; words of other scripts as they are."""
    return [part for character in name.lower() for part in _syllable(character) if part.strip()]


@lru_cache(maxsize=30_000)
def _syllable(character: str) -> tuple[str, ...]:
    return tuple(pypinyin.lazy_pinyin(character))
