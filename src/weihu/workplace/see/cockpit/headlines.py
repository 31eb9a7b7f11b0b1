"""The four headline figures, each with its line, the period before, and the page of its customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.worklist.sparkline import sparkline
from weihu.workplace.base.words import amount_text, per_cent
from weihu.workplace.see.cockpit.reading import Cells, Night, Period, by_grade, total_of

UNKNOWN = "—"


@dataclass(frozen=True)
class Headline:
    """A figure with its change in the period and in the one before, in words; ``rises``: 1, -1 or 0 for its colour."""

    key: str
    name: Promise | str
    text: str
    change: str
    before: str
    rises: int
    line: str
    address: str
    year: str = ""
    """The figure of a year before and the change since, in words, where it is known."""


def headlines(
    cells: Cells,
    earlier: Cells | None,
    nights: Sequence[Night],
    lost: Sequence[tuple[date, int]],
    period: Period,
    book: RuleBook,
    kept: dict[str, str],
    year: dict[str, Any] | None,
) -> list[Headline]:
    """AUM, effective customers, loss, and the net gain of valued customers. ``earlier``: the period before; ``kept``: the
    scope as the addresses of lists have it; ``year``: the levels of a year before."""
    now, then = total_of(cells.values()), total_of(earlier.values()) if earlier is not None else None
    rank = book.rank(book.pages.valued_from)
    gained, gained_then = _valued(cells, rank), _valued(earlier, rank) if earlier is not None else None

    def money(amount: object) -> str:
        return UNKNOWN if amount is None else _signed(amount_text(amount, book.currency))  # type: ignore[arg-type]

    customers = reverse("customers") + _query(kept)
    days = (period.until - period.after).days
    losses = {**kept, "on": str(period.until), "days": str(days), "reason": "lost"}
    moves = {**kept, "after": str(period.after), "until": str(period.until), "above": str(rank)}
    valued = [(night.on, sum(n for grade, n in night.customers.items() if grade >= rank)) for night in nights]
    rate, target = now.value("lost"), dict(book.targets).get("lost")
    return [
        Headline(
            "aum",
            "AUM",
            amount_text(now.now["aum"], book.currency),
            money(now.net_aum),
            money(then.net_aum if then else None),
            _sign(now.net_aum),
            _line([(night.on, float(night.sums.now["aum"])) for night in nights]),
            customers,
            _grown(amount_text(year["aum"], book.currency), now.now["aum"], year["aum"]) if year else "",
        ),
        Headline(
            "customers",
            _("Effective customers"),
            f"{now.now['customers']:,}",
            _change(now.net_customers),
            _change(then.net_customers) if then else UNKNOWN,
            _sign(now.net_customers),
            _line([(night.on, night.sums.now["customers"]) for night in nights]),
            customers,
            _grown(f"{year['customers']:,}", now.now["customers"], year["customers"]) if year else "",
        ),
        Headline(
            "lost",
            _("Lost"),
            f"{now.flow['lost']:,}",
            f"{amount_text(-now.flow['lost_aum'], book.currency)} · {per_cent(rate)}",
            f"{then.flow['lost']:,}" if then else UNKNOWN,
            -1 if target is not None and rate is not None and rate > target else 0,
            _line(lost),
            reverse("fixed_list", args=["lost"]) + _query(losses),
        ),
        Headline(
            "valued",
            _("Net gain of valued and above"),
            _change(gained[0]),
            f"{gained[1]:,}",
            UNKNOWN if gained_then is None else _change(gained_then[0]),
            _sign(gained[0]),
            _line(valued),
            reverse("migration") + _query(moves) + "#people",
        ),
    ]


def _valued(cells: Cells, rank: int) -> tuple[int, int]:
    """How many more valued customers there are than at the start, and how many at the end."""
    above = total_of(sums for grade, sums in by_grade(cells).items() if grade >= rank)
    return above.net_customers, above.now["customers"]


def _line(points: Sequence[tuple[date, float]]) -> str:
    return sparkline([(on.isoformat(), float(value)) for on, value in points]) if len(points) > 1 else ""


def _grown(text: str, now: Decimal | int, then: Decimal | int) -> str:
    """A figure of then with how much more there is now; alone if there was nothing."""
    return f"{text} · {_signed(per_cent((Decimal(now) - then) / then))}" if then else text


def _change(number: int) -> str:
    return f"{number:+,}" if number else "0"


def _signed(text: str) -> str:
    return text if text.startswith("-") else f"+{text}"


def _sign(number: object) -> int:
    return (number > 0) - (number < 0)  # type: ignore[operator]


def _query(parameters: dict[str, str]) -> str:
    return f"?{urlencode(parameters)}" if parameters else ""
