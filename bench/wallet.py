"""How well assets at other banks are estimated: on a synthetic bank, against its kept truth.

    uv run python bench/wallet.py --customers 10000 --days 730

What staff know is made as they would come to know it: within the last year half of the customers above 500,000, a
quarter of those above 200,000 and one in twenty of the others told in which band of the archive their assets at other
banks lie, one in ten of them wrongly by a band. Nothing else of the truth is read until the estimates stand. They are
judged on all others: how far the estimated wallet share is from the true one, and how often what lies elsewhere is
within the 80 % range. peers: what customers of the same AUM, income and stage of life have; flows: what the salary,
spending and transfers say; both together. 95 % intervals in brackets, customers resampled.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np

from weihu.engine.duck import DuckEngine
from weihu.engine.protocol import table_of
from weihu.insight import wallet
from weihu.insight.measures import interval
from weihu.rules import rulebook, tables
from weihu.rules import wallet as seen
from weihu.sources.synthetic import SyntheticBank

LAST, SEED = date(2026, 6, 30), 5
NOW = date(2026, 6, 1)
BACK, TOLD_WITHIN = timedelta(days=120), 364
TELLS = ((500_000, 0.5), (200_000, 0.25), (0, 0.05))
WRONG = 0.1
SCHEMAS = {
    "levels": tables.LEVELS,
    "transactions": tables.TRANSACTIONS,
    "owners": seen.OWNERS,
    "profiles": tables.PROFILES,
    "incomes": seen.INCOMES,
}
BOOK = rulebook.load("brief")


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
    then, now = night(database, bank, NOW - BACK), night(database, bank, NOW)
    truth = wallets(database, bank)
    told = heard(now, truth)
    bands = list(BOOK.wallet.bands)
    counted = {band: sum(row.band == band for row in told) for band in bands}
    print(f"{len(now.customers):,} customers, {len(told):,} told: {counted}")
    model = wallet.train(then, now, told, BOOK)
    print(f"chosen: {model.facts['kind']}, on {model.facts['judged']} who told after {then.on}")
    for kind, measures in model.facts["metrics"].items():
        print(f"  {kind:6}", *(f"{name} {shown(values)}" for name, values in measures.items()))

    known = {row.customer_id for row in told}
    rows = np.array(
        [at for at, customer in enumerate(now.customers) if customer not in known and (customer, NOW) in truth]
    )
    others = now.at(rows)
    places = now.rows([row.customer_id for row in sorted(told, key=lambda row: row.customer_id)])
    by_id = {row.customer_id: row.band for row in told}
    learned = now.at(np.array([place for place in places if place >= 0]))
    here, away = (np.array([truth[customer, NOW][at] for customer in others.customers], float) for at in range(2))
    share = here / np.maximum(here + away, 1)
    print(f"\nagainst the truth, {len(rows):,} others on {NOW}")
    for kind in wallet.CANDIDATES:
        found = wallet.learn(kind, learned, [by_id[customer] for customer in learned.customers], BOOK)
        middle, spread = found.middle(others, BOOK.wallet.stages), found.spread(others.grades)
        amount = wallet.amount_of(middle)
        error = np.abs(here / np.maximum(here + amount, 1) - share)
        low, high = wallet.amount_of(middle - spread), wallet.amount_of(middle + spread)
        within = ((away >= low) & (away <= high)).astype(float)
        print(
            f"  {kind:6} error of the share {mean(error)}, within the range {mean(within)}, sum {amount.sum() / away.sum():.2f} of the truth"
        )
        for grade, name in enumerate(BOOK.grades):
            of = others.grades == grade
            if of.sum() >= wallet.FEWEST_GRADE:
                print(f"    {name:10} {of.sum():>6,}: error {mean(error[of])}, within {mean(within[of])}")


def mean(values: np.ndarray) -> str:
    return shown([values.mean(), *interval(lambda rows: values[rows].mean(), None, len(values))])


def shown(values: list[float]) -> str:
    return f"{values[0]:.3f} [{values[1]:.3f}, {values[2]:.3f}]"


def night(database: duckdb.DuckDBPyConnection, bank: Path, on: date) -> wallet.Night:
    """Customers as they stand by what was delivered up to a date."""
    first = on - timedelta(days=BOOK.wallet.days)
    days = sorted(path for path in bank.glob("20*") if path.name <= str(on))

    def files(name: str, since: date = date.min) -> list[str]:
        return [str(file) for path in days if path.name > str(since) and (file := path / f"{name}.csv").is_file()]

    def last(name: str, key: str) -> str:
        rows = f"read_csv({files(name)}, union_by_name=true, all_varchar=true, filename=true)"
        return f"(SELECT * FROM {rows} QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY filename DESC) = 1)"

    accounts = f"{last('accounts', 'account_id')} AS a JOIN {last('balances', 'account_id')} AS b USING (account_id)"
    holdings = last("holdings", "holding_id")
    customers = last("customers", "customer_id")
    held = f"""
        SELECT customer_id, product_id, balance::DECIMAL(18,2) AS balance FROM {accounts} WHERE closed_on IS NULL
        UNION ALL SELECT customer_id, product_id, 0 FROM {holdings} WHERE closed_on IS NULL"""
    money = ", ".join(
        f"0 AS {name}"
        for name in ("demand", "maturing", "came", "went", "salary", "spent", "sendings", "spendings", "own")
    )
    sources = {
        "levels": f"""SELECT c.customer_id, DATE '{on}' AS "on", least({len(days)}, DATE '{on}' - opened_on::DATE + 1) AS days,
            coalesce(sum(balance), 0) AS aum, 0 AS aum_days, count(DISTINCT product_id) AS products, {money},
            NULL AS salary_on, NULL AS contact_on, NULL AS complaint_on
            FROM {customers} AS c LEFT JOIN ({held}) USING (customer_id) GROUP BY ALL""",
        "transactions": f"SELECT * FROM read_csv({files('transactions', first)}, union_by_name=true, all_varchar=true)",
        "owners": f"SELECT account_id, customer_id FROM {last('accounts', 'account_id')}",
        "profiles": f"SELECT *, '' AS missing FROM {customers}",
        "incomes": f"SELECT customer_id, income FROM {customers} WHERE income IS NOT NULL",
    }  # fmt: skip
    engine = DuckEngine.in_memory()
    for name, query in sources.items():
        columns = ", ".join(f'"{column}"' for column in SCHEMAS[name])
        rows = database.execute(f"SELECT {columns} FROM ({query})").to_arrow_table()
        engine.bind_arrow(name, SCHEMAS[name], rows.cast(SCHEMAS[name].to_pyarrow()))
    inputs = {name: table_of(name, schema) for name, schema in SCHEMAS.items()}
    engine.derive("features", seen.features, **inputs, days=BOOK.wallet.days)
    found = engine.read("features").sort_by("customer_id")
    engine.close()
    whole = np.column_stack([found[name].to_numpy() for name in seen.NAMES])
    thresholds = [float(grade.minimum or 0) for grade in BOOK.grades.values()]
    aum = found["aum"].to_numpy()
    grades = np.maximum(sum((aum >= least).astype(np.int64) for least in thresholds) - 1, 0)
    return wallet.Night(
        on, found["customer_id"].to_pylist(), whole, grades, [bank or "" for bank in found["bank"].to_pylist()]
    )


def wallets(database: duckdb.DuckDBPyConnection, bank: Path) -> dict[tuple[str, date], tuple[float, float]]:
    """By customer and month: yuan here and elsewhere."""
    rows = database.execute(
        f"SELECT customer_id, month, here / 100, (wealth - here) / 100 FROM '{bank}/.truth/wallet.parquet'"
    ).fetchall()
    return {(customer, on): (here, away) for customer, on, here, away in rows}


def heard(now: wallet.Night, truth: dict) -> list[wallet.Told]:
    """What staff were told within the last year."""
    random = np.random.default_rng(SEED)
    bands = list(BOOK.wallet.bands)
    told = []
    for customer in now.customers:
        chance, back, wrong, up = (
            random.random(),
            int(random.integers(1, TOLD_WITHIN)),
            random.random(),
            random.random(),
        )
        on = NOW - timedelta(days=back)
        known = truth.get((customer, on.replace(day=1)))
        if known is None or chance >= next(share for least, share in TELLS if known[0] >= least):
            continue
        place = next(
            at for at, band in enumerate(BOOK.wallet.bands.values()) if band.most is None or known[1] < band.most
        )
        if wrong < WRONG:
            place = min(max(place + (1 if up < 0.5 else -1), 0), len(bands) - 1)
        told.append(wallet.Told(customer, on, bands[place]))
    return told


if __name__ == "__main__":
    main()
