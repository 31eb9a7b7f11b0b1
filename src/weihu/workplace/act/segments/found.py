"""Segments found from data, as the last fit left them (insight.found): what they are called and what makes them different."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from weihu.insight import files
from weihu.rules.rulebook import RuleBook
from weihu.workplace.base.words import about_text, per_cent

FOLDER = "segments"
"""Where the home keeps them: insight.found.NAME, which would load scipy with a page."""
WORDS: dict[str, tuple[Promise, Promise]] = {
    "aum": (lazy("large assets"), lazy("small assets")),
    "demand": (lazy("mostly demand deposits"), lazy("little on demand")),
    "term": (lazy("mostly term deposits"), lazy("few term deposits")),
    "invested": (lazy("much invested"), lazy("little invested")),
    "owed": (lazy("with loans"), lazy("without loans")),
    "products": (lazy("many products"), lazy("few products")),
    "age": (lazy("older"), lazy("younger")),
    "years": (lazy("long-standing"), lazy("new customers")),
    "spendings": (lazy("pay often"), lazy("pay seldom")),
    "salary": (lazy("salary comes here"), lazy("no salary here")),
    "sent": (lazy("send much to other banks"), lazy("send little to other banks")),
    "contact": (lazy("few contacts"), lazy("contacted lately")),
}
"""What more and less of a column is called."""
MEASURED: dict[str, Promise] = {
    "aum": lazy("AUM (median)"),
    "demand": lazy("Share on demand"),
    "term": lazy("Share in term deposits"),
    "invested": lazy("Share invested"),
    "owed": lazy("Loans owed"),
    "products": lazy("Products"),
    "age": lazy("Age"),
    "years": lazy("Years as a customer"),
    "spendings": lazy("Payments in 30 days"),
    "salary": lazy("Salary in 30 days"),
    "sent": lazy("Sent to other banks in 30 days"),
    "contact": lazy("Days since the last contact"),
}
"""What a column tells."""
AMOUNTS, SHARES = ("aum", "owed", "salary", "sent"), ("demand", "term", "invested")


def facts() -> dict[str, Any] | None:
    """What is known of the segments; None before the first fit."""
    content = files.load(settings.HOME.insight / FOLDER)
    return content["facts"] if content else None


def names() -> dict[str, str]:
    """What each segment is called, by letter: "B · mostly term deposits, older, little invested"."""
    known = facts()
    return {segment["letter"]: name(segment) for segment in known["segments"]} if known else {}


def name(segment: dict[str, Any]) -> str:
    """What a segment is called."""
    words = _(", ").join(str(WORDS[row["column"]][0 if row["more"] else 1]) for row in segment["different"])
    return f"{segment['letter']} · {words}"


def differences(segment: dict[str, Any], book: RuleBook) -> list[tuple[str, str, str]]:
    """What makes a segment different: what is measured, its own average, and everybody's."""
    return [
        (str(MEASURED[row["column"]]), _text(row["column"], row["own"], book), _text(row["column"], row["all"], book))
        for row in segment["different"]
    ]


def drift(known: dict[str, Any]) -> dict[str, Any] | None:
    """The share of each segment by month, as a chart draws it; None for one month."""
    months = known["months"]
    if len(months) < 2:
        return None
    places = [month["on"] for month in months]
    series = []
    for segment in known["segments"]:
        letter = segment["letter"]
        shares = [month["sizes"].get(letter, 0) / max(1, sum(month["sizes"].values())) for month in months]
        series.append({"name": name(segment), "values": shares})
    return {"kind": "lines", "unit": "share", "name": _("Share of customers"), "places": places, "series": series}


def _text(column: str, value: float, book: RuleBook) -> str:
    if column in AMOUNTS:
        return about_text(Decimal(value), book.currency)
    return per_cent(value) if column in SHARES else f"{value:,.1f}"
