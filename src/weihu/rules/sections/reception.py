"""``[reception]``: service cards at the counter (接待)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weihu.rules.sections.entry import Section

Limit = Annotated[int, Field(ge=1)]


class Reception(Section):
    """How long a service card stays open (``minutes``), how many a person may open in a day, and how many searches of
    a day may find nobody. From ``watched_cards``, ``watched_idle`` (cards on which nothing was done) or
    ``watched_misses`` of a day on, the supervisor's board shows the person."""

    minutes: Annotated[int, Field(ge=1, le=120)]
    cards_per_day: Limit
    misses_per_day: Limit
    watched_cards: Limit
    watched_idle: Limit
    watched_misses: Limit
