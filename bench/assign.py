"""Assigning a whole bank, and the nights after it: times, memory, balance, and how many customers move without need.

    uv run python bench/assign.py --customers 1000000 --staff 5000

Makes graded customers in branches of ten people, deals them all, then ten nights on which 1 % change their grade, a few
people leave and a few come. A move is needless when grade, branch and person would have let the customer stay.
"""

from __future__ import annotations

import argparse
import resource
import time
from datetime import date, timedelta
from typing import Any

import ibis
import pyarrow as pa

from weihu.engine.duck import DuckEngine
from weihu.rules import assign, rulebook, tables

POSTS = ["high_counter"] * 4 + [
    "low_counter",
    "vip_counter",
    "lobby_manager",
    "relationship_manager",
    "relationship_manager",
    "branch_manager",
]
GRADED = ibis.schema({"customer_id": "string", "branch_id": "string", "grade_rank": "int64", "aum": tables.MONEY})
LEVEL = "CASE WHEN aum >= 3000000 THEN 5 WHEN aum >= 500000 THEN 4 WHEN aum >= 200000 THEN 3 WHEN aum >= 50000 THEN 2 WHEN aum >= 1000 THEN 1 ELSE 0 END"
MAKE = """
CREATE TABLE graded AS SELECT 'P' || lpad(i::VARCHAR, 9, '0') AS customer_id, 'B' || lpad((hash(i) % {branches})::VARCHAR, 4, '0') AS branch_id,
  exp(ln(30000) + 1.7 * sqrt(-2 * ln(greatest(random(), 1e-12))) * cos(2 * pi() * random()))::DECIMAL(18,2) AS aum FROM range({n}) t(i)
"""


class Bank:
    """The tables that assignment reads, in memory."""

    def __init__(self, customers: int, staff: int) -> None:
        self.engine, self.book, self.on = DuckEngine.in_memory(), rulebook.load("brief"), date(2026, 6, 1)
        self.sql = self.engine.connection.execute
        branches = max(1, staff // len(POSTS))
        self.branches = [{"branch_id": f"B{number:04d}", "parent_id": None} for number in range(branches)]
        self.staff = [
            {"staff_id": f"{branch['branch_id']}s{place}", "branch_id": branch["branch_id"], "post": post}
            for branch in self.branches
            for place, post in enumerate(POSTS)
        ]
        self.sql("SELECT setseed(0.5)")
        self.sql(MAKE.format(n=customers, branches=branches))
        self.sql(f"CREATE OR REPLACE TABLE graded AS SELECT *, {LEVEL} AS grade_rank FROM graded")
        self.engine.bind("previous", tables.STANDINGS, [])
        self.placed = self.engine.bind("placed", tables.PLACED, [])

    def bound(self, name: str, schema: ibis.Schema, rows: list[dict[str, Any]]) -> Any:
        return self.engine.bind_arrow(name, schema, pa.Table.from_pylist(rows, schema=schema.to_pyarrow()))

    def night(self) -> float:
        """Primary of everybody; the seconds it took."""
        began = time.perf_counter()
        clock = self.bound("clock", tables.CALENDAR, [{"business_date": self.on}])
        people = [{**member, "name": "", "left_on": None} for member in self.staff]
        staff = self.bound("staff", tables.STAFF, people)
        members = assign.pool(self.staff, [], self.branches, self.book)
        pool = self.bound("pool", tables.POOL, members)
        graded, previous = ibis.table(GRADED, name="graded"), ibis.table(tables.STANDINGS, name="previous")
        derive = self.engine.derive
        kept = derive("kept", assign.kept, graded, previous, self.placed, pool, staff, clock, "primary")
        waiting = derive("waiting", assign.waiting, graded, kept)
        derive("held", assign.held, kept)
        derive("asked", assign.asked, waiting)
        held, asked = (self.engine.read(name).to_pylist() for name in ("held", "asked"))
        flow = time.perf_counter()
        places = assign.flow([row for row in members if row["role"] == "primary"], held, asked)
        self.flow_seconds = time.perf_counter() - flow
        dealt = derive("dealt", assign.deal, waiting, self.bound("places", tables.PLACES, places))
        assert dealt is not None
        self.sql(
            "CREATE OR REPLACE TABLE owners AS SELECT customer_id, holder AS staff_id FROM kept UNION ALL SELECT customer_id, staff_id FROM dealt"
        )
        return time.perf_counter() - began

    def remember(self) -> None:
        missing = ", ".join(
            f"NULL AS {name}"
            for name in tables.STANDINGS.names
            if name not in ("customer_id", "primary_id", "primary_why", "branch_id", "grade_rank")
        )
        self.sql(
            f"CREATE OR REPLACE TABLE previous AS SELECT customer_id, staff_id AS primary_id, 'dealt' AS primary_why, branch_id, grade_rank, {missing} FROM owners JOIN graded USING (customer_id)"
        )

    def change(self, night: int) -> None:
        """A day passes: one in a hundred has another grade, a manager of every fiftieth branch leaves, another comes."""
        self.on += timedelta(days=1)
        self.sql(f"UPDATE graded SET grade_rank = (grade_rank + 1) % 6 WHERE hash(customer_id || '{night}') % 100 = 0")
        for branch in self.branches[night::50]:
            gone = next(
                member
                for member in self.staff
                if member["branch_id"] == branch["branch_id"] and member["post"] == "relationship_manager"
            )
            self.staff.remove(gone)
            self.staff.append({**gone, "staff_id": f"{gone['staff_id']}n{night}"})

    def moves(self) -> tuple[int, int]:
        """Customers with another person than the night before: needed, needless."""
        row = self.sql(
            "SELECT count(*) FILTER (NOT stays), count(*) FILTER (stays) FROM (SELECT p.branch_id = g.branch_id AND EXISTS"
            " (FROM pool m WHERE m.role = 'primary' AND m.branch_id = g.branch_id AND m.grade_rank = g.grade_rank AND m.staff_id = p.primary_id) AS stays"
            " FROM previous p JOIN owners o USING (customer_id) JOIN graded g USING (customer_id) WHERE o.staff_id <> p.primary_id)"
        ).fetchone()
        return row[0], row[1]

    def balance(self) -> tuple[float, float]:
        """Within branch and grade, over the people of the pool: the largest load less the smallest, median and 99th percentile."""
        row = self.sql(
            "WITH load AS (SELECT m.branch_id, m.grade_rank, m.staff_id, count(o.customer_id) AS n FROM pool m LEFT JOIN"
            " (SELECT * FROM owners JOIN graded USING (customer_id)) o ON o.branch_id = m.branch_id AND o.grade_rank = m.grade_rank AND o.staff_id = m.staff_id"
            " WHERE m.role = 'primary' GROUP BY ALL), apart AS (SELECT max(n) - min(n) AS d FROM load GROUP BY branch_id, grade_rank)"
            " SELECT median(d), quantile_disc(d, 0.99) FROM apart"
        ).fetchone()
        return row[0], row[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--staff", type=int, default=5_000)
    asked = parser.parse_args()
    bank = Bank(asked.customers, asked.staff)
    seconds = bank.night()
    print(
        f"{asked.customers:,} customers, {len(bank.staff):,} people: all dealt in {seconds:.2f} s, of which the flow {bank.flow_seconds:.2f} s"
    )
    print("largest less smallest load within branch and grade: median {:.0f}, 99 % {:.0f}".format(*bank.balance()))
    assert bank.sql("SELECT count(*) FROM owners").fetchone()[0] == asked.customers
    needed = needless = 0
    times = []
    for night in range(10):
        bank.remember()
        bank.change(night)
        times.append(bank.night())
        more, without = bank.moves()
        needed, needless = needed + more, needless + without
        assert bank.sql("SELECT count(*) FROM owners").fetchone()[0] == asked.customers
    print(
        f"ten nights: {sum(times) / 10:.2f} s each; moves with need {needed:,}, without {needless:,} ({needless / asked.customers:.4%})"
    )
    print("afterwards: median {:.0f}, 99 % {:.0f}".format(*bank.balance()))
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB")


if __name__ == "__main__":
    main()
