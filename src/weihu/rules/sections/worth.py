"""``[worth]``: what a customer is expected to bring over the years to come (客户价值)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from weihu.rules.sections.entry import Chance, Count, Days, Money, Section, Share, rising_bands


class Worth(Section):
    """The margin that a customer is expected to bring in ``months`` months: the own level of contribution, times the
    chance to be still here, times the expected change, discounted by ``discount`` a year.

    The own level follows the contribution within ``level_days`` days or so, as a moving average does. ``stays``: the share
    of customers who are here a year later, while the history is too short to tell it by grade. The change is learned by
    grade, by age (``ages``: where another band begins) and by the number of products (``products``: likewise). Who brings
    less than ``little`` yuan a year is expected to come to bring what such customers came to bring.
    """

    months: Annotated[int, Field(ge=12, le=120)]
    discount: Chance
    level_days: Days
    stays: Share
    little: Money
    ages: Annotated[list[Count], AfterValidator(rising_bands)]
    products: Annotated[list[Count], AfterValidator(rising_bands)]
