"""One event is one reason: which signals tell of the same money, which of them leads, and what the event comes to.

Money that moves within the book's days is one event, whichever way it goes: what came and left again is no loss. With it
go the grade that it changed, the product that had just matured, the account that it woke. Products that mature within
the book's days of each other are one event, too. ``led_by`` names the leading signal of a night by kind and subject.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

import ibis
from ibis.expr.types import IntegerValue, StringValue, Table

from weihu.rules.rulebook import RuleBook
from weihu.rules.tables import SIGNALS
from weihu.rules.value import ZERO

INCOMING = ("new_customer", "large_inflow", "unusual_inflow")
FALLING = ("large_outflow", "unusual_outflow")
SENT = "to_other_bank"
OUTGOING = (*FALLING, SENT)
"""The kinds that tell of money that came or went on a day."""

WITH_INCOMING = ("grade_up", "waking")
WITH_OUTGOING = ("grade_down", "watch_begun", "waking")
"""The kinds that tell what money that moved has changed."""

REGRADED = ("grade_up", "grade_down")
EITHER_WAY = "inter_branch"
"""Money moved at another branch: a part of what came or went, if that is as much."""

ENDED = "matured"
"""A product that was not renewed: its money went, if the book's share of it did (``lists.left_share``)."""

ENDING = "maturity"
OF_EVENTS = tuple(dict.fromkeys((*INCOMING, *OUTGOING, *WITH_INCOMING, *WITH_OUTGOING, EITHER_WAY, ENDED, ENDING)))
LAST = 99
"""The place of a signal that does not lead."""

# --- the night ---


def with_leaders(opened: Table, book: RuleBook) -> Table:
    """Open signals with ``led_by`` (columns: tables.SIGNALS).

    Of an event the weightiest kind in the book leads, of equals the largest amount, then the latest day; of maturities
    the first. What is held out neither leads nor is told.
    """
    told = _in_blocks(opened.filter(opened.kind.isin(OF_EVENTS) & ~opened.held_out), book)
    event = ["customer_id", "ending", "block"]
    joined = told.join(_totals(told), event)
    joined = joined.mutate(place=_place(joined, book))
    first = ibis.ifelse(joined.ending, joined.nearest, 0)
    order = [joined.place.asc(), first.asc(), joined.amount.desc(), joined.nearest.asc(), joined.subject.asc()]
    turn = ibis.row_number().over(group_by=event, order_by=order)
    turned = joined.mutate(turn=turn, whole=joined.kind + " " + joined.subject)
    leaders = turned.filter((turned.turn == 0) & (turned.place < LAST)).select(*event, leader="whole")
    led = turned.join(leaders, event)
    led = led.filter(led.leader != led.whole).mutate(led_by=_led_by(led, book))
    led = led.select("customer_id", "kind", "subject", "led_by")
    known = opened.left_join(led, ["customer_id", "kind", "subject"])
    return known.mutate(led_by=ibis.coalesce(known.led_by, "")).select(*SIGNALS)


def _in_blocks(told: Table, book: RuleBook) -> Table:
    """Signals with what tells events of a customer apart: ``ending``, and ``block``, so many windows back from the last
    movement, or on from the first maturity. ``nearest``: the days between."""
    told = told.mutate(ending=told.kind == ENDING)
    told = told.mutate(day=ibis.ifelse(told.ending, told.on_date, told.raised_on))
    moved_on = ibis.ifelse(told.kind.isin([*INCOMING, *OUTGOING]), told.day, ibis.null("date"))
    whose = ["customer_id", "ending"]
    told = told.mutate(first=told.day.min().over(group_by=whose), latest=moved_on.max().over(group_by=whose))
    apart = ibis.ifelse(
        told.ending,
        told.day.delta(told["first"], unit="day"),
        ibis.greatest(told.latest.delta(told.day, unit="day"), 0),
    ).cast("int64")
    window = ibis.ifelse(told.ending, book.events.maturity_days, book.events.days)
    return told.mutate(nearest=apart, block=(apart // window).cast("int64"))


def _totals(told: Table) -> Table:
    """Of every event what ``came``, ``fell`` and was ``sent`` to other banks; a day told twice counts once."""
    sides = {"came": INCOMING, "fell": FALLING, "sent": (SENT,)}
    days = told.group_by("customer_id", "ending", "block", "day").agg(
        **{side: ibis.coalesce(told.amount.max(where=told.kind.isin(kinds)), ZERO) for side, kinds in sides.items()}
    )
    return days.group_by("customer_id", "ending", "block").agg(**{side: days[side].sum() for side in sides})


def _place(joined: Table, book: RuleBook) -> IntegerValue:
    """The place of a signal among those that may lead its event: the weightiest kind of the event's direction first."""

    def among(kinds: Sequence[str]) -> IntegerValue:
        ordered = sorted(
            (kind for kind in kinds if kind in book.signals), key=lambda kind: (-book.signals[kind].weight, kind)
        )
        steps = [(joined.kind == kind, place) for place, kind in enumerate(ordered)]
        return ibis.cases(*steps, else_=LAST) if steps else ibis.literal(LAST)

    way = ibis.ifelse(joined.came > joined.fell, among(INCOMING), among(OUTGOING))
    return ibis.ifelse(joined.ending, 0, way).cast("int64")


def _led_by(led: Table, book: RuleBook) -> StringValue:
    """The leader, if a signal is a part of the event."""
    inward, went = led.came > led.fell, ibis.greatest(led.fell, led.sent)
    share = ibis.literal(int(book.lists.left_share * 100_000))
    part = ibis.cases(
        (led.ending | led.kind.isin([*INCOMING, *OUTGOING]), True),
        (led.kind == EITHER_WAY, led.amount <= ibis.greatest(led.came, went)),
        (led.kind == ENDED, ~inward & (led.amount * share <= went * 100_000)),
        (inward, led.kind.isin(WITH_INCOMING)),
        else_=led.kind.isin(WITH_OUTGOING),
    )
    return ibis.ifelse(part, led.leader, "")


# --- the day ---


Told: TypeAlias = Any
"""A signal as a night has found it (columns: tables.SIGNALS): a row of the night's table or of the database."""

S = TypeVar("S", bound=Told)


@dataclass(frozen=True)
class Speaker:
    """How amounts, dates and a signal's detail are written."""

    language: str
    money: Callable[[Decimal], str]
    day: Callable[[date], str]
    detail: Callable[[Told], str]


def grouped(signals: Iterable[S]) -> list[tuple[S, tuple[S, ...]]]:
    """Signals of a customer as events, in their order: each leading signal with those that it leads. What is led by one
    that is not among them stands for itself."""
    listed = list(signals)
    leading = {f"{signal.kind} {signal.subject}" for signal in listed if not signal.led_by}
    others: dict[str, list[S]] = defaultdict(list)
    for signal in listed:
        others[signal.led_by].append(signal)
    return [
        (signal, tuple(others[f"{signal.kind} {signal.subject}"])) for signal in listed if signal.led_by not in leading
    ]


def answered_kinds(leading: Told, others: Iterable[Told]) -> list[str]:
    """The kinds of an event that an offer may answer: the leading one, and that money went to another bank. What came
    first and left again asks for nothing."""
    return [leading.kind, *(signal.kind for signal in others if signal.kind == SENT and leading.kind != SENT)]


def sentence(leading: Told, others: Sequence[Told], book: RuleBook, say: Speaker) -> str:
    """What happened, in one sentence; empty if one signal alone says it."""
    signals = [leading, *others]
    if not others:
        return ""
    if leading.kind == ENDING:
        return _maturities(signals, book, say)
    came, fell = _by_day(signals, INCOMING), _by_day(signals, FALLING)
    net = _total(came) - _total(fell)
    sent = [signal for signal in signals if signal.kind == SENT and signal.amount]
    if not came and not fell:
        net, fell = -_sum(sent), _by_day(sent, (SENT,))
    dates = [*came, *fell]
    days = (max(dates) - min(dates)).days + 1
    words = book.events
    if not net:
        opening, amount = words.both, _total(came)
    else:
        wording = (words.came_in_a_day, words.came) if net > 0 else (words.went_in_a_day, words.went)
        opening, amount = wording[days > 1], abs(net)
    text = _filled(
        opening.text(say.language),
        days=str(days),
        amount=say.money(amount),
        other=say.money(_total(fell)),
        date=say.day(max(dates)),
    )
    if net and came and fell:
        text += _filled(words.net_of.text(say.language), amount=say.money(_total(came)), other=say.money(_total(fell)))
    return text + _elsewhere(sent, net, book, say) + _besides(signals, not (came and fell), book, say)


def _by_day(signals: Iterable[Told], kinds: Sequence[str]) -> dict[date, Decimal]:
    """What moved on each day, by the kinds that tell of it; a day told twice counts once, by the larger amount."""
    days: dict[date, Decimal] = {}
    for signal in signals:
        if signal.kind in kinds and signal.amount:
            days[signal.raised_on] = max(signal.amount, days.get(signal.raised_on, Decimal(0)))
    return days


def _total(days: dict[date, Decimal]) -> Decimal:
    return sum(days.values(), Decimal(0))


def _sum(signals: Iterable[Told]) -> Decimal:
    return sum((signal.amount or Decimal(0) for signal in signals), Decimal(0))


def _elsewhere(sent: Sequence[Told], net: Decimal, book: RuleBook, say: Speaker) -> str:
    """What of it went to other banks; the one named is where the most went."""
    if not sent:
        return ""
    total, words = _sum(sent), book.events
    largest = max(sent, key=lambda signal: signal.amount or Decimal(0))
    phrase = words.elsewhere_all if total == -net else words.elsewhere if total < -net else words.elsewhere_too
    return _filled(phrase.text(say.language), amount=say.money(total), detail=say.detail(largest))


def _besides(signals: Sequence[Told], one_way: bool, book: RuleBook, say: Speaker) -> str:
    """What had matured, and the grade that changed; one that came and went with the money is not worth a word."""
    parts, words = [], book.events
    if ended := [signal for signal in signals if signal.kind == ENDED]:
        parts.append(_filled(words.matured.text(say.language), amount=say.money(_sum(ended))))
    if one_way and (changed := [signal for signal in signals if signal.kind in REGRADED]):
        last = max(changed, key=lambda signal: signal.raised_on)
        parts.append(_filled(words.regraded.text(say.language), detail=say.detail(last)))
    return "".join(parts)


def _maturities(signals: Sequence[Told], book: RuleBook, say: Speaker) -> str:
    dates = sorted(signal.on_date for signal in signals if signal.on_date)
    return _filled(
        book.events.maturities.text(say.language),
        days=str((dates[-1] - dates[0]).days + 1),
        count=str(len(signals)),
        amount=say.money(_sum(signals)),
        date=say.day(dates[0]),
    )


def _filled(text: str, **values: str) -> str:
    empty = dict.fromkeys(("days", "amount", "other", "count", "date", "detail"), "")
    return text.format(**{**empty, **values})
