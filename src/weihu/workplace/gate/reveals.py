"""Masked values shown in full (查看完整信息): with a reason, within the limit of the day, logged before they are shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import Staff, Standing
from weihu.workplace.base import audit
from weihu.workplace.gate import limits
from weihu.workplace.gate.models import Reveal
from weihu.workplace.gate.reach import Gate


@dataclass(frozen=True)
class Seen:
    """How many values a person had shown in full in a day: all, those of customers that others answer for, and those
    outside the hours of the day."""

    staff: Staff
    count: int
    strange: int
    late: int


def take(gate: Gate, standing: Standing, field: str, why: str, at: datetime) -> None:
    """Count and log that a value is shown to the person; the caller shows it then. Raises limits.LimitReached."""
    by = gate.staff.staff_id
    with transaction.atomic():
        limits.take(limits.Kind.REVEALS, gate)
        revealed = Reveal.objects.create(
            staff_id=by,
            customer_id=standing.customer_id,
            on=gate.run.work_date,
            at=at,
            field=field,
            strange=standing.primary_id not in (by, *gate.covered) and standing.deputy_id != by,
            why=why,
        )
        # the reason is somebody's words about a customer: it stays sealed with the value that it was given for
        audit.record(by, "customer.reveal", standing.customer_id, f"{field} #{revealed.pk}")


def of(people: Sequence[Staff], on: date) -> QuerySet[Reveal]:
    """What people had shown in full on a working day, latest first."""
    return Reveal.objects.filter(staff_id__in=[member.staff_id for member in people], on=on).order_by("-at", "-pk")


def unusual(people: Sequence[Staff], on: date, book: RuleBook) -> list[Seen]:
    """The people who have reached a limit from which the supervisor's board shows them, the most values first."""
    limit, by_staff = book.limits, defaultdict(list)
    for row in of(people, on):
        by_staff[row.staff_id].append(row)
    seen = [
        Seen(member, len(own), sum(row.strange for row in own), sum(is_late(row.at, book) for row in own))
        for member in people
        if (own := by_staff[member.staff_id])
    ]
    over = [
        row
        for row in seen
        if row.count >= limit.watched_reveals or row.strange >= limit.watched_strange or row.late >= limit.watched_late
    ]
    return sorted(over, key=lambda row: (-row.count, row.staff.staff_id))


def is_late(at: datetime, book: RuleBook) -> bool:
    """Whether a moment is outside the hours of the day."""
    return not book.limits.day_begins <= timezone.localtime(at).hour < book.limits.day_ends
