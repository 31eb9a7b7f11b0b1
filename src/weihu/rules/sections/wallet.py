"""``[wallet]``: what customers probably hold elsewhere (钱包份额), so that it can be estimated."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator

from weihu.rules.sections.entry import Broken, Chance, Count, Days, Money, Section, Share, broken_rule


class Band(Section):
    """A choice of the field in yuan: from ``least`` up to ``most``, without a bound if there is none."""

    least: Money
    most: Money | None = None


class Wallet(Section):
    """What customers told of their assets at other banks in the archive's ``field``, whose choices ``bands`` says in yuan,
    teaches an estimate for all of them: from the money that went and came in ``days`` days, and from customers of the
    same income and stage of life (``stages``: the ages at which another one begins).

    ``range``: how often what somebody has elsewhere should lie within the range that is shown; ``mistold``: the share of
    what is told that is wrong by a band, as asking again or documents show. What was told more than ``told_days`` ago
    teaches nothing.
    """

    field: str
    days: Days
    told_days: Days
    mistold: Chance
    stages: list[Count]
    range: Share
    bands: Annotated[dict[str, Band], Field(min_length=2)]

    @model_validator(mode="after")
    def _ordered(self) -> Wallet:
        least = Decimal(0)
        for key, band in self.bands.items():
            if band.least < least or (band.most is not None and band.most <= band.least):
                path = ("bands", key, "least")
                raise broken_rule(Broken(path, f"从低到高,不小于 {least}", f"in rising order, {least} or more"))
            least = band.least if band.most is None else band.most
        return self
