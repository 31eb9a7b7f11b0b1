"""Bands of age, by which customers are counted; the book says where another one begins."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def bands(begins: Sequence[int]) -> list[tuple[int, int | None]]:
    """The first and the last year of each band, youngest first; the oldest band has no last year."""
    firsts = [0, *begins]
    return [(first, following - 1) for first, following in pairwise(firsts)] + [(firsts[-1], None)]
