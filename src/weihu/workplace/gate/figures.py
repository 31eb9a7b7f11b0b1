"""Whose figures a page shows, and what the night says of them: customers, AUM, watch and planned time, the same on every
page. A figure is as of its night; what was handed over or merged since counts from the next one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from weihu.workplace.bank.models import Branch, Figure, Run, Staff
from weihu.workplace.bank.planned import LISTED, Planned, planned_of
from weihu.workplace.gate.reach import Gate, branches_below

STANDING = ("customers", "everybody", "watched", "aum", "effective_aum", "contribution")
"""The figures that say how a scope stands at the end of a night."""


@dataclass(frozen=True)
class FigureScope:
    """Whose figures: all within reach, a branch with those below it, or a person. Made by ``scope_of``."""

    branches: list[str] | None
    staff_id: str
    title: str
    kind: str

    def figures(self) -> QuerySet[Figure]:
        """The scope's figures of all runs."""
        rows = Figure.objects.all()
        if self.staff_id:
            return rows.filter(staff_id=self.staff_id)
        return rows.filter(branch_id__in=self.branches) if self.branches is not None else rows

    def people(self) -> QuerySet[Staff]:
        """The members of staff in the scope."""
        rows = Staff.objects.order_by("branch_id", "post", "staff_id")
        if self.staff_id:
            return rows.filter(staff_id=self.staff_id)
        return rows.filter(branch_id__in=self.branches) if self.branches is not None else rows

    def by_grade(self, run: Run) -> list[dict[str, Any]]:
        """The standing (STANDING) by rank, from the lowest, as ``grade_rank``; a grade without customers has zeros."""
        rows = self._summed(run, "grade_rank", STANDING)
        found = {row["grade_rank"]: row for row in rows}
        return [found.get(rank, _nothing(rank)) for rank in range(len(run.rulebook.grades))]

    def loads(self, run: Run) -> dict[str, dict[str, Any]]:
        """By person, of the customers whom he or she answers for: the standing, and customers per rank as ``ranks``."""
        loads: dict[str, dict[str, Any]] = {}
        for row in self._summed(run, "grade_rank", STANDING, "staff_id"):
            if row["staff_id"] and row["everybody"]:
                load = loads.setdefault(row["staff_id"], {**_nothing(0), "ranks": {}})
                for name in STANDING:
                    load[name] += row[name]
                load["ranks"] |= {row["grade_rank"]: row["customers"]} if row["customers"] else {}
        return loads

    def planned(self, run: Run) -> Planned:
        """What is on the lists of the night."""
        sums = self.figures().filter(run_id=run.number).aggregate(**{name: Sum(name) for name in LISTED})
        return planned_of(sums)

    def _summed(self, run: Run, part: str, names: tuple[str, ...], *more: str) -> list[dict[str, Any]]:
        rows = self.figures().filter(run_id=run.number).values(part, *more)
        summed = rows.annotate(**{f"s_{name}": Sum(name) for name in names}).order_by()
        return [{key.removeprefix("s_"): value for key, value in row.items()} for row in summed]


def scope_of(gate: Gate, branch_id: str, staff_id: str) -> FigureScope | None:
    """The requested scope, else ``own_scope``; None if it is beyond the reader's reach."""
    if not gate.decides:
        return own_scope(gate) if not branch_id else None
    if staff_id:
        person = gate.colleagues().filter(staff_id=staff_id).first()
        return FigureScope(None, staff_id, person.name, "person") if person else None
    if branch_id:
        if branch_id not in gate.branches:
            return None
        branch = Branch.objects.get(branch_id=branch_id)
        return FigureScope(branches_below(branch_id), "", branch.name, "branch")
    return own_scope(gate)


def own_scope(gate: Gate) -> FigureScope:
    """All that the reader's post is responsible for: a person's own customers, the branches', or the bank's."""
    if not gate.decides:
        return FigureScope(None, gate.staff.staff_id, gate.staff.name, "person")
    if gate.reach == "bank":
        return FigureScope(None, "", str(_("The whole bank")), "bank")
    own = Branch.objects.filter(branch_id=gate.staff.branch_id).first()
    return FigureScope(gate.branches, "", own.name if own else gate.staff.branch_id, "branch")


def _nothing(rank: int) -> dict[str, Any]:
    amounts = dict.fromkeys(("aum", "effective_aum", "contribution"), Decimal(0))
    return {"grade_rank": rank, "customers": 0, "everybody": 0, "watched": 0, **amounts}
