"""Signals and plan of a large bank against hand-written queries, and the Today page over it.

    uv run python bench/plan.py --customers 10000000 --people 5000
    uv run python bench/plan.py --customers 10000000 --people 5000 --pages      # also fills a database: some minutes more

The bank is made up in SQL, not landed: standings, accounts, a day's transactions, habits, holdings, yesterday's signals.
Both sides read the same database file; the hand-written set (reference.py) keeps habits, finds every kind of signal that
files tell of and fills lists greedily; ours keeps habits, finds all kinds and finds each person's best set. Prints
seconds, the ratio, rows of signals that only one side has, and what both plans are worth.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parent))
import reference
from nightly import coming_festivals

ON = date(2026, 6, 24)
SIZES = range(1, 14)
POSTS = ("high_counter",) * 7 + ("low_counter",) * 3 + ("vip_counter",) * 2 + ("lobby_manager",) * 2
POSTS += ("relationship_manager",) * 4 + ("rm_supervisor", "branch_manager")
PAGES = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=10_000_000)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--pages", action="store_true")
    parser.add_argument("--side", nargs=2, metavar=("NAME", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side:
        name, folder = asked.side
        print(*{"ours": ours, "hand": hand, "pages": pages}[name](Path(folder)))
        return
    with tempfile.TemporaryDirectory(prefix="weihu-plan-") as made:
        folder = Path(made)
        build(folder, asked.customers, asked.people)
        seconds = {side: float(call(side, folder).split()[0]) for side in ("hand", "ours")}
        print(f"{asked.customers} customers, {asked.people} people")
        print(f"hand-written {seconds['hand']:.2f} s, ours {seconds['ours']:.2f} s")
        print(f"ours / hand-written {seconds['ours'] / seconds['hand']:.2f}")
        compare(folder)
        if asked.pages:
            print(call("pages", folder), end="")


def call(side: str, folder: Path) -> str:
    command = [sys.executable, __file__, "--side", side, str(folder)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def build(folder: Path, customers: int, people: int) -> None:
    """The bank as tables of a database file."""
    from weihu.rules import tables

    branches = max(1, people // len(POSTS))
    database = duckdb.connect(str(folder / "bank.duckdb"))
    database.execute(f"SET temp_directory = '{folder}'")
    posts = str(list(POSTS))
    rank = (
        "CASE WHEN x < 5 THEN 0 WHEN x < 50 THEN 1 WHEN x < 80 THEN 2 WHEN x < 92 THEN 3 WHEN x < 99 THEN 4 ELSE 5 END"
    )
    low = "[0, 1000, 50000, 200000, 500000, 3000000]"

    def chance(salt: int, of: int) -> str:
        return f"(hash(i * 31 + {salt}) % {of})"

    def filled(schema: ibis.Schema, said: dict[str, str]) -> str:
        from ibis.backends.sql.datatypes import DuckDBType

        kinds = {name: str(DuckDBType.to_string(kind)) for name, kind in schema.items()}
        return ", ".join(f'CAST({row.get(name, "NULL")} AS {kind}) AS "{name}"' for name, kind in kinds.items())

    standing = {
        "customer_id": "c", "branch_id": "b", "opened_on": f"DATE '{ON}' - CAST({chance(1, 3000)} AS INT)",
        "first_seen_on": f"IF({chance(2, 500)} = 0, DATE '{ON}', DATE '{ON}' - 200)", "aum": "aum", "liabilities": "0",
        "balance_days": "aum", "monthly_average": "aum", "account_count": "2", "product_count": "3", "flow_1": "flow",
        "flow_7": "flow", "flow_30": "flow", "flow_90": "flow", "flow_365": "flow", "fees_365": "0", "contribution": "100",
        "moved_on": f"IF(flow <> 0, DATE '{ON}', DATE '{ON}' - CAST({chance(3, 110)} AS INT))", "effective": "r > 0",
        "measured": "aum", "measured_days": "aum", "metric": "aum", "grade_rank": "r", "grade_since": f"DATE '{ON}' - 90", "grade_why": "'new'", "earned_rank": "r",
        "months_below": "0", "watch_since": f"IF({chance(4, 300)} = 0, DATE '{ON}', NULL)", "review_1": "aum",
        "primary_id": f"b || '-' || (CASE WHEN r <= 1 THEN {chance(5, 7)} WHEN r = 2 THEN 7 + {chance(5, 5)}"
        f" WHEN r = 3 THEN 12 + {chance(5, 6)} WHEN r = 4 THEN 14 + {chance(5, 4)} ELSE 19 END)",
        "deputy_id": "IF(r >= 4, b || '-18', NULL)", "facts_expected": "10", "facts_known": f"{chance(6, 11)}",
        "last_contact_on": f"DATE '{ON}' - CAST({chance(7, 200)} AS INT)",
        "follow_up_on": f"IF({chance(8, 400)} = 0, DATE '{ON}' + 1, NULL)",
    }  # fmt: skip
    before = {
        **standing,
        "grade_rank": f"IF({chance(9, 500)} = 0, greatest(0, r - 1), r)",
        "watch_since": "NULL",
        "moved_on": f"DATE '{ON}' - 1 - CAST({chance(10, 110)} AS INT)",
    }
    habit = {"customer_id": "c", "habit_days": f"60 + {chance(11, 300)}"}
    for side in ("in", "out"):
        habit |= {f"{side}_{place}": f"{chance(12, 40)} // {place * place}" for place in SIZES}
    habit |= {
        "salary_since": f"DATE '{ON}' - 300",
        "salary_on": f"DATE '{ON}' - CAST({chance(13, 60)} AS INT)",
        "salary": f"4000 + {chance(14, 20000)}",
        "idle_since": f"IF({chance(15, 12)} = 0, DATE '{ON}' - CAST({chance(16, 60)} AS INT), NULL)",
    }
    profile = {
        "customer_id": "c", "branch_id": "b", "opened_on": f"DATE '{ON}' - CAST({chance(1, 3000)} AS INT)",
        "birth_date": f"DATE '1950-01-01' + CAST({chance(17, 20000)} AS INT)", "risk_rating": "'C3'",
        "risk_rated_on": f"IF({chance(18, 3)} = 0, DATE '{ON}' - CAST({chance(19, 400)} AS INT), NULL)", "missing": "''",
    }  # fmt: skip
    demand = {
        "account_id": "'D' || i", "customer_id": "c", "branch_id": "b", "product_id": "'D1'", "opened_on": "DATE '2020-01-01'",
        "account_last4": "'1234'", "balance": "(aum * 0.4)::DECIMAL(18, 2)",
    }  # fmt: skip
    term = {
        **demand, "account_id": "'T' || i", "product_id": "'T1'", "balance": "(aum * 0.6)::DECIMAL(18, 2)",
        "matures_on": f"DATE '{ON}' + CAST({chance(20, 365)} AS INT)",
    }  # fmt: skip
    money = {
        "transaction_id": "'X' || i", "account_id": "'D' || i", "booked_on": f"DATE '{ON}'", "amount": "flow",
        "kind": f"IF({chance(22, 10)} = 0, 'salary', 'transfer')",
        "branch_id": f"IF({chance(23, 20)} = 0, 'B' || ({chance(24, branches)}), NULL)",
        "counterparty_bank": f"IF({chance(25, 6)} = 0, 'ICBC', NULL)",
    }  # fmt: skip
    holding = {
        "holding_id": "'H' || i", "customer_id": "c", "product_id": f"IF({chance(26, 2)} = 0, 'L1', 'C1')", "amount": "50000",
        "opened_on": "DATE '2021-01-01'", "matures_on": f"DATE '{ON}' + CAST({chance(27, 1500)} AS INT)",
    }  # fmt: skip
    signal = {
        "customer_id": "c", "kind": "'large_inflow'", "subject": f"'{ON - timedelta(days=1)}'",
        "raised_on": f"DATE '{ON}' - 1", "seen_on": f"DATE '{ON}' - 1", "expires_on": f"DATE '{ON}' + 4", "amount": "60000",
        "base": "aum", "on_date": f"DATE '{ON}' - 1", "detail": "''", "held_out": "false",
    }  # fmt: skip
    database.execute(f"""
        CREATE TABLE base AS SELECT i, 'P' || lpad(i::VARCHAR, 8, '0') AS c, 'B' || (hash(i) % {branches}) AS b, r,
            ({low}[r + 1] * (1 + {chance(28, 200)} / 100.0) + {chance(29, 900)})::DECIMAL(18, 2) AS aum,
            IF({chance(30, 3)} = 0, ({low}[r + 1] * ({chance(31, 200)} / 500.0 - 0.2) + {chance(32, 400)} - 200)::DECIMAL(18, 2), 0)::DECIMAL(18, 2) AS flow
        FROM (SELECT i, {rank} AS r FROM (SELECT range AS i, hash(range + 7) % 100 AS x FROM range({customers})));
        CREATE TABLE staff AS SELECT b || '-' || p AS staff_id, 'name' AS name, b AS branch_id, {posts}[p + 1] AS post, NULL::DATE AS left_on
            FROM (SELECT 'B' || range AS b FROM range({branches})), (SELECT range AS p FROM range({len(POSTS)}));
        CREATE TABLE products AS FROM (VALUES ('D1', 'd', 'd', 'demand', NULL::VARCHAR, false), ('T1', 't', 't', 'term', NULL, false),
            ('L1', 'l', 'l', 'loan', NULL, false), ('C1', 'c', 'c', 'card', NULL, false)) t(product_id, name, name_en, category, risk, overdraft);
    """)
    for name, schema, row, where in (
        ("standings", tables.STANDINGS, standing, "true"),
        ("standings_before", tables.STANDINGS, before, "true"),
        ("habits_before", tables.HABITS, habit, "true"),
        ("profiles", tables.PROFILES, profile, "true"),
        ("accounts_before", tables.ACCOUNTS, demand, "true"),
        ("accounts", tables.ACCOUNTS, demand, "true"),
        ("transactions", tables.TRANSACTIONS, money, "flow <> 0"),
        ("holdings", tables.HOLDINGS, holding, f"{chance(33, 5)} = 0"),
        ("signals_before", tables.SIGNALS, signal, f"{chance(34, 40)} = 0 AND r >= 3"),
    ):
        database.execute(f"CREATE TABLE {name} AS SELECT {filled(schema, row)} FROM base WHERE {where}")
    for name in ("accounts", "accounts_before"):
        row = {**term, "matures_on": f"IF({chance(35, 400)} = 0, DATE '{ON}', {term['matures_on']})"}
        if name == "accounts":
            row["closed_on"] = f"IF({row['matures_on']} = DATE '{ON}', DATE '{ON}', NULL)"
        database.execute(f"INSERT INTO {name} SELECT {filled(tables.ACCOUNTS, row)} FROM base WHERE r >= 2")
    database.execute("DROP TABLE base")
    database.close()


def ours(folder: Path) -> tuple[float, int]:
    """Habits, signals and plan by the rules: seconds, peak memory in MiB."""
    from weihu.engine.duck import DuckEngine
    from weihu.engine.protocol import table_of
    from weihu.nightly.graph import rows_of
    from weihu.nightly.steps import night
    from weihu.rules import metric, rulebook, tables

    whole = rulebook.load("brief")
    # who is about to leave is found by a model and not by hand; bench/scores.py has what it costs
    book = whole.model_copy(
        update={"signals": {kind: rule for kind, rule in whole.signals.items() if kind != "leaving"}}
    )
    graph = night(book)
    engine = DuckEngine(folder / "spill")
    engine.connection.execute(f"ATTACH '{folder / 'bank.duckdb'}' AS bank (READ_ONLY)")
    schemas = {
        "standings": tables.STANDINGS, "standings_before": tables.STANDINGS, "habits_before": tables.HABITS,
        "profiles": tables.PROFILES, "accounts": tables.ACCOUNTS, "accounts_before": tables.ACCOUNTS,
        "transactions": tables.TRANSACTIONS, "holdings": tables.HOLDINGS, "products": tables.PRODUCTS, "staff": tables.STAFF,
        "signals_before": tables.SIGNALS,
    }  # fmt: skip
    for name in schemas:
        engine.connection.execute(f"CREATE VIEW {name} AS FROM bank.{name}")
    engine.connection.execute("CREATE VIEW customer_values AS FROM bank.standings")
    engine.connection.execute(
        "CREATE VIEW branches AS SELECT DISTINCT branch_id, branch_id AS name, NULL::VARCHAR AS parent_id FROM bank.staff"
    )

    def bound(name: str, schema: ibis.Schema, rows: list[dict]) -> ibis.Table:
        return engine.bind_arrow(name, schema, pa.Table.from_pylist(rows, schema=schema.to_pyarrow()))

    clock = {"business_date": ON, "month_days": 24, "last_month_days": 31, "is_month_start": False}
    tomorrow = ON + timedelta(days=1)
    working = {"works_on": tomorrow, "through": tomorrow, "latest": tomorrow}
    engine.bind_row("calendar", tables.CALENDAR, {**clock, "is_month_end": False, "is_first": False, **working})
    days = [ON + timedelta(days=1 + ahead) for ahead in range(4)]
    bound("occasions", tables.OCCASIONS, [{"month_day": d.month * 100 + d.day, "on": d} for d in days])
    bound("festivals", tables.FESTIVALS, [{"festival": k, "on": date.fromisoformat(d)} for k, d in coming_festivals()])
    bound(
        "benefits",
        tables.BENEFITS,
        [
            {"benefit": "airport_lounge", "from_rank": 4, "to_rank": 5, "quota": 2, "ends_on": date(2026, 6, 30)},
            {"benefit": "private_salon", "from_rank": 5, "to_rank": 5, "quota": 1, "ends_on": date(2026, 6, 30)},
        ],
    )
    for name, schema in (
        ("benefits_used", tables.BENEFITS_USED), ("noted", tables.NOTED), ("placed", tables.PLACED), ("facts_known", tables.FACTS_KNOWN),
        ("answers", tables.ANSWERS), ("staffing", tables.STAFFING), ("covers", tables.COVERS), ("barred", tables.BARRED), ("tired", tables.TIRED),
        ("own_workdays", tables.OWN_WORKDAYS), ("cadences", tables.CADENCES),
    ):  # fmt: skip
        bound(name, schema, [])
    engine.derive("thresholds", metric.thresholds, graded=table_of("standings", tables.STANDINGS), book=book)
    began = time.perf_counter()
    stages = ("signals", "plan")
    wanted = [step for step in graph.steps if step.stage in stages or step.makes in ("holdings_open", "workdays")]
    for step in wanted:
        if step.makes == "answers":
            continue
        constants = step.values(book)
        if step.solves:
            rows = step.rule(**{name: engine.read(table) for name, table in step.inputs.items()}, **constants)
            engine.bind_arrow(step.makes, step.schema, rows_of(step.schema, rows))
        else:
            inputs = {name: table_of(table, graph.schemas[table]) for name, table in step.inputs.items()}
            engine.derive(step.makes, step.rule, **inputs, **constants)
    seconds = time.perf_counter() - began
    for name in ("signals", "tasks"):
        engine.connection.execute(f"COPY (FROM {name}) TO '{folder}/ours-{name}.parquet'")
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def hand(folder: Path) -> tuple[float, int]:
    """The same by hand: seconds, peak memory in MiB."""
    database = duckdb.connect()
    database.execute(
        f"SET temp_directory = '{folder}/spill-hand'; ATTACH '{folder / 'bank.duckdb'}' AS bank (READ_ONLY)"
    )
    views = {name: name for name in ("standings", "profiles", "accounts", "holdings", "products", "staff")}
    views |= {
        "s_accounts": "accounts_before",
        "s_signals": "signals_before",
        "s_habits": "habits_before",
        "l_transactions": "transactions",
    }
    for name, source in views.items():
        database.execute(f"CREATE VIEW {name} AS FROM bank.{source}")
    database.execute("CREATE TABLE facts_known (customer_id VARCHAR, known VARCHAR)")
    days = [ON + timedelta(days=1 + ahead) for ahead in range(4)]
    words = {
        "on": ON, "kinds": tuple(reference.KINDS), "quarter_end": date(2026, 6, 30),
        "festivals": ", ".join(f"('{name}', DATE '{day}')" for name, day in coming_festivals()) or "(NULL, NULL::DATE)",
        "lacking": ", ".join(f"IF({reference.lacks(*field)}, '{field[0]}', NULL)" for field in reference.EXPECTED),
        "birthdays": ", ".join(f"({day.month * 100 + day.day}, DATE '{day}')" for day in days),
    }  # fmt: skip
    began = time.perf_counter()
    database.execute(
        "CREATE TABLE graded AS SELECT s.customer_id, b.grade_rank AS s_rank, b.watch_since AS s_watch, b.moved_on AS s_moved"
        " FROM standings s LEFT JOIN bank.standings_before b USING (customer_id)"
    )
    for sql in (reference.HABITS, reference.SIGNALS, reference.TASKS):
        database.execute(sql.format(**words))
    seconds = time.perf_counter() - began
    for name in ("signals", "tasks"):
        database.execute(f"COPY (FROM {name}) TO '{folder}/hand-{name}.parquet'")
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def compare(folder: Path) -> None:
    """What only one side has, and what the plans are worth."""
    columns = 'customer_id, kind, subject, raised_on, expires_on, amount, base, "limit", on_date, detail, held_out'
    sides = [f"SELECT {columns} FROM '{folder}/{side}-signals.parquet'" for side in ("ours", "hand")]
    apart = duckdb.sql(
        f"SELECT kind, count(*) FROM (({sides[0]} EXCEPT ALL {sides[1]}) UNION ALL ({sides[1]} EXCEPT ALL {sides[0]})) GROUP BY 1"
    ).fetchall()
    count = duckdb.sql(f"SELECT count(*) FROM '{folder}/ours-signals.parquet'").fetchall()[0][0]
    print(f"{count} signals; that only one side has: {dict(apart) or 'none'}")
    for side in ("hand", "ours"):
        tasks, minutes, worth = duckdb.sql(
            f"SELECT count(*), sum(minutes), sum(value) FROM '{folder}/{side}-tasks.parquet'"
        ).fetchall()[0]
        print(f"{side}: {tasks} tasks, {minutes} minutes, worth {worth:.2f} yuan")


def pages(folder: Path) -> tuple[str]:
    """The Today page of relationship managers over a database filled with all of it."""
    os.environ |= {"WEIHU_HOME": str(folder / "home"), "DJANGO_SETTINGS_MODULE": "weihu.workplace.settings"}
    from weihu.engine.lake import Home

    Home(folder / "home").create()
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, transaction
    from django.test import Client

    call_command("migrate", verbosity=0)
    from weihu.nightly import bulk
    from weihu.rules import rulebook
    from weihu.workplace.bank.models import FOREVER, Book, CurrentRun, Customer, Run, Signal, Staff, Standing, Task

    bulk.roomy()
    run = Run.objects.create(
        number=1, business_date=ON, published=True, revision=1, digest="x", month_days=24,
        book=Book.of(rulebook.load("brief")), report={"top_from": "200000.00"},
    )  # fmt: skip
    source = duckdb.connect(str(folder / "bank.duckdb"), read_only=True)
    version = f"1 AS since_run, {FOREVER} AS until_run, true AS listed"
    cents = "CAST({0} * 100 AS BIGINT) AS {0}"
    rows = {
        Customer: "SELECT customer_id, '客户' || customer_id[6:] AS name, '' AS pinyin, '' AS initials, opened_on FROM standings",
        Standing: "SELECT customer_id, branch_id, account_count, product_count, moved_on, grade_rank, grade_since, grade_why, earned_rank,"
        " months_below, watch_since, primary_id, deputy_id, facts_expected, facts_known, first_seen_on, effective, "
        + ", ".join(
            cents.format(name)
            for name in ("aum", "liabilities", "contribution", "balance_days", "measured", "measured_days")
        )
        + f", DATE '{ON}' AS since, {ON:%Y%m} AS month, {version} FROM standings",
        Signal: f"SELECT customer_id, kind, subject, raised_on, on_date, detail, held_out, CAST(amount * 100 AS BIGINT) AS amount,"
        f' CAST(base * 100 AS BIGINT) AS base, CAST("limit" * 100 AS BIGINT) AS "limit", {version} FROM \'{folder}/ours-signals.parquet\'',
        Task: 'SELECT 1 AS run_id, staff_id, customer_id, "on", position, minutes, CAST(value * 100 AS BIGINT) AS value, promised, top, score,'
        f" grade_rank FROM '{folder}/ours-tasks.parquet'",
    }
    for model, sql in rows.items():
        for batch in source.sql(sql).to_arrow_reader(500_000):
            bulk.insert(model, pa.Table.from_batches([batch]))
    with transaction.atomic():
        for staff_id, branch, post in source.execute("SELECT staff_id, branch_id, post FROM staff").fetchall():
            Staff.objects.create(staff_id=staff_id, name="name", branch_id=branch, post=post, password="!")
        CurrentRun.objects.create(pk=1, run=run)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    taken: list[float] = []
    client = Client(SERVER_NAME="localhost")
    for staff in Staff.objects.filter(post="relationship_manager").order_by("?")[:PAGES]:
        client.force_login(staff)
        client.get("/")
        began = time.perf_counter()
        assert client.get("/").status_code == 200
        taken.append(1000 * (time.perf_counter() - began))
    tail = statistics.quantiles(taken, n=20)[-1]
    return (
        f"Today page of {PAGES} relationship managers: median {statistics.median(taken):.1f} ms, p95 {tail:.1f} ms\n",
    )


if __name__ == "__main__":
    main()
