"""How many entries a second the audit log takes, from as many threads as would read pages, and how long one waits.

    uv run python bench/audit.py --seconds 10 --threads 8
    sh tools/with_postgres.sh uv run python bench/audit.py --seconds 10 --threads 8

On SQLite in a new home, on PostgreSQL in a new database beside the one that WEIHU_DATABASE_URL names. ``--at-work``: as
many threads hold a transaction open meanwhile, as an import does, and enter something in it; on SQLite, which has one
writer, an entry waits for such a transaction.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
import uuid
from pathlib import Path

import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--at-work", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("WEIHU_DATABASE_URL")
        name = f"weihu_audit_{uuid.uuid4().hex}"
        if url:
            _sql(url, f"CREATE DATABASE {name}")
            os.environ["WEIHU_DATABASE_URL"] = url.rsplit("/", 1)[0] + f"/{name}"
        try:
            measure(Path(folder), asked)
        finally:
            if url:
                _sql(url, f"DROP DATABASE {name} WITH (FORCE)")


def measure(home: Path, asked: argparse.Namespace) -> None:
    import django

    from weihu.engine.lake import Home

    Home(home).create()
    os.environ |= {"WEIHU_HOME": str(home), "DJANGO_SETTINGS_MODULE": "weihu.workplace.settings"}
    django.setup()
    from django.core.management import call_command
    from django.db import connection, connections, transaction

    from weihu.workplace.base import audit

    call_command("migrate", verbosity=0)
    end = time.perf_counter() + asked.seconds
    waits: list[float] = []

    def read(number: int) -> None:
        while (began := time.perf_counter()) < end:
            audit.record(f"{number:04}", "customer.view", "P0000001", "a page")
            waits.append(time.perf_counter() - began)
        connections.close_all()

    def work(number: int) -> None:
        while time.perf_counter() < end:
            with transaction.atomic():
                audit.record(f"{number:04}", "import.step", "P0000002")
                time.sleep(0.5)
        connections.close_all()

    threads = [threading.Thread(target=read, args=[number]) for number in range(asked.threads)]
    threads += [threading.Thread(target=work, args=[number]) for number in range(asked.at_work)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    whole = time.perf_counter()
    broken, last = audit.verify(), audit.tail()
    whole = time.perf_counter() - whole
    middle, late, longest = (1000 * float(np.quantile(waits, share)) for share in (0.5, 0.95, 1))
    print(
        f"{connection.vendor}: {asked.threads} threads, {asked.at_work} at work: {len(waits) / seconds:,.0f} entries/s;"
        f" p50 {middle:.1f} ms, p95 {late:.1f} ms, longest {longest:.0f} ms;"
        f" {last.place:,} verified in {whole:.1f} s: {'whole' if broken is None else broken}"
    )


def _sql(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url.rsplit("/", 1)[0] + "/postgres", autocommit=True) as connection:
        connection.execute(statement)


if __name__ == "__main__":
    main()
