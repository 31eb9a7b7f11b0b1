"""``[lists]``: the fixed lists (名单)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weihu.rules.sections.entry import Days, Section, Share
from weihu.rules.sections.signals import SignalKind


class Lists(Section):
    """The days back for which lists can be read (``kept_days``); maturities this many days ahead and what became of
    those of the days behind; a matured product's money has left if AUM fell by ``left_share`` of it or more; the kinds
    of signal that warn of a loss; the days of the list of occasions; rows of a page."""

    kept_days: Days
    ahead_days: Days
    behind_days: Days
    left_share: Share
    loss_kinds: Annotated[list[SignalKind], Field(min_length=1)]
    week_days: Days
    page_rows: Annotated[int, Field(ge=1, le=60)]
