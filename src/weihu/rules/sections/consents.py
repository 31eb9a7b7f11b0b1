"""``[consents.…]``: purposes that a customer agrees to (授权同意)."""

from __future__ import annotations

from typing import Literal

from weihu.rules.sections.entry import Entry


class Consent(Entry):
    """A purpose that a customer agrees to (授权同意), with the text that is shown (PIPL, articles 13-17, 29).

    ``version`` of the text stands with every answer. ``needed_for``: uses that are refused without it; ``stops``:
    uses that end when the customer says no.
    """

    version: str
    text_zh: str
    text_en: str
    needed_for: list[Literal["message", "export"]] = []
    stops: list[Literal["offer", "score"]] = []

    def text(self, language: str) -> str:
        """The text in ``language``."""
        return self.text_en if language.startswith("en") else self.text_zh
