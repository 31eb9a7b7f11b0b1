"""The bridge of AUM as a drawing: where a period began, what came and went, where it ended."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from weihu.workplace.base.pictures import Box, Line, Picture, Tone, Words

WIDTH, HEIGHT = 720.0, 250.0
TOP, FLOOR = 26.0, 214.0
ROOM = 0.12
"""So much of the span stands free under the lowest step, because the axis does not begin at nothing."""


def waterfall(name: str, steps: Sequence[tuple[str, Decimal, str]]) -> Picture:
    """The drawing of steps (title, amount, amount in words), of which the first and the last are levels."""
    levels, level = [], Decimal(0)
    for place, (_title, amount, _text) in enumerate(steps):
        whole = place in (0, len(steps) - 1)
        before, level = (Decimal(0), amount) if whole else (level, level + amount)
        levels.append((before, level, whole))
    reached = [level for _before, level, _whole in levels]
    span = float(max(reached) - min(reached)) or 1.0
    lowest, highest = float(min(reached)) - ROOM * span, float(max(reached))

    def y(level: Decimal) -> float:
        return FLOOR - (FLOOR - TOP) * max(0.0, (float(level) - lowest) / (highest - lowest))

    column = WIDTH / len(steps)
    shapes: list[Box | Line | Words] = [Line([(0, FLOOR), (WIDTH, FLOOR)], "axis")]
    for place, ((title, amount, text), (before, after, whole)) in enumerate(zip(steps, levels, strict=True)):
        left, tone = place * column + 0.16 * column, _tone(amount, whole)
        top = min(y(after), FLOOR if whole else y(before))
        bottom = FLOOR if whole else max(y(after), y(before))
        middle = (place + 0.5) * column
        shapes.append(Box(left, top, 0.68 * column, max(1.0, bottom - top), tone, f"{title} {text}"))
        shapes += [Words(middle, top - 6, text, tone), Words(middle, FLOOR + 18, title)]
        if place + 1 < len(steps):
            shapes.append(Line([(left + 0.68 * column, y(after)), (left + column, y(after))], "axis"))
    return Picture(name, WIDTH, HEIGHT, shapes)


def _tone(amount: Decimal, whole: bool) -> Tone:
    if whole:
        return "whole"
    return "more" if amount >= 0 else "less"


def curve(name: str, values: Sequence[float], ends: tuple[str, str], words: tuple[str, str]) -> Picture:
    """A line through values at equal distances: ``ends`` name the first and the last, ``words`` the lowest and highest."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    width = max(1, len(values) - 1)

    def y(value: float) -> float:
        return FLOOR - (FLOOR - TOP) * ((value - low) / (high - low) if high > low else 0.5)

    points = [(60 + (WIDTH - 120) * place / width, y(value)) for place, value in enumerate(values)]
    shapes: list[Box | Line | Words] = [Line([(60, FLOOR + 4), (WIDTH - 60, FLOOR + 4)], "axis"), Line(points, "line")]
    shapes += [Words(60, FLOOR + 20, ends[0]), Words(WIDTH - 60, FLOOR + 20, ends[1])]
    shapes += [Words(30, y(low), words[0]), Words(30, y(high) + 4, words[1])]
    return Picture(name, WIDTH, HEIGHT, shapes)
