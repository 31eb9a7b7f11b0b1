"""``[losses]``: who counts as lost (流失)."""

from __future__ import annotations

from weihu.rules.sections.entry import Money, Section, Share, Window


class Losses(Section):
    """Who counts as lost (流失): had at least ``amount`` yuan ``days`` days ago and has less than ``share`` of it now. Won
    back (挽回): was lost, money came, and is not lost any more."""

    days: Window
    amount: Money
    share: Share
