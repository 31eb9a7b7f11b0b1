"""What needs the manager: the largest losses of the scope's customers, and what waits for the reader's decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from weihu.workplace.act.lists.reading import Asked, nights, page
from weihu.workplace.act.messaging.sending import templates_waiting
from weihu.workplace.bank.models import Staff
from weihu.workplace.gate.figures import FigureScope
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.grading.books import drafts_waiting
from weihu.workplace.judge.portfolio.decisions import disputed_claims, handovers_waiting, referrals_waiting
from weihu.workplace.know.complaints.cases import part_of

LARGEST = 5
"""So many losses stand in the cockpit; the list has them all."""


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


def largest_losses(gate: Gate, scope: FigureScope) -> list[dict[str, Any]]:
    """Of the latest night's early losses, those of most money: ``standing``, ``amount`` (30 days), who answers."""
    kept = nights(gate.run)
    if not kept:
        return []
    branch = scope.branches[0] if scope.branches is not None and len(scope.branches) == 1 else ""
    asked = Asked("loss", primary_id=scope.staff_id, branch_id=branch, sort="amount", down=False)
    rows = page(gate, kept[0], asked, 0, LARGEST)
    reached = gate.reached(row["customer_id"] for row in rows)
    people = Staff.objects.in_bulk({row["primary_id"] for row in rows if row["primary_id"]})
    return [
        {
            "standing": reached[row["customer_id"]],
            "amount": row["amount"],
            "primary": people.get(row["primary_id"]),
        }
        for row in rows
        if row["customer_id"] in reached
    ]
