"""Days as forms and addresses send them."""

from __future__ import annotations

import re
from datetime import date

WRITTEN = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})")


def read_day(text: str | None) -> date | None:
    """A day as people write it: 2026-11-28, 20261128, 2026/11/28, 2026年11月28日; None for what is none (2026-02-30)."""
    said = (text or "").strip()
    parts = PACKED.fullmatch(said) or WRITTEN.fullmatch(said)
    if parts is None:
        return None
    try:
        return date(*map(int, parts.groups()))
    except ValueError:
        return None
