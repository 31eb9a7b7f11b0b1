"""Times of counting random segments over a synthetic bank's columns, and the same counts by hand-written SQL.

    uv run python bench/segments.py --customers 10000000 --check 3
    uv run python bench/segments.py --customers 5000 --segments 200 --check 200

Makes the columns that a run leaves (log-normal assets, three accounts each), loads them once as the workplace does, and
counts random segments of one to four conditions, each compiled anew as when a manager changes one. Prints the seconds of
loading, the median, the slowest and the first page of members, peak memory, and fails if a checked count differs.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import django
import duckdb

from weihu.rules import rulebook
from weihu.rules.tables import ACCOUNTS, FACTS_KNOWN, HOLDINGS, PRODUCTS, PROFILES, SIGNALS, STANDINGS, WORTHS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weihu.workplace.settings")
django.setup()

from weihu.workplace.act.segments.definition import Condition, Definition, Group  # noqa: E402
from weihu.workplace.act.segments.state import State  # noqa: E402
from weihu.workplace.gate.scope import Scope  # noqa: E402

TODAY = date(2026, 6, 6)
EVERYBODY = Scope(everybody=True)
MADE = """
CREATE TABLE made AS SELECT i, 'P' || lpad(i::VARCHAR, 9, '0') AS customer_id, 'B' || lpad((i % {branches})::VARCHAR, 4, '0') AS branch_id,
  (hash(i) % 1000000) / 1000000 AS u, (hash(i + 7777777777) % 1000000) / 1000000 AS v,
  exp(ln(30000) + 1.7 * sqrt(-2 * ln(greatest(random(), 1e-12))) * cos(2 * pi() * random()))::DECIMAL(18,2) AS aum FROM range({n}) t(i)
"""
VALUES = {
    "standings": {
        "customer_id": "customer_id", "branch_id": "branch_id", "primary_id": "branch_id || 's' || (i % 9)",
        "opened_on": "DATE '2010-01-01' + (v * 5000)::INTEGER", "aum": "aum", "liabilities": "0",
        "monthly_average": "aum * 97 / 100", "contribution": "aum / 100", "product_count": "1 + i % 4",
        "flow_7": "aum * (u - 0.5) / 20", "flow_30": "aum * (u - 0.5) / 5", "flow_90": "aum * (v - 0.5) / 3",
        "flow_365": "aum * (v - 0.3)", "moved_on": "DATE '2026-06-05' - (u * 500)::INTEGER",
        "grade_rank": "CASE WHEN aum >= 3000000 THEN 5 WHEN aum >= 500000 THEN 4 WHEN aum >= 200000 THEN 3 WHEN aum >= 50000 THEN 2 WHEN aum >= 1000 THEN 1 ELSE 0 END",
        "grade_since": "DATE '2026-06-05' - (v * 900)::INTEGER", "watch_since": "CASE WHEN u < 0.02 THEN DATE '2026-05-01' END",
        "last_contact_on": "CASE WHEN v < 0.4 THEN DATE '2026-06-05' - (u * 200)::INTEGER END",
        "facts_expected": "8", "facts_known": "i % 9", "effective": "i % 20 <> 0",
    },
    "accounts": {
        "account_id": "'A' || i || '-' || k", "customer_id": "customer_id", "branch_id": "branch_id",
        "product_id": "CASE k WHEN 0 THEN 'D001' WHEN 1 THEN 'T001' ELSE 'W001' END",
        "closed_on": "CASE WHEN k = 2 AND i % 3 > 0 THEN DATE '2026-01-01' END",
        "matures_on": "CASE WHEN k = 1 THEN DATE '2026-06-06' + (v * 365)::INTEGER END", "balance": "aum / 3",
    },
    "profiles": {"customer_id": "customer_id", "birth_date": "DATE '1940-01-01' + (u * 27000)::INTEGER", "missing": "''"},
    "worths": {"customer_id": "customer_id", "worth": "aum * u / 30"},
}  # fmt: skip
SCHEMAS = {"standings": STANDINGS, "accounts": ACCOUNTS, "profiles": PROFILES, "worths": WORTHS}
EMPTY = {"holdings": HOLDINGS, "facts_known": FACTS_KNOWN}
KINDS = ("large_outflow", "birthday", "maturity")


def make(folder: Path, customers: int) -> None:
    database = duckdb.connect()
    database.execute("SELECT setseed(0.5)")
    database.execute(MADE.format(n=customers, branches=max(3, customers // 2000)))
    for name, values in VALUES.items():
        columns = ", ".join(
            f'({values.get(column, "NULL")})::{kind_of(kind)} AS "{column}"' for column, kind in SCHEMAS[name].items()
        )
        source = {"accounts": "made, range(3) t(k)", "worths": "made WHERE i % 50 <> 0"}.get(name, "made")
        write(database, folder, name, f"SELECT {columns} FROM {source} ORDER BY customer_id")
    kind = "['large_outflow', 'birthday', 'maturity'][1 + (i % 3)::INTEGER]"
    told = {"customer_id": "customer_id", "kind": kind, "subject": "''", "detail": "''", "held_out": "i % 10 = 0", "led_by": "''"}  # fmt: skip
    columns = ", ".join(f'({told.get(name, "NULL")})::{kind_of(kind)} AS "{name}"' for name, kind in SIGNALS.items())
    write(database, folder, "signals", f"SELECT {columns} FROM made WHERE u < 0.1 ORDER BY customer_id")
    products = "('D001', '', '', 'demand', NULL, false), ('T001', '', '', 'term', NULL, false), ('W001', '', '', 'wealth', NULL, false)"
    write(database, folder, "products", f"SELECT * FROM (VALUES {products}) t({', '.join(PRODUCTS)})")
    for name, schema in EMPTY.items():
        columns = ", ".join(f'NULL::{kind_of(kind)} AS "{column}"' for column, kind in schema.items())
        write(database, folder, name, f"SELECT {columns} FROM made WHERE false")


def kind_of(kind) -> str:
    return str(kind).replace("string", "VARCHAR").replace("int64", "BIGINT").replace("float64", "DOUBLE")


def write(database, folder: Path, name: str, sql: str) -> None:
    database.execute(f"COPY ({sql}) TO '{folder / f'{name}.parquet'}' (FORMAT parquet, COMPRESSION zstd)")


def amount(column: str, draw: random.Random):
    bound, up = draw.choice((-20000, 0, 5000, 50000, 300000)), draw.random() < 0.5
    return "least" if up else "most", str(bound), f"s.{column} {'>=' if up else '<='} {bound}"


def past(column: str, draw: random.Random):
    days, inside = draw.choice((7, 30, 90)), draw.random() < 0.5
    lately = f"coalesce(s.{column} BETWEEN DATE '{TODAY - timedelta(days=days)}' AND DATE '{TODAY}', false)"
    return ("within", str(days), lately) if inside else ("not_within", str(days), f"NOT {lately}")


def held(draw: random.Random):
    category, has = draw.choice(("term", "wealth", "fund")), draw.random() < 0.5
    inside = f"s.customer_id IN (SELECT customer_id FROM accounts JOIN products USING (product_id) WHERE closed_on IS NULL AND category = '{category}')"
    return ("has", category, inside) if has else ("has_not", category, f"NOT ({inside})")


def maturing(draw: random.Random):
    days = draw.choice((7, 30, 90))
    inside = f"s.customer_id IN (SELECT customer_id FROM accounts WHERE closed_on IS NULL AND balance > 0 AND product_id = 'T001' AND matures_on BETWEEN DATE '{TODAY}' AND DATE '{TODAY + timedelta(days=days)}')"
    return "within", str(days), inside


def told(draw: random.Random):
    kind, has = draw.choice(KINDS), draw.random() < 0.5
    inside = f"s.customer_id IN (SELECT customer_id FROM signals WHERE kind = '{kind}' AND NOT held_out)"
    return ("has", kind, inside) if has else ("has_not", kind, f"NOT ({inside})")


def worth(draw: random.Random):
    bound, up = draw.choice((100, 1000, 20000)), draw.random() < 0.5
    inside = f"s.customer_id IN (SELECT customer_id FROM worths WHERE worth {'>=' if up else '<='} {bound})"
    return "least" if up else "most", str(bound), inside


def in_term(draw: random.Random):
    bound = draw.choice((1000, 20000, 100000))
    inside = f"(SELECT coalesce(sum(balance), 0) FROM accounts a WHERE a.customer_id = s.customer_id AND closed_on IS NULL AND product_id = 'T001') >= {bound}"
    return "least", str(bound), inside


def grade(draw: random.Random, book):
    rank, up = draw.randrange(len(book.grades)), draw.random() < 0.5
    return "or_higher" if up else "is_not", list(book.grades)[rank], f"s.grade_rank {'>=' if up else '<>'} {rank}"


def random_condition(draw: random.Random, book) -> tuple[Condition, str]:
    columns = {"aum": "aum", "average": "monthly_average", "flow_7": "flow_7", "flow_30": "flow_30", "flow_90": "flow_90", "flow_365": "flow_365", "contribution": "contribution"}  # fmt: skip
    dates = {"moved": "moved_on", "last_contact": "last_contact_on", "grade_since": "grade_since", "customer_since": "opened_on"}  # fmt: skip
    ways = {
        **{key: lambda column=column: amount(column, draw) for key, column in columns.items()},
        **{key: lambda column=column: past(column, draw) for key, column in dates.items()},
        "holds": lambda: held(draw),
        "term_matures": lambda: maturing(draw),
        "signal": lambda: told(draw),
        "in_term": lambda: in_term(draw),
        "worth": lambda: worth(draw),
        "grade": lambda: grade(draw, book),
        "products": lambda: ("from", "3", "s.product_count >= 3"),
        "watch": lambda: ("yes", "", "s.watch_since IS NOT NULL"),
        "complete": lambda: ("from", "4", "s.facts_expected - s.facts_known >= 4"),
    }
    key = draw.choice(list(ways))
    comparison, value, sql = ways[key]()
    return Condition(key, comparison, value), f"({sql})"


def random_segment(draw: random.Random, book) -> tuple[Definition, str]:
    rows = [random_condition(draw, book) for _ in range(draw.randint(1, 4))]
    join = draw.choice(("all", "all", "any", "none"))
    sql = (" AND " if join == "all" else " OR ").join(text for _, text in rows)
    definition = Definition("all", (Group(join, tuple(condition for condition, _ in rows)),))
    return definition, f"NOT ({sql})" if join == "none" else sql


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=10_000_000)
    parser.add_argument("--segments", type=int, default=50)
    parser.add_argument("--check", type=int, default=3, help="so many counts are compared with SQL")
    parser.add_argument("--threads", type=int)
    asked = parser.parse_args()
    book, draw = rulebook.load("brief"), random.Random(5)
    with tempfile.TemporaryDirectory(prefix="weihu-bench-") as made:
        folder = Path(made)
        make(folder, asked.customers)
        began = time.perf_counter()
        state = State(folder, book, TODAY, threads=asked.threads)
        print(f"{asked.customers:,} customers: loaded in {time.perf_counter() - began:.2f} s")
        segments = [random_segment(draw, book) for _ in range(asked.segments)]
        seconds, sizes = [], []
        for definition, _ in segments:
            began = time.perf_counter()
            sizes.append(state.totals([definition], EVERYBODY)[0].customers)
            seconds.append(time.perf_counter() - began)
        began = time.perf_counter()
        state.page(segments[0][0], EVERYBODY, 0, 50)
        first = time.perf_counter() - began
        print(f"{asked.segments} segments: median {statistics.median(seconds):.3f} s, slowest {max(seconds):.3f} s")
        print(f"first page of members {first:.3f} s")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2:.1f} GB")
        database = duckdb.connect()
        for name in ("standings", "accounts", "products", "signals", "worths"):
            database.execute(f"CREATE VIEW {name} AS FROM '{folder / f'{name}.parquet'}'")
        by_hand = []
        for (definition, sql), size in list(zip(segments, sizes, strict=True))[: asked.check]:
            began = time.perf_counter()
            counted = database.execute(f"SELECT count(*) FROM standings s WHERE effective AND ({sql})").fetchone()[0]
            by_hand.append(time.perf_counter() - began)
            assert counted == size, (definition, counted, size)
        if by_hand:
            print(f"counting / hand-written SQL over the files {sum(seconds[: len(by_hand)]) / sum(by_hand):.2f}")
        print(f"{min(asked.check, len(segments))} counts equal the SQL's")


if __name__ == "__main__":
    main()
