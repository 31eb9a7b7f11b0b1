"""The same night by DuckDB and by Spark: seconds of each step, the ratio, and whether every table is the same.

    uv run --extra spark python bench/spark.py --customers 2000 --book state_bank

Two nights lie behind the one that is measured. Spark's is run twice in one process: cold, with a new session and nothing
compiled, and warm. The master is Spark's own configuration's, else two threads of this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

DAYS, LAST = 3, date(2026, 6, 24)
COMPUTING = ("compile", "carry", "value", "grade", "assign", "signals", "lists", "plan", "measure", "write")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--book", default="state_bank")
    parser.add_argument("--steps", action="store_true", help="seconds of every step, not only of every stage")
    parser.add_argument("--nights", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.nights:
        delivery, *homes = map(Path, asked.nights)
        for home in homes:
            night(home, delivery)
    else:
        compare(asked.customers, asked.book, asked.steps)


def night(home: Path, delivery: Path) -> None:
    """One night in this process; its report stands in the run's folder."""
    os.environ |= {"WEIHU_HOME": str(home), "DJANGO_SETTINGS_MODULE": "weihu.workplace.settings"}
    import django
    from django.conf import settings
    from django.db import connection

    django.setup()
    from weihu.engine.lake import Home
    from weihu.nightly.run import Nightly

    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = str(home / "weihu.sqlite3")
    with Nightly(Home(home), threads=2) as nightly:
        nightly.run(delivery)


def compare(customers: int, book: str, steps: bool) -> None:
    """Make a bank with two nights behind it, run the third by each engine, and print."""
    from weihu.sources.synthetic import SyntheticBank

    work = Path(tempfile.mkdtemp(prefix="weihu-bench-"))
    try:
        bank = SyntheticBank(customers, max(3, customers // 2000), DAYS, LAST, 3)
        *before, last = bank.deliveries(work / "deliveries")
        call("duckdb", "-m", "weihu.cli", "--home", work / "duckdb", "init", "--rulebook", book)
        for earlier in before:
            call("duckdb", __file__, "--nights", earlier, work / "duckdb")
        for name in ("cold", "warm"):
            shutil.copytree(work / "duckdb", work / name)
        began = time.perf_counter()
        call("duckdb", __file__, "--nights", last, work / "duckdb")
        print(f"DuckDB, the whole process {time.perf_counter() - began:.1f} s")
        began = time.perf_counter()
        call("spark", __file__, "--nights", last, work / "cold", work / "warm")
        print(f"Spark, the whole process, cold and warm {time.perf_counter() - began:.1f} s")
        report(work, steps)
    finally:
        shutil.rmtree(work)


def call(engine: str, *arguments: object) -> None:
    environment = {**os.environ, "WEIHU_ENGINE": engine}
    subprocess.run([sys.executable, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, env=environment)


def report(work: Path, steps: bool) -> None:
    """The figures, a line each, and the tables that differ."""
    folders = {name: work / name / "lake" / "runs" / f"{DAYS:06d}" for name in ("duckdb", "cold", "warm")}
    said = {name: json.loads((folder / "report.json").read_text()) for name, folder in folders.items()}
    seconds = {name: report["seconds"] for name, report in said.items()}
    if steps:
        taken = {step: {name: said[name]["steps"][step]["seconds"] for name in said} for step in said["warm"]["steps"]}
        for step, each in sorted(taken.items(), key=lambda pair: -pair[1]["warm"])[:40]:
            print(f"  {step:24}" + "".join(f"{name} {spent:8.2f} s   " for name, spent in each.items()))
    for step in seconds["duckdb"]:
        print(f"{step:10}" + "".join(f"{name} {seconds[name][step]:8.2f} s   " for name in seconds))
    computing = {name: sum(each[step] for step in COMPUTING) for name, each in seconds.items()}
    for name, spent in computing.items():
        print(f"computing and writing, {name} {spent:.2f} s, {spent / computing['duckdb']:.1f} times DuckDB's")
    for name in ("cold", "warm"):
        print(f"tables that differ, {name}: {differing(folders['duckdb'], folders[name]) or 'none'}")


def differing(one: Path, other: Path) -> list[str]:
    """The tables of two runs' folders whose rows, types or order are not the same."""
    ours, theirs = ({path.name for path in folder.glob("*.parquet")} for folder in (one, other))
    apart = sorted(ours ^ theirs)
    return apart + [name for name in sorted(ours & theirs) if rows_of(one / name) != rows_of(other / name)]


def rows_of(path: Path) -> pa.Table:
    """A table of a run's folder, its parts in their order."""
    from weihu.engine.parts import parts_of

    return pa.concat_tables([pq.read_table(part).replace_schema_metadata() for part in parts_of(path)]).combine_chunks()


if __name__ == "__main__":
    main()
