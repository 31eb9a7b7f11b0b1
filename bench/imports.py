"""A workbook as branches keep it, of so many rows, from upload to archive; against pandas with openpyxl reading it.

    uv run python -m bench.imports --customers 100000 --rows 200000

Prints the seconds of each phase, peak memory, what became of the rows against the truth, and the ratio to pandas.
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
import uuid
from collections import Counter
from datetime import date
from pathlib import Path

BRANCH_CUSTOMERS = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--make", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--import", nargs=3, dest="given", help=argparse.SUPPRESS)
    parser.add_argument("--pandas", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.make:
        make(Path(asked.make[0]), Path(asked.make[1]), asked.rows)
    elif asked.given:
        print(json.dumps(imported(*map(Path, asked.given))))
    elif asked.pandas:
        print(json.dumps(by_pandas(asked.pandas)))
    else:
        compare(asked.customers, asked.rows)


def set_up(home: Path):
    os.environ |= {"WEIHU_HOME": str(home), "DJANGO_SETTINGS_MODULE": "weihu.workplace.settings"}
    import django

    django.setup()
    from weihu.workplace.bank.current import current
    from weihu.workplace.bank.models import Staff
    from weihu.workplace.gate.reach import Gate

    run = current()
    return Gate(Staff.objects.filter(post="personal_banking")[0], run), run.rulebook


def make(home: Path, folder: Path, count: int) -> None:
    """The workbooks and the truth of their rows."""
    from tests.workplace import messy

    set_up(home)
    from weihu.workplace.bank.models import Customer

    listed = list(Customer.objects.order_by("customer_id"))
    names, phones = Counter(entry.name for entry in listed), Counter(row.phone for row in listed)
    identities = Counter(row.identity_number for row in listed)
    people = [
        messy.Person(
            row.customer_id,
            row.name,
            row.phone if row.phone and phones[row.phone] == 1 else "",
            row.identity_number if row.identity_number and identities[row.identity_number] == 1 else "",
            names[row.name] == 1,
        )
        for row in listed
    ]
    cells, truth = messy.rows(people, count)
    messy.xlsx(cells, str(folder / "messy.xlsx"))
    (folder / "messy.csv").write_bytes(messy.gbk_csv(cells))
    (folder / "truth.json").write_text(json.dumps(truth))


def imported(home: Path, file: Path, truth_file: Path) -> dict[str, object]:
    """Read, stage, check and record a file; the seconds of each."""
    gate, book = set_up(home)
    from weihu.sources.workbook import read
    from weihu.workplace.base.channels import Channel
    from weihu.workplace.know.archive.models import Confidence
    from weihu.workplace.know.intake import importing
    from weihu.workplace.know.intake.models import ImportRow, Phase

    seconds: dict[str, float] = {}
    began = time.perf_counter()

    def took(name: str) -> None:
        nonlocal began
        seconds[name] = round(time.perf_counter() - began, 2)
        began = time.perf_counter()

    sheet = read(file.read_bytes(), file.name)
    took("read")
    chosen = importing.stage(sheet, file.name, (Channel.CAMPAIGN, Confidence.TOLD), gate, book, uuid.uuid4())
    del sheet
    took("stage")
    for phase, name in ((Phase.CHECKING, "check"), (Phase.RECORDING, "record")):
        importing.begin(chosen, phase)
        while chosen.working:
            importing.step(chosen, gate, book)
        took(name)
    problems = importing.problems_workbook(chosen, "bench")
    took("problems workbook")
    states = list(ImportRow.objects.filter(origin=chosen).order_by("position").values_list("state", flat=True))
    truth = json.loads(truth_file.read_text())
    return {
        "seconds": seconds,
        "rows": dict(chosen.rows_by_state),
        "truth": Counter(truth),
        "otherwise": sum(state != true for state, true in zip(states, truth, strict=True)),
        "facts": chosen.counts["recorded"],
        "problems_kib": len(problems) >> 10,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
    }


def by_pandas(file: str) -> dict[str, float]:
    import pandas

    began = time.perf_counter()
    table = pandas.read_excel(file, engine="openpyxl", header=None, dtype=object)
    assert len(table)
    return {
        "seconds": time.perf_counter() - began,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
    }


def compare(customers: int, count: int) -> None:
    from weihu.sources.synthetic import SyntheticBank

    work = Path(tempfile.mkdtemp(prefix="weihu-bench-"))
    try:
        bank = SyntheticBank(customers, max(3, customers // BRANCH_CUSTOMERS), 1, date(2026, 6, 24), 3)
        (folder,) = bank.deliveries(work / "deliveries")
        home = work / "home"
        call("weihu.cli", "--home", home, "init")
        call("weihu.cli", "--home", home, "run", "--date", "2026-06-24", "--delivery", folder)
        call("bench.imports", "--rows", count, "--make", home, work)
        theirs = json.loads(call("bench.imports", "--pandas", work / "messy.xlsx"))
        print(f"pandas + openpyxl reads the xlsx: {theirs['seconds']:.1f} s, peak {theirs['peak_mib']} MiB")
        for kind in ("xlsx", "csv"):
            answer = json.loads(call("bench.imports", "--import", home, work / f"messy.{kind}", work / "truth.json"))
            print(f"{kind}: {answer}")
            print(f"{kind}: all phases {sum(answer['seconds'].values()):.1f} s")
            if kind == "xlsx":
                print(f"reading / pandas {answer['seconds']['read'] / theirs['seconds']:.3f}")
    finally:
        shutil.rmtree(work)


def call(module: str, *arguments: object) -> str:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
