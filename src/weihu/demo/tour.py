"""The guided tour on the demo's sign-in page."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Iterable
from pathlib import Path

from django.urls import reverse

from weihu.engine.lake import Home
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Run, Signal, Staff, Standing
from weihu.workplace.gate.models import Referral
from weihu.workplace.know.archive.facts import archive_of
from weihu.workplace.know.archive.portrait import missing

COMES_TO, READY = "high_counter", "near_grade"
STEPS = Path(__file__).with_name("tour.toml")


def write(home: Home, members: Iterable[Staff]) -> None:
    """Put the steps into the home: each with its page and the member of staff of its post who has a login.

    The telephone number in it is of the synthetic bank.
    """
    staff = {member.post: member for member in members}
    phone = _phone({member.branch_id for member in staff.values() if member.post == COMES_TO})
    steps = [
        {
            "zh": step["zh"].format(phone=phone),
            "en": step["en"].format(phone=phone),
            "page": reverse(step["page"]),
            "staff_id": staff[step["post"]].staff_id,
            "name": staff[step["post"]].name,
        }
        for step in tomllib.loads(STEPS.read_text(encoding="utf-8"))["steps"]
        if step["post"] in staff
    ]
    home.tour.write_text(json.dumps(steps, ensure_ascii=False, indent=1), encoding="utf-8")


def _phone(branches: Collection[str]) -> str:
    """The number of a customer of these branches who is ready to move up, not referred yet, and can be asked a lot; else
    of any of them."""
    run = current()
    if run is None:
        return ""
    signals = Signal.objects.listed_at(run).filter(kind=READY, held_out=False)
    ready = set(signals.values_list("customer_id", flat=True))
    referred = set(Referral.objects.filter(open_key__isnull=False).values_list("customer_id", flat=True))
    standings = Standing.objects.listed_at(run).filter(branch_id__in=branches, effective=True)
    rows = [row for row in standings.select_related("customer").order_by("customer_id") if row.customer.phone]
    chosen = [row for row in rows if row.customer_id in ready - referred] or rows[:1]
    return max(chosen, key=lambda row: _missing(row, run)).customer.phone if chosen else ""


def _missing(row: Standing, run: Run) -> int:
    return len(missing(archive_of(row.customer, run.rulebook, run.work_date), row, run.rulebook))
