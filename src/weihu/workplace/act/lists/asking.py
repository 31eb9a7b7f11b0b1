"""A list's address: which night, filter, order and page, read from parameters and written again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.http import Http404

from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.lists.columns import OPEN, Listed
from weihu.workplace.act.lists.reading import NOBODY, SORTS, Asked, Night, neighbours, nights, together
from weihu.workplace.bank.models import Run
from weihu.workplace.base.days import read_day
from weihu.workplace.base.whole import whole
from weihu.workplace.gate.reach import Gate

WAN = 10_000
SPANS = (1, 7, 30)
"""So many days can be read together of lists that tell of single days, and all that the book keeps."""
NAME = "fixed"
"""The parameter that names a list in the address of a customer's page."""


@dataclass(frozen=True)
class Query:
    """A list as its address asks for it."""

    asked: Asked
    night: Night
    page: int
    days: int
    _latest: bool = field(repr=False)

    @classmethod
    def of(cls, name: str, parameters: Mapping[str, Any], run: Run) -> Query:
        """Read from the parameters of an address; Http404 for a list or a night that there is not."""
        listed, kept = OPEN.get(name), nights(run)
        wanted = read_day(str(parameters.get("on", ""))) if parameters.get("on") else None
        night = next((night for night in kept if wanted in (None, night.on)), None)
        if listed is None or night is None:
            raise Http404
        days = _days(listed, str(parameters.get("days", "")), run.rulebook)
        sort = str(parameters.get("sort", ""))
        reason = str(parameters.get("reason", ""))
        asked = Asked(
            list=name,
            from_rank=whole(str(parameters.get("grade", ""))) or 0,
            least=_least(str(parameters.get("least", ""))),
            reason=reason if reason in listed.reasons else "",
            primary_id=str(parameters.get("staff", ""))[:60] or NOBODY,
            branch_id=str(parameters.get("branch", ""))[:40],
            sort=sort if sort in SORTS else listed.sort,
            down=parameters.get("down") == "1" if sort in SORTS else listed.down,
        )
        number = whole(str(parameters.get("page", ""))) or 1
        return cls(asked, together(kept, night, days), number, days, night.on == kept[0].on)

    def address(self, **changes: object) -> str:
        """The query string, with some parameters changed; what is usual is left out."""
        asked, listed = self.asked, OPEN[self.asked.list]
        usual = (asked.sort, asked.down) == (listed.sort, listed.down)
        values: dict[str, object] = {
            "on": "" if self._latest else self.night.on.isoformat(),
            "days": "" if self.days == opens_with(listed, self.night.run.rulebook) else self.days,
            "grade": asked.from_rank or "",
            "least": f"{asked.least:f}" if asked.least else "",
            "reason": asked.reason,
            "staff": asked.primary_id,
            "branch": asked.branch_id,
            "sort": "" if usual else asked.sort,
            "down": "" if usual else int(asked.down),
        }
        return urlencode({name: value for name, value in {**values, **changes}.items() if value != ""})

    def order_by(self, column: str) -> str:
        """The query string that orders by a column, the other way round if it does so already."""
        down = not self.asked.down if column == self.asked.sort else column not in ("name", "detail", "reason")
        return self.address(sort=column, down=int(down))


def spans(book: RuleBook, days: int) -> list[int]:
    """The days to choose from that are read together, by what the book keeps, with those that were asked for."""
    return sorted({*(span for span in SPANS if span < book.lists.kept_days), book.lists.kept_days, days})


def opens_with(listed: Listed, book: RuleBook) -> int:
    """The days that are read together when nobody asks for a number: no more than the book keeps."""
    return min(book.pages.rare_days, book.lists.kept_days) if listed.rare else 1


def turning(came_from: Mapping[str, Any], gate: Gate, customer_id: str) -> tuple[Query, str | None, str | None] | None:
    """The list that a customer's page was opened from, and the customers before and after; None from another page."""
    name = str(came_from.get(NAME, ""))
    if not name:
        return None
    query = Query.of(name, came_from, gate.run)
    return query, *neighbours(gate, query.night, query.asked, customer_id)


def _days(listed: Listed, text: str, book: RuleBook) -> int:
    span = whole(text) or 0
    return span if listed.daily and 1 <= span <= book.lists.kept_days else opens_with(listed, book)


def _least(text: str) -> Decimal:
    plain = text.strip().replace(",", "")
    try:
        least = Decimal(plain.removesuffix("万") or 0) * (WAN if plain.endswith("万") else 1)
    except InvalidOperation:
        return Decimal(0)
    return least.quantize(Decimal("0.01")) if least.is_finite() and 0 <= least < 10**15 else Decimal(0)
