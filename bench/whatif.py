"""Times of a what-if over a synthetic bank's standings, and the same counts by a hand-written query.

    uv run python bench/whatif.py --customers 10000000

Makes the columns that a run leaves (log-normal assets, two accounts each), loads them once, and changes the book as a
manager would. Prints the seconds of loading and of each change, peak memory, and the ratio to the hand-written query.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import duckdb

from weihu.rules import rulebook
from weihu.workplace.judge.grading.whatif import State, side_by_side, work

MADE = """
CREATE TABLE made AS SELECT i, 'P' || lpad(i::VARCHAR, 9, '0') AS customer_id, 'B' || lpad((i % {branches})::VARCHAR, 4, '0') AS branch_id,
  exp(ln(30000) + 1.7 * sqrt(-2 * ln(greatest(random(), 1e-12))) * cos(2 * pi() * random()))::DECIMAL(18,2) AS aum FROM range({n}) t(i)
"""
LEVEL = "CASE WHEN monthly_average >= 3000000 THEN 5 WHEN monthly_average >= 600000 THEN 4 WHEN monthly_average >= 200000 THEN 3 WHEN monthly_average >= 50000 THEN 2 WHEN monthly_average >= 1000 THEN 1 ELSE 0 END"


def make(folder: Path, customers: int) -> None:
    database = duckdb.connect()
    database.execute("SELECT setseed(0.5)")
    database.execute(MADE.format(n=customers, branches=max(3, customers // 2000)))
    level = LEVEL.replace("monthly_average", "aum").replace("600000", "500000")
    tables = {
        "standings": f"SELECT customer_id, branch_id, branch_id || 's' || (i % 9) AS primary_id, NULL::VARCHAR AS deputy_id, {level} AS grade_rank, aum, (aum * 97 / 100)::DECIMAL(18,2) AS monthly_average,"
        " (aum / 100)::DECIMAL(18,2) AS contribution, 0::DECIMAL(18,2) AS fees_365, true AS effective FROM made ORDER BY customer_id",
        "accounts": "SELECT 'A' || i || '-' || k AS account_id, customer_id, branch_id, CASE k WHEN 0 THEN 'D001' ELSE 'F001' END AS product_id,"
        " NULL::DATE AS opened_on, NULL::DATE AS closed_on, NULL::DATE AS matures_on, NULL::VARCHAR AS account_last4, (aum / 2)::DECIMAL(18,2) AS balance FROM made, range(2) t(k)",
        "holdings": "SELECT ''::VARCHAR AS holding_id, customer_id, 'L001' AS product_id, aum AS amount, NULL::DATE AS opened_on, NULL::DATE AS closed_on, NULL::DATE AS matures_on FROM made WHERE i % 10 = 0",
        "products": "SELECT * FROM (VALUES ('D001', '', '', 'demand', NULL, false), ('F001', '', '', 'fund', NULL, false), ('L001', '', '', 'loan', NULL, false)) t(product_id, name, name_en, category, risk, overdraft)",
    }
    for name, sql in tables.items():
        database.execute(f"COPY ({sql}) TO '{folder / f'{name}.parquet'}' (FORMAT parquet, COMPRESSION zstd)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=10_000_000)
    parser.add_argument("--threads", type=int)
    asked = parser.parse_args()
    today = rulebook.load("state_bank")
    changes = {
        "threshold": {"grades": {"valued": {"minimum": 600_000}}},
        "threshold again": {"grades": {"valued": {"minimum": 650_000}, "potential": {"minimum": 180_000}}},
        "point in time": {"policy": {"metric": "aum"}},
        "top 5 and 20 %": {"grades": {"major": {"within_top": "0.05"}, "valued": {"within_top": "0.2"}}},
        "top 4 and 25 %": {"grades": {"major": {"within_top": "0.04"}, "valued": {"within_top": "0.25"}}},
        "weighted, first": {"policy": {"metric": "weighted"}, "measures": {"weighted": {"zh": "", "en": "", "per_yuan": {"demand": 1, "fund": "0.5"}}}},
        "weighted, threshold": {"policy": {"metric": "weighted"}, "measures": {"weighted": {"zh": "", "en": "", "per_yuan": {"demand": 1, "fund": "0.5"}}}, "grades": {"valued": {"minimum": 400_000}}},
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="weihu-bench-") as made:
        folder = Path(made)
        make(folder, asked.customers)
        began = time.perf_counter()
        state = State(folder, today, 30, threads=asked.threads)
        print(f"{asked.customers:,} customers: loaded in {time.perf_counter() - began:.2f} s")
        people = [(f"B{branch:04d}", "relationship_manager") for branch in range(max(3, asked.customers // 2000))]
        for name, change in changes.items():
            book = rulebook.changed(today, change)
            began = time.perf_counter()
            cells = state.moved(book)
            result, posts = side_by_side(cells, book), work(cells, today, book, people)
            seconds = time.perf_counter() - began
            assert sum(row["customers_then"] for row in result) == asked.customers
            assert posts
            print(f"{name:20} {seconds:6.2f} s")
        written = state._engine.connection
        began = time.perf_counter()
        written.execute(
            f"SELECT branch_id, grade_rank, {LEVEL} AS after, count(*), sum(aum), sum(contribution) FROM state GROUP BY ALL"
        ).fetchall()
        reference = time.perf_counter() - began
        began = time.perf_counter()
        state.moved(rulebook.changed(today, changes["threshold"]))
        print(f"threshold / hand-written query {(time.perf_counter() - began) / reference:.2f} ({reference:.2f} s)")
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB")


if __name__ == "__main__":
    main()
