"""A night over a synthetic bank against the same night as hand-written DuckDB queries, from one run.

    uv run python bench/nightly.py --customers 1000000

Prints the seconds of each step, the ratio of computing and of the whole night to the hand-written set, peak memory,
how many rows the two results do not share, and the same night with five years behind it instead of one month.

The past is made up: a run for each day, and for each month one published row of every customer, its signals and one
night's tasks. (A bank of which a third moves every day would have ten times as many rows; they do not fit on the
disks that this runs on.)
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
from datetime import date, timedelta
from pathlib import Path

import duckdb
from reference import differences

DAYS = 3
SHORT, LONG = 1, 60  # months behind the night
LAST = date(2026, 6, 24)
SAVED = 2_000
COMPUTING = ("compile", "carry", "value", "grade", "assign", "signals", "plan", "measure", "write")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--night", nargs=2, metavar=("HOME", "DELIVERY"), help=argparse.SUPPRESS)
    parser.add_argument("--age", nargs=2, metavar=("HOME", "MONTHS"), help=argparse.SUPPRESS)
    parser.add_argument("--save", nargs=2, metavar=("HOME", "ROWS"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.night:
        print(json.dumps(night(*map(Path, asked.night))))
    elif asked.age:
        age(Path(asked.age[0]), int(asked.age[1]))
    elif asked.save:
        print(save(Path(asked.save[0]), int(asked.save[1])))
    else:
        compare(asked.customers)


def set_up(home: Path) -> None:
    os.environ |= {"WEIHU_HOME": str(home), "DJANGO_SETTINGS_MODULE": "weihu.workplace.settings"}
    import django

    django.setup()


def night(home: Path, delivery: Path) -> dict[str, object]:
    """One night in this process: its report, seconds in all and peak memory."""
    set_up(home)
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


def age(home: Path, months: int) -> None:
    """Put ``months`` of past behind a home of two nights: runs, their folders, replaced rows."""
    set_up(home)
    from weihu.engine.lake import Home
    from weihu.workplace.bank.models import Run, Signal, Standing, Task

    place, first = Home(home), Run.objects.get(number=1)
    days = [first.business_date - timedelta(days=back) for back in range(1, 1 + round(months * 365.25 / 12))]
    for number, on in zip(range(-1, -1 - len(days), -1), days, strict=True):
        first.number, first.business_date = number, on
        first.save(force_insert=True)
        folder = place.run(number)
        folder.mkdir()
        place.delivery(on, 1).mkdir()
        (folder / "delivery.txt").write_text(f"{place.delivery(on, 1).name}\n")
    files = [(on, path, "business_date") for on, path in leaving(home).items()]
    files += [(on, path, "on") for on, path in looking_back(home).items()]
    for on, path, column in files:
        last = place.run(DAYS - 1) / path.name
        duckdb.sql(f"SELECT * REPLACE (DATE '{on}' AS \"{column}\") FROM '{last}'").write_parquet(str(path))
    for folder in {path.parent for _, path, _ in files}:
        place.checksums.write(folder, folder.name, None)
    for back in range(months):
        since, on = -1 - 30 * back, days[30 * back]
        past = {"since_run": since, "until_run": since + 1, "listed": False, "since": on, "month": f"{on:%Y%m}"}
        for model, rows in ((Standing, "since_run = 1"), (Signal, "since_run = 1"), (Task, "run_id = 1")):
            copy_rows(model, past | {"run_id": since}, rows)


def leaving(home: Path) -> dict[date, Path]:
    """The made-up nights whose movements leave a window in the last night: date and file."""
    from weihu.engine.lake import Home
    from weihu.rules.value import WINDOW_DAYS

    result = {LAST - timedelta(days=days): Home(home).run(DAYS - 1 - days) for days in WINDOW_DAYS if days >= DAYS}
    return {on: folder / "movements.parquet" for on, folder in result.items() if folder.is_dir()}


def looking_back(home: Path) -> dict[date, Path]:
    """The made-up nights whose levels the last night looks back to: date and file."""
    from weihu.engine.lake import Home
    from weihu.rules import attrition, rulebook

    days = attrition.spans(LAST, rulebook.load("state_bank").attrition.level_days).values()
    result = {on: Home(home).run(DAYS - 1 - (LAST - on).days) for on in days if (LAST - on).days >= DAYS}
    return {on: folder / "levels.parquet" for on, folder in result.items() if folder.is_dir()}


def copy_rows(model: type, changed: dict[str, object], where: str) -> None:
    """Rows of a table once more, with some columns changed."""
    from django.db import connection, transaction

    names = [field.column for field in model._meta.fields if not field.primary_key]
    quoted = [connection.ops.quote_name(name) for name in names]
    values = ["%s" if name in changed else column for name, column in zip(names, quoted, strict=True)]
    listed = [
        str(changed[name]) if isinstance(changed[name], date) else changed[name] for name in names if name in changed
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        table = model._meta.db_table
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(quoted)}) SELECT {', '.join(values)} FROM {table} WHERE {where}", listed
        )


def compare(customers: int) -> None:
    """Build a bank with two nights behind it; run the third in both ways, and with a long past; print."""
    from weihu.sources.synthetic import SyntheticBank

    work = Path(tempfile.mkdtemp(prefix="weihu-bench-"))
    try:
        bank = SyntheticBank(customers, max(3, customers // 2000), DAYS, LAST, 3)
        *before, folder = bank.deliveries(work / "deliveries")
        call("-m", "weihu.cli", "--home", work / "short", "init", "--rulebook", "state_bank")
        for earlier in before:
            call(__file__, "--night", work / "short", earlier)
        shutil.copytree(work / "short", work / "long")
        for home, months in (("long", LONG), ("short", SHORT)):
            call(__file__, "--age", work / home, months)
        os.sync()
        result = {home: json.loads(call(__file__, "--night", work / home, folder)) for home in ("short", "long")}
        written = json.loads(call(Path(__file__).with_name("reference.py"), json.dumps(question(work), default=str)))
        apart = differences(work / "reference", work / "short" / "lake" / "runs" / f"{DAYS:06d}")
        report(result["short"], result["long"], written, apart)
        besides(result["short"], work / "short", folder)
    finally:
        shutil.rmtree(work)


def question(work: Path) -> dict[str, object]:
    """What the hand-written night is asked: the last night of the home with a short past."""
    lake = work / "short" / "lake"
    state = lake / "runs" / f"{DAYS - 1:06d}"
    return {
        "state": state,
        "landed": lake / "landed" / f"{LAST}-r1",
        "movements": [state / "movements.parquet", *leaving(work / "short").values()],
        "on": LAST,
        "month_days": DAYS,
        "last_month_days": 1,
        "out": work / "reference",
        "festivals": coming_festivals(),
    }


def coming_festivals() -> list[list[str]]:
    """The festivals that the night looks ahead to."""
    from weihu.rules import rulebook
    from weihu.rules.occasions import festivals

    book = rulebook.load("state_bank")
    last = LAST + timedelta(days=1 + book.signals["festival"].lead_days)
    return [[key, str(on)] for key, on in festivals(book, LAST + timedelta(days=1), last)]


def report(said: dict, aged: dict, written: dict, apart: dict[str, int]) -> None:
    """The figures, a line each."""
    for step, seconds in said["steps"].items():
        print(f"{step:10} {seconds:8.2f} s   with {LONG} months behind it {aged['steps'][step]:8.2f} s")
    computing = sum(said["steps"][step] for step in COMPUTING)
    print(f"whole night {said['seconds']:.2f} s, peak {said['peak_mib']} MiB")
    print(f"with {LONG} months behind it {aged['seconds']:.2f} s, peak {aged['peak_mib']} MiB")
    print(f"hand-written {written['seconds']:.2f} s, peak {written['peak_mib']} MiB")
    print(f"computing / hand-written {computing / written['seconds']:.2f}")
    print(f"whole night / hand-written {said['seconds'] / written['seconds']:.2f}")
    print(f"{LONG} months behind it / {SHORT} month {aged['seconds'] / said['seconds']:.2f}")
    print(f"rows that only one of the two has: {apart}")


def besides(said: dict, home: Path, delivery: Path) -> None:
    """Landing against reading the same files, and publishing against the ORM."""
    landing = said["steps"]["land"] / scan(delivery)
    rows, seconds = map(float, call(__file__, "--save", home, SAVED).split())
    print(f"landing / reading the same files {landing:.2f}")
    print(f"publishing a row / saving it by the ORM {said['steps']['publish'] / rows * SAVED / seconds:.3f}")


def scan(delivery: Path) -> float:
    """Seconds for reading every column of a delivery's files, as text where they are text."""
    connection, began = duckdb.connect(), time.perf_counter()
    for file in sorted(delivery.iterdir()):
        if file.suffix in (".csv", ".parquet"):
            source = f"read_csv('{file}', all_varchar = true)" if file.suffix == ".csv" else f"'{file}'"
            connection.execute(f"CREATE OR REPLACE TEMP TABLE scanned AS FROM {source}")
    return time.perf_counter() - began


def save(home: Path, count: int) -> str:
    """The rows that the last night published, and the seconds for saving so many standings one by one in one go."""
    set_up(home)
    from django.db import transaction

    from weihu.workplace.bank.models import Account, Run, Signal, Standing, Task

    last = Run.objects.filter(published=True).order_by("-number")[0].number
    kinds = (Standing, Signal, Account)
    rows = sum(kind.objects.filter(since_run=last).count() for kind in kinds) + Task.objects.filter(run_id=last).count()
    wanted = list(Standing.objects.order_by("-pk")[:count])
    began = time.perf_counter()
    with transaction.atomic():
        for row in wanted:
            row.pk = None
            row.save(force_insert=True)
        transaction.set_rollback(True)
    return f"{rows} {time.perf_counter() - began}"


def call(*arguments: object) -> str:
    done = subprocess.run([sys.executable, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


if __name__ == "__main__":
    main()
