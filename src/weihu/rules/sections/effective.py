"""``[effective]``: who is an effective customer (有效户)."""

from __future__ import annotations

from weihu.rules.sections.entry import Days, Money, Section


class Effective(Section):
    """Who is an effective customer (有效户, brief): customers with no assets and no activity appear on no list.

    Not effective: assets below ``below`` yuan, nothing owed, and no movement of the customer's own for ``idle_days``.
    """

    below: Money
    idle_days: Days
