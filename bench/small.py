"""A small profile of everything in about five minutes: each figure as a ratio to a reference of the same run.

    uv run python bench/small.py            # what `make bench` runs
    uv run python bench/small.py --keep     # the figures become the last line of bench/README.md

Every bench prints its ratios as lines `what / reference 1.23`; lower is better. A ratio that is more than a fifth worse
than the last one kept is named, and the exit code is 1. Ratios of one run can be compared between machines of a kind;
seconds cannot, so they are not kept.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
HISTORY = HERE / "README.md"
PROFILE = {
    "night": ("nightly.py", "--customers", "100000"),
    "plan": ("plan.py", "--customers", "200000", "--people", "400"),
    "what-if": ("whatif.py", "--customers", "1000000"),
    "segments": ("segments.py", "--customers", "1000000", "--segments", "20", "--check", "20"),
    "imports": ("imports.py", "--customers", "10000", "--rows", "20000"),
}
"""The benches, with sizes that take a minute each."""
RATIO = re.compile(r"^(?P<name>[^:|\n]+ / [^:|\n]+?) (?P<value>\d+\.\d+)\b", re.MULTILINE)
WORSE = 1.2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="write the figures into bench/README.md")
    parser.add_argument("--only", choices=PROFILE, action="append", help="one bench; may be repeated")
    asked = parser.parse_args()
    began = time.perf_counter()
    kept = last(HISTORY.read_text(encoding="utf-8"))
    found: dict[str, float] = {}
    for name in asked.only or PROFILE:
        found |= ratios(name)
    worse = shown(found, kept)
    print(f"{time.perf_counter() - began:.0f} s")
    if asked.keep:
        HISTORY.write_text(extended(HISTORY.read_text(encoding="utf-8"), found), encoding="utf-8")
    return 1 if worse else 0


def ratios(name: str) -> dict[str, float]:
    """What a bench measured, by "bench: what / reference"."""
    script, *arguments = PROFILE[name]
    print(f"$ python bench/{' '.join([script, *arguments])}", flush=True)
    environment = os.environ | {"PYTHONPATH": str(HERE.parent)}  # some make their data with the tests' own
    command = [sys.executable, str(HERE / script), *arguments]
    done = subprocess.run(command, cwd=HERE.parent, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return {f"{name}: {row['name']}": float(row["value"]) for row in RATIO.finditer(done.stdout)}


def last(text: str) -> dict[str, float]:
    """The last ratio kept of each name."""
    rows = re.findall(r"^\| [\d-]+ \| [^|]* \| [^|]* \| ([^|]+) \| ([\d.]+) \|$", text, re.MULTILINE)
    return {name: float(value) for name, value in rows}


def shown(found: dict[str, float], kept: dict[str, float]) -> list[str]:
    """A table of the ratios beside the last ones kept; the names of those that got worse."""
    worse = []
    width = max(map(len, found), default=0)
    print(f"\n{'':{width}} {'now':>8} {'kept':>8}")
    for name, value in found.items():
        before = kept.get(name)
        told = f"{before:8.3f}" if before is not None else f"{'new':>8}"
        mark = ""
        if before is not None and value > before * WORSE:
            worse.append(name)
            mark = f"   {value / before - 1:.0%} worse"
        print(f"{name:{width}} {value:8.3f} {told}{mark}")
    return worse


def extended(text: str, found: dict[str, float]) -> str:
    """The history with the figures of today."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, check=True, stdout=subprocess.PIPE, text=True
    )
    begin = f"| {datetime.now(UTC).date()} | {commit.stdout.strip()} | {machine()} |"
    return text.rstrip("\n") + "\n" + "".join(f"{begin} {name} | {value:.3f} |\n" for name, value in found.items())


def machine() -> str:
    """Cores, processor and Python."""
    model = (
        re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
        if Path("/proc/cpuinfo").exists()
        else None
    )
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores, {model[1] if model else platform.processor()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
