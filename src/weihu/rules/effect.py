"""What acting changes (M15, M17, M18): AUM some time after a signal, where people heard of it and where nobody did.

Whom a signal is kept back from is decided by chance (``signals``), so the difference between the two is what acting did;
``interval`` says how sure that is. A customer is on trial for a kind once at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

import ibis
from ibis.expr.types import Table

from weihu.rules.rulebook import RuleBook
from weihu.rules.tables import EFFECTS, MONEY, TRIALS
from weihu.rules.value import ZERO, business_date

EXACT = "decimal(38,4)"


def trials(signals: Table, standings: Table, previous: Table, calendar: Table, book: RuleBook) -> Table:
    """The trials that go on after tonight (columns: tables.TRIALS): those before that do not end, and tonight's."""
    kinds = [kind for kind, rule in book.signals.items() if rule.holdout]
    running = previous.filter(~_ended(previous, calendar, book)).select(*TRIALS)
    if not kinds:
        return running
    raised = signals.filter(signals.kind.isin(kinds) & (signals.raised_on == business_date(calendar)))
    raised = raised.select("customer_id", "kind", "raised_on", "held_out").distinct(
        on=["customer_id", "kind"], keep="first"
    )
    raised = raised.anti_join(running, ["customer_id", "kind"])
    begun = raised.join(standings.select("customer_id", "branch_id", "aum"), "customer_id")
    return running.union(begun.select(*TRIALS))


def effects(standings: Table, previous: Table, calendar: Table, book: RuleBook) -> Table:
    """What became of the trials that end tonight (columns: tables.EFFECTS)."""
    ended = previous.filter(_ended(previous, calendar, book)).rename(then="aum")
    now = standings.select("customer_id", now="aum")
    joined = ended.left_join(now, "customer_id")
    change = (ibis.coalesce(joined.now, ZERO) - joined.then).cast(MONEY)
    joined = joined.mutate(change=change)
    square = (joined.change.cast("decimal(18,2)") * joined.change.cast("decimal(18,2)")).cast(EXACT)
    groups = joined.mutate(square=square).group_by("kind", "branch_id", "held_out")
    return groups.agg(
        customers=lambda table: table.count(),
        change=lambda table: table.change.sum().cast(MONEY),
        squares=lambda table: table.square.sum().cast("float64"),
    ).select(*EFFECTS)


def _ended(previous: Table, calendar: Table, book: RuleBook) -> ibis.expr.types.BooleanValue:
    last = business_date(calendar) - ibis.interval(days=book.effects.horizon_days)
    return previous.raised_on <= last.cast("date")


class Group(NamedTuple):
    """A group of customers by its sums: how many, of what was measured, and of its squares."""

    size: int
    total: float
    squares: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Group:
        """Of single values."""
        listed = list(values)
        return cls(len(listed), sum(listed), sum(value * value for value in listed))

    @property
    def mean(self) -> float:
        """The average; 0 of nobody."""
        return self.total / self.size if self.size else 0.0

    @property
    def deviation(self) -> float:
        """The sample's standard deviation."""
        spread = self.squares - self.size * self.mean**2
        return sqrt(max(0.0, spread) / (self.size - 1)) if self.size > 1 else 0.0


@dataclass(frozen=True)
class Interval:
    """A difference per customer and the bounds within which it lies with the asked confidence."""

    difference: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether it is not by chance alone: zero lies outside."""
        return self.low > 0 or self.high < 0


def interval(acted: Group, held: Group, confidence: float, smallest: int) -> Interval | None:
    """The difference of the averages with its interval (Welch, 1947: the groups' spreads may differ); None while a
    group is smaller than ``smallest`` (the book's effects), or nothing differs within both."""
    if min(acted.size, held.size) < smallest or acted.deviation + held.deviation == 0:
        return None
    from scipy.special import stdtrit  # noqa: PLC0415 - nights import this module and never ask for an interval

    error = sqrt(acted.deviation**2 / acted.size + held.deviation**2 / held.size)
    reach = float(stdtrit(_freedom(acted, held), (1 + confidence) / 2)) * error
    difference = acted.mean - held.mean
    return Interval(difference, difference - reach, difference + reach)


def _freedom(acted: Group, held: Group) -> float:
    """Welch-Satterthwaite."""
    parts = [group.deviation**2 / group.size for group in (acted, held)]
    below = sum(part**2 / (group.size - 1) for part, group in zip(parts, (acted, held), strict=True))
    return sum(parts) ** 2 / below
