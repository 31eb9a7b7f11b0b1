"""Small drawings that are the same on a page and on paper: boxes, lines and words, as SVG and for PDF.

Places are in points from the top left. What a shape means is its ``tone``; each side has its colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

Tone = Literal["whole", "more", "less", "axis", "line"]


@dataclass(frozen=True)
class Box:
    """A filled rectangle, with what it says when it is pointed at."""

    x: float
    y: float
    width: float
    height: float
    tone: Tone
    says: str = ""


@dataclass(frozen=True)
class Line:
    """A line through points."""

    points: Sequence[tuple[float, float]]
    tone: Tone


@dataclass(frozen=True)
class Words:
    """Text of one line, at its baseline; ``x`` is its middle."""

    x: float
    y: float
    text: str
    tone: Tone = "axis"


@dataclass(frozen=True)
class Picture:
    """A drawing with its name, which says what it shows to who cannot see it."""

    name: str
    width: float
    height: float
    shapes: Sequence[Box | Line | Words]


@register.simple_tag
def svg(picture: Picture, kind: str = "") -> SafeString:
    """``{% svg picture %}``: the drawing as SVG, as wide as its place; ``kind`` is a class besides."""
    shapes = format_html_join("", "{}", ((_svg(shape),) for shape in picture.shapes))
    return format_html(
        '<svg class="picture {}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        kind,
        f"{picture.width:g}",
        f"{picture.height:g}",
        picture.name,
        shapes,
    )


def _svg(shape: Box | Line | Words) -> SafeString:
    if isinstance(shape, Box):
        sizes = [f"{size:.1f}" for size in (shape.x, shape.y, shape.width, shape.height)]
        text = '<rect class="tone-{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>'
        return format_html(text, shape.tone, *sizes, shape.says)
    if isinstance(shape, Line):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
        return format_html('<polyline class="tone-{}" points="{}"></polyline>', shape.tone, points)
    place = f"{shape.x:.1f}", f"{shape.y:.1f}"
    return format_html('<text class="tone-{}" x="{}" y="{}">{}</text>', shape.tone, *place, shape.text)
