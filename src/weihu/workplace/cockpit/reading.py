"""The cockpit's numbers: what the nights published of a scope, between two dates (M15-M18)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from weihu.rules.effect import Group, Interval, interval
from weihu.rules.rulebook import RuleBook
from weihu.workplace.cockpit.models import Effect, Figure
from weihu.workplace.introductions.linking import standing_introductions
from weihu.workplace.people.gate import Gate, branches_below
from weihu.workplace.people.models import Branch, Staff
from weihu.workplace.runs.models import Run
from weihu.workplace.worklist.models import Contact, Outcome

LEVELS = ("customers", "aum", "products", "facts_expected", "facts_known", "owed", "kept")
EVENTS = ("lost", "lost_aum", "won_back", "won_aum")
PLANNED = ("tasks", "minutes", "top_minutes")
FLOWS = (*EVENTS, *PLANNED)
POINTS = 40
"""A trend has no more points than this."""

MEASURES = {
    "customers": _("Customers"),
    "aum": "AUM",
    "products": _("Products per customer"),
    "cadence": _("Contacted in time"),
    "completeness": _("Archive known"),
    "done": _("Contacts of tasks planned"),
    "lost": _("Lost"),
    "top": _("Time on the best customers"),
}
SHARES = ("cadence", "completeness", "done", "lost", "top")
"""The measures that are shares of one."""


@dataclass(frozen=True)
class Scope:
    """Whose figures: everybody's within reach, a branch's with those below, or a person's. Made by ``scope_of``."""

    branches: list[str] | None
    staff_id: str
    title: str
    kind: str

    def figures(self) -> QuerySet[Figure]:
        """The scope's rows of every run."""
        rows = Figure.objects.all()
        if self.staff_id:
            return rows.filter(staff_id=self.staff_id)
        return rows.filter(branch_id__in=self.branches) if self.branches is not None else rows

    def people(self) -> QuerySet[Staff]:
        """Who works in it."""
        rows = Staff.objects.order_by("branch_id", "post", "staff_id")
        if self.staff_id:
            return rows.filter(staff_id=self.staff_id)
        return rows.filter(branch_id__in=self.branches) if self.branches is not None else rows


def scope_of(gate: Gate, branch_id: str, staff_id: str) -> Scope | None:
    """The scope that is asked for, as far as the reader's post goes; None if it does not go so far."""
    if not gate.decides:
        return Scope(None, gate.staff.staff_id, gate.staff.name, "person") if not branch_id else None
    if staff_id:
        person = gate.colleagues().filter(staff_id=staff_id).first()
        return Scope(None, staff_id, person.name, "person") if person else None
    if branch_id:
        if branch_id not in gate.branches:
            return None
        named = Branch.objects.get(branch_id=branch_id)
        return Scope(branches_below(branch_id), "", named.name, "branch")
    own = Branch.objects.filter(branch_id=gate.staff.branch_id).first()
    if gate.reach == "bank":
        return Scope(None, "", str(_("The whole bank")), "bank")
    return Scope(gate.branches, "", own.name if own else gate.staff.branch_id, "branch")


@dataclass
class Sums:
    """Figures of a scope or of a part of it: ``now`` and ``before`` at the period's ends, ``flow`` within it."""

    now: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(LEVELS, 0))
    before: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(LEVELS, 0))
    flow: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(FLOWS, 0))
    contacts: int = 0
    results: Counter[str] = field(default_factory=Counter)
    introductions: int = 0

    def value(self, measure: str) -> Decimal | None:
        """A measure at the period's end or within it; None where there is nothing to divide by."""
        now, flow = self.now, self.flow
        parts = {
            "products": (now["products"], now["customers"]),
            "cadence": (now["kept"], now["owed"]),
            "completeness": (now["facts_known"], now["facts_expected"]),
            "done": (self.contacts, flow["tasks"]),
            "lost": (flow["lost"], self.before["customers"] or now["customers"]),
            "top": (flow["top_minutes"], flow["minutes"]),
        }
        if measure in ("customers", "aum"):
            return Decimal(now[measure])
        above, below = parts[measure]
        return Decimal(above) / Decimal(below) if below else None

    @property
    def values(self) -> dict[str, Decimal | None]:
        """Every measure."""
        return {measure: self.value(measure) for measure in MEASURES}

    @property
    def net_customers(self) -> int:
        """The change of the number of customers."""
        return int(self.now["customers"] - self.before["customers"])

    @property
    def net_aum(self) -> Decimal:
        """The change of AUM, yuan."""
        return Decimal(self.now["aum"]) - Decimal(self.before["aum"])


@dataclass(frozen=True)
class Period:
    """From the night of ``after`` to the night of ``until``; ``numbers``: the run of each night behind ``after``;
    ``planned``: the runs that planned the working days behind ``after`` up to ``until``, each on the night before."""

    after: date
    until: date
    first: int
    last: int
    numbers: list[int]
    planned: list[int]

    @classmethod
    def of(cls, after: date, until: date, run: Run) -> Period | None:
        """With the nights there are; None before the first. A date that was run twice counts by the later run."""
        nights = nights_of(run)
        behind = {on: number for on, number in nights.items() if on <= until}
        if not behind:
            return None
        start = max((on for on in behind if on <= after), default=min(behind))
        end = max(behind)
        numbers = [behind[on] for on in sorted(behind) if on > start]
        planned = [behind[on] for on in sorted(behind) if start <= on < end]
        return cls(start, end, behind[start], behind[end], numbers, planned)


def nights_of(run: Run) -> dict[date, int]:
    """The published runs by business date, the last of each."""
    rows = Run.objects.filter(published=True, number__lte=run.number).order_by("number")
    return dict(rows.values_list("business_date", "number"))


def by_part(scope: Scope, period: Period, part: str) -> dict[Any, Sums]:
    """Sums by ``part``: a column of Figure (branch_id, staff_id, grade_rank)."""
    found: dict[Any, Sums] = defaultdict(Sums)
    for side, number in (("now", period.last), ("before", period.first)):
        rows = (
            scope.figures().filter(run_id=number).values(part).annotate(**{f"s_{name}": Sum(name) for name in LEVELS})
        )
        for row in rows.order_by():
            setattr(found[dict(row)[part]], side, {name: row[f"s_{name}"] for name in LEVELS})
    for names, numbers in ((EVENTS, period.numbers), (PLANNED, period.planned)):
        rows = scope.figures().filter(run_id__in=numbers).values(part)
        for row in rows.annotate(**{f"s_{name}": Sum(name) for name in names}).order_by():
            found[dict(row)[part]].flow |= {name: row[f"s_{name}"] for name in names}
    if part != "grade_rank":
        _add_work(found, scope, period, part)
    return dict(found)


def whole(parts: Iterable[Sums]) -> Sums:
    """The sum of some."""
    total = Sums()
    for one in parts:
        for name in LEVELS:
            total.now[name] += one.now[name]
            total.before[name] += one.before[name]
        for name in FLOWS:
            total.flow[name] += one.flow[name]
        total.contacts += one.contacts
        total.introductions += one.introductions
        total.results.update(one.results)
    return total


def trend(scope: Scope, period: Period, measure: str) -> list[tuple[date, Decimal]]:
    """A measure over the period; of a long one no more than POINTS nights, the last among them."""
    nights = Run.objects.filter(number__in=[period.first, *period.numbers]).order_by("business_date")
    listed = list(nights.values_list("business_date", "number"))
    step = -(-len(listed) // POINTS)
    chosen = listed[::-1][::step][::-1]
    rows = scope.figures().filter(run_id__in=[number for _, number in chosen])
    sums: dict[int, dict[str, Any]] = {
        row["run_id"]: dict(row)
        for row in rows.values("run_id").annotate(**{f"s_{name}": Sum(name) for name in (*LEVELS, *FLOWS)}).order_by()
    }
    on_day = dict(_contacts(scope, period).values_list("on").annotate(n=Count("pk")).order_by())
    points = []
    for on, number in chosen:
        if number in sums:
            row = sums[number]
            one = Sums({name: row[f"s_{name}"] for name in LEVELS}, flow={name: row[f"s_{name}"] for name in FLOWS})
            one.contacts = on_day.get(on + timedelta(days=1), 0)
            value = one.value(measure) if measure != "done" or on < period.until else None
            if value is not None:
                points.append((on, value))
    return points


@dataclass(frozen=True)
class Told:
    """What acting on a kind of signal changed: those told of it and those kept back, with the difference."""

    kind: str
    acted: Group
    held: Group
    confidence: float
    smallest: int

    @cached_property
    def each(self) -> Interval | None:
        """Yuan of AUM per customer."""
        return interval(self.acted, self.held, self.confidence, self.smallest)

    @property
    def all(self) -> Interval | None:
        """Over all customers who were told, yuan."""
        size = self.acted.size
        return (
            Interval(*(end * size for end in (self.each.difference, self.each.low, self.each.high)))
            if self.each
            else None
        )


def effects_of(scope: Scope, period: Period, book: RuleBook) -> list[Told]:
    """The effect per kind of signal, of the trials that ended in the period; kinds of the book, in its order."""
    rows = Effect.objects.filter(run_id__in=period.numbers)
    if scope.branches is not None:
        rows = rows.filter(branch_id__in=scope.branches)
    groups: dict[tuple[str, bool], Group] = {}
    summed = rows.values("kind", "held_out").annotate(n=Sum("customers"), total=Sum("change"), squared=Sum("squares"))
    for row in summed.order_by():
        groups[row["kind"], row["held_out"]] = Group(row["n"], float(row["total"]), float(row["squared"]))
    nobody = Group(0, 0.0, 0.0)
    sure, smallest = float(book.effects.confidence), book.effects.smallest_group
    return [
        Told(kind, groups.get((kind, False), nobody), groups.get((kind, True), nobody), sure, smallest)
        for kind, rule in book.signals.items()
        if rule.holdout or (kind, True) in groups
    ]


def _contacts(scope: Scope, period: Period) -> QuerySet[Contact]:
    rows = Contact.objects.filter(on__gt=period.after, on__lte=period.until)
    if scope.staff_id or scope.branches is not None:
        rows = rows.filter(staff_id__in=list(scope.people().values_list("staff_id", flat=True)))
    return rows


def _add_work(found: dict[Any, Sums], scope: Scope, period: Period, part: str) -> None:
    """Contacts and introductions: of a person, or of the branch in which the person works."""
    where = dict(Staff.objects.values_list("staff_id", "branch_id")) if part == "branch_id" else {}
    counted = _contacts(scope, period).values_list("staff_id", "outcome").annotate(n=Count("pk")).order_by()
    for staff_id, outcome, count in counted:
        one = found[where.get(staff_id, staff_id)]
        one.contacts += count
        one.results[outcome] += count
    brought = standing_introductions().filter(on__gt=period.after, on__lte=period.until)
    mine = Q(staff_id=scope.staff_id) if scope.staff_id else Q(branch_id__in=scope.branches or [])
    if scope.staff_id or scope.branches is not None:
        brought = brought.filter(mine)
    for row in brought.values(part).annotate(n=Count("pk")).order_by():
        found[row[part]].introductions += row["n"]


def results_in_words(results: Counter[str]) -> list[tuple[str, int]]:
    """Results by name."""
    return [(str(label), results[key]) for key, label in Outcome.choices if results[key]]
