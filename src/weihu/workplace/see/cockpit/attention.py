"""What needs the manager: the most money that went from the scope's customers, and what waits for the reader's decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from weihu.workplace.act.lists.reading import Asked, nights, page, together
from weihu.workplace.act.messaging.sending import templates_waiting
from weihu.workplace.bank.models import Staff
from weihu.workplace.gate.figures import FigureScope
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.grading.books import drafts_waiting
from weihu.workplace.judge.portfolio.decisions import disputed_claims, handovers_waiting, referrals_waiting
from weihu.workplace.know.complaints.cases import part_of
from weihu.workplace.see.cockpit.reading import Period

LARGEST = 5
"""So many customers stand in the cockpit; the list has them all."""
LOOKED_AT = 100
"""Among so many days of most money these customers are looked for."""
MONEY = "money"
"""The list that tells of them."""


@dataclass(frozen=True)
class Waits:
    """How much waits, and the page that has the rows."""

    name: Promise
    count: int
    address: str


def waiting(gate: Gate) -> list[Waits]:
    """What waits for the reader, each as the room says whose page it opens."""
    overdue = part_of("overdue", gate, gate.run.rulebook, gate.run.work_date)
    counts = (
        (_("Complaints overdue"), overdue.count(), reverse("complaints") + "?part=overdue"),
        (_("Hand-overs"), handovers_waiting(gate).count(), reverse("handovers")),
        (_("Referrals"), referrals_waiting(gate).count(), reverse("referrals")),
        (_("Disputed claims"), disputed_claims(gate).count(), reverse("claims")),
        (_("Rule books to approve"), drafts_waiting(gate).count(), reverse("book_drafts")),
        (_("Message texts to approve"), templates_waiting(gate).count(), reverse("templates")),
    )
    return [Waits(*entry) for entry in counts]


def largest_losses(gate: Gate, scope: FigureScope, period: Period) -> list[dict[str, Any]]:
    """By the money list, the customers of whom most went on one day of the period: ``standing``, ``on``, ``amount``, who
    answers."""
    kept = nights(gate.run)
    night = next((night for night in kept if night.on <= period.until), None)
    if night is None:
        return []
    branch = scope.branches[0] if scope.branches is not None and len(scope.branches) == 1 else ""
    asked = Asked(MONEY, primary_id=scope.staff_id, branch_id=branch, sort="amount", down=False)
    rows = page(gate, together(kept, night, (period.until - period.after).days), asked, 0, LOOKED_AT)
    worst = {row["customer_id"]: row for row in reversed(rows) if row["amount"] < 0}
    rows = sorted(worst.values(), key=lambda row: (row["amount"], row["customer_id"]))[:LARGEST]
    reached = gate.reached(row["customer_id"] for row in rows)
    people = Staff.objects.in_bulk({row["primary_id"] for row in rows if row["primary_id"]})
    return [
        {
            "standing": reached[row["customer_id"]],
            "on": row["on_date"],
            "amount": row["amount"],
            "primary": people.get(row["primary_id"]),
        }
        for row in rows
        if row["customer_id"] in reached
    ]
