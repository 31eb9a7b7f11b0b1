"""What another rule book would make of today's customers (测算): from columns, beside today, nothing written."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
from ibis.expr.types import IntegerValue, Table

from weihu.engine.duck import DuckEngine
from weihu.engine.protocol import Engine, Rule, table_of
from weihu.rules import grade, tables, value
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.measures import Measure
from weihu.workplace.gate.scope import Reach, Scope, within

ZERO = Decimal("0.00")
EVERYBODY = Scope(everybody=True)
STATE = (
    "customer_id",
    "branch_id",
    "primary_id",
    "deputy_id",
    "grade_rank",
    "aum",
    "monthly_average",
    "contribution",
    "effective",
)
Measured = tuple[dict[str, str], tuple[str, str] | None]
READ = {
    "state": ibis.schema({name: tables.STANDINGS[name] for name in STATE}),
    "fees": ibis.schema({name: tables.STANDINGS[name] for name in ("customer_id", "fees_365")}),
    "accounts": tables.ACCOUNTS,
    "holdings": tables.HOLDINGS,
    "products": tables.PRODUCTS,
    "measures": tables.MEASURES,
}
"""What is read of a run, by its name in the engine; state and fees are columns of its standings."""


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
        self._today = today
        self._month_days = month_days
        self._engine: Engine = DuckEngine(None, threads)
        self._reach = Reach(self._engine)
        self._known: set[str] = set()
        for name, schema in READ.items():
            file = folder / f"{'standings' if name in ('state', 'fees') else name}.parquet"
            self._engine.bind(name, schema, [file], often=name == "state")
        self._state = table_of("state", READ["state"])

    def moved(self, book: RuleBook, scope: Scope = EVERYBODY) -> list[Cell]:
        """Effective customers by today's rank and the rank that the book would make of it, protection left aside: who
        reaches the same grade by both books' measures keeps today's, so a book that changes nothing moves nobody.

        ``scope``: who is within reach; shares are of everybody all the same, as by night. A grade of today that the
        book does not have counts as rank -1.
        """
        ranks = {rank: book.rank(key) if key in book.grades else -1 for rank, key in enumerate(self._today.grades)}
        now, then = self._measured(self._today), self._measured(book)
        constants = {"today": self._today, "book": book, "now": now, "then": then, "ranks": ranks, "parts": scope.parts}
        rows = self._engine.answer(_cells, self._state, self._reach.of(scope), **constants)
        return [Cell(**{**row, "before": ranks[row["before"]]}) for row in rows]

    def _measured(self, book: RuleBook) -> Measured:
        """The columns of a book's measures, and those of everybody's place where it asks for shares."""
        columns = {key: self._column(book, key) for key in book.policy.measures}
        return columns, self._placed(columns[book.policy.metric], book) if grade.asks_for_shares(book) else None

    def _column(self, book: RuleBook, key: str) -> str:
        """The column of a measure, worked out once: what the night measured, else from what customers hold.

        An average over the month is taken as it stands of a measure that is only proposed: no night has summed it up.
        """
        if key not in book.measures:
            return key
        measure = book.measures[key]
        digest = hashlib.sha256(measure.model_dump_json().encode()).hexdigest()[:16]
        column = f"m_{digest}"
        if column in self._known:
            return column
        summed_up = [name for name in self._today.policy.measures if self._today.measures.get(name) == measure]
        if summed_up:
            constants = {"key": summed_up[0], "book": self._today, "days": self._month_days}
            self._extend(_by_night, ("measures",), column=column, **constants)
        else:
            self._extend(_anew, ("accounts", "holdings", "products", "fees"), column=column, measure=measure)
        self._known.add(column)
        return column

    def _placed(self, metric: str, book: RuleBook) -> tuple[str, str]:
        """The columns with everybody's place by a metric, worked out once: shares that move do not change it."""
        above, everybody = f"above_{metric}_{book.policy.top_of}", f"of_{metric}_{book.policy.top_of}"
        if above not in self._known:
            self._extend(_with_place, (), metric=metric, book=book, names=(above, everybody))
            self._known.add(above)
        return above, everybody

    def _extend(self, rule: Rule, reads: tuple[str, ...], **constants: object) -> None:
        tables = [table_of(name, READ[name]) for name in reads]
        self._state = self._engine.derive("state", rule, self._state, *tables, **constants)


def _cells(
    state: Table,
    reach: Table,
    today: RuleBook,
    book: RuleBook,
    now: Measured,
    then: Measured,
    ranks: dict[int, int],
    parts: tuple[str, ...],
) -> Table:
    """Customers, AUM and contribution by branch, rank of today and rank by the book (the fields of a Cell). ``ranks``: what
    today's ranks are in the book."""
    reached = state.filter(state.effective, within(state, reach, parts))
    reached = reached.mutate(same=_level(reached, today, now), reaches=_level(reached, book, then))

    def in_book(rank: IntegerValue) -> IntegerValue:
        return ibis.cases(*((rank == was, ibis.literal(is_now, "int64")) for was, is_now in ranks.items()))

    stays = (reached.reaches == in_book(reached.same)) & (in_book(reached.grade_rank) >= 0)
    after = ibis.ifelse(stays, in_book(reached.grade_rank), reached.reaches)
    sums = {name: reached[name].sum() for name in ("aum", "contribution")}
    return reached.group_by("branch_id", before=reached.grade_rank, after=after).agg(customers=reached.count(), **sums)


def _level(reached: Table, book: RuleBook, measured: Measured) -> IntegerValue:
    columns, place = measured
    known = (reached[place[0]], reached[place[1]]) if place else None
    return grade.level({key: reached[column] for key, column in columns.items()}, reached, book, known)


def _by_night(state: Table, measures: Table, key: str, book: RuleBook, days: int, column: str) -> Table:
    """The state with what the night found of a measure that its own book grades by."""
    wide = grade.measures_as_columns(measures, book, "m_")
    measured = grade.timed(wide, f"m_{key}", ibis.literal(days, "int64"), book, key)
    return _joined(state, wide.select("customer_id", measured=measured), column)


def _anew(
    state: Table, accounts: Table, holdings: Table, products: Table, fees: Table, measure: Measure, column: str
) -> Table:
    """The state with a measure as it stands of what customers hold."""
    running = holdings.filter(holdings.closed_on.isnull()).join(products.select("product_id", "category"), "product_id")
    everything = value.held(accounts, running.select(*holdings.columns, "category"), products)
    return _joined(state, value.measured(everything, fees, measure), column)


def _joined(state: Table, measured: Table, column: str) -> Table:
    joined = state.join(measured.select("customer_id", "measured"), "customer_id")
    return joined.select(*state.columns, **{column: joined.measured.cast(tables.MONEY)})


def _with_place(state: Table, metric: str, book: RuleBook, names: tuple[str, str]) -> Table:
    """The state with everybody's place by a metric: how many have more, and how many there are."""
    return state.mutate(**dict(zip(names, grade.place_of(state[metric], book), strict=True)))


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
