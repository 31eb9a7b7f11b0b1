"""What another rule book would make of today's customers (测算): from columns, beside today, nothing written."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import ibis

from weihu.rules import grade, tables, value
from weihu.rules.rulebook import RuleBook

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Cell:
    """Customers who move from one rank to another in a branch."""

    branch_id: str
    before: int
    after: int
    customers: int
    aum: Decimal
    contribution: Decimal


@dataclass(frozen=True)
class Work:
    """A post's customers and minutes a day, today and then, against what its people have."""

    post: str
    people: int
    customers_before: int
    customers_after: int
    minutes_before: int
    minutes_after: int
    minutes: int
    customers_max: int | None

    @property
    def full(self) -> bool:
        """Whether the post could not carry it."""
        too_many = self.customers_max is not None and self.customers_after > self.customers_max
        return too_many or self.minutes_after > self.minutes


class State:
    """A run's standings in memory, in columns, for one rule book after the other. ``folder`` holds its Parquet files.

    ``today``: the book that the run was made by, and the days of the month that it saw.
    """

    def __init__(self, folder: Path, today: RuleBook, month_days: int, threads: int | None = None) -> None:
        self._folder = folder
        self._today = today
        self._month_days = month_days
        self._database = duckdb.connect()
        if threads:
            self._database.execute(f"SET threads = {threads}")
        self._known: set[str] = set()
        self._database.execute(
            "CREATE TABLE state AS SELECT customer_id, branch_id, primary_id, deputy_id, grade_rank, aum, monthly_average, contribution, effective"
            f" FROM {self._read('standings')}"
        )

    def moved(self, book: RuleBook, where: str = "true") -> list[Cell]:
        """Effective customers by today's rank and the rank that the book's measures reach, protection left aside.

        ``where`` is a condition on the columns (who is within reach); shares are of everybody all the same, as by
        night. A grade of today that the book does not have counts as rank -1.
        """
        names = {key: self._column(book, key) for key in book.policy.measures}
        kinds = {
            "customer_id": "string",
            "branch_id": "string",
            "primary_id": "string",
            "deputy_id": "string",
            "grade_rank": "int64",
            "aum": tables.MONEY,
            "contribution": tables.MONEY,
            "effective": "boolean",
        }
        table = ibis.table({**kinds, **dict.fromkeys(names.values(), tables.MONEY)}, name="state")
        if grade.asks_for_shares(book):
            table = self._placed(table, names[book.policy.metric], book)
        place = (table.above, table.everybody) if grade.asks_for_shares(book) else None
        rank = grade.level({key: table[column] for key, column in names.items()}, table, book, place)
        levels = ibis.to_sql(table.mutate(after=rank), dialect="duckdb")
        rows = self._database.execute(
            "SELECT branch_id, grade_rank, after, count(*), sum(aum), sum(contribution)"
            f" FROM ({levels}) WHERE effective AND {where} GROUP BY ALL"
        ).fetchall()
        ranks = {place: book.rank(key) if key in book.grades else -1 for place, key in enumerate(self._today.grades)}
        return [Cell(branch, ranks[before], *rest) for branch, before, *rest in rows]

    def _read(self, name: str) -> str:
        path = str(self._folder / f"{name}.parquet").replace("'", "''")
        return f"read_parquet('{path}')"

    def _column(self, book: RuleBook, key: str) -> str:
        """The column of a measure, worked out once: what the night measured, else from what customers hold.

        An average over the month is taken as it stands of a measure that is only proposed: no night has summed it up.
        """
        if key not in book.measures:
            return key
        rule = book.measures[key]
        digest = hashlib.sha256(rule.model_dump_json().encode()).hexdigest()[:16]
        column = f"m_{digest}"
        if column in self._known:
            return column
        if summed_up := [name for name in self._today.policy.measures if self._today.measures.get(name) == rule]:
            query = self._by_night(summed_up[0])
        else:
            for name in ("accounts", "holdings", "products"):
                self._database.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM {self._read(name)}")
            fees = f"SELECT customer_id, fees_365 FROM {self._read('standings')}"
            self._database.execute(f"CREATE OR REPLACE VIEW fees AS {fees}")
            query = ibis.to_sql(_measured(book, key), dialect="duckdb")
        self._extend(f"SELECT s.*, m.measured AS {column} FROM state s JOIN ({query}) m USING (customer_id)")
        self._known.add(column)
        return column

    def _by_night(self, key: str) -> str:
        """What the night found of a measure that its own book grades by."""
        self._database.execute(f"CREATE OR REPLACE VIEW measures AS SELECT * FROM {self._read('measures')}")
        rows = ibis.table(tables.MEASURES, name="measures")
        days = ibis.literal(self._month_days, "int64")
        column = grade.measures_as_columns(rows, self._today, "m_")
        measured = grade.timed(column, f"m_{key}", days, self._today, key)
        return str(ibis.to_sql(column.select("customer_id", measured=measured), dialect="duckdb"))

    def _placed(self, table: Any, metric: str, book: RuleBook) -> Any:
        """The table with everybody's place by a metric, worked out once: shares that move do not change it."""
        above, everybody = (f"{part}_{metric}_{book.policy.top_of}" for part in ("above", "of"))
        if above not in self._known:
            placed = dict(zip((above, everybody), grade.place_of(table[metric], book), strict=True))
            query = ibis.to_sql(table.select("customer_id", **placed), dialect="duckdb")
            self._extend(f"SELECT s.*, m.* EXCLUDE (customer_id) FROM state s JOIN ({query}) m USING (customer_id)")
            self._known.add(above)
        kinds = {**table.schema(), above: "int64", everybody: "int64"}
        return ibis.table(kinds, name="state").rename(above=above, everybody=everybody)

    def _extend(self, sql: str) -> None:
        self._database.execute(f"CREATE OR REPLACE TABLE state AS {sql}")


def _measured(book: RuleBook, key: str) -> Any:
    accounts = ibis.table(tables.ACCOUNTS, name="accounts")
    holdings = ibis.table(tables.HOLDINGS, name="holdings")
    products = ibis.table(tables.PRODUCTS, name="products")
    running = holdings.filter(holdings.closed_on.isnull()).join(products.select("product_id", "category"), "product_id")
    everything = value.held(accounts, running.select(*holdings.columns, "category"), products)
    fees = ibis.table({"customer_id": "string", "fees_365": tables.MONEY}, name="fees")
    return value.measured(everything, fees, book.measures[key])


def side_by_side(cells: list[Cell], book: RuleBook) -> list[dict[str, Any]]:
    """Per rank, from the highest: customers, aum and contribution today and then, and how many come up or down into it."""
    rows = []
    for rank, (key, entry) in reversed(list(enumerate(book.grades.items()))):
        now = [cell for cell in cells if cell.before == rank]
        then = [cell for cell in cells if cell.after == rank]
        rows.append(
            {
                "key": key,
                "rank": rank,
                "grade": entry,
                "customers_now": sum(cell.customers for cell in now),
                "customers_then": sum(cell.customers for cell in then),
                "aum_now": sum((cell.aum for cell in now), ZERO),
                "aum_then": sum((cell.aum for cell in then), ZERO),
                "contribution_now": sum((cell.contribution for cell in now), ZERO),
                "contribution_then": sum((cell.contribution for cell in then), ZERO),
                "risen": sum(cell.customers for cell in then if 0 <= cell.before < rank),
                "fallen": sum(cell.customers for cell in then if cell.before > rank),
            }
        )
    return rows


def work(cells: list[Cell], today: RuleBook, book: RuleBook, people: list[tuple[str, str]]) -> list[Work]:
    """What each post would have to do. ``people``: (branch, post) of everybody at work within reach."""
    at: dict[tuple[str, str], int] = defaultdict(int)
    for branch, post in people:
        at[branch, post] += 1
    before = _shares([(cell.branch_id, cell.before, cell.customers) for cell in cells], today, at)
    after = _shares([(cell.branch_id, cell.after, cell.customers) for cell in cells], book, at)
    rows = []
    for key, entry in book.posts.items():
        count = sum(number for (_, grade_key), number in at.items() if grade_key == key)
        if count or before[key][0] or after[key][0]:
            limit = entry.customers_max * count if entry.customers_max is not None else None
            customers, minutes = (round(figure) for figure in before[key])
            customers_then, minutes_then = (round(figure) for figure in after[key])
            have = entry.minutes_per_day * count
            rows.append(Work(key, count, customers, customers_then, minutes, minutes_then, have, limit))
    return rows


def _shares(
    counted: list[tuple[str, int, int]], book: RuleBook, at: dict[tuple[str, str], int]
) -> dict[str, tuple[float, float]]:
    """Customers and minutes a day per post: a grade's customers go evenly to the people of its posts in the branch."""
    work_of: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    grades = list(book.grades.values())
    for branch, rank, customers in counted:
        if rank < 0:
            continue
        entry = grades[rank]
        posts = [post for post in entry.posts if at.get((branch, post))]
        posts = posts or [post for post in book.fallback_posts if at.get((branch, post))][:1] or entry.posts[:1]
        people = sum(at.get((branch, post), 0) for post in posts) or 1
        daily = customers * book.portfolios.contact_minutes / entry.cadence_days if entry.cadence_days else 0.0
        for post in posts:
            share = at.get((branch, post), 1) / people
            had, minutes = work_of[post]
            work_of[post] = (had + customers * share, minutes + daily * share)
    return work_of
