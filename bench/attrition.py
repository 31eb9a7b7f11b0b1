"""How early and how rightly leaving is warned of: on a real bank's ledger, and on a synthetic bank against its truth.

    uv run python bench/attrition.py czech ../shared/data/czech-bank
    uv run python bench/attrition.py synthetic --customers 10000 --days 730

Both replay delivered files through the rules by which nights keep levels, and see nothing after the date they score.

czech: the ledger's first year. On the first of July, August, September and October: is the AUM of days 31 to 60 ahead,
on average, at most 60 % of the customer's own half-year level? Customers known for 150 days or more are judged. So few
fall so far before each origin that the regression learns from falls to 80 %, with everybody known for 28 days and an
embargo of 60 days; the rule is what is left of the own level.

synthetic: months of the last year, each scored by what the book's outcomes told before it. Onset: who begins to leave
within 30 days by the kept truth, among those who stay so far; the oracle is the kept hazard of the month, "visible" what
trees reach on the same inputs when they are taught that hazard itself. A warning (the book's share, every month's first)
is right if the customer is on the way out, or begins within 60 days. Lead: from the first warning to the day on which
the AUM has fallen as far as the book says.

95 % intervals in brackets: customers resampled, all months of one together.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import ibis
import lightgbm
import numpy as np
import pyarrow as pa
from pyarrow import csv

from weihu.engine.duck import DuckEngine
from weihu.engine.protocol import table_of
from weihu.insight import leaving
from weihu.insight.measures import auc
from weihu.rules import attrition, rulebook, tables, value
from weihu.sources import czech as ledger
from weihu.sources.synthetic import SyntheticBank

LAST, SEED = date(2026, 6, 30), 5
CZECH_ORIGINS = [date(1993, number, 1) for number in (7, 8, 9, 10)]
CZECH_FALL, LEARNED_FALL, CZECH_AHEAD = 0.6, 0.8, (30, 60)
JUDGED_DAYS, KNOWN_DAYS = 150, 28
ONSET_DAYS, ON_THE_WAY, RESAMPLES = 30, 60, 300
CARRIED = {
    "products": ("product_id", tables.PRODUCTS),
    "profiles": ("customer_id", tables.PROFILES),
    "holdings": ("holding_id", tables.HOLDINGS),
    "accounts": ("account_id", tables.ACCOUNTS),
}
DELIVERED = {
    "products": ("products", tables.PRODUCTS),
    "customers": ("profiles", tables.PROFILES),
    "holdings": ("holdings", tables.HOLDINGS),
    "accounts": ("accounts", tables.ACCOUNTS_DELIVERED),
    "balances": ("balances", tables.BALANCES),
    "transactions": ("transactions", tables.TRANSACTIONS),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="what", required=True)
    parts.add_parser("czech").add_argument("ledger", type=Path)
    part = parts.add_parser("synthetic")
    part.add_argument("--customers", type=int, default=10_000)
    part.add_argument("--days", type=int, default=730)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.what == "czech":
            czech(asked.ledger, Path(folder))
        else:
            synthetic(asked.customers, asked.days, Path(folder))


# --- kept levels ---


def replay(deliveries: Iterable[Path], folder: Path, keeps: Callable[[date], bool]) -> dict[date, Path]:
    """The levels of the nights that are kept, by the night's own rules; customers' profiles as of the last day beside."""
    engine = DuckEngine.in_memory()
    schemas = {"noted": tables.NOTED, "contacts_today": tables.CONTACTS, "levels_before": tables.LEVELS}
    schemas |= {f"{name}_before": schema for name, (_, schema) in CARRIED.items()}
    for name, schema in schemas.items():
        engine.bind_rows(name, schema, [])
    schemas |= {f"{name}_today": schema for name, schema in DELIVERED.values()} | {"calendar": tables.CALENDAR}
    schemas |= {name: schema for name, (_, schema) in CARRIED.items()}
    kept = {}

    def derive(name: str, rule: Callable, reads: dict[str, str], **constants: str) -> None:
        inputs = {parameter: table_of(table, schemas[table]) for parameter, table in reads.items()}
        engine.derive(name, rule, **inputs, **constants)

    for delivery in deliveries:
        on = date.fromisoformat(delivery.name)
        for file, (name, schema) in DELIVERED.items():
            engine.bind_arrow(f"{name}_today", schema, read(delivery / f"{file}.csv", schema))
        engine.bind_row("calendar", tables.CALENDAR, dict.fromkeys(tables.CALENDAR) | {"business_date": on, "days": 1})
        for name, (key, _) in CARRIED.items():
            reads = {"before": f"{name}_before", "today": f"{name}_today"}
            if name == "accounts":
                carry = ("accounts_before", "accounts_today", "balances_today")
                derive(name, value.carry_accounts, {table: table for table in carry})
            else:
                derive(name, value.replace_rows, reads, key=key)
        same = (
            "profiles",
            "accounts",
            "products",
            "holdings",
            "contacts_today",
            "noted",
            "levels_before",
            "balances_today",
            "calendar",
        )
        derive("levels", attrition.levels_today, {name: name for name in same} | {"transactions": "transactions_today"})
        if keeps(on):
            kept[on] = folder / f"{on}.parquet"
            engine.write("levels", kept[on], ("customer_id",))
        for name, schema in (*((name, schema) for name, (_, schema) in CARRIED.items()), ("levels", tables.LEVELS)):
            engine.bind_arrow(f"{name}_before", schema, engine.read(name))
    engine.write("profiles", folder / "profiles.parquet", ("customer_id",))
    engine.close()
    return kept


def read(file: Path, schema: ibis.Schema) -> pa.Table:
    """A delivered file; none is an empty one."""
    arrow = schema.to_pyarrow()
    if not file.is_file():
        return arrow.empty_table()
    kinds = {field.name: field.type for field in arrow}
    options = csv.ConvertOptions(
        column_types=kinds, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=True
    )
    found = csv.read_csv(file, convert_options=options)
    empty = pa.nulls(found.num_rows)
    return pa.table(
        [found[name] if name in found.column_names else empty.cast(kind) for name, kind in kinds.items()], schema=arrow
    )


# --- the Czech ledger ---


def czech(source: Path, folder: Path) -> None:
    book = rulebook.changed(rulebook.load("czech"), {"attrition": {"amount": "1", "left": "0.00001"}})
    first, last = date(1993, 1, 1), date(1993, 12, 31)
    kept = replay(ledger.deliveries(source, first, last, folder / "deliveries"), folder, lambda on: True)
    rows = duckdb.execute(
        f"SELECT customer_id, \"on\", days, aum_days::DOUBLE FROM '{folder}/1993-*.parquet'"
    ).fetchall()
    known = {(customer, on): (days, summed) for customer, on, days, summed in rows}
    engine = DuckEngine.in_memory()
    dates = sorted({*CZECH_ORIGINS, *(on for on in kept if attrition.is_kept(on))})
    months = {}
    for on in dates:
        months[on] = leaving.month(engine, kept, folder / "profiles.parquet", on, book)
    judged, found, by_rule, who, origins = [], [], [], [], []
    for place, origin in enumerate(CZECH_ORIGINS):
        past = [on for on in dates if attrition.is_kept(on) and on + timedelta(days=CZECH_AHEAD[1]) <= origin]
        inputs, fallen = [], []
        for on in past:
            days, _, left_then = outcome(months[on], known)
            chosen = days >= KNOWN_DAYS
            inputs.append(months[on].inputs[chosen])
            fallen.append((left_then <= LEARNED_FALL)[chosen].astype(float))
        model = leaving.learn("regression", np.concatenate(inputs), np.concatenate(fallen)).scorer
        month = months[origin]
        days, customers, left_then = outcome(month, known)
        chosen = days >= JUDGED_DAYS
        judged.append((left_then <= CZECH_FALL)[chosen].astype(float))
        found.append(leaving.scores(model, month.inputs)[chosen].astype(float))
        by_rule.append(leaving.scores(leaving.RULE, month.inputs)[chosen].astype(float))
        who.append(customers[chosen])
        origins.append(np.full(int(chosen.sum()), place))
        print(
            f"{origin}: {len(judged[-1])} customers, {int(judged[-1].sum())} fell; learned from"
            f" {sum(map(len, fallen)):,} rows; AUC {auc(judged[-1], found[-1]):.3f}, rule {auc(judged[-1], by_rule[-1]):.3f}"
        )
    parts = [np.concatenate(part) for part in (judged, origins)]
    people = np.unique(np.concatenate(who), return_inverse=True)[1]
    for name, scored in (("regression", found), ("rule", by_rule)):
        every = np.concatenate(scored)
        shown(f"{name}: mean AUC of the origins", lambda at, every=every: by_month(*parts, every, at), people)


def outcome(month: leaving.Month, known: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days known, customers, and the mean AUM of the days ahead as a share of the half-year's level."""
    near, far = (month.on + timedelta(days=days) for days in CZECH_AHEAD)
    start = attrition.spans(month.on, 182)[182]
    days, left = [], []
    for customer in month.customers:
        now, summed = known[customer, month.on]
        before_days, before = known.get((customer, start), (0, 0.0))
        level = (summed - before) / (now - before_days)
        ahead = (
            (known[customer, far][1] - known[customer, near][1]) / (CZECH_AHEAD[1] - CZECH_AHEAD[0])
            if (customer, far) in known
            else np.nan
        )
        days.append(now)
        left.append(ahead / level)
    return np.array(days), np.array(month.customers), np.array(left)


# --- the synthetic bank ---


def synthetic(customers: int, days: int, folder: Path) -> None:
    bank = SyntheticBank(customers, max(3, customers // 2000), days, LAST, SEED)
    kept = replay(bank.deliveries(folder / "deliveries"), folder, lambda on: attrition.is_kept(on) or on.day == 1)
    judge(kept, folder / "profiles.parquet", folder / "deliveries" / ".truth", rulebook.load("brief"))


def judge(kept: dict[date, Path], profiles: Path, truth: Path, book: rulebook.RuleBook) -> None:
    engine = DuckEngine.in_memory()
    weeks = {on: path for on, path in kept.items() if attrition.is_kept(on)}
    months = [leaving.month(engine, weeks, profiles, on, book) for on in leaving.origins(weeks)]
    model = leaving.train(months, book)
    print(f"chosen: {model.facts['kind']}; months judged by the book's outcome: {len(model.facts['judged'])}")
    for kind, measures in model.facts["metrics"].items():
        told = ", ".join(f"{name} {at:.3f} [{low:.3f}, {high:.3f}]" for name, (at, low, high) in measures.items())
        print(f"  {kind:10} {told}")
    print(f"  calibration error {model.facts['calibration'].get('error', float('nan')):.4f}")
    against_truth(months, kept, profiles, truth, book, engine)


def against_truth(months, kept, profiles, truth, book, engine) -> None:
    database = duckdb.connect()
    minds = database.execute(f"SELECT month, customer_id, stage, hazard_30 FROM '{truth}/minds.parquet'").fetchall()
    mind = {(on, customer): (stage, hazard) for on, customer, stage, hazard in minds}
    onset: dict[str, list[date]] = {}
    for customer, on in database.execute(f"SELECT customer_id, onset FROM '{truth}/leaving.parquet'").fetchall():
        onset.setdefault(customer, []).append(on)
    embargo = timedelta(days=book.attrition.embargo_days)
    columns: dict[str, list] = {
        name: [] for name in ("place", "who", "stays", "begins", "right", "hazard", "visible", *leaving.CANDIDATES)
    }
    warned: dict[str, dict[str, date]] = {kind: {} for kind in leaving.CANDIDATES}
    firsts = [on for on in sorted(kept) if on.day == 1 and on + timedelta(days=ONSET_DAYS) <= max(kept)]
    judged = [on for on in firsts if len([m for m in months if m.on + embargo <= on and m.known.any()]) >= 3]
    taught = [on for on in firsts if on >= months[0].on and on + timedelta(days=ONSET_DAYS) <= judged[0]]
    visible = seen_by_the_hazard([leaving.month(engine, kept, profiles, on, book) for on in taught], mind)
    for place, on in enumerate(judged):
        month = leaving.month(engine, kept, profiles, on, book)
        past = [m for m in months if m.on + embargo <= on and m.known.any()]
        inputs = np.concatenate([m.inputs[m.known] for m in past])
        left = np.concatenate([m.left[m.known] for m in past])
        states = [mind.get((on, customer), ("gone", 0.0)) for customer in month.customers]
        ahead = [[(begin - on).days for begin in onset.get(customer, [])] for customer in month.customers]
        columns["place"].append(np.full(len(states), place))
        columns["who"].append(np.array(month.customers))
        columns["stays"].append(np.array([stage == "staying" for stage, _ in states]))
        columns["hazard"].append(np.array([hazard for _, hazard in states]))
        columns["begins"].append(np.array([any(0 <= days < ONSET_DAYS for days in each) for each in ahead], float))
        out = [
            stage in ("wavering", "going") or any(0 <= days < ON_THE_WAY for days in each)
            for (stage, _), each in zip(states, ahead, strict=True)
        ]
        columns["right"].append(np.array(out, float))
        columns["visible"].append(visible.predict(month.inputs.astype(float)))
        for kind in leaving.CANDIDATES:
            scored = leaving.scores(leaving.learn(kind, inputs, left).scorer, month.inputs)
            columns[kind].append(scored.astype(float))
            for at in np.flatnonzero(leaving.warned(scored, float(book.attrition.warned))):
                warned[kind].setdefault(month.customers[at], on)
    table = {name: np.concatenate(parts) for name, parts in columns.items()}
    people = np.unique(table["who"], return_inverse=True)[1]
    stays = np.flatnonzero(table["stays"])
    begins = int(table["begins"][stays].sum())
    print(
        f"\nonset within {ONSET_DAYS} days: {len(judged)} months from {judged[0]}, {len(stays):,} rows, {begins} begin"
    )
    own = {name: part[stays] for name, part in table.items()}

    def area(name: str, at) -> float:
        return by_month(own["begins"], own["place"], own[name], at)

    for name in (*leaving.CANDIDATES, "visible", "hazard"):
        shown(f"{name}: AUC", lambda at, name=name: area(name, at), people[stays])
    for name in (*leaving.CANDIDATES, "visible"):
        way = f"{name}: share of the way from chance to the oracle"
        shown(way, lambda at, name=name: (area(name, at) - 0.5) / (area("hazard", at) - 0.5), people[stays])
    print(f"\nwarnings of {float(book.attrition.warned):.1%} of the customers, every month")
    for kind in leaving.CANDIDATES:
        chosen = np.concatenate([leaving.warned(part, float(book.attrition.warned)) for part in columns[kind]])
        table[f"{kind} warned"] = chosen
        shown(f"{kind}: precision", lambda at, chosen=chosen: table["right"][at[chosen[at]]].mean(), people)

    def times_the_rule(kind: str, at) -> float:
        model, rule = (table["right"][at[table[f"{name} warned"][at]]].mean() for name in (kind, "rule"))
        return model / rule

    for kind in leaving.CANDIDATES[1:]:
        shown(f"{kind}: times the rule's precision", lambda at, kind=kind: times_the_rule(kind, at), people)
    leads(warned, onset, kept, judged, book)


def seen_by_the_hazard(months, mind) -> lightgbm.Booster:
    """Trees taught the kept hazard itself: what the inputs can tell at all."""
    rows = [
        (month.inputs[at], mind[month.on, customer][1])
        for month in months
        for at, customer in enumerate(month.customers)
        if mind.get((month.on, customer), ("", 0.0))[1] > 0
    ]
    settings = {
        "objective": "regression",
        "num_leaves": 4,
        "learning_rate": 0.05,
        "min_data_in_leaf": 200,
        "verbose": -1,
        "num_threads": 1,
    }
    inputs, hazard = np.array([row[0] for row in rows], float), np.array([row[1] for row in rows])
    return lightgbm.train(settings, lightgbm.Dataset(inputs, np.log(hazard)), 200)


def leads(warned, onset, kept, judged, book) -> None:
    """How long before their AUM had fallen those who left by the truth were warned of."""
    rule = book.attrition
    weeks = ", ".join(f"'{path}'" for on, path in sorted(kept.items()) if attrition.is_kept(on))
    rows = duckdb.execute(
        f'SELECT customer_id, "on", aum::DOUBLE, aum_days::DOUBLE, days FROM read_parquet([{weeks}])'
    ).fetchall()
    course: dict[str, list] = {}
    for customer, on, *rest in sorted(rows):
        course.setdefault(customer, []).append((on, *rest))
    gone = {}
    for customer, begins in onset.items():
        for begin in begins:
            past = [row for row in course.get(customer, []) if row[0] <= begin]
            start = [row for row in past if row[0] <= begin - timedelta(days=rule.level_days)]
            if not past or past[-1][3] < KNOWN_DAYS:
                continue
            before = start[-1][2:] if start else (0.0, 0)
            level = (past[-1][2] - before[0]) / (past[-1][3] - before[1])
            fallen = [row[0] for row in course[customer] if row[0] > begin and row[1] <= float(rule.left) * level]
            if level >= float(rule.amount) and fallen and judged[0] <= begin:
                gone[customer] = fallen[0]
    print(f"\n{len(gone)} began after {judged[0]} and have fallen since")
    for kind, first in warned.items():
        ahead = np.array(
            [
                (gone[customer] - first[customer]).days
                for customer in gone
                if customer in first and first[customer] < gone[customer]
            ]
        )
        if len(ahead):
            print(
                f"  {kind:10} warned of {len(ahead) / len(gone):.0%} before; days ahead, median {np.median(ahead):.0f};"
                f" of these {np.mean(ahead >= 30):.0%} at least 30 days ahead"
            )


# --- measures ---


def by_month(outcomes, places, scores, rows) -> float:
    """AUC within each month, on average."""
    parts = [rows[places[rows] == place] for place in np.unique(places)]
    return float(np.nanmean([auc(outcomes[part], scores[part]) for part in parts]))


def shown(name: str, measure: Callable[[np.ndarray], float], people: np.ndarray) -> None:
    """A measure with its interval: people are resampled with all their rows."""
    random = np.random.default_rng(SEED)
    order = np.argsort(people, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(people[order])) + 1)
    again = []
    for _ in range(RESAMPLES):
        drawn = random.integers(0, len(parts), len(parts))
        again.append(measure(np.concatenate([parts[at] for at in drawn])))
    low, high = np.nanpercentile(again, [2.5, 97.5])
    print(f"  {name:55} {measure(np.arange(len(people))):.3f} [{low:.3f}, {high:.3f}]")


if __name__ == "__main__":
    main()
