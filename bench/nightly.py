"""A night over a synthetic bank against the same night as hand-written DuckDB queries, from one run.

    uv run python bench/nightly.py --customers 1000000

Prints the seconds of each step, the ratio of computing and of the whole night to the hand-written set, peak memory,
and how many rows the two results do not share.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from reference import differences

DAYS = 3
LAST = date(2026, 6, 24)
COMPUTING = ("carry", "value", "grade", "assign", "watch", "plan", "write")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--night", nargs=2, metavar=("HOME", "DELIVERY"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.night:
        print(json.dumps(night(*map(Path, asked.night))))
    else:
        compare(asked.customers)


def night(home: Path, delivery: Path) -> dict[str, object]:
    """One night in this process: its report, seconds in all and peak memory."""
    os.environ |= {"WEIHU_HOME": str(home), "DJANGO_SETTINGS_MODULE": "weihu.workplace.settings"}
    import django

    django.setup()
    from weihu.engine.lake import Home
    from weihu.nightly.run import Nightly

    with Nightly(Home(home)) as nightly:
        began = time.perf_counter()
        run = nightly.run(delivery)
        seconds = time.perf_counter() - began
    assert run is not None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return {
        "number": run.number,
        "month_days": run.month_days,
        "seconds": seconds,
        "steps": run.report["seconds"],
        "peak_mib": peak,
    }


def compare(customers: int) -> None:
    """Build a bank with two nights behind it, run the third both ways, print."""
    from weihu.sources.synthetic import SyntheticBank

    work = Path(tempfile.mkdtemp(prefix="weihu-bench-"))
    try:
        bank = SyntheticBank(customers, max(3, customers // 2000), DAYS, LAST, 3)
        folders = list(bank.deliveries(work / "deliveries"))
        home = work / "home"
        call("-m", "weihu.cli", "--home", home, "init", "--rulebook", "state_bank")
        said = [json.loads(call(__file__, "--night", home, folder)) for folder in folders][-1]
        state = home / "lake" / "runs" / f"{said['number'] - 1:06d}"
        question = {
            "state": state,
            "landed": home / "lake" / "landed" / f"{LAST}-r1",
            "movements": [state / "movements.parquet"],
            "on": LAST,
            "month_days": said["month_days"],
            "last_month_days": 1,
            "out": work / "reference",
        }
        script = Path(__file__).with_name("reference.py")
        written = json.loads(call(script, json.dumps(question, default=str)))
        report(said, written, differences(work / "reference", home / "lake" / "runs" / f"{said['number']:06d}"))
    finally:
        shutil.rmtree(work)


def report(said: dict, written: dict, apart: dict[str, int]) -> None:
    """The figures, a line each."""
    for step, seconds in said["steps"].items():
        print(f"{step:10} {seconds:8.2f} s")
    computing = sum(said["steps"][step] for step in COMPUTING)
    print(f"whole night {said['seconds']:.2f} s, peak {said['peak_mib']} MiB")
    print(f"hand-written {written['seconds']:.2f} s, peak {written['peak_mib']} MiB")
    print(f"computing / hand-written {computing / written['seconds']:.2f}")
    print(f"whole night / hand-written {said['seconds'] / written['seconds']:.2f}")
    print(f"rows that only one of the two has: {apart}")


def call(*arguments: object) -> str:
    done = subprocess.run([sys.executable, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


if __name__ == "__main__":
    main()
