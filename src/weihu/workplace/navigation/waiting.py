"""How much waits for the reader behind each entry. Each count is defined by the room whose page shows the rows."""

from __future__ import annotations

from collections.abc import Callable

from weihu.rules.sections.posts import Post
from weihu.workplace.act.messaging.sending import templates_waiting
from weihu.workplace.act.reception.serving import memos_waiting
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.grading.books import drafts_waiting
from weihu.workplace.judge.portfolio.decisions import disputed_claims, handovers_waiting, referrals_waiting
from weihu.workplace.know.complaints.cases import part_of
from weihu.workplace.navigation.entries import Group, bar_of, entries_of, table_of


def _overdue_complaints(gate: Gate) -> int:
    return part_of("overdue", gate, gate.run.rulebook, gate.run.work_date).count()


COUNTS: dict[str, Callable[[Gate], int]] = {
    "complaints": _overdue_complaints,
    "referrals": lambda gate: referrals_waiting(gate).count(),
    "memos": lambda gate: memos_waiting(gate).count(),
    "handovers": lambda gate: handovers_waiting(gate).count(),
    "claims": lambda gate: disputed_claims(gate).count(),
    "books": lambda gate: drafts_waiting(gate).count(),
    "templates": lambda gate: templates_waiting(gate).count(),
}


def waiting(gate: Gate, post: Post | None) -> dict[str, int]:
    """The counts by name, with the sum of each group by ``group.KEY``, and of what only the menu shows by ``menu``."""
    names = {entry.waits for entry in entries_of(post) if entry.waits}
    counts = {name: COUNTS[name](gate) for name in sorted(names)}
    groups = {
        f"group.{row.key}": sum(counts[entry.waits] for entry in row.entries if entry.waits)
        for row in table_of(post)
        if isinstance(row, Group)
    }
    in_bar = {entry.waits for entry in bar_of(post)}
    return {**counts, **groups, "menu": sum(count for name, count in counts.items() if name not in in_bar)}
