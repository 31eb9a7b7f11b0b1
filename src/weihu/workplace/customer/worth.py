"""What a customer is expected to bring (客户价值), with what the sum is made of: an expectation, never a fact."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings

from weihu.insight import files, kept
from weihu.rules.worth import THOUSANDTHS, UNWARNED
from weihu.workplace.bank.models import Standing
from weihu.workplace.base.words import about_text
from weihu.workplace.consent.consents import is_stopped
from weihu.workplace.gate.requests import WorkRequest
from weihu.workplace.judge.grading.columns import worth_of
from weihu.workplace.see.modelcards.switching import is_on


@dataclass(frozen=True)
class Worth:
    """What a page shows: the worth and the own level a year in words, the chance to be here in a year and whether the early
    warning says it, and how many years of the level count. ``changing``: whether a change is expected that was learned."""

    amount: str
    level: str
    margin: Decimal
    stays: Decimal
    warned: bool
    years: Decimal
    changing: bool


def worth(request: WorkRequest, standing: Standing) -> Worth | None:
    """Of a customer within reach as of the night; None without one, and of who refuses personal analysis."""
    row: dict[str, Any] | None = worth_of(request.gate, standing.customer_id)
    if row is None or is_stopped(standing.customer_id, "score", request.book):
        return None
    currency = request.book.currency
    content = files.load(settings.HOME.insight / kept.WORTH) if is_on(kept.WORTH) else None
    return Worth(
        about_text(row["worth"], currency),
        about_text(row["level"], currency),
        row["margin"],
        Decimal(row["stays"]) / THOUSANDTHS,
        row["chance"] != UNWARNED,
        row["years"].quantize(Decimal("0.01")),
        bool(content and content["outlook"]["changes"]),
    )
