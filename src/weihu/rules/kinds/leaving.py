"""Who is about to leave (流失预警): the customers most likely to, by the scores of the night, as many as the book says.

The scores are those of ``attrition.scored``; why somebody is among them is worked out for them only
(``insight/reasons.py``).
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple, Self

import ibis
from ibis.expr.types import BooleanValue, Table

from weihu.rules.attrition import NAMES, WHOLE
from weihu.rules.kinds.common import due, signals_of
from weihu.rules.rulebook import RuleBook
from weihu.rules.scores import Scorer
from weihu.rules.tables import MONEY

KIND = "leaving"
EXACTLY = 1_000_000
"""Shares of customers are compared in whole millionths."""

LISTED = ibis.schema(
    {
        "customer_id": "string",
        "on": "date",
        "level": MONEY,
        "chance": "int64",
        **dict.fromkeys(NAMES, "int64"),
    }
)
"""The customers who are warned of, with what is known of their leaving."""

EXPLAINED = ibis.schema({"customer_id": "string", "detail": "string"})
"""Why each of them is (Why.written)."""


class Why(NamedTuple):
    """Why a customer is warned of: by which kind of scorer, learned up to which date (empty: the rule), with which
    chance in thousandths, and the inputs that speak most for it, with the customer's own values."""

    by: str
    learned_on: str
    chance: int
    inputs: list[tuple[str, int]]

    def written(self) -> str:
        """As a signal's detail."""
        inputs = ",".join(f"{name}={value}" for name, value in self.inputs)
        return " ".join((self.by, self.learned_on or "-", str(self.chance), inputs))

    @classmethod
    def read(cls, detail: str) -> Self:
        """From a signal's detail."""
        by, learned_on, chance, inputs = detail.split(" ")
        pairs = [part.partition("=") for part in inputs.split(",")]
        values = [(name, int(value)) for name, _, value in pairs if name in NAMES]
        return cls(by, "" if learned_on == "-" else learned_on, int(chance), values)


def leavers(compared: Table, scores: Table, signals_before: Table, by: Scorer, book: RuleBook) -> Table:
    """The customers with the highest scores of those for whom the kind is raised (columns: LISTED): the book's share
    ``warned`` of them, and up to the share ``warned_again`` those who were warned of the night before.

    Customers of one score stand or fall together, so that nobody is chosen by a number of his or hers. The rule warns
    of nobody who has more than the share ``rule_left`` of the own level, however few that leaves.
    """
    rule = book.attrition
    scored = due(KIND, compared, book).select("customer_id").join(scores, "customer_id")
    places = scored.group_by("score").agg(many=scored.count())
    upwards = ibis.window(order_by=places.score.desc(), preceding=None, following=0)
    places = places.mutate(reached=places.many.sum().over(upwards), of=places.many.sum().over(ibis.window()))

    def within(share: Decimal) -> BooleanValue:
        return places.reached * EXACTLY <= places.of * ibis.literal(int(share * EXACTLY), "int64")

    bounds = places.agg(
        enters=places.score.min(where=within(rule.warned)), stays=places.score.min(where=within(rule.warned_again))
    )
    warned = (
        signals_before.filter(signals_before.kind == KIND).select("customer_id", again=ibis.literal(True)).distinct()
    )
    scored = scored.left_join(warned, "customer_id").drop("customer_id_right").cross_join(bounds)
    stays = ibis.coalesce(scored.again, False) & (scored.score >= scored.stays)
    listed = scored.filter((scored.score >= scored.enters) | stays)
    if by.kind == "rule":
        listed = listed.filter(listed.left <= int(rule.rule_left * WHOLE))
    return listed.select(*LISTED)


def leaving(compared: Table, leavers: Table, explained: Table, book: RuleBook) -> Table:
    """A customer who is likely to leave. ``amount``: AUM; ``base``: the own level; ``detail``: Why."""
    told = leavers.select("customer_id", "level", "on").join(explained, "customer_id")
    customers = due(KIND, compared, book).join(told, "customer_id")
    return signals_of(
        customers, KIND, amount=customers.aum, base=customers.level, on_date=customers.on, detail=customers.detail
    )
