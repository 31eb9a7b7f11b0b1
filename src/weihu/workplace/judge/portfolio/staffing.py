"""The staffing table (人员配置): additional posts, limits and absences; downloaded and uploaded as a workbook."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from weihu.rules.rulebook import RuleBook
from weihu.sources import workbook
from weihu.sources.workbook import Unreadable, cell_text
from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit
from weihu.workplace.base.words import called
from weihu.workplace.gate.models import Absence
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.portfolio.models import Staffing

COMMAS = str.maketrans("、\uff0c;\uff1b", ",,,,")
MOST_CUSTOMERS, MOST_MINUTES = 100_000, 720


@dataclass(frozen=True)
class Problem:
    """A cell that cannot be used: its row and column, what was found and what was expected."""

    line: int
    column: str
    found: str
    expected: str


def columns() -> list[str]:
    """The titles of the table in the reader's language. An upload may have them in either language."""
    return [
        _("Staff number"),
        _("Name"),
        _("Branch"),
        _("Post"),
        _("Additional posts"),
        _("Customers at most"),
        _("Minutes a day"),
    ]


def lines(people: list[Staff], book: RuleBook) -> list[list[Any]]:
    """A row for each person."""
    entries = Staffing.objects.in_bulk([member.staff_id for member in people])
    rows = []
    for member in people:
        entry = entries.get(member.staff_id)
        more = ", ".join(called(book.posts[post]) for post in entry.posts if post in book.posts) if entry else ""
        limits = [entry.customers_max, entry.minutes_per_day] if entry else [None, None]
        rows.append(
            [member.staff_id, member.name, member.branch_id, called(book.posts.get(member.post)), more, *limits]
        )
    return rows


def read(content: bytes, name: str, gate: Gate) -> tuple[list[Staffing], list[Problem]]:
    """The entries of an uploaded table, and every cell that cannot be used. Raises workbook.Unreadable."""
    head, *rows = [[cell_text(cell) for cell in row] for row in workbook.read(content, name).rows]
    places = _places(head)
    if "staff_id" not in places:
        raise Unreadable("第一行须有“工号”一列", "the first row has to have a column Staff number")
    people = {member.staff_id: member for member in gate.colleagues()}
    posts = {name.casefold(): key for key, post in gate.run.rulebook.posts.items() for name in (key, post.zh, post.en)}
    entries: list[Staffing] = []
    problems: list[Problem] = []
    for line, row in enumerate(rows, 2):
        cell = {name: row[place] if place < len(row) else "" for name, place in places.items()}
        if not any(cell.values()):
            continue
        if cell["staff_id"] not in people:
            problems.append(
                Problem(
                    line,
                    head[places["staff_id"]],
                    cell["staff_id"],
                    _("a member of staff in service within your reach"),
                )
            )
            continue
        more = [part.strip() for part in cell.get("more_posts", "").translate(COMMAS).split(",") if part.strip()]
        problems += [
            Problem(line, head[places["more_posts"]], part, _("a post of the rule book"))
            for part in more
            if part.casefold() not in posts
        ]
        limits = {}
        for limit, most in (("customers_max", MOST_CUSTOMERS), ("minutes_per_day", MOST_MINUTES)):
            text = cell.get(limit, "")
            if text and not (text.isdecimal() and int(text) <= most):
                problems.append(
                    Problem(line, head[places[limit]], text, _("a whole number up to %(most)d") % {"most": most})
                )
            limits[limit] = int(text) if text.isdecimal() else None
        keys = sorted(
            {posts[part.casefold()] for part in more if part.casefold() in posts} - {people[cell["staff_id"]].post}
        )
        entries.append(Staffing(staff_id=cell["staff_id"], more_posts=",".join(keys), **limits))
    return entries, problems


def save(rows: list[Staffing], by: str, on: date) -> None:
    """Save all rows or none; people who are not in the table stay as they are."""
    with transaction.atomic():
        for row in rows:
            row.changed_by, row.changed_on = by, on
            row.save()
        audit.record(by, "staffing.save", detail=str(len(rows)))


def concerned_by(absence: Absence) -> tuple[str, str, str]:
    """Who entered it, who is away and who covers, none of whom agrees to the cover."""
    return absence.entered_by, absence.staff_id, absence.cover_id


def agree_to_cover(number: int, people: Collection[str], gate: Gate) -> bool:
    """Agree to a cover that others are concerned by; False if there is none that the person may agree to."""
    by = gate.staff.staff_id
    rows = Absence.objects.filter(pk=number, staff_id__in=people, agreed_by="", withdrawn=False).exclude(cover_id="")
    absence = rows.first()
    if absence is None or not gate.decides or by in concerned_by(absence) or not rows.update(agreed_by=by):
        return False
    audit.record(by, "absence.agree", detail=str(number))
    return True


def enter_absence(staff_id: str, from_on: date, to_on: date, cover_id: str, by: str) -> Absence:
    """Record an absence and who covers, if anybody."""
    absence = Absence.objects.create(staff_id=staff_id, from_on=from_on, to_on=to_on, cover_id=cover_id, entered_by=by)
    audit.record(by, "absence.enter", detail=f"{absence.pk} {staff_id} {from_on} {to_on} {cover_id}")
    return absence


TITLES = {
    "staff_id": ("工号", "staff number", "staff_id"),
    "more_posts": ("兼岗", "more posts"),
    "customers_max": ("管户上限", "customers at most"),
    "minutes_per_day": ("每日分钟", "minutes a day"),
}


def _places(head: list[str]) -> dict[str, int]:
    titles = [title.casefold() for title in head]
    return {name: titles.index(title) for name, spellings in TITLES.items() for title in spellings if title in titles}
