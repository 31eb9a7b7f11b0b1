"""Which cells of a table are not told: groups too small to say anything, and what would follow from the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

Cell = tuple[str | None, ...]
"""A cell's key of each axis, None for the total."""


def hidden(sizes: Mapping[Cell, int], smallest: int, added: Sequence[bool]) -> set[Cell]:
    """The cells of fewer than ``smallest`` customers, and, where they would follow by subtraction, the smallest beside
    them. ``added``: of each axis, whether its values add up to its total. ``sizes``: of cells that have customers."""
    if max(sizes.values(), default=smallest) < smallest:
        return set(sizes)
    kept_back = {cell for cell, size in sizes.items() if size < smallest}
    lines = _lines(sizes, added)
    more = True
    while more:
        more = False
        for line in lines:
            if len(kept_back & line) == 1:
                kept_back.add(min(line - kept_back, key=lambda cell: (cell.count(None), sizes[cell], str(cell))))
                more = True
    return kept_back


def _lines(sizes: Mapping[Cell, int], added: Sequence[bool]) -> list[set[Cell]]:
    """The cells that add up along an axis, with their total."""
    lines: dict[tuple[int, Cell], set[Cell]] = defaultdict(set)
    for cell in sizes:
        for axis, adds in enumerate(added):
            if adds:
                lines[axis, (*cell[:axis], *cell[axis + 1 :])].add(cell)
    return list(lines.values())
