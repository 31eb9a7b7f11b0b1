"""The benefits a customer is entitled to, using one, and undoing a use."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import count
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.benefits import Benefit
from weihu.workplace.bank.models import Standing
from weihu.workplace.base import audit
from weihu.workplace.judge.benefits.models import BenefitUse


class UsedUp(ValueError):
    """The benefit's quota for the period is used up, or the customer is not entitled to it."""


@dataclass(frozen=True)
class Due:
    """A benefit of a customer's grade in the current period: how often it was used, and until when it is valid."""

    key: str
    benefit: Benefit
    used: int
    until: date

    @property
    def left(self) -> int:
        """How often it may still be used."""
        return max(0, self.benefit.quota - self.used)


def due_to(standing: Standing, book: RuleBook, on: date) -> list[Due]:
    """The benefits of the customer's grade, on watch or not."""
    benefits = []
    uses = BenefitUse.objects.filter(customer_id=standing.customer_id, undone=False, period_from__year__gte=on.year)
    used = Counter(uses.values_list("benefit", "period_from"))
    for key, benefit in book.due_benefits(standing.grade_rank).items():
        first, last = benefit.period_of(on)
        benefits.append(Due(key, benefit, used[key, first], last))
    return benefits


def use(standing: Standing, key: str, book: RuleBook, by: str, on: date, token: UUID) -> BenefitUse:
    """Record a use; repeating the same ``token`` returns the same use. Raises UsedUp, also when two people race."""
    due = {entry.key: entry for entry in due_to(standing, book, on)}
    if (earlier := BenefitUse.objects.filter(token=token).first()) is not None:
        return earlier
    if key not in due or not due[key].left:
        raise UsedUp
    benefit = due[key].benefit
    first = benefit.period_of(on)[0]
    place = {"customer_id": standing.customer_id, "benefit": key, "period_from": first}
    context = {
        "on": on,
        "staff_id": by,
        "branch_id": standing.branch_id,
        "grade": list(book.grades)[standing.grade_rank],
        "cost": benefit.cost,
    }
    # each time that another one was faster, one place of the quota less is free
    for _ in range(benefit.quota):
        used = set(BenefitUse.objects.filter(**place, undone=False).values_list("nth", flat=True))
        free = next((nth for nth in range(1, benefit.quota + 1) if nth not in used), None)
        if free is None:
            break
        try:
            with transaction.atomic():
                benefit_use = BenefitUse.objects.create(token=token, nth=free, **place, **context)
                audit.record(by, "benefit.use", standing.customer_id, key)
        except IntegrityError:
            if (same := BenefitUse.objects.filter(token=token).first()) is not None:
                return same
            continue
        return benefit_use
    raise UsedUp


def undo(standing: Standing, number: int, by: str, on: date) -> bool:
    """Undo a use of the same day; False if there is none."""
    rows = BenefitUse.objects.filter(pk=number, customer_id=standing.customer_id, on=on, undone=False)
    with transaction.atomic():
        if not rows.update(undone=True):
            return False
        audit.record(by, "benefit.undo", standing.customer_id, str(number))
    return True


def reassign_uses(rows: QuerySet[BenefitUse], to: str) -> None:
    """Uses become another number's of the same person; each takes a place in the quota that is free there.

    So what the two have used counts together, even beyond the quota of one.
    """
    for row in rows.order_by("pk"):
        of_period = {"customer_id": to, "benefit": row.benefit, "period_from": row.period_from, "undone": False}
        taken = set(BenefitUse.objects.filter(**of_period).values_list("nth", flat=True))
        free = row.nth if row.nth not in taken else next(nth for nth in count(1) if nth not in taken)
        BenefitUse.objects.filter(pk=row.pk).update(customer_id=to, nth=free)
