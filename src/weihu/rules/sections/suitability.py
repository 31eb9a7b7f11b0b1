"""``[suitability]``: what may be offered to whom (适当性)."""

from __future__ import annotations

from weihu.rules.sections.entry import Days, FieldName, Section


class Advice(Section):
    """What the person who serves a customer does first (``suggestion_*``) and says (``talk_*``)."""

    suggestion_zh: str
    suggestion_en: str
    talk_zh: str = ""
    talk_en: str = ""

    def suggestion(self, language: str) -> str:
        """What to do, in ``language``."""
        return self.suggestion_en if language.startswith("en") else self.suggestion_zh

    def talk(self, language: str) -> str:
        """What may be said, in ``language``."""
        return self.talk_en if language.startswith("en") else self.talk_zh


class Suitability(Section):
    """What may be offered to whom (domain, section 5): a risk rating counts for ``rating_days``; products of the
    ``exempt`` categories (deposits) need none, and who is under ``adult_age`` is offered no others. ``refusals``: the
    archive's field of what a customer does not want to hear of, by category of product. ``unrated``: how to come to a valid
    rating where one is lacking for what would fit; ``minor``: what to mind with who is under age."""

    rating_days: Days
    exempt: list[str]
    adult_age: Days
    refusals: FieldName
    unrated: Advice
    minor: Advice
