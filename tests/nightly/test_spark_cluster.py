"""A night on a real cluster: a standalone master and two workers on loopback, in another time zone than the driver's.
The driver is killed in the middle of the night, which changes nothing of what is published; in the next run a worker is
killed, and the night is right all the same. The bank is so large that most of its tables are read by the workers.

It takes minutes, so it is run only with WEIHU_SPARK_CLUSTER=1.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.nightly.test_spark import assert_same
from weihu.engine.checksums import NAME
from weihu.sources.synthetic import SyntheticBank

pytestmark = [
    pytest.mark.spark,
    pytest.mark.long,
    pytest.mark.xdist_group("spark"),
    pytest.mark.skipif(not os.environ.get("WEIHU_SPARK_CLUSTER"), reason="only with WEIHU_SPARK_CLUSTER=1"),
]

LAST = date(2026, 6, 2)
DRIVERS_ZONE, WORKERS_ZONE = "Asia/Shanghai", "America/New_York"
CUSTOMERS = 6_000
KILLED_AFTER = 12
"""So many steps of the night are kept before the driver or a worker is killed."""
PATIENCE = 900
OF_THE_TESTS = ("DJANGO_SETTINGS_MODULE", "WEIHU_DATABASE_URL", "WEIHU_HOME")
"""Variables that the commands must not inherit."""


def started(work: Path, *command: str) -> subprocess.Popen[bytes]:
    """A daemon of Spark with a group of its own, so that what it starts is killed with it."""
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = {**os.environ, "TZ": WORKERS_ZONE, "SPARK_HOME": str(home), "SPARK_WORKER_DIR": str(work)}
    with (work / f"{command[-1].rsplit(':', 1)[-1]}-{time.monotonic_ns()}.log").open("wb") as log:
        return subprocess.Popen(
            [str(home / "bin" / "spark-class"), *command],
            env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def until(found, what: str):
    """What is found at last."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if result := found():
            return result
        time.sleep(0.2)
    raise AssertionError(f"{what} after {PATIENCE} seconds")


@pytest.fixture
def cluster(tmp_path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The master's address and its two workers."""
    work = tmp_path / "cluster"
    work.mkdir()
    package = "org.apache.spark.deploy"
    master = started(work, f"{package}.master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
    workers = []
    try:

        def address():
            logs = "".join(log.read_text() for log in work.glob("*.log"))
            return re.search(r"Starting Spark master at (spark://\S+)", logs)

        url = until(address, "no master")[1]
        options = ("--host", "127.0.0.1", "--webui-port", "0", "--cores", "1", "--memory", "1g")
        for _ in range(2):
            workers.append(started(work, f"{package}.worker.Worker", *options, url))

        def registered():
            return sum(log.read_text().count("Registering worker 127.0.0.1") for log in work.glob("*.log")) >= 2

        until(registered, "workers missing")
        yield url, workers
    finally:
        for process in (*workers, master):
            kill(process)


def weihu(home: Path, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    """The command, in a group of its own with the Java that it starts."""
    command = [sys.executable, "-m", "weihu.cli", "--home", str(home), *arguments]
    inherited = {name: value for name, value in os.environ.items() if name not in OF_THE_TESTS}
    own = {**inherited, "TZ": DRIVERS_ZONE, **environment}
    return subprocess.Popen(command, env=own, stdout=subprocess.PIPE, start_new_session=True)


def published(home: Path) -> int:
    """The number of the run that readers see."""
    return int(json.loads(weihu(home, "status", "--json").communicate()[0])["run"])


def rows_published(home: Path) -> dict[str, list[tuple]]:
    """What the bank's tables hold, without numbers that they give and what is sealed anew in each home."""
    with contextlib.closing(sqlite3.connect(home / "weihu.sqlite3")) as database:
        named = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'bank_%'")
        names = {name for (name,) in named} - {"bank_run", "bank_customer"}
        found = {}
        for name in names:
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({name})") if row[1] != "id"]
            listed = ", ".join(f'"{column}"' for column in columns)
            found[name] = database.execute(f"SELECT {listed} FROM {name} ORDER BY {listed}").fetchall()
        return found


def test_the_driver_is_killed_then_a_worker_and_the_night_is_right(cluster, tmp_path):
    url, workers = cluster
    *before, last = SyntheticBank(CUSTOMERS, 3, 3, LAST, 7).deliveries(tmp_path / "deliveries")
    home, other = tmp_path / "duckdb", tmp_path / "spark"
    assert weihu(home, "init").wait() == 0
    for delivery in before:
        assert weihu(home, "run", "--date", delivery.name, "--delivery", str(delivery)).wait() == 0
    shutil.copytree(home, other)
    asked = ("run", "--date", last.name, "--delivery", str(last))
    assert weihu(home, *asked).wait() == 0
    configuration = tmp_path / "conf"
    configuration.mkdir()
    (configuration / "spark-defaults.conf").write_text(
        f"spark.master {url}\nspark.driver.host 127.0.0.1\nspark.driver.bindAddress 127.0.0.1\n"
        "spark.executor.memory 768m\nspark.executor.cores 1\n"
    )
    kept = other / "lake" / ".staging" / "spill" / "spark"

    def in_the_middle() -> subprocess.Popen[bytes]:
        began = time.time()
        night = weihu(other, *asked, WEIHU_ENGINE="spark", SPARK_CONF_DIR=str(configuration))

        def kept_by_now() -> int:
            """Without what a killed run left."""
            return sum(step.stat().st_mtime > began for step in kept.glob("*"))

        until(lambda: night.poll() is not None or kept_by_now() >= KILLED_AFTER, "too few steps")
        assert night.poll() is None
        return night

    kill(in_the_middle())
    assert published(other) == 2
    night = in_the_middle()
    kill(workers[0])
    assert night.wait(PATIENCE) == 0
    assert published(other) == 3
    ours, theirs = (place / "lake" / "runs" / "000003" for place in (home, other))
    assert (theirs / NAME).is_file()
    assert_same(ours, theirs)
    one, same = rows_published(home), rows_published(other)
    assert one.keys() == same.keys()
    assert one["bank_standing"] and one["bank_signal"] and one["bank_task"]
    for name, rows in one.items():
        assert rows == same[name], name
