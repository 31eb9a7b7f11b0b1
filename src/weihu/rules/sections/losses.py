"""``[losses]``: who counts as lost (流失)."""

from __future__ import annotations

from typing import Literal

from weihu.rules.sections.entry import Money, Section, Share


class Losses(Section):
    """Who counts as lost (流失): had at least ``amount`` yuan ``days`` days ago and has less than ``share`` of it now. Won
    back (挽回): was lost, money came, and is not lost any more. ``days`` is one of the windows over which the nights
    keep flows (value.WINDOW_DAYS)."""

    days: Literal[7, 30, 90, 365]
    amount: Money
    share: Share
