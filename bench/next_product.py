"""How well the next product is foretold: on a synthetic bank, against the chances by which its customers buy.

    uv run python bench/next_product.py --customers 10000 --days 730

Months of four weeks; the last three whose purchases are over judge, each by what could be learned before it. Among those
who bought something in the four weeks after a month's night: MAP@3 of the kinds of product, by what is bought most in
the grade (popular), by the trees, and by the kept chances of the very day on which the customer bought (oracle), which
no ranking can beat but by luck. 95 % intervals in brackets, customers resampled.

``--bank`` and ``--levels`` take a synthetic bank and its kept Sundays (as bench/attrition.py replays them) that are there
already.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
from attrition import LAST, SEED, replay

from weihu.engine.duck import DuckEngine
from weihu.engine.protocol import table_of
from weihu.insight import next_product
from weihu.insight.measures import interval
from weihu.rules import attrition, rulebook, tables
from weihu.rules import next_product as seen
from weihu.sources.synthetic import SyntheticBank

BOOK = rulebook.load("brief")
KINDS = seen.categories(BOOK)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--bank", type=Path)
    parser.add_argument("--levels", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bank, levels = asked.bank, asked.levels
        if bank is None or levels is None:
            bank, levels = Path(folder) / "bank", Path(folder)
            made = SyntheticBank(asked.customers, max(3, asked.customers // 2000), asked.days, LAST, SEED)
            replay(made.deliveries(bank), levels, attrition.is_kept)
        judge(bank, {date.fromisoformat(path.stem): path for path in levels.glob("20*.parquet")})


def judge(bank: Path, weeks: dict[date, Path]) -> None:
    months = months_of(bank, weeks)
    judged = next_product.later(months, KINDS)
    print(f"{len(months)} months of {len(months[-1].customers):,} customers")
    chances = duckdb.execute(oracle(bank)).fetchall()
    kept = {(customer, on): np.array(values) for customer, on, *values in chances}
    found: dict[str, list[float]] = {name: [] for name in (*next_product.CANDIDATES, "oracle")}
    who = []
    for month, scores in judged:
        for row, customer in enumerate(month.customers):
            ahead = (month.on + timedelta(days=day) for day in range(1, next_product.DAYS + 1))
            on = next((day for day in ahead if (customer, day) in kept), None)
            if on is None:
                continue
            who.append(customer)
            for name, one in (*((name, of[row]) for name, of in scores.items()), ("oracle", kept[customer, on])):
                found[name].append(float(next_product.average_precision(one[None], month.bought[row : row + 1])[0]))
    people = np.unique(np.array(who), return_inverse=True)[1]
    values = {name: np.array(each) for name, each in found.items()}
    print(f"{len(who):,} buyers in {[str(month.on) for month, _ in judged]}")
    for name, each in values.items():
        shown(f"{name}: MAP@3", lambda rows, each=each: each[rows].mean(), people)

    def way(rows: np.ndarray) -> float:
        popular, trees, most = (values[name][rows].mean() for name in ("popular", "trees", "oracle"))
        return (trees - popular) / (most - popular)

    shown("share of the way from popular to the oracle", way, people)


def months_of(bank: Path, weeks: dict[date, Path]) -> list[next_product.Month]:
    """Customers as they stood, by what was delivered; the grades by AUM."""
    database = duckdb.connect()

    def last(name: str, key: str, columns: str) -> str:
        rows = f"read_csv('{bank}/20*/{name}.csv', union_by_name=true, all_varchar=true, filename=true)"
        return (
            f"(SELECT {columns} FROM {rows} QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY filename DESC) = 1)"
        )

    held = " UNION ALL ".join(
        last(name, key, "customer_id, product_id, opened_on::DATE AS opened_on, closed_on::DATE AS closed_on")
        for name, key in (("accounts", "account_id"), ("holdings", "holding_id"))
    )
    category = last("products", "product_id", "product_id, category")
    bought = f"SELECT customer_id, category, opened_on, closed_on FROM ({held}) JOIN {category} USING (product_id)"
    profile = "customer_id, branch_id, opened_on::DATE AS opened_on, birth_date::DATE AS birth_date, risk_rating"
    profiles = last("customers", "customer_id", f"{profile}, risk_rated_on::DATE AS risk_rated_on, '' AS missing")
    engine = DuckEngine.in_memory()
    for name, schema, query in (
        ("bought", seen.BOUGHT, bought),
        ("profiles", tables.PROFILES, f"SELECT * FROM {profiles}"),
    ):
        engine.bind_arrow(name, schema, database.sql(query).to_arrow_table().cast(schema.to_pyarrow()))
    least = [float(grade.minimum or 0) for grade in BOOK.grades.values()]
    months = []
    for on in next_product.origins(weeks, max(weeks)):
        engine.bind("levels", tables.LEVELS, [weeks[on]])
        inputs = {
            "levels": table_of("levels", tables.LEVELS),
            "bought": table_of("bought", seen.BOUGHT),
            "profiles": table_of("profiles", tables.PROFILES),
        }
        engine.derive("features", seen.features, **inputs, kinds=tuple(KINDS), days=next_product.DAYS)
        found = engine.read("features").sort_by("customer_id")
        whole = np.column_stack([found[name].to_numpy() for name in seen.columns(KINDS)]).astype(np.int64)
        grades = np.maximum(sum((found["aum"].to_numpy() >= bound).astype(np.int64) for bound in least) - 1, 0)
        after = np.column_stack([found[f"next_{kind}"].to_numpy() for kind in KINDS]).astype(np.int64)
        months.append(next_product.Month(on, found["customer_id"].to_pylist(), whole, grades, after))
    return months


def oracle(bank: Path) -> str:
    """The kept chances on the days on which somebody bought, in the order of KINDS."""
    path = f"{bank}/.truth/purchases.parquet"
    known = {
        name.removesuffix("_bought")
        for name, *_ in duckdb.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
        if name.endswith("_bought")
    }
    chances = ", ".join(
        f"CASE WHEN contacted THEN {kind}_with ELSE {kind}_without END" if kind in known else "0.0" for kind in KINDS
    )
    return f"SELECT customer_id, date, {chances} FROM '{path}' WHERE {' OR '.join(f'{kind}_bought' for kind in sorted(known))}"


def shown(name: str, measure, people: np.ndarray) -> None:
    low, high = interval(measure, people, len(people))
    print(f"  {name} {measure(np.arange(len(people))):.3f} [{low:.3f}, {high:.3f}]")


if __name__ == "__main__":
    main()
