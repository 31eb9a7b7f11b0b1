"""What the day recorded, read as of the business date, for the night."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TypedDict

import pyarrow as pa
from django.db.models import Count, Max, Q

from weihu.nightly.graph import rows_of
from weihu.nightly.noted import noted
from weihu.nightly.steps import NOTED
from weihu.rules.rulebook import RuleBook
from weihu.rules.workdays import ListDay, WorkingDays
from weihu.workplace.act.messaging.fatigue import tired_customers
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Staff
from weihu.workplace.consent.consents import stopped_customers
from weihu.workplace.contact.models import Answer, Contact, Outcome
from weihu.workplace.gate.cover import away
from weihu.workplace.gate.merged import merges_on
from weihu.workplace.gate.models import Placement
from weihu.workplace.judge.benefits.models import BenefitUse
from weihu.workplace.judge.grading.models import GradeException
from weihu.workplace.judge.portfolio.models import Staffing
from weihu.workplace.know.archive.facts import barred_customers, dead_customers, known_keys
from weihu.workplace.know.archive.models import Fact

Row = Mapping[str, object]


class OwnWorkday(TypedDict):
    """A row of tables.OWN_WORKDAYS."""

    branch_id: str
    staff_id: str
    works_on: date
    through: date


LOOK_BACK = timedelta(days=14)
"""A contact saved while a night was reading is read by the next ones: reading one twice changes nothing."""


def gather(on: date, book: RuleBook, days: WorkingDays) -> dict[str, pa.Table]:
    """The tables of steps.NOTED: contacts, answers and facts of the last days up to the business date, and who is not to
    be contacted after it."""
    span = {"on__gt": on - LOOK_BACK, "on__lte": on}
    reached = Contact.objects.filter(**span).exclude(outcome=Outcome.NOT_REACHED)
    contacts = [
        {"customer_id": customer, "last_contact_on": day, "follow_up_on": follow_up}
        for customer, day, follow_up in reached.values_list("customer_id", "on", "follow_up_on").order_by("id")
    ]
    answered = Answer.objects.filter(**span).values("customer_id", "kind", "subject").annotate(answered_on=Max("on"))
    changed = Q(changed_on__gt=on - LOOK_BACK, changed_on__lte=on)
    expired = Q(valid_until__gte=on - LOOK_BACK, valid_until__lt=on)
    changed_of = Fact.objects.filter(changed | expired).values_list("customer_id", flat=True)
    facts = [
        {"customer_id": customer, "known": f",{','.join(keys)},"}
        for customer, keys in sorted(known_keys(set(changed_of), on).items())
    ]
    barred = [{"customer_id": customer} for customer in sorted(barred_customers(book, on + timedelta(days=1)))]
    tired = [{"customer_id": customer} for customer in sorted(tired_customers(book, on))]
    own = _own_workdays(on, days)
    rows: dict[str, Iterable[Row]] = {
        "contacts_today": contacts,
        "answers_today": answered,
        "facts_today": facts,
        "barred": barred,
        "unscored": [{"customer_id": customer} for customer in sorted(unscored_customers(book, on))],
        "merges": merges_on(on),
        "exceptions": _exceptions(on, book),
        "staffing": _staffing(),
        "covers": _covers(on, book),
        "placements": _placed(on),
        "benefits_used": _benefits_used(on, book),
        "noted": noted(on, book, current(), max([days.list_day(on).through, *(row["through"] for row in own)])),
        "tired": tired,
        "own_workdays": own,
    }
    return {name: rows_of(schema, rows[name]) for name, schema in NOTED.items()}


def unscored_customers(book: RuleBook, on: date) -> set[str]:
    """Who refused personal analysis, and who has died."""
    return stopped_customers("score", book) | dead_customers(book, on)


def _exceptions(on: date, book: RuleBook) -> list[Row]:
    """Exceptions that two people agreed on and that hold on the date, of grades that the book has."""
    rows = GradeException.objects.filter(from_on__lte=on, until_on__gte=on).exclude(agreed_by="")
    rows = rows.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=on)).order_by("pk")
    return [
        {"customer_id": row.customer_id, "grade_rank": book.rank(row.grade)} for row in rows if row.grade in book.grades
    ]


def _staffing() -> list[Row]:
    """A row for each post that somebody has besides, and one without a post for his or her own limits."""
    rows: list[Row] = []
    for member in Staffing.objects.order_by("pk"):
        limits = {"customers_max": member.customers_max, "minutes_per_day": member.minutes_per_day}
        rows += [{"staff_id": member.staff_id, "post": post, **limits} for post in (None, *member.posts)]
    return rows


def _covers(on: date, book: RuleBook) -> list[Row]:
    """Who is away on the day of the next list, and who stands in and is not away."""
    gone = away(on, book)
    return [
        {"staff_id": staff_id, "cover_id": cover if cover and cover not in gone else None}
        for staff_id, cover in sorted(gone.items())
    ]


def _own_workdays(on: date, days: WorkingDays) -> list[OwnWorkday]:
    """The branches whose next days differ from the bank's, and the people whose next days differ from their branch's."""
    branches = sorted({branch for branch, _ in days.own} - {""})
    usual = days.list_day(on)
    of_branch = {branch: days.list_day(on, branch) for branch in branches}
    rows = [_own_workday(branch, "", day) for branch, day in of_branch.items() if day != usual]
    concerned = Q(staff_id__in={staff for staff, _ in days.shifts}) | Q(branch_id__in={key[0] for key in days.duty})
    for staff_id, branch in Staff.objects.filter(concerned).order_by("staff_id").values_list("staff_id", "branch_id"):
        day = days.list_day(on, branch, staff_id)
        if day != of_branch.get(branch, usual):
            rows.append(_own_workday("", staff_id, day))
    return rows


def _own_workday(branch_id: str, staff_id: str, day: ListDay) -> OwnWorkday:
    return {"branch_id": branch_id, "staff_id": staff_id, "works_on": day.on, "through": day.through}


def _placed(on: date) -> list[Row]:
    """Whom people gave customers to; older ones the carried state knows."""
    rows = Placement.objects.filter(on__gt=on - LOOK_BACK, on__lte=on + timedelta(days=1)).order_by("on", "pk")
    latest = {row.customer_id: row for row in rows}
    return [
        {"customer_id": row.customer_id, "staff_id": row.staff_id, "placed_on": row.on, "origin": row.origin}
        for _, row in sorted(latest.items())
    ]


def _benefits_used(on: date, book: RuleBook) -> list[Row]:
    """Uses in the periods that run on the date."""
    rows: list[Row] = []
    for key, benefit in book.benefits.items():
        uses = BenefitUse.objects.filter(benefit=key, period_from=benefit.period_of(on)[0], undone=False, on__lte=on)
        for customer, used in uses.values_list("customer_id").annotate(used=Count("pk")).order_by("customer_id"):
            rows.append({"customer_id": customer, "benefit": key, "used": used})
    return rows
