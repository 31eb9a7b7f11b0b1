"""``[urgency.…]``: in which order the reasons and the tasks of a day stand (轻重缓急)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weihu.rules.sections.entry import Entry
from weihu.rules.sections.signals import SignalKind


class Urgency(Entry):
    """A group of the list of the day, the most urgent first: the tasks with a reason of one of the ``kinds``.

    A task stands in the first group that it belongs to; one of no group's kinds in the last. ``largest_fall_first``:
    within the group by the change of AUM over 30 days, else by what acting is worth. ``silences``: kinds of signal of
    which a customer hears nothing while one of the group's is open.
    """

    kinds: Annotated[list[SignalKind], Field(min_length=1)]
    largest_fall_first: bool = False
    silences: list[SignalKind] = []
