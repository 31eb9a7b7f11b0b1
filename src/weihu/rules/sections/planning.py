"""``[planning]``: how a day is planned (计划)."""

from __future__ import annotations

from weihu.rules.sections.entry import Chance, Count, Factor, Section


class Planning(Section):
    """How a day is planned. A reason whose date is at most ``urgent_days`` from the working day counts ``urgency``
    times; each day that it has waited adds ``ageing`` of its worth, for at most ``ageing_days``."""

    urgent_days: Count
    urgency: Factor
    ageing: Chance
    ageing_days: Count
