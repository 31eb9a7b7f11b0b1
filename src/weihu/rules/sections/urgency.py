"""``[urgency.…]``: in which order the reasons and the tasks of a day stand (轻重缓急)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weihu.rules.sections.entry import Entry
from weihu.rules.sections.signals import SignalKind


class Urgency(Entry):
    """A group of the list of the day, the most urgent first: the tasks with a reason of one of the ``kinds``.

    A task stands in the first group that it belongs to; one of no group's kinds in the last. ``fallen_only``: only of
    customers whose AUM has fallen over 30 days. ``largest_fall_first``: within the group by that change, else by what
    acting is worth. ``silences``: kinds of signal of which a customer hears nothing while one of the group's is open.
    ``alone``: while a reason of the group is the first one, nothing is offered for other reasons.
    """

    kinds: Annotated[list[SignalKind], Field(min_length=1)]
    fallen_only: bool = False
    largest_fall_first: bool = False
    alone: bool = False
    silences: list[SignalKind] = []
