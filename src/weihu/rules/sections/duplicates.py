"""``[duplicates]``: when two customers may be one person (疑似重复)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from weihu.rules.sections.entry import Broken, Chance, Section, Share, broken_rule


def _sums_to_one(chances: list[Chance]) -> list[Chance]:
    if sum(chances) != Decimal(1):
        raise broken_rule(Broken((), "合计为 1", "chances that add up to 1"))
    return chances


Two = Annotated[list[Chance], Field(min_length=2, max_length=2), AfterValidator(_sums_to_one)]
Three = Annotated[list[Chance], Field(min_length=3, max_length=3), AfterValidator(_sums_to_one)]
Four = Annotated[list[Chance], Field(min_length=4, max_length=4), AfterValidator(_sums_to_one)]


class Agreement(Section):
    """How often two records of one person agree in each way (Fellegi and Sunter's m), the best way first, the last one
    "differs"; each adds up to 1. The ways stand in ``insight/duplicates.py``."""

    name: Four
    identity_number: Three
    phone: Three
    address: Three
    birth_date: Four
    sex: Two


class Duplicates(Section):
    """When two customers may be one person. ``shown_from``: the probability from which a pair is shown.
    ``certain_share``: the share of duplicates that have the identity number, or phone and name, in common; from it
    follows how many there are. ``similar_name``, ``similar_address``: the likeness (Jaro-Winkler) that counts as
    similar."""

    shown_from: Share
    certain_share: Share
    similar_name: Share
    similar_address: Share
    agreement: Agreement
