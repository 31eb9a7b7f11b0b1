"""Publish a night: stage what changed under the run's number, where no reader looks, then move one pointer.

Versioned rows (standings, signals) say between which runs they hold: staging adds rows from the new run on and ends
the rows they replace at it. An account keeps the balance before the new one. A reader of the current run sees none
of this. The last step is one short transaction with the pointer and the few facts that changed in the core system.
A run that died before it is undone by ``withdraw``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pypinyin
from django.db import connection, models, transaction
from django.db.models import F

from weihu.engine.duck import DuckEngine
from weihu.nightly import bulk
from weihu.nightly.land import Landed
from weihu.workplace.act.campaigns.response import stop_those_that_should
from weihu.workplace.act.care.beginning import begin_by_signals, kinds_that_begin
from weihu.workplace.act.introductions.linking import link
from weihu.workplace.bank.models import (
    FOREVER,
    Account,
    Authorised,
    Branch,
    CurrentRun,
    Customer,
    Effect,
    Figure,
    GradeChange,
    Holding,
    Product,
    Run,
    SearchKey,
    Signal,
    Staff,
    Standing,
    Task,
    Threshold,
    Unassigned,
)
from weihu.workplace.bank.names import keys_of


@dataclass(frozen=True)
class Versioned:
    """How a table of the night becomes versioned rows.

    ``kept`` columns decide whether a row changed; ``extra`` columns (SQL over the night's row ``n``) come with it.
    ``sums`` name a sum over the month and what it grows by every day: where it grew by anything else (a merge, another
    measure), the row changed too, so that readers may work out the sum of any later day.
    """

    model: type[models.Model]
    table: str
    key: tuple[str, ...]
    kept: tuple[str, ...]
    money: tuple[str, ...]
    extra: str = ""
    sums: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Core:
    """How a table of the core system becomes rows that are changed in place. ``facts`` are replaced at the commit."""

    model: type[models.Model]
    table: str
    key: str
    facts: tuple[str, ...]
    money: tuple[str, ...]


STANDINGS = Versioned(
    Standing,
    "standings",
    ("customer_id",),
    (
        "first_seen_on",
        "branch_id",
        "aum",
        "measured",
        "liabilities",
        "account_count",
        "product_count",
        "contribution",
        "effective",
        "moved_on",
        "grade_rank",
        "grade_since",
        "grade_why",
        "earned_rank",
        "months_below",
        "watch_since",
        "primary_id",
        "primary_since",
        "primary_why",
        "deputy_id",
        "facts_expected",
        "facts_known",
    ),
    ("aum", "measured", "liabilities", "contribution"),
    "CAST(n.balance_days * 100 AS BIGINT) AS balance_days, CAST(n.measured_days * 100 AS BIGINT) AS measured_days, DATE '{on}' AS since, CAST(strftime(DATE '{on}', '%Y%m') AS INT) AS month,",
    (("balance_days", "aum"), ("measured_days", "measured")),
)
SIGNALS = Versioned(
    Signal,
    "signals",
    ("customer_id", "kind", "subject"),
    ("raised_on", "amount", "base", '"limit"', "on_date", "detail", "held_out"),
    ("amount", "base", '"limit"'),
)
ACCOUNTS = Core(
    Account,
    "accounts",
    "account_id",
    ("customer_id", "branch_id", "product_id", "opened_on", "closed_on", "matures_on", "account_last4"),
    (),
)
HOLDINGS = Core(
    Holding,
    "holdings",
    "holding_id",
    ("customer_id", "product_id", "amount", "opened_on", "closed_on", "matures_on"),
    ("amount",),
)
AUTHORISED = Core(Authorised, "authorised", "authorised_id", ("account_id", "customer_id", "until"), ())
GRADE_CHANGES = """
SELECT {run} AS run_id, DATE '{on}' AS "on", n.customer_id, n.branch_id, n.primary_id, p.grade_rank AS rank_before,
       n.grade_rank AS rank_after, n.grade_why AS why, CAST(n.metric * 100 AS BIGINT) AS metric, CAST(n.aum * 100 AS BIGINT) AS aum
FROM standings n LEFT JOIN standings_before p USING (customer_id)
WHERE p.grade_rank IS DISTINCT FROM n.grade_rank AND NOT (SELECT is_first FROM calendar) ORDER BY n.customer_id
"""
FIGURES = """
SELECT {run} AS run_id, * REPLACE (CAST(aum * 100 AS BIGINT) AS aum, CAST(lost_aum * 100 AS BIGINT) AS lost_aum,
       CAST(won_aum * 100 AS BIGINT) AS won_aum) FROM figures ORDER BY branch_id, staff_id, grade_rank
"""
EFFECTS = """
SELECT {run} AS run_id, DATE '{on}' AS "on", * REPLACE (CAST(change * 100 AS BIGINT) AS change) FROM effects
ORDER BY kind, branch_id, held_out
"""
OF_A_RUN = (Task, GradeChange, Unassigned, Threshold, Figure, Effect)
VERSIONED, CORE = (STANDINGS, SIGNALS), (ACCOUNTS, HOLDINGS, AUTHORISED)


def withdraw() -> None:
    """Undo what unpublished runs staged."""
    pointer = CurrentRun.objects.first()
    number = pointer.run_id if pointer else 0
    if not Run.objects.filter(number__gt=number).exists():
        return
    for plan in VERSIONED:
        rows = plan.model._default_manager
        with transaction.atomic():
            rows.filter(listed=True, since_run__gt=number).delete()
            rows.filter(listed=True, until_run__gt=number, until_run__lt=FOREVER).update(until_run=FOREVER)
    for core in CORE:
        core.model._default_manager.filter(since_run__gt=number).delete()
    staged = Account.objects.filter(balance_run__gt=number)
    staged.update(balance=F("balance_before"), balance_run=number)
    for of_a_run in OF_A_RUN:
        of_a_run.objects.filter(run_id__gt=number).delete()
    Run.objects.filter(number__gt=number).delete()


def stage(engine: DuckEngine, run: Run, last: Run | None, published: Path | None, landed: Landed) -> int:
    """Write everything that differs from the ``last`` run's ``published`` state; returns the number of rows written.

    ``engine`` holds the night's tables.
    """
    bulk.roomy()
    run.save(force_insert=True)
    _bind_published(engine, published)
    written = _stage_new_customers(engine, landed)
    written += sum(_stage_new(engine, run, core) for core in CORE)
    written += _stage_balances(engine, run)
    # a rank means another grade in another book's list, so every standing is written anew
    regraded = last is not None and list(last.rulebook.grades) != list(run.rulebook.grades)
    written += _stage_versions(engine, run, last, STANDINGS, everything=regraded)
    written += _stage_versions(engine, run, last, SIGNALS)
    tasks = engine.arrow(
        f"SELECT {run.number} AS run_id, staff_id, customer_id, position, minutes,"
        " CAST(value * 100 AS BIGINT) AS value, promised, top, score, grade_rank FROM tasks"
        " ORDER BY staff_id, position"
    )
    changes = engine.arrow(GRADE_CHANGES.format(run=run.number, on=run.business_date))
    unassigned = engine.arrow(f"SELECT {run.number} AS run_id, customer_id, why, owner_id FROM unassigned ORDER BY ALL")
    thresholds = engine.arrow(
        f"SELECT {run.number} AS run_id, * REPLACE (CAST(threshold * 100 AS BIGINT) AS threshold) FROM thresholds ORDER BY ALL"
    )
    figures = engine.arrow(FIGURES.format(run=run.number))
    effects = engine.arrow(EFFECTS.format(run=run.number, on=run.business_date))
    for model, rows in zip(OF_A_RUN, (tasks, changes, unassigned, thresholds, figures, effects), strict=True):
        bulk.insert(model, rows)
        written += int(rows.num_rows)
    return written


def commit(engine: DuckEngine, run: Run, landed: Landed) -> None:
    """The one moment in which the night becomes true."""
    upserted = _core_rows(engine, run, landed)
    changed = [(core, engine.arrow(_changed(core))) for core in CORE]
    renamed = _renamed(upserted[-1][2])
    keys = _search_keys(renamed) if renamed.num_rows else None
    begun = engine.arrow(_beginning(run)).to_pylist()
    gone = [(core, engine.arrow(_gone(core))[core.key].to_pylist()) for core in CORE]
    with transaction.atomic():
        for model, key, rows in upserted:
            if rows.num_rows:
                # a password is given here, not by the core system
                bulk.upsert(model, key, rows, once=("password",))
        if keys:
            SearchKey.objects.filter(customer_id__in=renamed["customer_id"].to_pylist()).delete()
            bulk.insert(SearchKey, keys)
        for core, rows in changed:
            bulk.update(core.model, [core.key], rows, ", ".join(f"{name} = given.{name}" for name in core.facts))
        for core, keys in gone:
            for start in range(0, len(keys), 500):
                core.model._default_manager.filter(pk__in=keys[start : start + 500]).delete()
        Run.objects.filter(number=run.number).update(published=True, report=run.report)
        CurrentRun.objects.update_or_create(pk=1, defaults={"run": run})
        begin_by_signals(run, begun)
        link(run)
        stop_those_that_should(run, run.work_date)


def _bind_published(engine: DuckEngine, published: Path | None) -> None:
    for plan in (*VERSIONED, *CORE):
        path = published / f"{plan.table}.parquet" if published else None
        # columns that an earlier version did not keep are empty
        kept = f" UNION ALL BY NAME SELECT * FROM read_parquet('{path}')" if path and path.is_file() else ""
        engine.derive_sql(f"published_{plan.table}", f"SELECT * FROM {plan.table} WHERE false{kept}")


def _stage_versions(engine: DuckEngine, run: Run, last: Run | None, plan: Versioned, everything: bool = False) -> int:
    key = ", ".join(plan.key)
    columns = ", ".join(_stored(name, plan.money) for name in (*plan.key, *plan.kept))
    extra = plan.extra.format(on=run.business_date)
    before = f"published_{plan.table}"
    same = [f"p.{name} IS NOT DISTINCT FROM n.{name}" for name in (*plan.key, *plan.kept)]
    unchanged = " AND ".join([*same, *_sums_go_on(plan, run, last)])
    differs = "" if everything else f"ANTI JOIN {before} p ON {unchanged}"
    engine.derive_sql("changed", f"SELECT n.* FROM {plan.table} n {differs}")
    rows = engine.arrow(
        f"SELECT {columns}, {extra} {run.number} AS since_run, {FOREVER} AS until_run, true AS listed"
        f" FROM changed n ORDER BY {key}"
    )
    ended = engine.arrow(
        f"SELECT {key} FROM {before} p SEMI JOIN changed n USING ({key}) UNION ALL"
        f" SELECT {key} FROM {before} p ANTI JOIN {plan.table} n USING ({key}) ORDER BY {key}"
    )
    _replace(run, plan, rows, ended)
    return int(rows.num_rows + ended.num_rows)


def _sums_go_on(plan: Versioned, run: Run, last: Run | None) -> list[str]:
    """That each sum grew by its amount a day since the ``last`` run, or since the month began."""
    if last is None:
        return []
    same_month = last.business_date.replace(day=1) == run.business_date.replace(day=1)
    days = (run.business_date - last.business_date).days if same_month else run.month_days
    return [
        f"(n.{total} - n.{amount} * {days}) IS NOT DISTINCT FROM {f'p.{total}' if same_month else '0'}"
        for total, amount in plan.sums
    ]


def _replace(run: Run, plan: Versioned, rows: pa.Table, ended: pa.Table) -> None:
    """End the open rows that ``ended`` names and insert those that take their place, in one pass along the customers.

    On the way, rows that had ended before leave the lists' indexes: a page of the database is written once, not
    three times.
    """
    table = plan.model._meta.db_table
    # with the index's own conditions, so that it is used
    replaced = f"listed AND until_run < {FOREVER} AND until_run < {run.number}"
    open_rows = f"{table}.listed AND {table}.until_run = {FOREVER}"
    for low, high, (given, gone) in bulk.ranges("customer_id", rows, ended):
        bounds = {"customer_id >= %s": low, "customer_id < %s": high}
        between = {text: bound for text, bound in bounds.items() if bound}
        with transaction.atomic(), connection.cursor() as cursor:
            bulk.update(plan.model, plan.key, gone, f"until_run = {run.number}", open_rows)
            where = " AND ".join([replaced, *between])
            cursor.execute(f"UPDATE {table} SET listed = false WHERE {where}", list(between.values()))
            bulk.insert(plan.model, given)


def _stored(name: str, money: tuple[str, ...]) -> str:
    """A column as the database stores it: money as whole cents."""
    return f"CAST(n.{name} * 100 AS BIGINT) AS {name}" if name in money else f"n.{name}"


def _stage_new(engine: DuckEngine, run: Run, core: Core) -> int:
    columns = ", ".join(_stored(name, core.money) for name in (core.key, *core.facts))
    if core is ACCOUNTS:
        cents = "CAST(n.balance * 100 AS BIGINT)"
        columns += f", {cents} AS balance, {cents} AS balance_before, {run.number} AS balance_run"
    rows = engine.arrow(
        f"SELECT {columns}, {run.number} AS since_run FROM {core.table} n"
        f" ANTI JOIN published_{core.table} p USING ({core.key}) ORDER BY n.{core.key}"
    )
    bulk.insert(core.model, rows)
    return int(rows.num_rows)


def _stage_balances(engine: DuckEngine, run: Run) -> int:
    rows = engine.arrow(
        "SELECT account_id, CAST(n.balance * 100 AS BIGINT) AS balance FROM accounts n"
        " JOIN published_accounts p USING (account_id) WHERE n.balance <> p.balance ORDER BY account_id"
    )
    own = f"{Account._meta.db_table}.balance"
    bulk.update(
        Account,
        ["account_id"],
        rows,
        f"balance_before = {own}, balance = given.balance, balance_run = {run.number}",
    )
    return int(rows.num_rows)


def _stage_new_customers(engine: DuckEngine, landed: Landed) -> int:
    """Customers never seen before; without a standing no reader finds them."""
    rows = _customers(engine, landed, "ANTI JOIN published_standings p USING (customer_id)")
    fresh = rows.filter(pc.invert(_exists(rows)))
    if fresh.num_rows:
        bulk.insert(Customer, fresh)
        bulk.insert(SearchKey, _search_keys(fresh))
    return int(fresh.num_rows)


def _search_keys(customers: pa.Table) -> pa.Table:
    """What delivered customers are found by."""
    columns = (customers[name].to_pylist() for name in ("customer_id", "name", "pinyin", "initials"))
    pairs = [(customer, key) for customer, *names in zip(*columns, strict=True) for key in sorted(keys_of(*names))]
    return pa.table({"text": [key for _, key in pairs], "customer_id": [customer for customer, _ in pairs]})


def _renamed(customers: pa.Table) -> pa.Table:
    """Those delivered customers whose name is another than before."""
    if not customers.num_rows:
        return customers
    names: dict[str, str] = {}
    ids = customers["customer_id"].to_pylist()
    for start in range(0, len(ids), 500):
        known = Customer.objects.filter(customer_id__in=ids[start : start + 500])
        names.update(known.values_list("customer_id", "name"))
    before = [names[customer] for customer in ids]
    return customers.filter(pc.not_equal(customers["name"], pa.array(before, pa.string())))


def _exists(rows: pa.Table) -> pa.Array:
    """Which customers are in the database already (left there by a run that was withdrawn)."""
    known: set[str] = set()
    ids = rows["customer_id"].to_pylist()
    if ids and Customer.objects.exists():
        for start in range(0, len(ids), 500):
            chunk = ids[start : start + 500]
            known.update(Customer.objects.filter(customer_id__in=chunk).values_list("customer_id", flat=True))
    return pa.array([customer in known for customer in ids], pa.bool_())


def _core_rows(engine: DuckEngine, run: Run, landed: Landed) -> list[tuple[type[models.Model], str, pa.Table]]:
    """Delivered staff, branches, products and known customers: few, so they go with the pointer."""
    active = f"left_on IS NULL OR left_on > DATE '{run.business_date}' AS is_active"
    return [
        (Branch, "branch_id", _landed_rows(engine, landed, "branches", "branch_id, name, parent_id")),
        (
            Staff,
            "staff_id",
            _landed_rows(
                engine, landed, "staff", f"staff_id, name, branch_id, post, left_on, {active}, '!' AS password"
            ),
        ),
        (Product, "product_id", _landed_rows(engine, landed, "products", "product_id, name, name_en, category, risk")),
        (Customer, "customer_id", _customers(engine, landed, "SEMI JOIN published_standings p USING (customer_id)")),
    ]


def _beginning(run: Run) -> str:
    """Tonight's signals that begin care plans."""
    kinds = ", ".join(f"'{kind}'" for kind in kinds_that_begin(run.rulebook)) or "''"
    return (
        "SELECT customer_id, kind, subject, grade_rank FROM signals JOIN standings USING (customer_id)"
        f" WHERE kind IN ({kinds}) AND raised_on = DATE '{run.business_date}' AND NOT held_out ORDER BY ALL"
    )


def _changed(core: Core) -> str:
    """Rows whose facts changed."""
    columns = ", ".join(_stored(name, core.money) for name in (core.key, *core.facts))
    differs = " OR ".join(f"n.{name} IS DISTINCT FROM p.{name}" for name in core.facts)
    return (
        f"SELECT {columns} FROM {core.table} n JOIN published_{core.table} p USING ({core.key})"
        f" WHERE {differs} ORDER BY n.{core.key}"
    )


def _gone(core: Core) -> str:
    """Rows of a delivery that its correction no longer has."""
    return f"SELECT {core.key} FROM published_{core.table} ANTI JOIN {core.table} USING ({core.key})"


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
        f"c.opened_on FROM read_parquet('{paths[0]}') c {join} ORDER BY customer_id"
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
