"""``[offers.…]``: what may be offered (产品匹配)."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from weihu.rules.sections.entry import Count, Day, Entry, Money, OccasionName, Weight
from weihu.rules.sections.signals import SignalKind


class Offer(Entry):
    """What may be offered (M6), to whom it fits, and how to say it.

    ``category``: of which products; ``products``: only these of the core system, none: every one of the category.
    ``answers``: the kinds of signal it is an answer to. ``minimum`` in yuan. ``risk``: its class (R1-R5); a
    product's own class, if higher, counts. ``locks_days``: how long the money is tied.
    ``age_from``, ``age_to``: the stage of life. ``goals``: the archive's financial goals that it serves; ``goals_only``:
    to who has one of them and to nobody else. ``occasions``: of the kind life_occasion it answers these only. ``once``:
    not to who holds one. ``sold_until``: the last day on which it is sold. ``weight``: which of two comes first.
    """

    category: str
    products: list[str] = []
    answers: list[SignalKind]
    minimum: Money = Decimal(0)
    risk: Literal["R1", "R2", "R3", "R4", "R5"] | None = None
    locks_days: Count = 0
    age_from: Count = 0
    age_to: Count = 150
    goals: list[str] = []
    goals_only: bool = False
    occasions: list[OccasionName] = []
    once: bool = False
    sold_until: Day | None = None
    weight: Weight = Decimal(1)
    talk_zh: str
    talk_en: str

    def text(self, language: str) -> str:
        """What may be said, in ``language``."""
        return self.talk_en if language.startswith("en") else self.talk_zh
