"""What the day recorded, read as of the business date, for the night."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
from django.db.models import Count, Max, Q

from weihu.nightly.compute import Day
from weihu.nightly.noted import noted
from weihu.rules import tables
from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.messaging.fatigue import tired_customers
from weihu.workplace.bank.current import current
from weihu.workplace.contact.models import Answer, Contact, Outcome
from weihu.workplace.gate.cover import absent_on
from weihu.workplace.gate.merged import merges_on
from weihu.workplace.gate.models import Placement
from weihu.workplace.judge.benefits.models import BenefitUse
from weihu.workplace.judge.grading.models import GradeException
from weihu.workplace.judge.portfolio.models import Staffing
from weihu.workplace.know.archive.facts import barred_customers, known_keys
from weihu.workplace.know.archive.models import Fact

MERGE_COLUMNS = pa.schema([("gone", pa.string()), ("kept", pa.string()), ("active", pa.bool_())])
LOOK_BACK = timedelta(days=14)
"""A contact saved while a night was reading is read by the next ones: reading one twice changes nothing."""


def gather(on: date, book: RuleBook) -> Day:
    """Contacts, answers and facts of the last days up to the business date, and who is not to be contacted after it."""
    span = {"on__gt": on - LOOK_BACK, "on__lte": on}
    reached = Contact.objects.filter(**span).exclude(outcome=Outcome.NOT_REACHED)
    contacts = [
        {"customer_id": customer, "last_contact_on": day, "follow_up_on": follow_up}
        for customer, day, follow_up in reached.values_list("customer_id", "on", "follow_up_on").order_by("id")
    ]
    answered = Answer.objects.filter(**span).values("customer_id", "kind", "subject").annotate(answered_on=Max("on"))
    changed = Q(changed_on__gt=on - LOOK_BACK, changed_on__lte=on)
    expired = Q(valid_until__gte=on - LOOK_BACK, valid_until__lt=on)
    told = Fact.objects.filter(changed | expired).values_list("customer_id", flat=True)
    facts = [
        {"customer_id": customer, "known": f",{','.join(keys)},"}
        for customer, keys in sorted(known_keys(set(told), on).items())
    ]
    barred = [{"customer_id": customer} for customer in sorted(barred_customers(book, on + timedelta(days=1)))]
    tired = [{"customer_id": customer} for customer in sorted(tired_customers(book, on))]
    return Day(
        pa.Table.from_pylist(contacts, schema=tables.CONTACTS.to_pyarrow()),
        pa.Table.from_pylist(list(answered), schema=tables.ANSWERS.to_pyarrow()),
        pa.Table.from_pylist(facts, schema=tables.FACTS_KNOWN.to_pyarrow()),
        pa.Table.from_pylist(barred, schema=tables.BARRED.to_pyarrow()),
        pa.Table.from_pylist(merges_on(on), schema=MERGE_COLUMNS),
        pa.Table.from_pylist(_granted(on, book), schema=tables.GRANTED.to_pyarrow()),
        pa.Table.from_pylist(_staffing(), schema=tables.STAFFING.to_pyarrow()),
        pa.Table.from_pylist(_covers(on + timedelta(days=1)), schema=tables.COVERS.to_pyarrow()),
        pa.Table.from_pylist(_placed(on), schema=tables.PLACED.to_pyarrow()),
        pa.Table.from_pylist(_benefits_used(on, book), schema=tables.BENEFITS_USED.to_pyarrow()),
        pa.Table.from_pylist(noted(on, book, current()), schema=tables.NOTED.to_pyarrow()),
        pa.Table.from_pylist(tired, schema=tables.TIRED.to_pyarrow()),
    )


def _granted(on: date, book: RuleBook) -> list[dict[str, object]]:
    """Exceptions that hold on the date, of grades that the book has."""
    rows = GradeException.objects.filter(from_on__lte=on, until_on__gte=on)
    rows = rows.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=on)).order_by("pk")
    return [
        {"customer_id": row.customer_id, "grade_rank": book.rank(row.grade)} for row in rows if row.grade in book.grades
    ]


def _staffing() -> list[dict[str, object]]:
    """A row for each post that somebody has besides, and one without a post for his or her own limits."""
    rows: list[dict[str, object]] = []
    for one in Staffing.objects.order_by("pk"):
        limits = {"customers_max": one.customers_max, "minutes_per_day": one.minutes_per_day}
        rows += [{"staff_id": one.staff_id, "post": post, **limits} for post in (None, *one.posts)]
    return rows


def _covers(on: date) -> list[dict[str, object]]:
    """Who is away on a day, and who stands in and is not away."""
    away = dict(absent_on(on).values_list("staff_id", "cover_id"))
    return [
        {"staff_id": one, "cover_id": cover if cover and cover not in away else None}
        for one, cover in sorted(away.items())
    ]


def _placed(on: date) -> list[dict[str, object]]:
    """Whom people gave customers to; older ones the carried state knows."""
    rows = Placement.objects.filter(on__gt=on - LOOK_BACK, on__lte=on + timedelta(days=1)).order_by("on", "pk")
    latest = {row.customer_id: row for row in rows}
    return [
        {"customer_id": row.customer_id, "staff_id": row.staff_id, "placed_on": row.on, "origin": row.origin}
        for _, row in sorted(latest.items())
    ]


def _benefits_used(on: date, book: RuleBook) -> list[dict[str, object]]:
    """Uses in the periods that run on the date."""
    rows: list[dict[str, object]] = []
    for key, benefit in book.benefits.items():
        uses = BenefitUse.objects.filter(benefit=key, period_from=benefit.period_of(on)[0], undone=False, on__lte=on)
        for customer, used in uses.values_list("customer_id").annotate(used=Count("pk")).order_by("customer_id"):
            rows.append({"customer_id": customer, "benefit": key, "used": used})
    return rows
