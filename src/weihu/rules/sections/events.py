"""``[events]``: which signals are one event, and how the event is said (事件合并)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from weihu.rules.sections.entry import Days, Section, words

Said = Annotated[str, AfterValidator(words("days", "amount", "other", "count", "date", "detail"))]


class Phrase(Section):
    """A part of an event's sentence. It may use {days} {amount} {other} {count} {date} {detail}."""

    zh: Said
    en: Said

    def text(self, language: str) -> str:
        """The words in ``language``."""
        return self.en if language.startswith("en") else self.zh


class Events(Section):
    """Which signals of a customer are one event, and its sentence.

    Money that moves within ``days`` days is one event, whichever way it goes; products that mature within
    ``maturity_days`` days of the first are one. The sentence begins with ``went``, ``came`` (``*_in_a_day`` where all
    of it moved on one day), with ``net_of`` if money went both ways, or with ``both``, if as much came as went; then ``elsewhere``, what of it went to other banks
    (``elsewhere_all``, if all of it did, ``elsewhere_too``, if more than all), ``matured``, the part that had just matured, and ``regraded``,
    the grade that changed with it. ``maturities`` is the sentence of several maturities.
    """

    days: Days
    maturity_days: Days
    went: Phrase
    went_in_a_day: Phrase
    came: Phrase
    came_in_a_day: Phrase
    both: Phrase
    net_of: Phrase
    elsewhere: Phrase
    elsewhere_all: Phrase
    elsewhere_too: Phrase
    matured: Phrase
    regraded: Phrase
    maturities: Phrase
