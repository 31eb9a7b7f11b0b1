"""A line so small that it stands among words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

WIDTH, HEIGHT = 96, 22
MARGIN = 2


def sparkline(points: Sequence[tuple[str, float]]) -> str:
    """The points of an SVG polyline for (ISO date, value) in their order: steps, from the lowest value to the highest."""
    days = [date.fromisoformat(on).toordinal() for on, _ in points]
    values = [value for _, value in points]
    span, low = max(days[-1] - days[0], 1), min(values)
    rise = max(values) - low

    def x(day: int) -> float:
        return round(WIDTH * (day - days[0]) / span, 1)

    def y(value: float) -> float:
        share = (value - low) / rise if rise else 0.5
        return round(HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * share, 1)

    corners = [(x(days[0]), y(values[0]))]
    for (_, before), (day, value) in pairwise(zip(days, values, strict=True)):
        corners += [(x(day), y(before)), (x(day), y(value))]
    return " ".join(f"{across},{down}" for across, down in corners)
