"""What customers are worth (客户价值): the margin expected over the book's months. Tables in, tables out.

The own level of contribution follows the contribution from night to night, in whole ten-thousandths of a yuan. Its
worth is the level times ``years``: so many years of it count, by the chance to be still here, the expected change and
the discount; who brings little now has besides what such customers came to bring. What these make together is worked
out for each cell of customers in exact decimals, outside of any engine, so that every engine multiplies by the same
number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, localcontext
from itertools import product
from typing import Any

import ibis
from ibis.expr.types import IntegerValue, Table
from pydantic import BaseModel, ConfigDict

from weihu.rules.rulebook import RuleBook
from weihu.rules.scores import Scorer
from weihu.rules.tables import MONEY, WORTHS
from weihu.rules.value import ZERO, business_date, full_years, times

PARTS = 10_000
"""An own level is carried in such parts of a yuan."""
PARTS_OF_CENT = 100
YEAR = 12
"""Months."""
DAYS_OF_MONTH = Decimal(365) / YEAR
UNWARNED = -1
"""The chance to leave of whom the early warning says nothing; an age that is not known."""
THOUSANDTHS = 1_000
SIX, CENT = Decimal("0.000001"), Decimal("0.01")
PRECISION = 40


class Outlook(BaseModel):
    """What the history tells, in numbers between 0 and 1 or around 1, as text. ``stays``: the share of a grade's customers
    who are here a year later; ``changes``: for each year to come by cell (``cell_of``) the contribution of those who are
    here, against the own level now; ``gains``: likewise the contribution of those who bring little now, yuan a year.
    Grades and cells that it does not tell of stay as the book says, at a held level.

    ``learned_on``: the night up to which it was learned; empty for none.
    """

    model_config = ConfigDict(frozen=True)

    learned_on: str = ""
    stays: Mapping[str, Decimal] = {}
    changes: tuple[Mapping[str, Decimal], ...] = ()
    gains: tuple[Mapping[str, Decimal], ...] = ()


UNLEARNED = Outlook()
"""What stands where nothing was learned, or where somebody has switched it off."""


def cell_of(grade: str, age: int, products: int) -> str:
    """The name of a cell of customers: a grade's key and the places of the bands of age and products."""
    return f"{grade} {age} {products}"


def bands_of(book: RuleBook) -> tuple[range, range]:
    """The places of the bands of age (UNWARNED where it is not known) and of products."""
    return range(UNWARNED, len(book.worth.ages) + 1), range(len(book.worth.products) + 1)


def years(book: RuleBook, outlook: Outlook, by: Scorer) -> Iterator[dict[str, Any]]:
    """Of each cell and each chance to leave that the early warning may say: rows of tables.YEARS."""
    chances = [UNWARNED, *sorted({0, *(chance for _, chance in by.steps)})] if by.steps else [UNWARNED]
    rates = discounts(book)
    always = [Decimal(1)] * book.worth.months
    stays = {grade: outlook.stays.get(grade, book.worth.stays) for grade in book.grades}
    staying_of = {(grade, chance): staying(book, stays[grade], chance) for grade in book.grades for chance in chances}
    for (rank, grade), age, products in product(enumerate(book.grades), *bands_of(book)):
        cell = cell_of(grade, age, products)
        changes = [cells.get(cell, Decimal(1)) for cells in outlook.changes]
        gains = [cells.get(cell, Decimal(0)) for cells in outlook.gains]
        gain = counted(rates, always, [Decimal(0), *gains]).quantize(CENT)
        for chance in chances:
            here = staying_of[grade, chance]
            yield {
                "grade_rank": rank,
                "age_band": age,
                "product_band": products,
                "chance": chance,
                "stays": int((here[YEAR - 1] * THOUSANDTHS).to_integral_value()),
                "years": counted(rates, here, [Decimal(1), *changes]).quantize(SIX),
                "gain": gain,
            }


def staying(book: RuleBook, stays: Decimal, chance: int = UNWARNED) -> list[Decimal]:
    """The chance to be still here after each month: the early warning's as far as it looks ahead, then the grade's."""
    ahead = Decimal(book.attrition.to_days) / DAYS_OF_MONTH
    kept = 1 - Decimal(chance) / THOUSANDTHS
    found = []
    with localcontext(prec=PRECISION):
        for month in range(1, book.worth.months + 1):
            if chance == UNWARNED:
                found.append(stays ** (Decimal(month) / YEAR))
            elif month <= ahead:
                found.append(kept ** (month / ahead))
            else:
                found.append(kept * stays ** ((month - ahead) / YEAR))
    return found


def after(told: list[Decimal], month: int) -> Decimal:
    """What is told of now and of each year to come, after a month: in a line between the years, and held after the last."""
    before, into = divmod(month, YEAR)
    if before + 1 >= len(told):
        return told[-1]
    return told[before] + (told[before + 1] - told[before]) * into / YEAR


def discounts(book: RuleBook) -> list[Decimal]:
    """What a yuan after each month is worth now."""
    with localcontext(prec=PRECISION):
        rate = 1 / (1 + book.worth.discount)
        return [rate ** (Decimal(month) / YEAR) for month in range(1, book.worth.months + 1)]


def counted(rates: list[Decimal], here: list[Decimal], told: list[Decimal]) -> Decimal:
    """What is told of each year, by the chance to be here after each month, discounted and summed up in years."""
    with localcontext(prec=PRECISION):
        months = (
            stays * after(told, month) * rate for month, (rate, stays) in enumerate(zip(rates, here, strict=True), 1)
        )
        return sum(months, Decimal(0)) / YEAR


def worths(
    graded: Table,
    profiles: Table,
    unscored: Table,
    scores: Table,
    years: Table,
    worths_before: Table,
    calendar: Table,
    book: RuleBook,
) -> Table:
    """What everybody is worth who may be scored (columns: tables.WORTHS), with the early warning's chances."""
    return _worths(graded, profiles, unscored, years, worths_before, calendar, book, scores)


def worths_unwarned(
    graded: Table, profiles: Table, unscored: Table, years: Table, worths_before: Table, calendar: Table, book: RuleBook
) -> Table:
    """The same where the early warning says no chance."""
    return _worths(graded, profiles, unscored, years, worths_before, calendar, book)


def _worths(
    graded: Table,
    profiles: Table,
    unscored: Table,
    years: Table,
    worths_before: Table,
    calendar: Table,
    book: RuleBook,
    scores: Table | None = None,
) -> Table:
    rows = graded.anti_join(unscored, "customer_id").select(
        "customer_id", "grade_rank", "aum", "effective", "product_count", margin="contribution"
    )
    rows = rows.left_join(worths_before.select("customer_id", "carried"), "customer_id").drop("customer_id_right")
    born = profiles.select("customer_id", "birth_date")
    rows = rows.left_join(born, "customer_id").drop("customer_id_right")
    if scores is None:
        rows = rows.mutate(chance=ibis.literal(UNWARNED, "int64"))
    else:
        rows = rows.left_join(scores.select("customer_id", said="chance"), "customer_id").drop("customer_id_right")
        rows = rows.mutate(chance=ibis.coalesce(rows.said, UNWARNED).cast("int64"))
    now = (rows.margin * 100).cast("int64") * PARTS_OF_CENT
    before = ibis.coalesce(rows.carried, now)
    rule = book.worth
    rows = rows.mutate(
        carried=before + _whole(now - before, rule.level_days),
        age_band=ibis.coalesce(_band(full_years(rows.birth_date, business_date(calendar)), rule.ages), UNWARNED),
        product_band=_band(rows.product_count, rule.products),
    )
    keys = ("grade_rank", "age_band", "product_band", "chance")
    rows = rows.join(years, keys)
    level = (_whole(rows.carried, PARTS_OF_CENT).cast(MONEY) * ibis.literal(Decimal("0.01"), MONEY)).cast(MONEY)
    gain = ibis.ifelse(level < ibis.literal(rule.little, MONEY), rows.gain, ZERO)
    return rows.mutate(level=level, worth=(times(level, rows.years) + gain).cast(MONEY)).select(*WORTHS)


def _band(number: IntegerValue, begins: list[int]) -> IntegerValue:
    """The place of a number's band; NULL of none."""
    reached: IntegerValue = sum(((number >= first).cast("int64") for first in begins), ibis.literal(0, "int64"))
    return reached


def _whole(part: IntegerValue, by: int) -> IntegerValue:
    """The whole part of a quotient: the division is of a multiple, so it is exact on every engine."""
    return ((part - part % by) / by).round().cast("int64")
