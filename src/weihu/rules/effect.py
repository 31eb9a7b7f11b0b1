"""What acting changes (M15, M17, M18): AUM some time after a signal, where people heard of it and where nobody did.

Whom a signal is kept back from is decided by chance (``signals``), so the difference between the two is what acting did;
``interval`` says how sure that is. A customer is on trial for a kind once at a time. Each trial that ended is kept with
how the customer stood when it began: sums alone cannot tell whom acting helps (``insight.uplift``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

import ibis
from ibis.expr.types import Table

from weihu.rules.attrition import NAMES
from weihu.rules.rulebook import RuleBook
from weihu.rules.tables import EFFECTS, MONEY
from weihu.rules.value import ZERO, business_date

EXACT = "decimal(38,4)"
WIDE = "decimal(19,2)"
"""Money to be squared: of DuckDB's decimals of 18 digits a product has 18 too, too few from 3 million yuan on."""

TRIALS = ibis.schema(
    {
        "customer_id": "string",
        "kind": "string",
        "raised_on": "date",
        "held_out": "boolean",
        "branch_id": "string",
        "aum": MONEY,
    }
)
"""Signals of kinds with a holdout whose effect is not told yet, with the branch and the AUM of that night."""

INPUTS = ibis.schema(dict.fromkeys(NAMES, "int64"))
BEGUN = ibis.schema({**TRIALS, **INPUTS})
"""The trials that begin tonight, with how the customer stands (``attrition.NAMES``; NULL for who has no own level yet)."""

ENDED = ibis.schema({**TRIALS, "ended_on": "date", "contacted": "boolean", "change": MONEY})
"""What became of the trials that end tonight. ``contacted``: somebody has spoken with the customer since the signal;
``change``: of AUM since then, yuan."""


def trials_held(book: RuleBook) -> list[str]:
    """The kinds of signal that begin trials: those with a holdout."""
    return [kind for kind, rule in book.signals.items() if rule.holdout]


def running(previous: Table, calendar: Table, book: RuleBook) -> Table:
    """The trials that do not end tonight (columns: TRIALS)."""
    return previous.filter(~_over(previous, calendar, book)).select(*TRIALS)


def begun(signals: Table, standings: Table, features: Table, previous: Table, calendar: Table, book: RuleBook) -> Table:
    """The trials that begin tonight (columns: BEGUN), of customers who are on none of the kind."""
    raised = signals.filter(signals.kind.isin(trials_held(book)) & (signals.raised_on == business_date(calendar)))
    raised = raised.select("customer_id", "kind", "raised_on", "held_out").distinct(
        on=["customer_id", "kind"], keep="first"
    )
    raised = raised.anti_join(running(previous, calendar, book), ["customer_id", "kind"])
    joined = raised.join(standings.select("customer_id", "branch_id", "aum"), "customer_id")
    return joined.left_join(features.select("customer_id", *NAMES), "customer_id").select(*BEGUN)


def trials(begun: Table, previous: Table, calendar: Table, book: RuleBook) -> Table:
    """The trials that go on after tonight (columns: TRIALS): those before that do not end, and tonight's."""
    return running(previous, calendar, book).union(begun.select(*TRIALS))


def ended(standings: Table, previous: Table, calendar: Table, book: RuleBook) -> Table:
    """What became of the trials that end tonight (columns: ENDED)."""
    over = previous.filter(_over(previous, calendar, book))
    now = standings.select("customer_id", "last_contact_on", now="aum")
    joined = over.left_join(now, "customer_id").cross_join(calendar.select(today="business_date"))
    contacted = ibis.coalesce(joined.last_contact_on >= joined.raised_on, ibis.literal(False))
    change = (ibis.coalesce(joined.now, ZERO) - joined.aum).cast(MONEY)
    return joined.mutate(ended_on=joined.today, contacted=contacted, change=change).select(*ENDED)


def effects(ended: Table) -> Table:
    """The sums of the trials that end tonight (columns: tables.EFFECTS)."""
    wide = ended.change.cast(WIDE)
    square = (wide * wide).cast(EXACT)
    groups = ended.mutate(square=square).group_by("kind", "branch_id", "held_out")
    return groups.agg(
        customers=lambda table: table.count(),
        change=lambda table: table.change.sum().cast(MONEY),
        squares=lambda table: table.square.sum().cast("float64"),
    ).select(*EFFECTS)


def _over(previous: Table, calendar: Table, book: RuleBook) -> ibis.expr.types.BooleanValue:
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
