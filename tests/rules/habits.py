"""A year of customers' days through the rules of habit, and what the best fixed amount finds in their place."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import duckdb
import ibis
import pyarrow as pa

from weihu.engine.duck import DuckEngine
from weihu.rules import habit, tables
from weihu.rules.sections.signals import UnusualInflow, UnusualOutflow

SIDES = {"in": UnusualInflow, "out": UnusualOutflow}
Days = dict[date, dict[str, Decimal]]


class Year:
    """The book's rules of habit, day after day: what is asked of a day is asked before it is closed."""

    def __init__(self, customers: list[str], book):
        self.customers, self.book, self.seen = customers, book, 0
        self.engine = DuckEngine(None, threads=1)
        # a year of small queries: planning them is most of the work
        self.engine.connection.execute("PRAGMA disable_optimizer")
        self.moves = ibis.table(tables.MOVES, name="moves")
        self.before = self.engine.bind("habits_before", tables.HABITS, [])

    def open(self, on: date, changes: dict[str, Decimal], aum: dict[str, Decimal]) -> None:
        """A day with each customer's net change and AUM before it."""
        own = [changes.get(customer, Decimal(0)) for customer in self.customers]
        held = [aum.get(customer, Decimal(0)) for customer in self.customers]
        none = [Decimal(0)] * len(self.customers)
        rows = {"customer_id": self.customers, "own": own, "before": held, "salary": none, "demand": none}
        self.engine.bind_arrow("moves", tables.MOVES, pa.table(rows, schema=tables.MOVES.to_pyarrow()))
        self.on = on

    def beyond(self, side: str) -> list[tuple[date, str]]:
        """Whose day is unusual."""
        self.engine.derive(f"beyond_{side}", habit.unusual, self.moves, self.before, SIDES[side], self.book)
        rows = self.engine.connection.execute(f"SELECT customer_id FROM beyond_{side} ORDER BY 1").fetchall()
        return [(self.on, customer) for (customer,) in rows]

    def close(self) -> None:
        """The day becomes part of the habit."""
        clock = {"business_date": self.on, "month_days": 1, "last_month_days": 1, "is_month_start": False}
        clock |= {"is_month_end": False, "is_first": self.seen == 0}
        calendar = self.engine.bind_row("clock", tables.CALENDAR, clock)
        self.engine.derive("habits", habit.habits, self.moves, self.before, calendar, self.book)
        self.engine.connection.execute("CREATE OR REPLACE TABLE habits_before AS FROM habits")
        self.seen += 1


def beyond(
    days: Days, customers: list[str], aum: Days, book, since=date.min, until=date.max
) -> dict[str, list[tuple[date, str]]]:
    """The days of each side, from ``since`` to ``until``, that the book's rules of habit call unusual. ``days``: net
    changes; ``aum``: before them."""
    year = Year(customers, book)
    result: dict[str, list[tuple[date, str]]] = {side: [] for side in SIDES}
    for on, changes in sorted(days.items()):
        if on > until:
            break
        year.open(on, changes, aum[on])
        if on >= since:
            for side, alerts in result.items():
                alerts.extend(year.beyond(side))
        year.close()
    return result


def fixed(days: Days, side: str, since: date, count: int) -> set[tuple[date, str]]:
    """The ``count`` largest days: what the best fixed amount with as many alerts finds."""
    sign = 1 if side == "in" else -1
    sizes = [
        (sign * change, on, row)
        for on, changes in days.items()
        if on >= since
        for row, change in changes.items()
        if sign * change > 0
    ]
    return {(on, size) for _, on, size in sorted(sizes, reverse=True)[:count]}


def found_of(alerts: set, truth: set) -> tuple[float, float]:
    """Precision and recall."""
    right = len(alerts & truth)
    return right / max(1, len(alerts)), right / max(1, len(truth))


def days_of(rows: list[tuple[date, str, Decimal]]) -> Days:
    days: Days = {}
    for on, customer, amount in rows:
        days.setdefault(on, {})[customer] = amount
    return days


def synthetic(out):
    """A delivered bank's days without salaries, its customers, their AUM before each day, and what was done to whom."""
    database = duckdb.connect()
    read = "read_csv('{}/*/{}.csv', all_varchar = true, filename = true)"
    database.execute(
        f"CREATE TABLE a AS SELECT account_id, any_value(customer_id) AS c FROM {read.format(out, 'accounts')} GROUP BY 1"
    )
    moved = database.execute(
        f"SELECT CAST(booked_on AS DATE), c, sum(CAST(amount AS DECIMAL(18,2))) FROM {read.format(out, 'transactions')}"
        " JOIN a USING (account_id) WHERE kind NOT IN ('salary', 'interest', 'opening') GROUP BY 1, 2"
    ).fetchall()
    balances = database.execute(
        f"SELECT CAST(parse_filename(parse_dirpath(filename)) AS DATE), account_id, c, CAST(balance AS DECIMAL(18,2))"
        f" FROM {read.format(out, 'balances')} JOIN a USING (account_id) ORDER BY 1"
    ).fetchall()
    days, aum, held, total = days_of(moved), {}, {}, {}
    by_day: dict[date, list] = {}
    for on, *row in balances:
        by_day.setdefault(on, []).append(row)
    for on in sorted({*days, *by_day}):
        aum[on] = dict(total)
        for account, customer, balance in by_day.get(on, []):
            total[customer] = total.get(customer, Decimal(0)) + balance - held.get(account, Decimal(0))
            held[account] = balance
    events = database.execute(
        f"SELECT date, customer_id, kind, cents FROM '{out}/.truth/events.parquet' WHERE kind <> 'salary_stopped'"
    ).fetchall()
    truth = {
        "in": {(on, who) for on, who, kind, cents in events if cents >= 1_000_000 and kind != "maturity_lost"},
        "out": {
            (on, who)
            for on, who, kind, cents in events
            if abs(cents) >= 1_000_000 and (cents < 0 or kind == "maturity_lost")
        },
    }
    customers = sorted({row[0] for row in database.execute("SELECT c FROM a").fetchall()})
    return days, customers, aum, truth


def ledger(folder, until: date):
    """The Czech ledger's accounts in the place of customers. The proxy for what matters: money that stays away.

    A day counts if it moves a quarter of the mean balance of the 30 days before it, and the mean balance of the 30
    days behind it differs from that by half of the movement, in its direction.
    """
    database = duckdb.connect()
    date_of = "CAST('19' || {0}[1:2] || '-' || {0}[3:4] || '-' || {0}[5:6] AS DATE)"
    rows = database.execute(
        f"SELECT {date_of.format('date')}, account_id, sum(CAST(amount AS DECIMAL(18,2)) * IF(type = 'PRIJEM', 1, -1))"
        f" FROM read_csv('{folder}/trans.asc', delim = ';', header = true, all_varchar = true) GROUP BY 1, 2 ORDER BY 1"
    ).fetchall()
    days = days_of([row for row in rows if row[0] <= until])
    first = min(days)
    span = [first + timedelta(days=number) for number in range((until - first).days + 1)]
    customers = sorted({row[1] for row in rows})
    balance = dict.fromkeys(customers, Decimal(0))
    aum: Days = {}
    for on in span:
        aum[on] = dict(balance)
        for entry, change in days.get(on, {}).items():
            balance[entry] += change
    truth: dict[str, set] = {"in": set(), "out": set()}
    window = timedelta(days=30)
    for on in span:
        if on - window < first or on + window > until:
            continue
        for entry, change in days.get(on, {}).items():
            before = sum(aum[on - timedelta(days=back)][entry] for back in range(30)) / 30
            behind = sum(aum[on + timedelta(days=ahead)][entry] for ahead in range(1, 31)) / 30
            size = abs(change)
            if before > 0 and size >= before / 4 and (behind - before) * (1 if change > 0 else -1) >= size / 2:
                truth["in" if change > 0 else "out"].add((on, entry))
    return {on: days.get(on, {}) for on in span}, customers, aum, truth
