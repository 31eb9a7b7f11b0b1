"""``[attrition]``: what leaving is (流失预警), so that it can be learned and warned of."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from weihu.rules.sections.entry import Broken, Chance, Days, Money, Section, Share, broken_rule

LONGEST = 364
"""Days over which leaving may be looked for, or an own level be averaged."""


class Attrition(Section):
    """Leaving: AUM falls to ``left`` of the customer's own level (the average of ``level_days``) or less and stays so for
    ``stays_days``; it begins to be so ``from_days`` to ``to_days`` ahead, and at least ``to_others`` of what is gone went
    to other banks. Told only of customers whose own level is ``amount`` yuan or more.

    Of those for whom the signal ``leaving`` is raised the share ``warned`` is warned of, those most likely to leave
    first; who was warned of stays so while among the share ``warned_again``. The rule beside the model orders them by
    what they have left of their own level, and warns of nobody who has more than ``rule_left`` of it. Levels of past weeks are kept for ``kept_days``.
    """

    level_days: Annotated[int, Field(ge=28, le=LONGEST)]
    amount: Money
    left: Share
    to_others: Chance
    stays_days: Days
    from_days: Days
    to_days: Annotated[int, Field(le=LONGEST)]
    warned: Share
    warned_again: Share
    rule_left: Share
    kept_days: Days

    @model_validator(mode="after")
    def _ahead(self) -> Self:
        if self.to_days < self.from_days:
            expected = f"{self.from_days}"
            raise broken_rule(
                Broken(("to_days",), f"不小于 from_days({expected})", f"from_days ({expected}) or more", ("from_days",))
            )
        if self.warned_again < self.warned:
            expected = f"{self.warned}"
            raise broken_rule(
                Broken(("warned_again",), f"不小于 warned({expected})", f"warned ({expected}) or more", ("warned",))
            )
        return self

    @property
    def embargo_days(self) -> int:
        """Days after which the outcome of a date is known: what is learned from lies so far back."""
        return self.to_days + self.stays_days
