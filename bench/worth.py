"""How rightly it is foretold what customers bring: on a real bank's ledger, and on a synthetic bank.

    uv run python bench/worth.py czech ../shared/data/czech-bank
    uv run python bench/worth.py synthetic --customers 5000 --days 1500

At an origin the margin of the months to come is foretold by what was known then (``insight.worth``, the model that
``weihu insight worth train`` learns) and held against the margin that came. Beside it the simple rules: the contribution
of the last twelve months, as often as there are years, and the largest AUM first. Contribution is the rule book's, worked
out by the night's own rules at the ends of months from what was delivered by then; grades are those of the AUM at the
end of the month. The own level takes a month's step at once. The early warning's chances are not looked at.

czech: the ledger from 1993 to 1998, fees being what it booked as such; origin: the end of 1995. synthetic: the last day
is the end of a month; the origin lies as far back as the book's months and a year of history allow.

95 % intervals in brackets, customers resampled.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np

from weihu.engine.duck import DuckEngine
from weihu.engine.protocol import table_of
from weihu.insight import worth
from weihu.insight.told_worth import told
from weihu.rules import rulebook, tables, value
from weihu.rules.rulebook import RuleBook
from weihu.sources import czech as ledger
from weihu.sources.synthetic import SyntheticBank

LAST, SEED = date(2026, 6, 30), 5
CZECH_FIRST, CZECH_LAST = date(1993, 1, 1), date(1998, 12, 31)
MONTH = 30
BETWEEN = "BETWEEN '{since}' AND '{on}'"
FILES = ("accounts", "balances", "holdings", "products", "customers", "transactions")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="what", required=True)
    parts.add_parser("czech").add_argument("ledger", type=Path)
    part = parts.add_parser("synthetic")
    part.add_argument("--customers", type=int, default=5_000)
    part.add_argument("--days", type=int, default=1_500)
    part.add_argument("--bank", type=Path, help="A synthetic bank that is there already.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.what == "czech":
            judge(*of_ledger(asked.ledger), rulebook.load("czech"))
        else:
            bank = asked.bank or Path(folder)
            if asked.bank is None:
                made = SyntheticBank(asked.customers, max(3, asked.customers // 2000), asked.days, LAST, SEED)
                for _ in made.deliveries(bank):
                    pass
            judge(*of_deliveries(bank), rulebook.load("brief"))


def judge(database: duckdb.DuckDBPyConnection, days: Sequence[date], book: RuleBook) -> None:
    """Print the report of what is learned from what was delivered on some days."""
    ends = months(database, days, book)
    began = time.process_time()
    model = worth.train(ends, book, {})
    print(told(model.facts))
    print(f"{len(ends)} ends of months, {len(ends[-1].customers):,} customers; {time.process_time() - began:.1f} s")
    for year, cells in enumerate(worth.learn("changing", ends, book).changes, start=1):
        spread = np.percentile([float(change) for change in cells.values()], [10, 50, 90])
        print(f"change after {year} years, by cell: 10 % {spread[0]:.2f}, half {spread[1]:.2f}, 90 % {spread[2]:.2f}")


def of_ledger(folder: Path) -> tuple[duckdb.DuckDBPyConnection, list[date]]:
    """The ledger as it would be delivered at the ends of months, by the queries of its daily deliveries."""
    database = duckdb.connect()
    for name in ledger.LEDGER:
        database.execute(
            f"CREATE TABLE {name}_asc AS SELECT * FROM read_csv(?, delim = ';', header = true, all_varchar = true)",
            [str(folder / f"{name}.asc")],
        )
    database.execute(ledger._PREPARE)
    queries = ledger._QUERIES | {"transactions": ledger._QUERIES["transactions"].replace("= '{on}'", BETWEEN)}
    days = []
    since = CZECH_FIRST
    while since <= CZECH_LAST:
        on = (since.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        window = {"since": date.min if since == CZECH_FIRST else since, "on": on}
        for file in FILES:
            rows = f"SELECT *, DATE '{on}' AS delivered FROM ({queries[file].format(**window)})"
            begin = f"INSERT INTO {file}" if days else f"CREATE TABLE {file} AS"
            database.execute(f"{begin} {rows}")
        days.append(on)
        since = on + timedelta(days=1)
    return database, days


def of_deliveries(bank: Path) -> tuple[duckdb.DuckDBPyConnection, list[date]]:
    """What a bank delivered, each row with its day."""
    database = duckdb.connect()
    for file in FILES:
        paths = sorted(str(path) for path in bank.glob(f"*-*-*/{file}.csv"))
        # all files of a table have one head; looking for it in each of thousands would take minutes
        with Path(paths[0]).open() as opened:
            head = dict.fromkeys(opened.readline().strip().split(","), "VARCHAR")
        database.execute(
            f"CREATE TABLE {file} AS SELECT *, CAST(parse_path(filename)[-2] AS DATE) AS delivered"
            f" FROM read_csv(?, auto_detect = false, header = true, filename = true, columns = {head})",
            [paths],
        )
    return database, sorted(date.fromisoformat(path.name) for path in bank.glob("*-*-*"))


def months(database: duckdb.DuckDBPyConnection, days: Sequence[date], book: RuleBook) -> list[worth.End]:
    """Customers at the ends of months, beginning when a year of fees is known."""
    first = days[0] + timedelta(days=value.FEE_DAYS)
    found: list[worth.End] = []
    for on in days:
        if on >= first and (on + timedelta(days=1)).day == 1:
            found.append(end(database, on, book, found[-1:]))
    return found


def end(database: duckdb.DuckDBPyConnection, on: date, book: RuleBook, before: Sequence[worth.End]) -> worth.End:
    """One of them; ``before``: the one before it."""
    engine = DuckEngine.in_memory()
    said = {
        "accounts": f"""
SELECT account_id, customer_id, branch_id, product_id, opened_on, closed_on, matures_on, NULL AS account_last4,
       NULL AS account_number_index, coalesce(b.balance, '0') AS balance
FROM (SELECT * FROM accounts WHERE delivered <= '{on}' QUALIFY row_number() OVER (PARTITION BY account_id ORDER BY delivered DESC) = 1)
LEFT JOIN (SELECT account_id, arg_max(balance, delivered) AS balance FROM balances WHERE delivered <= '{on}' GROUP BY account_id) b
USING (account_id)""",
        "holdings": f"SELECT * FROM holdings WHERE delivered <= '{on}'"
        " QUALIFY row_number() OVER (PARTITION BY holding_id ORDER BY delivered DESC) = 1",
        "products": f"SELECT * FROM products WHERE delivered <= '{on}'"
        " QUALIFY row_number() OVER (PARTITION BY product_id ORDER BY delivered DESC) = 1",
    }
    schemas = {"accounts": tables.ACCOUNTS, "holdings": tables.HOLDINGS, "products": tables.PRODUCTS}
    for name, sql in said.items():
        given = database.execute(f"DESCRIBE ({sql})").fetchall()
        there = {row[0] for row in given}
        columns = ", ".join(
            f"CAST({column if column in there else 'NULL'} AS {kind_of(kind)}) AS {column}"
            for column, kind in schemas[name].items()
        )
        engine.bind_arrow(name, schemas[name], database.sql(f"SELECT {columns} FROM ({sql})").to_arrow_table())
    engine.bind_row("calendar", tables.CALENDAR, dict.fromkeys(tables.CALENDAR) | {"business_date": on})
    inputs = {name: table_of(name, schema) for name, schema in schemas.items()}
    calendar = table_of("calendar", tables.CALENDAR)
    engine.derive("holdings_open", value.holdings_open, inputs["holdings"], inputs["products"], calendar)
    open_now = table_of("holdings_open", tables.HOLDINGS_OPEN)
    engine.derive("everything", value.held, inputs["accounts"], open_now, inputs["products"])
    everything = table_of("everything", tables.EVERYTHING)
    engine.derive("contributions", value.contributions, everything, book=book)
    database.register("margins", engine.read("contributions"))
    database.register("held", engine.read("everything"))
    database.register("running", engine.read("accounts"))
    since = on - timedelta(days=value.FEE_DAYS)
    rows = database.execute(
        f"""
SELECT c.customer_id, coalesce(any_value(m.margin), 0)::DOUBLE + coalesce(any_value(f.fees), 0) * ?, coalesce(any_value(r.aum), 0)::DOUBLE,
       CAST(any_value(c.birth_date) AS VARCHAR), coalesce(any_value(h.products), 0)
FROM (SELECT * FROM customers WHERE delivered <= '{on}' QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY delivered DESC) = 1) c
LEFT JOIN margins m USING (customer_id)
LEFT JOIN (SELECT customer_id, -sum(CAST(amount AS DECIMAL(18,2)))::DOUBLE AS fees FROM transactions t JOIN running USING (account_id)
           WHERE t.kind = 'fee' AND t.delivered > '{since}' AND t.delivered <= '{on}' GROUP BY customer_id) f USING (customer_id)
LEFT JOIN (SELECT customer_id, sum(balance) AS aum FROM running WHERE closed_on IS NULL GROUP BY customer_id) r USING (customer_id)
LEFT JOIN (SELECT customer_id, count(DISTINCT product_id) AS products FROM held GROUP BY customer_id) h USING (customer_id)
GROUP BY c.customer_id ORDER BY c.customer_id""",
        [float(book.measures[value.CONTRIBUTION].fees)],
    ).fetchall()
    engine.close()
    customers = [row[0] for row in rows]
    margin, aum = (np.array([row[at] for row in rows], np.float64) for at in (1, 2))
    level = margin.copy()
    if before:
        places = before[0].places(customers)
        there = places >= 0
        step = 1 - (1 - 1 / book.worth.level_days) ** MONTH
        old = before[0].level[places[there]]
        level[there] = old + (margin[there] - old) * step
    minimums = [float(grade.minimum or 0) for grade in book.grades.values()][1:]
    ages = [
        on.year - born.year - ((on.month, on.day) < (born.month, born.day)) if born else -1
        for born in (date.fromisoformat(row[3]) if row[3] else None for row in rows)
    ]
    bands = np.searchsorted(book.worth.ages, ages, side="right")
    return worth.End(
        on,
        customers,
        margin,
        level,
        aum,
        aum >= float(book.effective.below),
        np.searchsorted(minimums, aum, side="right").astype(np.int64),
        np.where(np.array(ages) < 0, -1, bands).astype(np.int64),
        np.searchsorted(book.worth.products, [row[4] for row in rows], side="right").astype(np.int64),
    )


def kind_of(kind: object) -> str:
    """An Ibis type for DuckDB."""
    names = {"string": "VARCHAR", "date": "DATE", "boolean": "BOOLEAN", "int64": "BIGINT"}
    return names.get(str(kind), str(kind))


if __name__ == "__main__":
    main()
