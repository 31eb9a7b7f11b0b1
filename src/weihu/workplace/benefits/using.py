"""What is due to a customer and what of it is used; using one; what benefits cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.benefits import Benefit
from weihu.workplace.audit import log
from weihu.workplace.benefits.models import BenefitUse
from weihu.workplace.grading.models import Standing


class UsedUp(ValueError):
    """Nothing of the benefit is left in the period, or it is not due."""


@dataclass(frozen=True)
class Due:
    """A benefit of a customer's grade in the period that runs: how often it was used, and until when it holds."""

    key: str
    benefit: Benefit
    used: int
    until: date

    @property
    def left(self) -> int:
        """How often it may still be used."""
        return max(0, self.benefit.quota - self.used)


def due_to(standing: Standing, book: RuleBook, on: date) -> list[Due]:
    """The benefits of the grade that the customer has, protected or not."""
    found = []
    uses = BenefitUse.objects.filter(customer_id=standing.customer_id, undone=False, period_from__year__gte=on.year)
    used = Counter(uses.values_list("benefit", "period_from"))
    for key, benefit in book.due_benefits(standing.grade_rank).items():
        first, last = benefit.period_of(on)
        found.append(Due(key, benefit, used[key, first], last))
    return found


def use(standing: Standing, key: str, book: RuleBook, by: str, on: date, token: UUID) -> BenefitUse:
    """One use; the same ``token`` again is the same use. Raises UsedUp; of two at once the quota lets one through."""
    due = {one.key: one for one in due_to(standing, book, on)}
    if (known := BenefitUse.objects.filter(token=token).first()) is not None:
        return known
    if key not in due or not due[key].left:
        raise UsedUp
    benefit = due[key].benefit
    first = benefit.period_of(on)[0]
    taken = set(
        BenefitUse.objects.filter(
            customer_id=standing.customer_id, benefit=key, period_from=first, undone=False
        ).values_list("nth", flat=True)
    )
    free = next(nth for nth in range(1, benefit.quota + 1) if nth not in taken)
    said = {
        "customer_id": standing.customer_id,
        "benefit": key,
        "period_from": first,
        "nth": free,
        "cost": benefit.cost,
    }
    here = {"on": on, "staff_id": by, "branch_id": standing.branch_id, "grade": list(book.grades)[standing.grade_rank]}
    try:
        with transaction.atomic():
            made = BenefitUse.objects.create(token=token, **said, **here)
            log.record(by, "benefit.use", standing.customer_id, key)
    except IntegrityError:
        raise UsedUp from None
    return made


def undo(standing: Standing, number: int, by: str, on: date) -> bool:
    """Take a use of the same day back."""
    rows = BenefitUse.objects.filter(pk=number, customer_id=standing.customer_id, on=on, undone=False)
    if not rows.update(undone=True):
        return False
    log.record(by, "benefit.undo", standing.customer_id, str(number))
    return True
