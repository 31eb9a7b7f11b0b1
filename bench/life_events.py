"""How often payments tell of a life event, and how often they are right: on a synthetic bank, against its kept truth.

    uv run python bench/life_events.py --customers 10000 --days 730

The book's signs are looked for on the last day of each month from the first one that has its days behind it, as the
command does; what is asked once is not asked again. A question is right if the event happened to the customer at most
so many days before as the sign looks back (and a week more), a child within a year. precision: questions that are right;
recall: of the events of customers whose salary comes here (job, retirement) or who pay from here at least once a month,
those that were asked about, and of all customers' events. 95 % intervals in brackets, customers resampled.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np

from weihu.engine.duck import DuckEngine
from weihu.engine.protocol import table_of
from weihu.insight.measures import interval
from weihu.rules import life, rulebook
from weihu.rules.wallet import OWNERS
from weihu.sources.synthetic import SyntheticBank

LAST, SEED = date(2026, 6, 30), 5
BOOK = rulebook.load("brief")
RULE = BOOK.life_events
TRUTH = {"job": "job", "retirement": "retirement", "child": "birth", "moving": "moving", "house": "house"}
"""How the truth calls the book's events."""
LATE = timedelta(days=7)
BORN = timedelta(days=365)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--bank", type=Path, help="A synthetic bank that is there already.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bank = asked.bank
        if bank is None:
            bank = Path(folder) / "bank"
            made = SyntheticBank(asked.customers, max(3, asked.customers // 2000), asked.days, LAST, SEED)
            for _ in made.deliveries(bank):
                pass
        judge(bank)


def judge(bank: Path) -> None:
    database = duckdb.connect()
    database.execute(f"""
        CREATE TABLE paid AS SELECT transaction_id, account_id, booked_on::DATE AS booked_on,
            amount::DECIMAL(18,2) AS amount, kind, branch_id, counterparty_bank, counterparty
        FROM read_csv('{bank}/20*/transactions.csv', all_varchar=true, union_by_name=true);
        CREATE TABLE owners AS SELECT DISTINCT account_id, customer_id
        FROM read_csv('{bank}/20*/accounts.csv', all_varchar=true, union_by_name=true)""")
    first, last = database.execute("SELECT min(booked_on), max(booked_on) FROM paid").fetchall()[0]
    nights = [on for on in month_ends(first, last) if on >= first + timedelta(days=RULE.days)]
    started, asked = time.perf_counter(), {}
    for on in nights:
        for row in night(database, on):
            key = row["customer_id"], row["kind"]
            if key not in asked or on - asked[key]["on"] >= timedelta(days=RULE.rest_days):
                asked[key] = {**row, "on": on}
    print(
        f"{len(nights)} nights from {nights[0]} to {nights[-1]}, {(time.perf_counter() - started) / len(nights):.2f} s each"
    )
    truth = events(database, bank)
    salaried = {
        row[0]
        for row in database.execute(
            "SELECT DISTINCT customer_id FROM paid JOIN owners USING (account_id) WHERE kind = 'salary'"
        ).fetchall()
    }
    lived = {
        row[0]
        for row in database.execute(
            "SELECT customer_id FROM paid JOIN owners USING (account_id) WHERE kind = 'payment' GROUP BY 1 HAVING count(*) >= 24"
        ).fetchall()
    }
    for kind, event in RULE.kinds.items():
        within = BORN if kind == "child" else LATE + timedelta(days=max(sign.within for sign in event.signs))
        happened = truth[TRUTH[kind]]
        questions = [row for (_, of), row in sorted(asked.items()) if of == kind]
        right = [any(row["on"] - within <= on <= row["on"] for on in happened[row["customer_id"]]) for row in questions]
        since, until = nights[0] - timedelta(days=45), nights[-1] - timedelta(days=45)
        due = [(customer, on) for customer, days in sorted(happened.items()) for on in days if since <= on <= until]
        here = salaried if kind in ("job", "retirement") else lived
        told = [is_asked(asked.get((customer, kind)), on, within) for customer, on in due]
        seen = [found for found, (customer, _) in zip(told, due, strict=True) if customer in here]
        print(
            f"{kind:10} {len(questions):>4} asked, precision {shown(right)}; {len(seen):>3} events here, recall {shown(seen)}; of all {len(due)} {shown(told)}"
        )


def is_asked(row: dict | None, on: date, within: timedelta) -> bool:
    return row is not None and row["on"] - within <= on <= row["on"]


def shown(right: list[bool]) -> str:
    if not right:
        return "–"
    values = np.array(right, float)
    low, high = interval(lambda rows: values[rows].mean(), None, len(values))
    return f"{values.mean():.2f} [{low:.2f}, {high:.2f}]"


def month_ends(first: date, last: date) -> list[date]:
    days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
    return [on for on in days if (on + timedelta(days=1)).day == 1]


def night(database: duckdb.DuckDBPyConnection, on: date) -> list[dict]:
    """What the rule finds of what was booked up to a date."""
    engine = DuckEngine.in_memory()
    first = on - timedelta(days=RULE.days)
    paid = database.sql(f"SELECT * FROM paid WHERE booked_on > '{first}' AND booked_on <= '{on}'").to_arrow_table()
    engine.bind_arrow("transactions", life.PAID, paid.cast(life.PAID.to_pyarrow()))
    owners = database.sql("SELECT * FROM owners").to_arrow_table()
    engine.bind_arrow("owners", OWNERS, owners.cast(OWNERS.to_pyarrow()))
    tables = {"transactions": table_of("transactions", life.PAID), "owners": table_of("owners", OWNERS)}
    engine.derive("found", life.found, **tables, on=on, book=BOOK)
    rows = engine.read("found").to_pylist()
    engine.close()
    return rows


def events(database: duckdb.DuckDBPyConnection, bank: Path) -> dict[str, dict[str, list[date]]]:
    """By kind and customer the days on which it happened."""
    found: dict[str, dict[str, list[date]]] = defaultdict(lambda: defaultdict(list))
    for on, customer, kind in database.execute(
        f"SELECT \"date\", customer_id, kind FROM '{bank}/.truth/events.parquet'"
    ).fetchall():
        found[kind][customer].append(on)
    return found


if __name__ == "__main__":
    main()
