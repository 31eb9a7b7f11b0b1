"""Whose use of service cards a supervisor should look at (异常使用), by the limits of the rule book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q

from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.reception.models import Miss
from weihu.workplace.bank.models import Staff
from weihu.workplace.gate.models import ServiceCard


@dataclass(frozen=True)
class Use:
    """A person's use of a day: cards opened, closed ones on which nothing was done, searches that found nobody."""

    staff: Staff
    cards: int
    idle: int
    misses: int


def unusual(people: Sequence[Staff], book: RuleBook, on: date, at: datetime) -> list[Use]:
    """The people who have reached a limit from which the board shows them, the most cards first."""
    ids, limits = [member.staff_id for member in people], book.reception
    rows = ServiceCard.objects.filter(staff_id__in=ids, on=on).values("staff_id")
    opened = {
        row["staff_id"]: (row["cards"], row["idle"])
        for row in rows.annotate(cards=Count("pk"), idle=Count("pk", filter=Q(acts=0, until__lte=at)))
    }
    missed = Miss.objects.filter(staff_id__in=ids, on=on).values("staff_id").annotate(count=Count("pk"))
    misses = dict(missed.values_list("staff_id", "count"))
    uses = [Use(member, *opened.get(member.staff_id, (0, 0)), misses.get(member.staff_id, 0)) for member in people]
    over = [
        use
        for use in uses
        if use.cards >= limits.watched_cards or use.idle >= limits.watched_idle or use.misses >= limits.watched_misses
    ]
    return sorted(over, key=lambda use: (-use.cards, -use.misses, use.staff.staff_id))
