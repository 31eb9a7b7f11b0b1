"""``[fatigue]``: who was contacted often enough (疲劳度)."""

from __future__ import annotations

from weihu.rules.sections.entry import Days, Section


class Fatigue(Section):
    """Who was contacted ``contacts`` times within ``days`` days, whatever for, hears only of what was promised."""

    contacts: Days
    days: Days
