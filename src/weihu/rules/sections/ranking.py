"""``[ranking]``: which offers come first (推荐排序)."""

from __future__ import annotations

from weihu.rules.sections.entry import Count, Days, Section
from weihu.rules.sections.signals import SignalKind


class Ranking(Section):
    """Which offers come first: those in which the customer was interested in the last ``liked_contacts`` contacts (on a
    signal of the ``liked_kinds`` they need no other to answer), then
    by the offer's weight times the sum of ``signal`` for every signal that it answers, ``goal`` for every goal that
    it serves, ``new`` if the customer holds none yet, and ``likely`` if it is the kind that he or she most probably buys next. At most ``shown`` are shown."""

    signal: Count
    goal: Count
    new: Count
    likely: Count = 0
    liked_contacts: Count
    liked_kinds: list[SignalKind]
    shown: Days
