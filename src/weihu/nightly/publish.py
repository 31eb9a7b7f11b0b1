"""Publish a night: stage what changed under the run's number, where no reader looks, then move one pointer.

Versioned rows (standings, signals) say between which runs they hold: staging adds rows from the new run on and ends
the rows they replace at it. An account keeps the balance before the new one. A reader of the current run sees none
of this. The last step is one short transaction with the pointer and the few facts that changed in the core system.
A run that died before it is undone by ``withdraw``.

What is published is read from the run's own folder, whoever computed it, and held against the folder of the run that
is published, in a DuckDB of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.db import connection, models, transaction
from django.db.models import F

from weihu.engine.duck import MOST_AT_ONCE, files, plan_for, threads_of
from weihu.engine.landing.land import Landed
from weihu.engine.parts import light, parts_of, same_parts
from weihu.engine.seal import Seal
from weihu.nightly import bulk
from weihu.rules import tables
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
    ("raised_on", "amount", "base", '"limit"', "on_date", "detail", "held_out", "led_by"),
    ("amount", "base", '"limit"'),
)
ACCOUNTS = Core(
    Account,
    "accounts",
    "account_id",
    (
        "customer_id",
        "branch_id",
        "product_id",
        "opened_on",
        "closed_on",
        "matures_on",
        "account_last4",
        "account_number_index",
    ),
    (),
)
HOLDINGS = Core(
    Holding,
    "holdings",
    "holding_id",
    ("customer_id", "product_id", "amount", "credit_line", "opened_on", "closed_on", "matures_on"),
    ("amount", "credit_line"),
)
AUTHORISED = Core(Authorised, "authorised", "authorised_id", ("account_id", "customer_id", "until"), ())
GRADE_CHANGES = """
SELECT {run} AS run_id, DATE '{on}' AS "on", * REPLACE (CAST(metric * 100 AS BIGINT) AS metric, CAST(aum * 100 AS BIGINT) AS aum)
FROM {rows} ORDER BY customer_id
"""
CENTS = ", ".join(
    f"CAST({name} * 100 AS BIGINT) AS {name}" for name, kind in tables.FIGURES.items() if kind.is_decimal()
)
FIGURES = f"""
SELECT {{run}} AS run_id, * REPLACE ({CENTS}) FROM {{rows}} ORDER BY branch_id, staff_id, grade_rank
"""
EFFECTS = """
SELECT {run} AS run_id, DATE '{on}' AS "on", * REPLACE (CAST(change * 100 AS BIGINT) AS change) FROM {rows}
ORDER BY kind, branch_id, held_out
"""
TASKS = """
SELECT {run} AS run_id, staff_id, customer_id, "on", position, minutes, CAST(value * 100 AS BIGINT) AS value, promised, top, score,
       grade_rank, urgency, CAST(flow_30 * 100 AS BIGINT) AS flow_30 FROM {rows} ORDER BY staff_id, position
"""
THRESHOLDS = """
SELECT {run} AS run_id, * REPLACE (CAST(threshold * 100 AS BIGINT) AS threshold) FROM {rows} ORDER BY ALL
"""
UNASSIGNED = "SELECT {run} AS run_id, customer_id, why, owner_id FROM {rows} ORDER BY ALL"
OF_A_RUN: dict[type[models.Model], tuple[str, str]] = {
    Task: ("tasks", TASKS),
    GradeChange: ("grade_changes", GRADE_CHANGES),
    Unassigned: ("unassigned", UNASSIGNED),
    Threshold: ("thresholds", THRESHOLDS),
    Figure: ("figures", FIGURES),
    Effect: ("effects", EFFECTS),
}
"""What belongs to one run and is never changed: the run's table and what is read of it."""
VERSIONED, CORE = (STANDINGS, SIGNALS), (ACCOUNTS, HOLDINGS, AUTHORISED)
LANDED = {
    "branches": "branch_id, name, parent_id",
    "staff": "staff_id, name, branch_id, post, left_on, true AS is_active, '!' AS password",
    "products": "product_id, name, name_en, category, risk",
}
"""What of the delivery is published as it is, and its columns."""


@dataclass(frozen=True)
class Question:
    """What is asked of the night's files. ``changed``: makes a table of this name first, which the ``selects`` read."""

    selects: tuple[str, ...]
    changed: str = ""


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
        of_a_run._default_manager.filter(run_id__gt=number).delete()
    Run.objects.filter(number__gt=number).delete()


class Publication:
    """What is published of nights, one after the other: ``open`` a run's folder, ``stage``, ``commit``."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._database = duckdb.connect()
        self._database.execute("SET parquet_metadata_cache = true")
        self._threads = threads_of(self._database)
        self._new: dict[str, str] = {}
        self._old: dict[str, str] = {}
        self._rows: dict[str, int] = {}
        self._unchanged: set[str] = set()
        self._asked: dict[str, Question] = {}
        self._ahead: dict[str, Future[list[pa.Table]]] = {}

    def close(self) -> None:
        """Free the memory."""
        self._database.close()

    def open(self, run: Run, folder: Path, published: Path | None, landed: Landed) -> None:
        """Look at a run's ``folder``, at the ``published`` run's, if there is one, and at the night's delivery."""
        self._run, self._landed = run, landed
        self._unchanged.clear()
        self._ahead.clear()
        for plan in (*VERSIONED, *CORE):
            new = folder / f"{plan.table}.parquet"
            old = published / f"{plan.table}.parquet" if published else None
            source = self._new[plan.table] = f"read_parquet({files(new)})"
            nothing = f"SELECT * FROM {source} WHERE false"
            if old is None or not parts_of(old):
                self._old[plan.table] = f"({nothing})"
                continue
            self._old[plan.table] = f"read_parquet({files(old)})"
            # columns that an earlier version did not keep are empty
            if pq.read_schema(parts_of(old)[0]).names != pq.read_schema(parts_of(new)[0]).names:
                self._old[plan.table] = f"({nothing} UNION ALL BY NAME FROM {self._old[plan.table]})"
            if same_parts(old, new):
                self._unchanged.add(plan.table)
        for table, _ in OF_A_RUN.values():
            path = folder / f"{table}.parquet"
            self._rows[table] = sum(pq.read_metadata(part).num_rows for part in parts_of(path))
            self._new[table] = f"read_parquet({files(path)})"
        self._small = light(folder.glob("*.parquet"))
        plan_for(self._database, self._small, self._threads)

    def stage(self, last: Run | None) -> int:
        """Write everything that differs from the ``last`` run's published state; returns the number of rows written."""
        bulk.roomy()
        self._run.save(force_insert=True)
        self._asked = dict(self._questions(last))
        with ThreadPoolExecutor(min(self._threads, MOST_AT_ONCE)) as threads:
            if self._small:
                # planning takes longer than writing; the answers to more questions would fill the memory
                self._ahead = {name: threads.submit(self._read, asked) for name, asked in self._asked.items()}
            return self._stage()

    def commit(self) -> None:
        """The one moment in which the night becomes true."""
        run = self._run
        upserted = self._core_rows()
        touched = [core for core in CORE if core.table not in self._unchanged]
        changed = [(core, *self._answer(f"facts of {core.table}")) for core in touched]
        renamed = _renamed(upserted[-1][2])
        keys = _search_keys(renamed) if renamed.num_rows else None
        with transaction.atomic():
            for model, key, rows in upserted:
                if rows.num_rows:
                    # a password is given here, not by the core system
                    bulk.upsert(model, key, rows, once=("password",))
            # who has left by now, whether delivered today or announced earlier
            Staff.objects.filter(is_active=True, left_on__lte=run.business_date).update(is_active=False)
            if keys:
                SearchKey.objects.filter(customer_id__in=renamed["customer_id"].to_pylist()).delete()
                bulk.insert(SearchKey, keys)
            for core, rows, gone in changed:
                bulk.update(core.model, [core.key], rows, ", ".join(f"{name} = given.{name}" for name in core.facts))
                ids = gone[core.key].to_pylist()
                for start in range(0, len(ids), 500):
                    core.model._default_manager.filter(pk__in=ids[start : start + 500]).delete()
            Run.objects.filter(number=run.number).update(published=True, report=run.report)
            CurrentRun.objects.update_or_create(pk=1, defaults={"run": run})

    def _questions(self, last: Run | None) -> Iterator[tuple[str, Question]]:
        """All that is asked, by name, in the order in which the answers are written."""
        run = self._run
        yield "new customers", self._customers("ANTI")
        touched = [core for core in CORE if core.table not in self._unchanged]
        for core in touched:
            yield f"new {core.table}", self._added(core)
        if ACCOUNTS in touched:
            yield "balances", self._moved()
        # a rank means another grade in another book's list, so every standing is written anew
        regraded = last is not None and list(last.rulebook.grades) != list(run.rulebook.grades)
        for plan, everything in ((STANDINGS, regraded), (SIGNALS, False)):
            if plan.table not in self._unchanged or everything:
                yield plan.table, self._versions(last, plan, everything)
        for table, select in OF_A_RUN.values():
            if self._rows[table]:
                yield table, Question((select.format(run=run.number, on=run.business_date, rows=self._new[table]),))
        for file, columns in LANDED.items():
            for path in self._landed.paths(file):
                yield file, Question((f"SELECT {columns} FROM read_parquet({files(path)})",))
        yield "known customers", self._customers("SEMI")
        for core in touched:
            yield f"facts of {core.table}", Question((self._changed(core), self._gone(core)))

    def _answer(self, name: str) -> list[pa.Table]:
        """What a question's ``selects`` give."""
        ahead = self._ahead.pop(name, None)
        return ahead.result() if ahead else self._read(self._asked[name])

    def _read(self, question: Question) -> list[pa.Table]:
        with self._database.cursor() as connection:
            if question.changed:
                connection.execute(f"CREATE TEMP TABLE changed AS {question.changed}")
            return [connection.sql(select).to_arrow_table() for select in question.selects]

    def _stage(self) -> int:
        """Write the answers; the number of rows."""
        written = self._stage_new_customers()
        for core in CORE:
            if f"new {core.table}" in self._asked:
                (rows,) = self._answer(f"new {core.table}")
                bulk.insert(core.model, rows)
                written += rows.num_rows
        if "balances" in self._asked:
            written += self._stage_balances(*self._answer("balances"))
        for plan in VERSIONED:
            if plan.table in self._asked:
                rows, ended = self._answer(plan.table)
                _replace(self._run, plan, rows, ended)
                written += rows.num_rows + ended.num_rows
        for model, (table, _) in OF_A_RUN.items():
            if table in self._asked:
                bulk.insert(model, *self._answer(table))
                written += self._rows[table]
        return written

    def _stage_new_customers(self) -> int:
        """Customers never seen before; without a standing no reader finds them."""
        rows = self._named_customers("new customers")
        fresh = rows.filter(pc.invert(_exists(rows)))
        if fresh.num_rows:
            bulk.insert(Customer, fresh)
            bulk.insert(SearchKey, _search_keys(fresh))
        return int(fresh.num_rows)

    def _stage_balances(self, rows: pa.Table) -> int:
        own = f"{Account._meta.db_table}.balance"
        sets = f"balance_before = {own}, balance = given.balance, balance_run = {self._run.number}"
        bulk.update(Account, ["account_id"], rows, sets)
        return int(rows.num_rows)

    def _core_rows(self) -> list[tuple[type[models.Model], str, pa.Table]]:
        """Delivered staff, branches, products and known customers: few, so they go with the pointer."""
        of = {file: self._answer(file)[0] if file in self._asked else pa.table({}) for file in LANDED}
        return [
            (Branch, "branch_id", of["branches"]),
            (Staff, "staff_id", of["staff"]),
            (Product, "product_id", of["products"]),
            (Customer, "customer_id", self._named_customers("known customers")),
        ]

    def _versions(self, last: Run | None, plan: Versioned, everything: bool) -> Question:
        """The rows that are new or changed, and the keys of those that end."""
        run, new, old = self._run, self._new[plan.table], self._old[plan.table]
        key = ", ".join(plan.key)
        columns = ", ".join(_stored(name, plan.money) for name in (*plan.key, *plan.kept))
        extra = plan.extra.format(on=run.business_date)
        same = [f"p.{name} IS NOT DISTINCT FROM n.{name}" for name in (*plan.key, *plan.kept)]
        unchanged = " AND ".join([*same, *_sums_go_on(plan, run, last)])
        differs = "" if everything else f"ANTI JOIN {old} p ON {unchanged}"
        rows = (
            f"SELECT {columns}, {extra} {run.number} AS since_run, {FOREVER} AS until_run, true AS listed"
            f" FROM changed n ORDER BY {key}"
        )
        ended = (
            f"SELECT {key} FROM {old} p SEMI JOIN changed n USING ({key}) UNION ALL"
            f" SELECT {key} FROM {old} p ANTI JOIN {new} n USING ({key}) ORDER BY {key}"
        )
        return Question((rows, ended), f"SELECT n.* FROM {new} n {differs}")

    def _added(self, core: Core) -> Question:
        columns = ", ".join(_stored(name, core.money) for name in (core.key, *core.facts))
        if core is ACCOUNTS:
            cents = "CAST(n.balance * 100 AS BIGINT)"
            columns += f", {cents} AS balance, {cents} AS balance_before, {self._run.number} AS balance_run"
        select = (
            f"SELECT {columns}, {self._run.number} AS since_run FROM {self._new[core.table]} n"
            f" ANTI JOIN {self._old[core.table]} p USING ({core.key}) ORDER BY n.{core.key}"
        )
        return Question((select,))

    def _moved(self) -> Question:
        new, old = self._new[ACCOUNTS.table], self._old[ACCOUNTS.table]
        select = (
            f"SELECT account_id, CAST(n.balance * 100 AS BIGINT) AS balance FROM {new} n"
            f" JOIN {old} p USING (account_id) WHERE n.balance <> p.balance ORDER BY account_id"
        )
        return Question((select,))

    def _changed(self, core: Core) -> str:
        """Rows whose facts changed."""
        columns = ", ".join(_stored(name, core.money) for name in (core.key, *core.facts))
        differs = " OR ".join(f"n.{name} IS DISTINCT FROM p.{name}" for name in core.facts)
        return (
            f"SELECT {columns} FROM {self._new[core.table]} n JOIN {self._old[core.table]} p USING ({core.key})"
            f" WHERE {differs} ORDER BY n.{core.key}"
        )

    def _gone(self, core: Core) -> str:
        """Rows of a delivery that its correction no longer has."""
        return (
            f"SELECT {core.key} FROM {self._old[core.table]} p ANTI JOIN {self._new[core.table]} n USING ({core.key})"
        )

    def _customers(self, join: str) -> Question:
        """Delivered customers with a published standing (SEMI), or without (ANTI); none if none were delivered."""
        published = f"{join} JOIN {self._old[STANDINGS.table]} p USING (customer_id)"
        selects = [
            "SELECT customer_id, name, sex, birth_date, identity_number, identity_number_index, phone, phone_index, address, "
            "CAST(income * 100 AS BIGINT) AS income, occupation, education, marital_status, risk_rating, risk_rated_on, "
            f"c.opened_on FROM read_parquet({files(path)}) c {published} ORDER BY customer_id"
            for path in self._landed.paths("customers")
        ]
        return Question(tuple(selects))

    def _named_customers(self, question: str) -> pa.Table:
        """The customers of an answer, with their names and how these are spelled."""
        answer = self._answer(question)
        if not answer:
            return pa.table({"customer_id": pa.array([], pa.string())})
        rows = answer[0]
        sealed = zip(rows["customer_id"].to_pylist(), rows["name"].to_pylist(), strict=True)
        seal = self._seal.held()
        names = [seal.open(name, "customers.name", customer) for customer, name in sealed]
        rows = rows.set_column(rows.schema.get_field_index("name"), "name", pa.array(names, pa.string()))
        spelled = [spell(name) for name in names]
        rows = rows.append_column("pinyin", pa.array(["".join(parts) for parts in spelled], pa.string()))
        return rows.append_column(
            "initials", pa.array(["".join(part[:1] for part in parts) for parts in spelled], pa.string())
        )


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
    for low, high, (added, gone) in bulk.ranges("customer_id", rows, ended):
        bounds = {"customer_id >= %s": low, "customer_id < %s": high}
        between = {text: bound for text, bound in bounds.items() if bound}
        with transaction.atomic(), connection.cursor() as cursor:
            bulk.update(plan.model, plan.key, gone, f"until_run = {run.number}", open_rows)
            where = " AND ".join([replaced, *between])
            cursor.execute(f"UPDATE {table} SET listed = false WHERE {where}", list(between.values()))
            bulk.insert(plan.model, added)


def _stored(name: str, money: tuple[str, ...]) -> str:
    """A column as the database stores it: money as whole cents."""
    return f"CAST(n.{name} * 100 AS BIGINT) AS {name}" if name in money else f"n.{name}"


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


def spell(name: str) -> list[str]:
    """The pinyin syllables of a name, lower case; words of other scripts as they are."""
    return [part for character in name.lower() for part in _syllable(character) if part.strip()]


@lru_cache(maxsize=30_000)
def _syllable(character: str) -> tuple[str, ...]:
    import pypinyin  # noqa: PLC0415 - its dictionaries take as long to load as a small night

    return tuple(pypinyin.lazy_pinyin(character))
