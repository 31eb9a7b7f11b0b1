"""Whole numbers that come from outside, in an address or a form."""

from __future__ import annotations

DIGITS = 15
"""More have no number that a page counts or a table keeps; Python itself refuses texts of thousands of digits."""


def whole(text: str) -> int | None:
    """The number that a text of digits says; None for anything else, and for one that is too long."""
    return int(text) if text.isdecimal() and len(text) <= DIGITS else None
