"""Alarms (告警): what a person has to look at now. Shown on the page of runs, and sent by mail and webhook.

``WEIHU_NIGHT_BY``: the time of day (HH:MM) by which the night of the day before has to be published.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db import DatabaseError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from weihu.engine.lake import Home
from weihu.workplace.bank.current import current
from weihu.workplace.base import audit

FREE_SHARE = 0.1
BACKUP_HOURS = 26
VERIFIED = REMIND = timedelta(hours=24)
_NEVER = "2000-01-01T00:00:00+00:00"
TEXTS: dict[str, tuple[Promise, Promise]] = {
    "late": (_("The night is late"), _("Look at its log and at the inbox, then run it.")),
    "refused": (
        _("A delivery was refused"),
        _("The report in the folder refused names every fault. Correct it, run again."),
    ),
    "disk": (_("The disk is filling up"), _("Make room before the next night.")),
    "audit": (_("The audit log was changed"), _("Keep everything as it is and tell the audit department.")),
    "backup": (_("The last backup is old"), _("Look at the log of the backup, then take one.")),
    "database": (_("The database does not answer"), _("Look at its log and at its disk.")),
}
"""By code: what is wrong, and what to do."""


@dataclass(frozen=True)
class Alarm:
    """Something that is wrong; ``detail`` has figures and dates, and nothing of a customer."""

    code: str
    detail: str = ""

    @property
    def title(self) -> Promise:
        """What is wrong."""
        return TEXTS[self.code][0]

    @property
    def advice(self) -> Promise:
        """What to do."""
        return TEXTS[self.code][1]

    def line(self, language: str) -> str:
        """All of it in a language."""
        with override(language):
            detail = f" ({self.detail})" if self.detail else ""
            return f"{self.title}{detail}{_(': ')}{self.advice}"


def alarms(home: Home, now: datetime) -> list[Alarm]:
    """What is wrong now."""
    try:
        found = [*_late(now), *_refused(home)]
    except DatabaseError:
        found = [Alarm("database")]
    broken = _state(home).get("broken")
    if broken is not None:
        found.append(Alarm("audit", broken))
    return [*found, *_disk(home), *_backup(home, now)]


def verify_audit(home: Home, now: datetime) -> None:
    """Verify the audit log, once a day."""
    state = _state(home)
    if now - datetime.fromisoformat(state.get("verified", _NEVER)) >= VERIFIED:
        broken = audit.verify()
        _keep(home, {**state, "verified": now.isoformat(), "broken": None if broken is None else str(broken)})


def send_new(home: Home, found: list[Alarm], now: datetime, send: Callable[[list[str], list[str]], None]) -> None:
    """Send what is new, what has been wrong for another day, and what is over. ``send`` raises if nobody was reached;
    then the same is sent the next time."""
    state = _state(home)
    sent: dict[str, str] = state.get("sent", {})
    codes = {alarm.code for alarm in found}
    new = [alarm for alarm in found if now - datetime.fromisoformat(sent.get(alarm.code, _NEVER)) >= REMIND]
    over = [Alarm(code) for code in sent if code not in codes]
    if new or over:
        send([_both(alarm) for alarm in new], [_both(alarm) for alarm in over])
        kept = {code: at for code, at in sent.items() if code in codes}
        _keep(home, {**state, "sent": {**kept, **{alarm.code: now.isoformat() for alarm in new}}})


def _both(alarm: Alarm) -> str:
    return f"{alarm.line('zh-hans')} / {alarm.line('en')}"


def _late(now: datetime) -> list[Alarm]:
    by = os.environ.get("WEIHU_NIGHT_BY", "")
    here = timezone.localtime(now)
    if not by or here.time() < time.fromisoformat(by):
        return []
    last, due = current(), here.date() - timedelta(days=1)
    if last and last.business_date >= due:
        return []
    return [Alarm("late", f"{last.business_date if last else '-'} < {due}")]


def _refused(home: Home) -> list[Alarm]:
    """A delivery that was refused after the last night was published."""
    last = current()
    report = home.run(last.number) / "report.json" if last else None
    published = report.stat().st_mtime if report and report.is_file() else 0
    reports = [path for path in home.refused.glob("*.json") if path.stat().st_mtime > published]
    return [Alarm("refused", path.stem) for path in sorted(reports)[-1:]]


def _disk(home: Home) -> list[Alarm]:
    has_room, free = room(home)
    return [] if has_room else [Alarm("disk", free)]


def room(home: Home) -> tuple[bool, str]:
    """Whether the disk has room for the nights to come, and how much is free."""
    usage = shutil.disk_usage(home.root)
    return usage.free >= FREE_SHARE * usage.total, f"{usage.free >> 30} GiB"


def _backup(home: Home, now: datetime) -> list[Alarm]:
    """Where backups are taken here, none was for more than a day."""
    if not home.backed_up.is_file():
        return []
    age = timedelta(seconds=now.timestamp() - home.backed_up.stat().st_mtime)
    hours = age / timedelta(hours=1)
    return [Alarm("backup", f"{hours:.0f} h")] if hours > BACKUP_HOURS else []


def _state(home: Home) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads(home.alarms.read_text())
    except (OSError, ValueError):
        return {}
    return state


def _keep(home: Home, state: dict[str, Any]) -> None:
    staging = home.alarms.with_suffix(".new")
    staging.write_text(json.dumps(state))
    staging.replace(home.alarms)
