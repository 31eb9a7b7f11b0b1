"""Bands of age, by which customers are counted."""

from __future__ import annotations

AGES = (18, 30, 45, 60, 75)
"""The years from which another band begins."""


def bands() -> list[tuple[int, int | None]]:
    """The first and the last year of each band, youngest first; the oldest band has no last year."""
    begins = [0, *AGES]
    return [(first, following - 1) for first, following in zip(begins, AGES, strict=False)] + [(begins[-1], None)]
