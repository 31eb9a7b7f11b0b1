"""``[suitability]``: what may be offered to whom (适当性)."""

from __future__ import annotations

from weihu.rules.sections.entry import Days, Section


class Suitability(Section):
    """What may be offered to whom (domain, section 5): a risk rating counts for ``rating_days``; products of the
    ``exempt`` categories (deposits) need none."""

    rating_days: Days
    exempt: list[str]
