"""What the compliance tab says of a customer's rights: a copy of the data, erasure, legal holds."""

from __future__ import annotations

from typing import Any

from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import Staff
from weihu.workplace.customer import erasure
from weihu.workplace.customer.models import Hold


def rights_of(customer_id: str, book: RuleBook) -> dict[str, Any]:
    """For posts that decide: the erasure under way, the legal holds, and who asked for them."""
    running = erasure.running_for(customer_id)
    holds = list(Hold.objects.filter(customer_id=customer_id, lifted_on__isnull=True).order_by("pk"))
    return {
        "running": running,
        "holds": holds,
        "held": erasure.held(customer_id),
        "wait_days": book.limits.erasure_wait_days,
        "people": Staff.objects.in_bulk([hold.by for hold in holds] + ([running.asked_by] if running else [])),
    }
