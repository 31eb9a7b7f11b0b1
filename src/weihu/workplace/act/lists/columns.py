"""What each list shows: its columns and how their evidence is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from weihu.workplace.act.signals.reasons import DETAILS, Names
from weihu.workplace.base.words import called, english

Words = Callable[[str, Names], str]
KINDS = {
    "salary": _("Salary"),
    "cash": _("Cash"),
    "transfer": _("Transfer"),
    "payment": _("Payment"),
    "interest": _("Interest"),
    "fee": _("Fee"),
    "loan": _("Loan"),
    "product": _("Product"),
    "opening": _("Opening"),
    "other": _("Other"),
}
"""The kinds of transaction of the core files."""
BECAME = {"kept": _("Renewed"), "moved": _("Moved within the bank"), "left": _("Left the bank")}
LOST = {"lost": _("Lost"), "won_back": _("Won back")}
FROM_OTHER_BANK = _("From another bank")


@dataclass(frozen=True)
class Listed:
    """A list: its name, what is on it, the titles of the columns of evidence that it has, how detail and reason are
    written, the reasons to choose from, the order in which it opens, whether it tells of single days, so that those of
    several nights can be read together, and whether it tells of what is rare, so that it opens with several nights."""

    title: Promise
    about: Promise
    titles: dict[str, Promise]
    detail: Words | None = None
    reason: Words | None = None
    reasons: tuple[str, ...] = ()
    sort: str = "amount"
    down: bool = True
    daily: bool = False
    rare: bool = False


def _kind(reason: str, names: Names) -> str:
    return str(KINDS.get(reason, reason))


def _became(reason: str, names: Names) -> str:
    return str(BECAME[reason])


def _lost(reason: str, names: Names) -> str:
    return str(LOST[reason])


def _signals(reason: str, names: Names) -> str:
    comma = ", " if english() else "、"
    return comma.join(_signal(kind, names) for kind in reason.split(",") if kind)


def _signal(kind: str, names: Names) -> str:
    if kind == "from_other_bank":
        return str(FROM_OTHER_BANK)
    return called(names.book.signals.get(kind)) or kind


def _grade(detail: str, names: Names) -> str:
    return called(names.book.grades.get(detail))


BRANCH, PRODUCT, FIELDS, OCCASION = (
    DETAILS[kind] for kind in ("inter_branch", "maturity", "missing_facts", "life_occasion")
)
ON: Promise = _("On")
OPEN: dict[str, Listed] = {
    "inter_branch": Listed(
        _("Inter-branch list"),
        _("Every deposit, withdrawal and transfer at a branch that is not the account's."),
        {"on_date": ON, "amount": _("Amount"), "detail": _("At the branch"), "reason": _("Kind")},
        BRANCH,
        _kind,
        tuple(KINDS),
        daily=True,
    ),
    "money": Listed(
        _("Money of the day"),
        _("Assets that changed by a large amount or unusually, and money to and from other banks."),
        {
            "on_date": ON,
            "amount": _("Change"),
            "base": _("From other banks"),
            "limit": _("To other banks"),
            "reason": _("Reason"),
        },
        None,
        _signals,
        ("large_inflow", "large_outflow", "unusual_inflow", "unusual_outflow", "from_other_bank", "to_other_bank"),
        down=False,
        daily=True,
    ),
    "maturing": Listed(
        _("Maturities ahead"),
        _("Products with a balance that mature in the days ahead."),
        {"on_date": _("Matures"), "amount": _("Amount"), "detail": _("Product")},
        PRODUCT,
        sort="on_date",
        down=False,
    ),
    "became": Listed(
        _("What became of maturities"),
        _("What matured in the days behind: renewed, moved within the bank, or left it."),
        {
            "on_date": _("Matured"),
            "amount": _("Amount"),
            "base": _("AUM since"),
            "detail": _("Product"),
            "reason": _("What became of it"),
        },
        PRODUCT,
        _became,
        tuple(BECAME),
        sort="base",
        down=False,
    ),
    "near": Listed(
        _("Near the next grade"),
        _("Close under what the next grade takes."),
        {"amount": _("Metric"), "base": _("Shortfall"), "limit": _("To qualify"), "detail": _("Next grade")},
        _grade,
        sort="base",
        down=False,
    ),
    "watch": Listed(
        _("On watch"),
        _("Below their grade, and still protected."),
        {"on_date": _("Since"), "amount": _("Metric"), "base": _("Shortfall"), "limit": _("To qualify")},
        sort="base",
    ),
    "missing": Listed(
        _("Missing facts"),
        _("Customers of the grades of some duty whose archive lacks facts."),
        {"amount": _("Missing"), "detail": _("To ask first")},
        FIELDS,
        sort="aum",
    ),
    "loss": Listed(
        _("Early loss"),
        _("Assets fell in 30 days, and a reason that warns of a loss is open."),
        {"amount": _("30 days"), "base": _("90 days"), "reason": _("Reason")},
        None,
        _signals,
        down=False,
    ),
    "lost": Listed(
        _("Lost and won back"),
        _("Who was lost by the rule book's measure, and who was won back, on the night on which it was seen."),
        {"on_date": ON, "amount": _("Amount"), "reason": _("What happened")},
        None,
        _lost,
        tuple(LOST),
        down=False,
        daily=True,
        rare=True,
    ),
    "occasions": Listed(
        _("Occasions of the week"),
        _("Birthdays and other occasions in the days ahead."),
        {"on_date": ON, "detail": _("Occasion"), "reason": _("Kind")},
        OCCASION,
        _signals,
        ("birthday", "life_occasion"),
        sort="on_date",
        down=False,
    ),
}
COUNTED = {("missing", "amount")}
"""Columns of evidence that count things and are no money."""
MEASURED = {("near", name) for name in ("amount", "base", "limit")} | {
    ("watch", name) for name in ("amount", "base", "limit")
}
"""Columns of evidence that are of the policy's leading measure."""


def in_words(name: str, column: str, row: dict[str, Any], names: Names) -> str:
    """A row's detail or reason in the reader's language."""
    listed, text = OPEN[name], row[column] or ""
    words = listed.detail if column == "detail" else listed.reason
    return words(text, names) if words and text else text
