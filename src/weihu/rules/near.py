"""Near the next grade (临界): the bounds of ``RuleBook.near_from`` as a rule over tables."""

from __future__ import annotations

import ibis
from ibis.expr.types import Column, DecimalValue, IntegerValue

from weihu.rules.rulebook import RuleBook
from weihu.rules.tables import MONEY


def near_of(rank: IntegerValue, branch_id: Column, book: RuleBook) -> DecimalValue:
    """From which leading metric on a customer is near a rank in a branch; NULL where the rank has no threshold."""
    grades = list(book.grades.values())
    steps = [
        ((rank == place) & (branch_id == branch), ibis.literal(book.near_from(place, branch), MONEY))
        for place, grade in enumerate(grades)
        for branch in grade.minimum_in
    ]
    steps += [
        (rank == place, ibis.literal(book.near_from(place, ""), MONEY))
        for place, grade in enumerate(grades)
        if grade.minimum is not None
    ]
    return ibis.cases(*steps, else_=ibis.null(MONEY)) if steps else ibis.null(MONEY)
