"""Which engine computes nights: DuckDB in this process, or Spark where the bank has it (``WEIHU_ENGINE``)."""

from __future__ import annotations

import os

from weihu.engine.duck import DuckEngine
from weihu.engine.lake import Home
from weihu.engine.protocol import Engine

ENGINES = ("duckdb", "spark")


class NoSuchEngine(RuntimeError):
    """The engine that is asked for is none, or is not installed; says so in both languages."""

    def __init__(self, name: str, zh: str, en: str) -> None:
        super().__init__(f"WEIHU_ENGINE={name}: {zh} / {en}")


def opened(home: Home, threads: int | None) -> Engine:
    """The engine that ``WEIHU_ENGINE`` names, for the nights of a home; raises NoSuchEngine."""
    name = os.environ.get("WEIHU_ENGINE") or "duckdb"
    if name not in ENGINES:
        raise NoSuchEngine(name, f"可用的引擎为 {'、'.join(ENGINES)}", f"the engines are {', '.join(ENGINES)}")
    if name == "duckdb":
        return DuckEngine(home.spill, threads, home.compiled)
    try:
        from weihu.engine.spark.engine import SparkEngine  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as missing:
        raise NoSuchEngine(
            name, f"缺少 {missing.name},请安装 weihu[spark]", f"{missing.name} is missing: install weihu[spark]"
        ) from None
    return SparkEngine(home.spill / "spark", threads, home.compiled.with_name("compiled-spark.json"))
