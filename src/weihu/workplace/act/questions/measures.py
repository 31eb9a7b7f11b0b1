"""What is told of customers that are counted together: sums, and what follows from them by the definitions of segments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from weihu.engine.contract import ASSET_CATEGORIES
from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.segments.state import Totals
from weihu.workplace.base.words import amount_text, exact, per_cent

Sums = Mapping[str, Any]
AMOUNTS = (
    "aum", "monthly_average", "contribution", "worth", "liabilities", "flow_7", "flow_30", "flow_90", "flow_365",
    *(f"in_{key}" for key in ASSET_CATEGORIES),
)  # fmt: skip
"""Columns of the night that are summed, yuan."""
CENT = Decimal("0.01")
Unit = Literal["count", "money", "share", "number"]


@dataclass(frozen=True)
class Measure:
    """``of``: its value for the sums of a group; None where it says nothing."""

    title: Promise | str
    unit: Unit
    of: Callable[[Sums], Decimal | int | None]

    def text(self, value: Decimal | int | None, book: RuleBook) -> str:
        """A value in words."""
        if value is None:
            return "—"
        if self.unit == "money":
            return amount_text(Decimal(value), book.currency)
        return per_cent(Decimal(value)) if self.unit == "share" else exact(str(value))


def _sum(name: str) -> Callable[[Sums], Decimal | int | None]:
    return lambda sums: sums[name]


def _each(name: str) -> Callable[[Sums], Decimal | int | None]:
    return lambda sums: (sums[name] / sums["customers"]).quantize(CENT) if sums["customers"] else None


def _totals(sums: Sums) -> Totals:
    return Totals(**{name: sums[name] for name in Totals.__dataclass_fields__})


def _share_losing(sums: Sums) -> Decimal | None:
    return Decimal(sums["losing"]) / sums["customers"] if sums["customers"] else None


MEASURES: dict[str, Measure] = {
    "customers": Measure(_("Customers"), "count", _sum("customers")),
    "aum": Measure("AUM", "money", _sum("aum")),
    "aum_each": Measure(_("AUM each"), "money", _each("aum")),
    "average": Measure(_("Monthly average"), "money", _sum("monthly_average")),
    "contribution": Measure(_("Contribution a year"), "money", _sum("contribution")),
    "contribution_each": Measure(_("Contribution each"), "money", _each("contribution")),
    "worth": Measure(_("Expected worth"), "money", _sum("worth")),
    "worth_each": Measure(_("Expected worth each"), "money", _each("worth")),
    "products_each": Measure(_("Products each"), "number", lambda sums: _totals(sums).products_each),
    "flow_7": Measure(_("Change of AUM in 7 days"), "money", _sum("flow_7")),
    "flow_30": Measure(_("Change of AUM in 30 days"), "money", _sum("flow_30")),
    "growth": Measure(_("Growth in 30 days"), "share", lambda sums: _totals(sums).growth),
    "flow_90": Measure(_("Change of AUM in 90 days"), "money", _sum("flow_90")),
    "flow_365": Measure(_("Change of AUM in 365 days"), "money", _sum("flow_365")),
    "losing": Measure(_("On the early loss list"), "count", _sum("losing")),
    "losing_share": Measure(_("Share on the early loss list"), "share", _share_losing),
    "in_demand": Measure(_("Amount in demand deposits"), "money", _sum("in_demand")),
    "in_term": Measure(_("Amount in term deposits"), "money", _sum("in_term")),
    "in_wealth": Measure(_("Amount in wealth products"), "money", _sum("in_wealth")),
    "in_fund": Measure(_("Amount in funds"), "money", _sum("in_fund")),
    "in_insurance": Measure(_("Amount in insurance"), "money", _sum("in_insurance")),
    "liabilities": Measure(_("Loans owed"), "money", _sum("liabilities")),
}
"""In the order in which they are offered."""
