"""Whether acting on a warning has paid: the customers told of against those from whom it was kept back, as a drawing."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from weihu.rules.effect import Interval
from weihu.workplace.base.pictures import Box, Line, Picture, Tone, Words
from weihu.workplace.base.words import amount_text

WIDTH, HEIGHT = 720.0, 96.0
EDGE = 90.0
AXIS, BAR = 66.0, 22.0


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
