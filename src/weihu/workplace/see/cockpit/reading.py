"""The cockpit's numbers: what nights published for a scope between two dates (M15-M18)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import accumulate
from math import ceil
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from weihu.rules.effect import Group, Interval, interval
from weihu.rules.nights import nearest
from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.introductions.linking import standing_introductions
from weihu.workplace.bank.models import Effect, Run, Staff
from weihu.workplace.contact.models import Contact, Outcome
from weihu.workplace.gate.figures import FigureScope

LEVELS = ("customers", "watched", "aum", "products", "facts_expected", "facts_known", "owed", "kept")
BRIDGE = ("inflow", "opened", "outflow", "matured", "closed", "moved")
"""What the change of AUM is made of."""
EVENTS = ("lost", "lost_aum", "won_back", "won_aum", *BRIDGE)
PLANNED = ("tasks", "minutes", "top_minutes")
FLOWS = (*EVENTS, *PLANNED)
POINTS = 40
"""The most points of a trend."""

MEASURES = {
    "customers": _("Customers"),
    "aum": "AUM",
    "products": _("Products per customer"),
    "cadence": _("Contacted in time"),
    "completeness": _("Archive complete"),
    "done": _("Contacts of tasks planned"),
    "lost": _("Lost"),
    "top": _("Planned time on the top customers in the period"),
}
SHARES = ("cadence", "completeness", "done", "lost", "top")
"""The measures that are fractions."""


@dataclass
class Sums:
    """Figures of a scope or a part of it: ``before`` and ``now`` at the ends of the period, ``flow`` within it."""

    now: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(LEVELS, 0))
    before: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(LEVELS, 0))
    flow: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(FLOWS, 0))
    contacts: int = 0
    results: Counter[str] = field(default_factory=Counter)
    introductions: int = 0

    def value(self, measure: str) -> Decimal | None:
        """A measure at the period's end or over the period; None if the divisor is zero."""
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
    """From the night of ``after`` to the night of ``until``.

    ``numbers``: the runs of the nights after ``after``. ``planned``: the runs, each of the night before, that planned
    the working days after ``after`` up to ``until``. ``nights``: all runs that count, by date.
    """

    after: date
    until: date
    first: int
    last: int
    numbers: list[int]
    planned: list[int]
    nights: dict[date, int]

    @classmethod
    def of(cls, after: date, until: date, run: Run) -> Period | None:
        """The period of the nights that exist; None before the first. Of a date run twice, the later run counts."""
        return cls.among(nights_of(run), after, until)

    @classmethod
    def among(cls, nights: dict[date, int], after: date, until: date) -> Period | None:
        """The same, of nights that are known."""
        behind = {on: number for on, number in nights.items() if on <= until}
        if not behind:
            return None
        start = max((on for on in behind if on <= after), default=min(behind))
        end = max(behind)
        numbers = [behind[on] for on in sorted(behind) if on > start]
        planned = [behind[on] for on in sorted(behind) if start <= on < end]
        return cls(start, end, behind[start], behind[end], numbers, planned, nights)

    @property
    def earlier(self) -> Period | None:
        """The period of as many days before it; None where there are not enough nights."""
        start = self.after - (self.until - self.after)
        return Period.among(self.nights, start, self.after) if start in self.nights else None

    @property
    def year_before(self) -> date | None:
        """The night nearest to the period's end a year earlier, at most half a month away; None where there is none."""
        return nearest(self.until - timedelta(days=365), self.nights)


def nights_of(run: Run) -> dict[date, int]:
    """The last published run of each business date."""
    rows = Run.objects.filter(published=True, number__lte=run.number).order_by("number")
    return dict(rows.values_list("business_date", "number"))


def scope_part(scope: FigureScope) -> str:
    """The column of Figure that divides a scope: branches, or the people of a branch."""
    return "branch_id" if scope.kind == "bank" or len(scope.branches or []) > 1 else "staff_id"


Cells = dict[tuple[Any, int], Sums]


def cells_of(scope: FigureScope, period: Period, part: str) -> Cells:
    """Sums for each value of ``part``, a column of Figure (branch_id, staff_id), and each rank."""
    cells: Cells = defaultdict(Sums)
    ends = scope.figures().filter(run_id__in=[period.first, period.last])
    for row in ends.values("run_id", part, "grade_rank").annotate(**_sums(LEVELS)).order_by():
        sums, values = cells[dict(row)[part], row["grade_rank"]], {name: row[f"s_{name}"] for name in LEVELS}
        if row["run_id"] == period.first:
            sums.before = values
        if row["run_id"] == period.last:
            sums.now = values
    for names, numbers in ((EVENTS, period.numbers), (PLANNED, period.planned)):
        flows = scope.figures().filter(run_id__in=numbers).values(part, "grade_rank").annotate(**_sums(names))
        for row in flows.order_by():
            cells[dict(row)[part], row["grade_rank"]].flow |= {name: row[f"s_{name}"] for name in names}
    return dict(cells)


def _sums(names: Iterable[str]) -> dict[str, Sum]:
    return {f"s_{name}": Sum(name) for name in names}


def by_part(cells: Cells, scope: FigureScope, period: Period, part: str) -> dict[Any, Sums]:
    """The cells of each value of the part they were read by, with its contacts and introductions."""
    groups: dict[Any, list[Sums]] = defaultdict(list)
    for (key, _rank), sums in cells.items():
        groups[key].append(sums)
    parts: dict[Any, Sums] = defaultdict(Sums)
    parts |= {key: total_of(group) for key, group in groups.items()}
    _add_contacts_and_introductions(parts, scope, period, part)
    return dict(parts)


def by_grade(cells: Cells) -> dict[int, Sums]:
    """The cells of each rank."""
    groups: dict[int, list[Sums]] = defaultdict(list)
    for (_key, rank), sums in cells.items():
        groups[rank].append(sums)
    return {rank: total_of(group) for rank, group in groups.items()}


def total_of(parts: Iterable[Sums]) -> Sums:
    """The total of several parts."""
    total = Sums()
    for part in parts:
        for name in LEVELS:
            total.now[name] += part.now[name]
            total.before[name] += part.before[name]
        for name in FLOWS:
            total.flow[name] += part.flow[name]
        total.contacts += part.contacts
        total.introductions += part.introductions
        total.results.update(part.results)
    return total


def levels_on(scope: FigureScope, period: Period, on: date) -> dict[str, Any]:
    """The levels of a scope at the end of a night."""
    rows = scope.figures().filter(run_id=period.nights[on]).aggregate(**_sums(LEVELS))
    return {name: rows[f"s_{name}"] or 0 for name in LEVELS}


@dataclass(frozen=True)
class Night:
    """A scope at the end of a night, whole and by rank."""

    on: date
    sums: Sums
    customers: dict[int, int]


def nights_between(scope: FigureScope, period: Period) -> list[Night]:
    """The period's nights, at most POINTS of them, including the last."""
    listed = [(on, period.nights[on]) for on in sorted(period.nights) if period.after <= on <= period.until]
    step = -(-len(listed) // POINTS)
    chosen = listed[::-1][::step][::-1]
    rows = scope.figures().filter(run_id__in=[number for _, number in chosen]).values("run_id", "grade_rank")
    by_run: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows.annotate(**_sums((*LEVELS, *FLOWS))).order_by():
        by_run[row["run_id"]].append(dict(row))
    return [Night(on, *_night(by_run[number])) for on, number in chosen if number in by_run]


def _night(rows: list[dict[str, Any]]) -> tuple[Sums, dict[int, int]]:
    now, flow = ({name: sum(row[f"s_{name}"] for row in rows) for name in names} for names in (LEVELS, FLOWS))
    return Sums(now, flow=flow), {row["grade_rank"]: row["s_customers"] for row in rows}


def trend(nights: list[Night], scope: FigureScope, period: Period, measure: str) -> list[tuple[date, Decimal]]:
    """A measure over the period's nights."""
    if measure == "done":
        on_day = dict(contacts_in(scope, period).values_list("on").annotate(n=Count("pk")).order_by())
        nights = [night for night in nights if night.on < period.until]
        for night in nights:
            night.sums.contacts = on_day.get(night.on + timedelta(days=1), 0)
    values = [(night.on, night.sums.value(measure)) for night in nights]
    return [(on, value) for on, value in values if value is not None]


def lost_by_night(scope: FigureScope, period: Period) -> list[tuple[date, int]]:
    """How many customers were lost up to each night of the period."""
    dates = {number: on for on, number in period.nights.items()}
    rows = scope.figures().filter(run_id__in=period.numbers).values("run_id").annotate(s_lost=Sum("lost")).order_by()
    lost = {dates[row["run_id"]]: row["s_lost"] for row in rows}
    days = sorted(lost)
    return list(zip(days, accumulate(lost[on] for on in days), strict=True))


def bridge_of(sums: Sums) -> list[tuple[str, Decimal]]:
    """AUM at the start, what came and what went (less than nothing), AUM at the end: the parts add up to the cent."""
    flow = {name: Decimal(sums.flow[name]) for name in BRIDGE}
    signed = {name: -flow[name] if name in ("outflow", "matured", "closed") else flow[name] for name in BRIDGE}
    return [("start", Decimal(sums.before["aum"])), *signed.items(), ("end", Decimal(sums.now["aum"]))]


@dataclass(frozen=True)
class SignalEffect:
    """The effect of acting on a kind of signal: customers acted on against the control group held out.

    ``smallest``: the size that both groups need (the book's); ``holdout``: the share that is held out, 0 if none is now.
    """

    kind: str
    acted: Group
    held: Group
    confidence: float
    smallest: int
    holdout: float

    @cached_property
    def each(self) -> Interval | None:
        """The difference in AUM per customer, yuan."""
        return interval(self.acted, self.held, self.confidence, self.smallest)

    @property
    def all(self) -> Interval | None:
        """The difference over all customers acted on, yuan."""
        size = self.acted.size
        return (
            Interval(*(end * size for end in (self.each.difference, self.each.low, self.each.high)))
            if self.each
            else None
        )

    @property
    def still_needed(self) -> int:
        """How many more customers with the reason until the effect can be told, if it is as large as it looks now: until
        both groups are large enough, then until the interval leaves zero out. 0: it can be told, or never will be."""
        if not self.holdout:
            return 0
        if self.each is None:
            shares = ((self.held, self.holdout), (self.acted, 1 - self.holdout))
            lacking = [max(0, self.smallest - group.size) / share for group, share in shares if share]
            return ceil(max(lacking, default=0))
        if self.each.sure or not self.each.difference:
            return 0
        reach = self.each.high - self.each.difference
        return ceil((self.acted.size + self.held.size) * ((reach / self.each.difference) ** 2 - 1))


def effects_of(scope: FigureScope, period: Period, book: RuleBook) -> list[SignalEffect]:
    """The effect per kind of signal over trials that ended in the period, in the rule book's order."""
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
        SignalEffect(
            kind,
            groups.get((kind, False), nobody),
            groups.get((kind, True), nobody),
            sure,
            smallest,
            float(rule.holdout),
        )
        for kind, rule in book.signals.items()
        if rule.holdout or (kind, True) in groups
    ]


def contacts_in(scope: FigureScope, period: Period) -> QuerySet[Contact]:
    """What the scope's people recorded in the period."""
    rows = Contact.objects.filter(on__gt=period.after, on__lte=period.until)
    if scope.staff_id or scope.branches is not None:
        rows = rows.filter(staff_id__in=scope.people().order_by().values("staff_id"))
    return rows


def _add_contacts_and_introductions(sums: dict[Any, Sums], scope: FigureScope, period: Period, part: str) -> None:
    """Add contacts and introductions, by person or by the branch in which the person works."""
    where = dict(Staff.objects.values_list("staff_id", "branch_id")) if part == "branch_id" else {}
    counted = contacts_in(scope, period).values_list("staff_id", "outcome").annotate(n=Count("pk")).order_by()
    for staff_id, outcome, count in counted:
        part_sums = sums[where.get(staff_id, staff_id)]
        part_sums.contacts += count
        part_sums.results[outcome] += count
    introduced = standing_introductions().filter(on__gt=period.after, on__lte=period.until)
    mine = Q(staff_id=scope.staff_id) if scope.staff_id else Q(branch_id__in=scope.branches or [])
    if scope.staff_id or scope.branches is not None:
        introduced = introduced.filter(mine)
    for row in introduced.values(part).annotate(n=Count("pk")).order_by():
        sums[row[part]].introductions += row["n"]


def results_in_words(results: Counter[str]) -> list[tuple[str, str, int]]:
    """The results of contacts: key, name and count."""
    return [(key, str(label), results[key]) for key, label in Outcome.choices if results[key]]
