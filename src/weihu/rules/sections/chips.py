"""``[chips.…]``: what the list of the day can be narrowed to (筛选)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weihu.rules.sections.entry import Entry
from weihu.rules.sections.signals import SignalKind


class Chip(Entry):
    """A filter above the list of the day: the tasks with an open reason of one of the ``kinds``."""

    kinds: Annotated[list[SignalKind], Field(min_length=1)]
