"""``[occasions.…]``: days on which a customer is remembered (日子)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from weihu.rules.sections.entry import Broken, Count, DateFieldName, Entry, GradeName, broken_rule, one_of, words

OCCASION_KINDS = ("relative_birthday", "school", "retirement", "festival")
"""The kinds of occasion that are worked out from more than one date."""

Years = Annotated[str, AfterValidator(words("years"))]


class Occasion(Entry):
    """A kind of occasion (日子, M5): which dates it is found from and how long before it is shown.

    ``fields``: the catalogue's dates it returns with every year. Without any it is one of the kinds that are worked
    out: ``relative_birthday``, ``school``, ``retirement``, ``festival``. ``years_*``: how an age or an anniversary is
    written, with {years}; none: not at all. ``until_years``: it is kept no longer from this age or anniversary on (a
    child's birthday is not congratulated on for ever); None: for ever.
    """

    fields: list[DateFieldName] = []
    lead_days: Count
    from_grade: GradeName | None = None
    until_years: Count | None = None
    years_zh: Years = ""
    years_en: Years = ""
    talk_zh: str = ""
    talk_en: str = ""

    def counted(self, years: int, language: str) -> str:
        """An age or an anniversary in ``language``."""
        return (self.years_en if language.startswith("en") else self.years_zh).format(years=years)

    def talk(self, language: str) -> str:
        """What may be said, in ``language``."""
        return self.talk_en if language.startswith("en") else self.talk_zh


def check_found(occasions: dict[str, Occasion]) -> dict[str, Occasion]:
    """Every occasion is found from a field's date, or is one that is worked out."""
    names = [key for key, occasion in occasions.items() if not occasion.fields and key not in OCCASION_KINDS]
    if names:
        zh, en = one_of(OCCASION_KINDS)
        raise broken_rule(
            *(Broken((key,), f"写明 fields,或名称为{zh}", f"fields, or as its name {en}") for key in names)
        )
    return occasions
