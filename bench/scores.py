"""What scoring who leaves adds to a night: processor seconds of each of its steps, by the rule, a regression and trees.

    uv run python bench/scores.py --customers 1000000

Levels of tonight and of three past weeks are drawn at random; the steps are those of a night's graph, on DuckDB. The
models are learned from the first customers, with outcomes drawn by what is left of the own level.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np

from weihu.engine.duck import DuckEngine
from weihu.engine.protocol import table_of
from weihu.insight import leaving
from weihu.insight.kept import Model
from weihu.nightly import steps
from weihu.nightly.graph import rows_of
from weihu.rules import attrition, rulebook, tables
from weihu.rules.attrition import NAMES

ON, SEED, LEARNED = date(2026, 6, 30), 18, 50_000
STEPS = ("levels_merged", "levels_past", "features", "scores", "leavers", "explained")
CELLS = {"customer_id": "'C' || lpad(range::VARCHAR, 8, '0')"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    customers, book = parser.parse_args().customers, rulebook.load("brief")
    with tempfile.TemporaryDirectory() as folder:
        drawn(Path(folder), customers, book)
        for kind in leaving.CANDIDATES:
            engine = DuckEngine(Path(folder))
            graph = steps.night(book, learned(kind, model_rows(Path(folder), book)))
            bind(engine, graph, Path(folder), book)
            seconds = {}
            for step in [step for step in graph.steps if step.makes in STEPS]:
                prepare(engine, graph, step, book)
                began = time.process_time()
                make(engine, graph, step, book)
                seconds[step.makes] = time.process_time() - began
            rows = engine.rows("leavers")
            engine.close()
            each = ", ".join(f"{name} {taken:.2f}" for name, taken in seconds.items())
            print(f"{kind:10} {sum(seconds.values()):6.2f} s for {customers:,} customers ({rows:,} listed): {each}")


def prepare(engine, graph, step, book) -> None:
    """Compile a step; what it compiles to is kept from one night to the next."""
    if not step.solves:
        inputs = {name: table_of(table, graph.schemas[table]) for name, table in step.inputs.items()}
        engine.prepare(step.makes, step.rule, **inputs, **step.values(book))


def make(engine, graph, step, book) -> None:
    """As Night makes a step."""
    if step.same_without and not engine.rows(step.same_without):
        engine.alias(step.makes, step.origin)
    elif step.solves:
        read = {name: engine.read(table) for name, table in step.inputs.items()}
        engine.bind_arrow(step.makes, step.schema, rows_of(step.schema, step.rule(**read, **step.values(book))))
    else:
        inputs = {name: table_of(table, graph.schemas[table]) for name, table in step.inputs.items()}
        engine.derive(step.makes, step.rule, **inputs, **step.values(book))


def drawn(folder: Path, customers: int, book: rulebook.RuleBook) -> None:
    """Files of levels, profiles and what kinds of signal look at."""
    database = duckdb.connect()
    database.execute(f"SELECT setseed({SEED / 100})")
    days = {0: ON} | attrition.spans(ON, book.attrition.level_days)
    for back, on in days.items():
        known = 400 - back
        cells = {
            "on": f"DATE '{on}'",
            "days": str(known),
            "aum": "60000 * random()",
            "demand": "20000 * random()",
            "aum_days": f"{known} * (20000 + range % 100000)",
            "maturing": "9000 * random()",
            "products": "1 + range % 5",
            **dict.fromkeys(("came", "went", "salary", "spent"), f"{known} * 90 * random()"),
            **dict.fromkeys(("sendings", "spendings", "own"), f"{known} * random() / 2"),
            **dict.fromkeys(attrition.DATES, f"DATE '{on}' - (300 * random())::INTEGER"),
        }
        write(database, folder / f"levels-{on}.parquet", tables.LEVELS, cells, customers)
    profile = {
        "branch_id": "'B' || range % 200",
        "opened_on": "DATE '2015-01-01'",
        "risk_rating": "'C' || 1 + range % 5",
    }
    write(database, folder / "profiles.parquet", tables.PROFILES, profile, customers)
    looked = {
        "grade_rank": "2",
        "rank_before": "2",
        "aum": "60000",
        "works_on": f"DATE '{ON}'",
        "today": f"DATE '{ON}'",
    }
    write(database, folder / "compared.parquet", tables.COMPARED, looked, customers)


def write(database, path: Path, schema, cells: dict[str, str], customers: int) -> None:
    """A file of a schema's columns, those without a cell empty."""
    engine_type = {name: str(kind.to_pyarrow()) for name, kind in schema.items()}
    casts = {"string": "VARCHAR", "int64": "BIGINT", "date32[day]": "DATE", "bool": "BOOLEAN"}
    columns = ", ".join(
        f'CAST({(CELLS | cells).get(name, "NULL")} AS {casts.get(kind, kind.replace("decimal128", "DECIMAL"))}) "{name}"'
        for name, kind in engine_type.items()
    )
    database.execute(f"COPY (SELECT {columns} FROM range({customers})) TO '{path}' (FORMAT parquet)")


def bind(engine: DuckEngine, graph, folder: Path, book: rulebook.RuleBook) -> None:
    """What the steps read."""
    spans = attrition.spans(ON, book.attrition.level_days)
    engine.bind("levels", tables.LEVELS, [folder / f"levels-{ON}.parquet"])
    past = [folder / f"levels-{on}.parquet" for on in sorted(set(spans.values()))]
    engine.bind(steps.PAST_LEVELS, tables.LEVELS, past)
    for name in ("profiles", "compared"):
        engine.bind(name, graph.schemas[name], [folder / f"{name}.parquet"])
    engine.bind_rows("spans", tables.SPANS, list(spans.items()))
    for name in ("merges", "unscored", "signals_before"):
        engine.bind_rows(name, graph.schemas[name], [])


def model_rows(folder: Path, book: rulebook.RuleBook):
    """Features of the first customers, with outcomes."""
    engine = DuckEngine(folder)
    kept = {
        on: folder / f"levels-{on}.parquet" for on in {ON, *attrition.spans(ON, book.attrition.level_days).values()}
    }
    month = leaving.month(engine, kept, folder / "profiles.parquet", ON, book)
    engine.close()
    inputs = month.inputs[:LEARNED]
    odds = 0.05 + 0.2 * (inputs[:, NAMES.index("left")] < 500)
    return inputs, (np.random.default_rng(SEED).random(len(inputs)) < odds).astype(float)


def learned(kind: str, rows) -> Model:
    """A model of a kind."""
    found = leaving.learn(kind, *rows)
    return Model(found.scorer, {"learned_on": str(ON - timedelta(days=1))}, found.grounds)


if __name__ == "__main__":
    main()
