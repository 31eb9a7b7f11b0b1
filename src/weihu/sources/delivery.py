"""Write deliveries of the core contract: the files of one business date and their manifest."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import duckdb

from weihu.engine.contract import FILE, FILES, FORMAT, MANIFEST


def write(
    database: duckdb.DuckDBPyConnection,
    out: Path,
    on: date,
    currency: str,
    totals: dict[str, str | int],
    queries: dict[str, str],
    first: date | None = None,
) -> Path:
    """One delivery, complete or not there at all: ``queries`` give the rows of each file, in the contract's columns.
    ``first``: the first of the days that it tells of, if there are several.

    Files without rows are left out unless the contract wants them each day.
    """
    staging = out / f".{on}"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    files = {}
    for file in FILES:
        if file.name not in queries:
            continue
        asked = database.sql(queries[file.name])
        columns = ", ".join(
            f"CAST({column.name} AS {column.sql_type}) AS {column.name}"
            for column in file.columns
            if column.required or column.name in asked.columns
        )
        database.execute(
            f"CREATE OR REPLACE TEMP TABLE delivered AS SELECT {columns} FROM ({queries[file.name]}) ORDER BY {file.key}"
        )
        rows = _one(database, "SELECT count(*) FROM delivered")
        if rows or FILE[file.name].each_day:
            database.execute(f"COPY delivered TO '{staging / f'{file.name}.csv'}' (FORMAT csv, HEADER)")
            sums = {
                name: str(_one(database, f"SELECT coalesce(sum({name}), 0.00) FROM delivered")) for name in file.totals
            }
            files[file.name] = {"file": f"{file.name}.csv", "rows": rows, "totals": sums}
    manifest = {"format": FORMAT, "business_date": str(on), "currency": currency, "files": files, "totals": totals}
    if first and first < on:
        manifest["first_date"] = str(first)
    (staging / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    final = out / str(on)
    shutil.rmtree(final, ignore_errors=True)
    staging.rename(final)
    return final


def _one(database: duckdb.DuckDBPyConnection, sql: str) -> object:
    return database.execute(sql).fetchall()[0][0]
