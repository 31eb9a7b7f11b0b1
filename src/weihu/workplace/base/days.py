"""Days as forms and addresses send them."""

from __future__ import annotations

from datetime import date

from django.utils.dateparse import parse_date


def read_day(text: str | None) -> date | None:
    """A day written as YYYY-MM-DD; None for what is no day, such as 2026-02-30."""
    try:
        return parse_date(text or "")
    except ValueError:
        return None
