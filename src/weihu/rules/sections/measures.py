"""``[measures.…]``: by what customers are graded or compared (指标)."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

from pydantic import model_validator

from weihu.rules.sections.entry import Broken, Entry, Factor, broken_rule

OWN_MEASURES = ("aum", "monthly_average")
"""The measures that need no entry: assets as they stand, and their average over the month to date."""


class Measure(Entry):
    """A measure (指标) by which customers are graded or compared (domain, section 3).

    Over everything a customer holds: amount x ``per_yuan`` plus ``per_holding`` for each, both looked up by product,
    else by category; then ``fees`` times the fees of the last 365 days. ``take``: the sum, or the largest of them.
    ``timing``: as it stands, or the average over the month to date. ``unit``: yuan, or a plain number (points).
    """

    timing: Literal["point_in_time", "monthly_average"] = "point_in_time"
    take: Literal["sum", "largest"] = "sum"
    per_yuan: dict[str, Factor] = {}
    per_holding: dict[str, Factor] = {}
    fees: Factor = Decimal(0)
    unit: Literal["yuan", "number"] = "yuan"

    @model_validator(mode="after")
    def _measures_something(self) -> Self:
        if not (self.per_yuan or self.per_holding or self.fees):
            raise broken_rule(
                Broken((), "至少写 per_yuan、per_holding、fees 之一", "at least one of per_yuan, per_holding and fees")
            )
        if self.take == "largest" and self.fees:
            raise broken_rule(Broken(("fees",), '只与 take = "sum" 同写', 'fees only with take = "sum"', ("take",)))
        return self


def check_own(measures: dict[str, Measure]) -> dict[str, Measure]:
    """The measures that are always there cannot be changed."""
    clashes = [key for key in measures if key in OWN_MEASURES]
    if clashes:
        zh, en = "另取名称(该指标固有)", "another name (this measure is always there)"
        raise broken_rule(*(Broken((key,), zh, en) for key in clashes))
    return measures
