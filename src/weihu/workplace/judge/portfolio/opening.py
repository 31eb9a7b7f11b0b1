"""The table of working days (工作日历): days of the bank and of branches, and shifts; downloaded and uploaded."""

from __future__ import annotations

import calendar as months
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _

from weihu.rules.catalogue import NO, YES, read_date
from weihu.rules.workdays import SATURDAY, WorkingDays
from weihu.sources import workbook
from weihu.sources.workbook import Unreadable, cell_text
from weihu.workplace.base import audit
from weihu.workplace.gate.models import OwnDay, Shift
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.portfolio.staffing import Problem

OPEN, CLOSED = YES | {"上班", "班", "营业", "at work", "open"}, NO | {"休息", "休", "off", "closed"}
SHOWN_MONTHS, SHOWN_SHIFTS = 4, 31
AT_ONCE = 500


@dataclass(frozen=True)
class Entry:
    """A row of the table: whether a branch, the whole bank (no branch) or a member of staff works on a day.

    ``open``: None where nothing of its own is to be said.
    """

    on: date
    branch_id: str
    staff_id: str
    open: bool | None


def columns() -> list[str]:
    """The titles of the table in the reader's language. An upload may have them in either language."""
    return [_("Date"), _("Branch"), _("Staff number"), _("At work or off"), _("Weekday"), _("Says who")]


def lines(gate: Gate, branch_id: str) -> list[list[Any]]:
    """Every day of a branch (without one: of the bank) until the end of next year, and the shifts of its people."""
    first = gate.run.work_date
    last = date(first.year + 1, 12, 31)
    days = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
    calendar = gate.days_at(branch_id)
    rows: list[list[Any]] = [
        [on, branch_id, "", _word(calendar.is_open(on, branch_id)), format_date(on, "l"), said(calendar, on, branch_id)]
        for on in days
    ]
    shifts = Shift.objects.filter(branch_id=branch_id, on__gte=first).order_by("on", "staff_id")
    rows += [[row.on, branch_id, row.staff_id, _word(row.works), format_date(row.on, "l"), ""] for row in shifts]
    return rows


def said(calendar: WorkingDays, on: date, branch_id: str) -> str:
    """Who says whether a day is open, in the reader's words."""
    return {
        "branch": _("the branch"),
        "bank": _("the bank"),
        "arranged": _("the yearly arrangement"),
        "expected": _("the law alone"),
    }[calendar.voice(on, branch_id)]


def read(content: bytes, name: str, gate: Gate) -> tuple[list[Entry], list[Problem]]:
    """The entries of an uploaded table, and every cell that cannot be used. Raises workbook.Unreadable."""
    head, *rows = [[cell_text(cell) for cell in row] for row in workbook.read(content, name).rows]
    titles = [title.casefold() for title in head]
    places = {key: titles.index(title) for key, names in TITLES.items() for title in names if title in titles}
    if not {"on", "open"} <= places.keys():
        raise Unreadable(
            "第一行须有“日期”和“上班或休息”两列", "the first row has to have the columns Date and At work or off"
        )
    people = {member.staff_id: member.branch_id for member in gate.colleagues()}
    entries: list[Entry] = []
    problems: list[Problem] = []
    for line, row in enumerate(rows, 2):
        cell = {key: row[place] if place < len(row) else "" for key, place in places.items()}
        if not any(cell.values()):
            continue
        found = dict.fromkeys(TITLES, "") | cell
        wrong = _wrong(found, gate, people)
        problems += [Problem(line, head[places[key]], found[key], expected) for key, expected in wrong if key in places]
        if not wrong:
            staff = found["staff_id"]
            on = read_date(found["on"]) or date.min
            word = found["open"].casefold()
            branch = people[staff] if staff else found["branch_id"]
            entries.append(Entry(on, branch, staff, word in OPEN if word else None))
    return entries, problems


def _wrong(found: dict[str, str], gate: Gate, people: dict[str, str]) -> list[tuple[str, str]]:
    """The cells of a row that cannot be used, and what was expected."""
    wrong = []
    on = read_date(found["on"])
    if on is None or on < gate.run.work_date:
        wrong.append(("on", _("a date from today on, such as 2027-02-05")))
    if found["open"].casefold() not in OPEN | CLOSED | {""}:
        wrong.append(("open", _("at work or off")))
    if found["staff_id"]:
        if found["staff_id"] not in people:
            wrong.append(("staff_id", _("a member of staff in service within your reach")))
    elif found["branch_id"] not in gate.branches and not (found["branch_id"] == "" and gate.reach == "bank"):
        wrong.append(("branch_id", _("a branch within your reach")))
    return wrong


def save(entries: list[Entry], gate: Gate) -> int:
    """Save all entries; how many say something else than is known without them. The others need no row, but in a year
    whose arrangement is not announced each of the bank's does: it is the bank's word."""
    by, on = gate.staff.staff_id, gate.run.work_date
    latest = {(row.branch_id, row.staff_id, row.on): row for row in entries}
    bank = {row.on: row.open for row in latest.values() if not row.branch_id and not row.staff_id}
    own_days, shifts = [], []
    for row in latest.values():
        mark: dict[str, Any] = {"branch_id": row.branch_id, "on": row.on, "entered_by": by, "entered_on": on}
        if row.open is None:
            continue
        if row.staff_id:
            shifts.append(Shift(staff_id=row.staff_id, works=row.open, **mark))
        elif row.open != _without(row, bank, gate) or not (row.branch_id or gate.days.is_arranged(row.on.year)):
            own_days.append(OwnDay(open=row.open, **mark))
    with transaction.atomic():
        for branch in {row.branch_id for row in latest.values() if not row.staff_id}:
            days = [row.on for row in latest.values() if row.branch_id == branch and not row.staff_id]
            OwnDay.objects.filter(branch_id=branch, on__in=days).delete()
        for staff in {row.staff_id for row in latest.values()} - {""}:
            days = [row.on for row in latest.values() if row.staff_id == staff]
            Shift.objects.filter(staff_id=staff, on__in=days).delete()
        OwnDay.objects.bulk_create(own_days, batch_size=AT_ONCE)
        Shift.objects.bulk_create(shifts, batch_size=AT_ONCE)
        audit.record(by, "workdays.save", detail=f"{len(own_days)} {len(shifts)}")
    return len(own_days) + len(shifts)


def _without(row: Entry, bank: dict[date, bool | None], gate: Gate) -> bool:
    """Whether a day would be open without an entry."""
    usual = gate.days.usually_open(row.on)
    if not row.branch_id:
        return usual
    if row.on in bank:
        told = bank[row.on]
        return usual if told is None else told
    return gate.days.is_open(row.on)


def coming_shifts(gate: Gate, branch_id: str) -> list[tuple[date, list[str], list[str]]]:
    """The next days with shifts in a branch: who works and who is off."""
    rows = Shift.objects.filter(branch_id=branch_id, on__gte=gate.run.work_date).order_by("on", "staff_id")
    names = dict(gate.colleagues().values_list("staff_id", "name"))
    days: dict[date, tuple[list[str], list[str]]] = {}
    for row in rows:
        works, off = days.setdefault(row.on, ([], []))
        (works if row.works else off).append(names.get(row.staff_id, row.staff_id))
    return [(on, *both) for on, both in list(days.items())[:SHOWN_SHIFTS]]


@dataclass(frozen=True)
class Day:
    """A day to be shown: whether the branch is open, whether that is unlike the weekday, and who says so."""

    on: date
    open: bool
    unlike: bool
    said: str

    @property
    def word(self) -> str:
        """At work, or off."""
        return _word(self.open)


@dataclass(frozen=True)
class Month:
    """A month to be shown: its weeks from Monday; nothing in the place of a day of another month."""

    first: date
    weeks: list[list[Day | None]]


def shown_months(gate: Gate, branch_id: str) -> list[Month]:
    """This month and the next ones of a branch."""
    shown = []
    calendar, first = gate.days_at(branch_id), gate.run.work_date.replace(day=1)
    for _month in range(SHOWN_MONTHS):
        weeks = months.Calendar().monthdatescalendar(first.year, first.month)
        shown.append(
            Month(
                first,
                [[_day(calendar, on, branch_id) if on.month == first.month else None for on in week] for week in weeks],
            )
        )
        first = (first + timedelta(days=31)).replace(day=1)
    return shown


def _day(calendar: WorkingDays, on: date, branch_id: str) -> Day:
    is_open = calendar.is_open(on, branch_id)
    return Day(on, is_open, is_open != (on.weekday() < SATURDAY), said(calendar, on, branch_id))


def _word(works: bool) -> str:
    return _("at work") if works else _("off")


TITLES = {
    "on": ("日期", "date", "on"),
    "branch_id": ("网点", "branch", "branch_id"),
    "staff_id": ("工号", "staff number", "staff_id"),
    "open": ("上班或休息", "上班", "at work or off", "open"),
}
