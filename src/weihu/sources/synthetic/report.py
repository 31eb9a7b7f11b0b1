"""Whether a bank can be believed: checks of the written files against what is known of Chinese customers.

The checks are data (``checks.toml``): a question, its bounds, its words. Nothing here uses the generator's code.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import duckdb

from weihu.engine.contract import FILE
from weihu.sources.synthetic import names


@dataclass(frozen=True)
class Check:
    """A check's answer; ``value`` is none where the bank's days are too few to say."""

    key: str
    zh: str
    en: str
    low: float
    high: float
    value: float | None

    @property
    def holds(self) -> bool:
        return self.value is None or self.low <= self.value <= self.high


def report(out: Path) -> list[Check]:
    """Every check of a written bank, its truth included."""
    listed = tomllib.loads((resources.files("weihu.sources.synthetic") / "checks.toml").read_text(encoding="utf-8"))
    checks = []
    with duckdb.connect() as database:
        first, last, days = _read(database, out)
        for key, entry in listed.items():
            known = days >= entry.get("after_days", 0)
            value = _ask(database, entry["sql"].format(first=first, last=last, days=days)) if known else None
            checks.append(Check(key, entry["zh"], entry["en"], entry["low"], entry["high"], value))
    return checks


def _ask(database: duckdb.DuckDBPyConnection, sql: str) -> float | None:
    value = database.execute(sql).fetchall()[0][0]
    return None if value is None or not math.isfinite(value) else float(value)


def _read(database: duckdb.DuckDBPyConnection, out: Path) -> tuple[str, str, int]:
    """The files as tables; returns the first and last day and how many there are."""
    folders = sorted(path.name for path in out.iterdir() if path.is_dir() and not path.name.startswith("."))

    def files(name: str) -> str:
        columns = FILE[name].columns
        if not any((out / folder / f"{name}.csv").is_file() for folder in folders):
            return f"(SELECT {', '.join(f'NULL::{column.sql_type} AS {column.name}' for column in columns)}, NULL::DATE AS written WHERE false)"
        typed = ", ".join(f"'{column.name}': '{column.sql_type}'" for column in columns)
        # only deliveries of several days have balance-days, the last column of theirs
        return (
            "(SELECT *, CAST(parse_filename(parse_dirpath(filename)) AS DATE) AS written FROM"
            f" read_csv('{out}/*/{name}.csv', header = true, auto_detect = false, filename = true, null_padding = true, columns = {{{typed}}}))"
        )

    compound = ", ".join(f"'{name}'" for name in names.SURNAMES if len(name) > 1)
    database.execute(f"""
        CREATE TABLE product AS SELECT product_id, category, CAST(risk[2] AS INT) AS risk FROM {files("products")};
        CREATE TABLE customer AS SELECT DISTINCT ON (customer_id) * FROM {files("customers")} ORDER BY customer_id, written DESC;
        CREATE TABLE version AS SELECT * FROM {files("accounts")};
        CREATE TABLE account AS SELECT DISTINCT ON (account_id) * FROM version JOIN product USING (product_id)
            ORDER BY account_id, written DESC;
        CREATE TABLE ended AS SELECT (closed_after IS NULL)::INT AS renewed FROM (SELECT *, lead(closed_on) OVER w AS closed_after
            FROM version WINDOW w AS (PARTITION BY account_id ORDER BY written)) WHERE closed_on IS NULL AND matures_on <= DATE '{folders[-1]}';
        CREATE TABLE balance AS SELECT account_id, balance::DOUBLE AS balance, written FROM {files("balances")};
        CREATE TABLE holding AS SELECT * REPLACE (amount::DOUBLE AS amount) FROM {files("holdings")} JOIN product USING (product_id);
        CREATE TABLE held AS SELECT DISTINCT ON (holding_id) * FROM holding ORDER BY holding_id, written DESC;
        CREATE TABLE first_held AS FROM holding WHERE written = DATE '{folders[0]}';
        CREATE TABLE money AS SELECT booked_on, amount::DOUBLE AS amount, kind, t.branch_id, a.branch_id AS home_branch FROM {files("transactions")} t JOIN account a USING (account_id);
        CREATE TABLE first_account AS SELECT account_id, customer_id, product_id, category, risk, balance
            FROM balance JOIN version USING (account_id, written) JOIN product USING (product_id) WHERE written = DATE '{folders[0]}';
        CREATE TABLE first_day AS SELECT customer_id, sum(balance) AS aum, count(DISTINCT category) AS products FROM first_account GROUP BY 1;
        CREATE TABLE last_day AS SELECT customer_id, sum(balance) AS aum FROM (SELECT account_id, arg_max(balance, written) AS balance
            FROM balance GROUP BY 1) JOIN account USING (account_id) WHERE closed_on IS NULL GROUP BY 1;
        CREATE TABLE person AS SELECT *, datediff('day', birth_date, least(coalesce(died_on, DATE '{folders[-1]}'), DATE '{folders[-1]}')) / 365.25 AS age,
            datediff('day', birth_date, DATE '{folders[0]}') / 365.25 AS age_at_first
            FROM '{out}/.truth/people.parquet' JOIN '{out}/.truth/households.parquet' USING (customer_id);
        CREATE TABLE named AS SELECT customer_id, father, birth_date, IF(name[1:2] IN ({compound}), name[1:2], name[1]) AS surname,
            substr(name, length(IF(name[1:2] IN ({compound}), name[1:2], name[1])) + 1) AS given
            FROM (SELECT customer_id, name FROM customer) JOIN person USING (customer_id);
    """)
    for name in ("mistakes", "cards", "leaving", "wallet", "purchases"):
        database.execute(f"CREATE TABLE {name} AS FROM '{out}/.truth/{name}.parquet'")
    return folders[0], folders[-1], len(folders)
