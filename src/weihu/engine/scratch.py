"""Databases in memory for personal data in clear: what does not fit spills to a folder, encrypted."""

from __future__ import annotations

from pathlib import Path

import duckdb


def scratch(folder: Path, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """An empty database that spills to ``folder``, by a key that is gone with the process."""
    folder.mkdir(parents=True, exist_ok=True)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": str(folder),
        "temp_file_encryption": True,
    }
    # DuckDB's other cipher is an extension that machines without a network lack, and without it nothing spills at all
    settings["force_mbedtls_unsafe"] = True
    if threads:
        settings["threads"] = threads
    return duckdb.connect(config=settings)
