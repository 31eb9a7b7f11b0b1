"""Segments behind the gate: which ones a person uses, and their customers within the person's reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from threading import Lock
from typing import Protocol, TypeVar

from django.conf import settings
from django.db.models import Count, QuerySet

from weihu.rules.nights import is_month_end
from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.segments.day import asks_the_day, contacted_since, members
from weihu.workplace.act.segments.definition import Condition, Definition
from weihu.workplace.act.segments.models import Segment, SegmentMember
from weihu.workplace.act.segments.state import READ, State, Totals, plain_of
from weihu.workplace.bank.models import Run, Standing
from weihu.workplace.gate.agreeing import branches_above
from weihu.workplace.gate.merged import merges_on
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.scope import Scope

AT_ONCE = 500
EVERYBODY = Scope(everybody=True)
_lock = Lock()
T = TypeVar("T")
Told = tuple[dict[Condition, Sequence[str]], Sequence[tuple[str, date]]]
"""The members of each condition that only the day can answer, and the latest contacts."""


@dataclass(frozen=True)
class Night:
    """A segment's size on a night, and who entered and left since the night before, among today's reach."""

    on: date
    size: int
    entered: int
    left: int


class Shared(Protocol):
    """What somebody keeps under a name and shares with posts of his or her branch and of those below it."""

    staff_id: str
    branch_id: str
    posts: list[str]


S = TypeVar("S", bound=Shared)


def visible(gate: Gate) -> list[Segment]:
    """The reader's own segments, then those that are shared with the reader's post, by name."""
    return usable(gate, Segment.objects.order_by("name", "pk"))


def usable(gate: Gate, rows: Iterable[S]) -> list[S]:
    """The reader's own rows, then those that are shared with the reader's post, in their order."""
    above = branches_above(gate.staff.branch_id)
    own = [row for row in rows if row.staff_id == gate.staff.staff_id]
    shared = [row for row in rows if row not in own and gate.staff.post in row.posts and row.branch_id in above]
    return [*own, *shared]


def totals(gate: Gate, definitions: Sequence[Definition]) -> list[Totals]:
    """The sums of several segments within reach. Raises archive's TooWide."""
    if not definitions:
        return []
    complete = [definition.complete(gate.run.rulebook) for definition in definitions]
    return answered(gate, complete, lambda state: state.totals(complete, gate.scope))


def page(gate: Gate, definition: Definition, first: int, last: int) -> list[Standing]:
    """The members within reach from place ``first`` up to, without, ``last``, by grade and within it by assets."""
    complete = definition.complete(gate.run.rulebook)
    ids = answered(gate, [complete], lambda state: state.page(complete, gate.scope, first, last))
    return in_order(gate, ids)


def answered(gate: Gate, definitions: Sequence[Definition], ask: Callable[[State], T]) -> T:
    """What the run's columns answer to ``ask``, which may use ``definitions``. Raises archive's TooWide."""
    told = _told(definitions, gate.standings(), gate.run, gate.reach == "bank")
    with _lock:
        return ask(_prepared(gate.run, told))


def answered_of(night: Run, gate: Gate, definitions: Sequence[Definition], ask: Callable[[State], T]) -> T:
    """The same of an earlier night whose columns are kept: contacts as that night knew them; consents, results of
    contacts and values of the archive as they are now. Raises archive's TooWide."""
    members, _recent = _told(definitions, gate.standings(), gate.run, gate.reach == "bank")
    state = columns_of(night)
    try:
        state.day(members, ())
        return ask(state)
    finally:
        state.close()


def everybody(run: Run, definition: Definition) -> set[str]:
    """All members in the bank, for the night."""
    complete = definition.complete(run.rulebook)
    told = _told([complete], Standing.objects.listed_at(run), run, bank=True)
    with _lock:
        return _prepared(run, told).among(complete, EVERYBODY)


def kept_nights(run: Run) -> list[Run]:
    """The nights whose columns can be asked, the latest first: this one, and the months' ends before it that are kept."""
    found: dict[date, Run] = {}
    for row in Run.objects.filter(number__lt=run.number, published=True).defer("report").order_by("-number"):
        on = row.business_date
        wanted = is_month_end(on) and on < run.business_date and on not in found
        if wanted and all((settings.HOME.run(row.number) / f"{name}.parquet").exists() for name in READ):
            found[on] = row
    return [run, *(found[on] for on in sorted(found, reverse=True))]


def in_order(gate: Gate, ids: Sequence[str]) -> list[Standing]:
    """The customers of ``ids`` that are within reach, in the order given."""
    reached: dict[str, Standing] = {}
    for start in range(0, len(ids), AT_ONCE):
        reached |= gate.reached(ids[start : start + AT_ONCE])
    return [reached[customer] for customer in ids if customer in reached]


def nights(gate: Gate, segment: Segment) -> list[Night]:
    """A segment's nights, the oldest first, as far as its members were kept, of the customers that are within reach now."""
    spans = _kept_members(gate, segment).values_list("entered_on", "left_on").annotate(count=Count("pk")).order_by()
    entered: Counter[date] = Counter()
    left: Counter[date] = Counter()
    for first, last, count in spans:
        entered[first] += count
        if last:
            left[last] += count
    days = list(segment.nights.filter(kept=True).order_by("on").values_list("on", flat=True))
    size, rows = 0, []
    for place, on in enumerate(days):
        size += entered[on] - left[on]
        rows.append(Night(on, size, entered[on] if place else 0, left[on]))
    return rows


def moved(gate: Gate, segment: Segment, on: date, most: int) -> tuple[list[Standing], list[Standing]]:
    """Who within reach entered and who left on a night, by number, at most so many of each."""
    rows = _kept_members(gate, segment).order_by("customer_id")
    lists = (rows.filter(entered_on=on), rows.filter(left_on=on))
    ids = [list(part.values_list("customer_id", flat=True)[:most]) for part in lists]
    return in_order(gate, ids[0]), in_order(gate, ids[1])


def _kept_members(gate: Gate, segment: Segment) -> QuerySet[SegmentMember]:
    rows = segment.members.all()
    return rows if gate.reach == "bank" else rows.filter(customer_id__in=gate.standings().values("customer_id"))


def _prepared(run: Run, told: Told) -> State:
    """The run's columns with what the day knows, for a caller who holds the lock."""
    state = _state(run)
    state.day(*told)
    return state


def _told(definitions: Sequence[Definition], rows: QuerySet[Standing], run: Run, bank: bool) -> Told:
    """What the day knows of what definitions ask: read before the lock is taken, so that nobody waits for it."""
    asked: Iterable[Condition] = (condition for definition in definitions for condition in definition.conditions)
    book: RuleBook = run.rulebook
    plain = dict.fromkeys(plain_of(condition) for condition in asked if asks_the_day(condition))
    answered: dict[Condition, Sequence[str]] = {
        condition: members(condition, rows, book, run.work_date, bank) for condition in plain
    }
    return answered, contacted_since(run.business_date)


@lru_cache(maxsize=1)
def _state(run: Run) -> State:
    """The run's columns, read once; an earlier run's are let go."""
    return columns_of(run)


def columns_of(run: Run) -> State:
    """The columns that a run left; raises checksums.Damaged if they are not as it left them."""
    folder = settings.HOME.run(run.number)
    for name in READ:
        settings.HOME.verified(folder / f"{name}.parquet")
    merged = [(row["gone"], row["kept"]) for row in merges_on(run.business_date) if row["active"]]
    return State(folder, run.rulebook, run.work_date, merged)
