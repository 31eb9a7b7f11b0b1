"""``[groups]``: by what customers are counted together (客户分组)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from weihu.rules.sections.entry import Count, Section, rising_bands

Begins = Annotated[list[Count], Field(min_length=1), AfterValidator(rising_bands)]


class Groups(Section):
    """Bands by which customers are counted together: ``ages``, where another band of age begins; ``days``, where a span of
    days ends (since a contact, until a maturity); ``products``, from how many products on customers are one group.
    ``found``: how many segments may be found from data; ``found_months``: the months' ends over which their sizes are told.
    """

    ages: Begins
    days: Begins
    products: Annotated[int, Field(ge=1, le=20)]
    found: Annotated[list[Annotated[int, Field(ge=2, le=20)]], Field(min_length=1), AfterValidator(rising_bands)]
    found_months: Annotated[int, Field(ge=1, le=120)]
