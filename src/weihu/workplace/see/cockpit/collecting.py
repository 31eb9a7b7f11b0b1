"""Facts collected by each post against its duty (M13): what was recorded in a period, and what is still missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, F, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Concat

from weihu.workplace.bank.models import Figure, Staff
from weihu.workplace.gate.figures import FigureScope
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.models import Fact
from weihu.workplace.see.cockpit.reading import Period


@dataclass(frozen=True)
class Collected:
    """A post's duty: ``facts`` recorded by its ``people`` of customers of its grades in the period, a field of a customer
    once a person; ``lacking``: the facts that these customers still lack at its end."""

    post: str
    people: int
    facts: int
    lacking: int

    @property
    def share(self) -> float | None:
        """Of what there was to collect, the share that was."""
        return self.facts / (self.facts + self.lacking) if self.facts + self.lacking else None


def collected(gate: Gate, scope: FigureScope, period: Period) -> list[Collected]:
    """Every post with a duty that somebody of the scope has, in the book's order."""
    book = gate.run.rulebook
    people = list(scope.people().filter(is_active=True))
    facts = _facts([member.staff_id for member in people], period, gate)
    lacking = _lacking(scope, people, period)
    rows = []
    for post in book.posts:
        ranks, own = book.duty_ranks(post), {member.staff_id for member in people if member.post == post}
        if ranks and own:
            recorded = sum(count for (by, rank), count in facts.items() if by in own and rank in ranks)
            rows.append(Collected(post, len(own), recorded, sum(lacking[rank] for rank in ranks)))
    return rows


def _facts(staff_ids: Collection[str], period: Period, gate: Gate) -> Counter[tuple[str, int]]:
    """By person and the customer's grade as of the run."""
    span = {"on__gt": period.after, "on__lte": period.until}
    recorded = Fact.objects.filter(staff_id__in=staff_ids, withdrawn_at__isnull=True, **span)
    item = Concat("customer_id", Value(" "), F("field"))
    ranked = recorded.annotate(rank=Subquery(gate.rank_of(OuterRef("customer_id"))))
    rows = ranked.values("staff_id", "rank").annotate(n=Count(item, distinct=True))
    return Counter({(row["staff_id"], row["rank"]): row["n"] for row in rows.order_by()})


def _lacking(scope: FigureScope, people: list[Staff], period: Period) -> Counter[int]:
    """By grade, whoever answers for the customers: the scope's; of the own branch for a person."""
    figures = Figure.objects.filter(run_id=period.last)
    branches = [member.branch_id for member in people] if scope.staff_id else scope.branches
    if branches is not None:
        figures = figures.filter(branch_id__in=branches)
    rows = figures.values("grade_rank").annotate(expected=Sum("facts_expected"), known=Sum("facts_known")).order_by()
    return Counter({row["grade_rank"]: row["expected"] - row["known"] for row in rows})
