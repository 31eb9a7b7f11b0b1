"""Nights over a holiday, in a home of their own.

    python -m tests.nightly.holidays DELIVERIES OWN_DAYS

OWN_DAYS: a JSON list of [branch, day, open]. Prints a JSON line for each night: its date, the days of its lists by
branch (with how many tasks each), and the maturities that it raises for the nearest lead, by day.
"""

import json
import os
import sys
from collections import Counter
from datetime import date
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "weihu.workplace.settings"

import django

django.setup()

from django.conf import settings  # noqa: E402

from weihu.nightly.run import Nightly  # noqa: E402
from weihu.workplace.bank.models import Signal, Staff, Task  # noqa: E402
from weihu.workplace.gate.models import OwnDay  # noqa: E402


def main(deliveries: Path, own_days: list[tuple[str, str, bool]]) -> None:
    OwnDay.objects.bulk_create(
        OwnDay(branch_id=branch, on=date.fromisoformat(day), open=is_open, entered_by="x", entered_on=date(2026, 1, 1))
        for branch, day, is_open in own_days
    )
    branches = dict(Staff.objects.values_list("staff_id", "branch_id"))
    with Nightly(settings.HOME) as nightly:
        for folder in sorted(path for path in deliveries.iterdir() if not path.name.startswith(".")):
            run = nightly.run(folder)
            branches |= dict(Staff.objects.values_list("staff_id", "branch_id"))
            lists = Counter(
                (branches[staff], str(on)) for staff, on in Task.objects.filter(run=run).values_list("staff_id", "on")
            )
            raised = Signal.objects.listed_at(run).filter(kind="maturity", raised_on=run.business_date)
            near = Counter(str(row.on_date) for row in raised if row.subject.endswith(" 1"))
            row = {"night": str(run.business_date), "lists": [[*key, count] for key, count in lists.items()]}
            print(json.dumps({**row, "near": near, "unannounced": run.report["unannounced"]}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
