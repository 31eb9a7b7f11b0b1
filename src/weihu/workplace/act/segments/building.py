"""The builder's rows of conditions, and what they select: of segments and of whatever asks for customers the same way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as lazy

from weihu.workplace.act.segments import reading
from weihu.workplace.act.segments.definition import JOINS, MOST_GROUPS, MOST_ROWS, Condition, Definition, Group
from weihu.workplace.act.segments.examples import BLANK
from weihu.workplace.act.segments.state import Totals
from weihu.workplace.act.segments.words import JOIN_NAMES, Words
from weihu.workplace.base.whole import whole
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.requests import WorkRequest
from weihu.workplace.know.archive.lists import TooWide

PREVIEWED = 8
TOO_WIDE = lazy("Too many customers for a range of numbers of the archive: choose a narrower condition.")


def changed(definition: Definition, sent: Mapping[str, Any]) -> Definition:
    """What the pressed button of the builder makes of it: a row or a group more or less."""
    groups = list(definition.groups)
    if sent.get("group") and len(groups) < MOST_GROUPS:
        groups.append(Group("all", BLANK.conditions))
    place = whole(sent.get("add", ""))
    if place is not None and place < len(groups) and len(groups[place].conditions) < MOST_ROWS:
        group = groups[place]
        groups[place] = Group(group.join, (*group.conditions, Condition("aum", "least")))
    said, _dot, row = sent.get("remove", "").partition(".")
    at = whole(said)
    if at is not None and at < len(groups):
        group = groups[at]
        left = tuple(other for number, other in enumerate(group.conditions) if number != whole(row))
        groups[at] = Group(group.join, left)
        groups = [group for group in groups if group.conditions]
    return Definition(definition.join, tuple(groups))


def offered(words: Words, definition: Definition, asked: bool, trigger: str) -> dict[str, Any]:
    """The rows of conditions as the builder shows them (segments/rows.html). ``asked``: whether to say what has no value
    yet; ``trigger``: the id of what was used last."""
    focus = _focus(trigger, definition)
    groups = [
        {
            "place": place,
            "join": group.join,
            "rows": [words.row(f"g{place}-r{row}", each, asked, focus) for row, each in enumerate(group.conditions)],
            "full": len(group.conditions) >= MOST_ROWS,
        }
        for place, group in enumerate(definition.groups)
    ]
    return {
        "join": definition.join,
        "joins": [(join, JOIN_NAMES[join]) for join in JOINS],
        "groups": groups,
        "full": len(groups) >= MOST_GROUPS,
        "grouped": words.grouped,
    }


def built(
    request: WorkRequest, words: Words, definition: Definition, swapped: bool = False, asked: bool = False
) -> dict[str, Any]:
    """The builder's rows and what they select. ``swapped``: the preview is sent beside the rows."""
    usable = definition.complete(request.book)
    summed, too_wide = totals(request.gate, [usable])
    return offered(words, definition, asked, request.htmx.trigger or "") | {
        "words": words.definition(usable),
        "of": summed[0] if summed else None,
        "members": reading.page(request.gate, usable, 0, PREVIEWED) if summed else [],
        "too_wide": too_wide,
        "unused": len(definition.conditions) - len(usable.conditions),
        "swapped": swapped,
        "preview": "segments/preview.html",
        "build": reverse("segment_build"),
    }


def totals(gate: Gate, definitions: list[Definition]) -> tuple[list[Totals] | None, str]:
    """The sums of segments, or why they cannot be had."""
    try:
        return reading.totals(gate, definitions), ""
    except TooWide:
        return None, str(TOO_WIDE)


def _focus(trigger: str, definition: Definition) -> str:
    """The id of what has the focus once the rows are shown anew: what was used, or the row that was added."""
    place = whole(trigger.removeprefix("segment-add-"))
    if place is not None and place < len(definition.groups):
        return f"segment-g{place}-r{len(definition.groups[place].conditions) - 1}-field"
    return trigger
