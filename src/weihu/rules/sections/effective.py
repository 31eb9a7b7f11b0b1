"""``[effective]``: who is an effective customer (有效户)."""

from __future__ import annotations

from weihu.rules.sections.entry import Days, Money, Section


class Effective(Section):
    """Who is an effective customer (有效户, brief): the others are on no list and nobody's duty.

    Not effective: assets below ``below`` yuan, nothing owed, and no movement of the customer's own for ``idle_days``.
    """

    below: Money
    idle_days: Days
