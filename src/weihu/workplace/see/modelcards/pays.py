"""Whether acting on a warning has paid: the customers told of against those from whom it was kept back, as a drawing."""

from __future__ import annotations

from decimal import Decimal
from math import ceil

from django.utils.translation import gettext as _

from weihu.rules.effect import Interval
from weihu.workplace.base.pictures import Box, Line, Picture, Tone, Words
from weihu.workplace.base.words import amount_text
from weihu.workplace.see.cockpit.reading import SignalEffect

WIDTH, HEIGHT = 720.0, 96.0
EDGE = 90.0
AXIS, BAR = 66.0, 22.0


def still_needed(effect: SignalEffect, holdout: float) -> int:
    """How many more warnings until the effect can be told, if it is as large as it looks now: first until both groups
    have the book's smallest size, then until the interval leaves zero out. 0: it can be told."""
    lacking = [
        max(0, effect.smallest - group.size) / share
        for group, share in ((effect.held, holdout), (effect.acted, 1 - holdout))
        if share
    ]
    if effect.each is None:
        return ceil(max(lacking, default=0))
    if effect.each.sure or not effect.each.difference:
        return 0
    size = effect.acted.size + effect.held.size
    reach = effect.each.high - effect.each.difference
    return ceil(size * ((reach / effect.each.difference) ** 2 - 1))


def picture(each: Interval, currency: str) -> Picture:
    """The difference in AUM a customer with its interval, and where nothing would be."""
    low, high = min(each.low, 0.0), max(each.high, 0.0)

    def x(amount: float) -> float:
        return EDGE + (WIDTH - 2 * EDGE) * (amount - low) / (high - low)

    tone: Tone = "whole" if not each.sure else "more" if each.difference > 0 else "less"
    middle = AXIS - BAR
    shapes: list[Box | Line | Words] = [
        Line([(EDGE / 2, AXIS), (WIDTH - EDGE / 2, AXIS)], "axis"),
        Line([(x(0.0), AXIS - 2 * BAR), (x(0.0), AXIS)], "axis"),
        Box(x(each.low), middle - 4, max(2.0, x(each.high) - x(each.low)), 8, tone),
        Box(x(each.difference) - 3, middle - 11, 6, 22, tone, _words(each.difference, currency)),
        Words(x(each.difference), middle - 16, _words(each.difference, currency), tone),
    ]
    # the words of an end that lies beside zero would cover its own
    ends = [end for end in (each.low, each.high) if abs(x(end) - x(0.0)) > EDGE]
    shapes += [Words(x(end), AXIS + 18, _words(end, currency)) for end in ends]
    shapes.append(Words(x(0.0), AXIS + 18, "0"))
    return Picture(_("Difference in AUM per customer"), WIDTH, HEIGHT, shapes)


def _words(amount: float, currency: str) -> str:
    return amount_text(Decimal(f"{amount:.0f}"), currency)
