"""``[festivals.…]``: festivals by the solar or the lunar calendar (节日)."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from weihu.rules.sections.entry import Broken, Entry, MonthDay, broken_rule


class Festival(Entry):
    """A festival: its month and day by the ``solar`` or the ``lunar`` calendar."""

    solar: MonthDay | None = None
    lunar: MonthDay | None = None

    @model_validator(mode="after")
    def _one_calendar(self) -> Self:
        if (self.solar is None) == (self.lunar is None):
            raise broken_rule(Broken((), "solar、lunar 只写其一", "either solar or lunar"))
        return self
