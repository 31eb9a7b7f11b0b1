"""``[limits]``: limits on taking data out (限制)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weihu.rules.sections.entry import Count, Section

Limit = Annotated[int, Field(ge=1)]


class Limits(Section):
    """Limits on taking data out (domain, section 5): what a person may take in a day, of rows in exports and on morning
    sheets, of values shown in full (``reveals_per_day``), of numbers called, and of unmasked copies; how many different
    letters a reason has at least (``reason_letters``); days until an erasure is final.

    From ``watched_reveals`` values of a day on, ``watched_strange`` of them of customers that the person does not answer
    for, or ``watched_late`` before the hour ``day_begins`` or from the hour ``day_ends`` on, the supervisor's board shows
    the person.
    """

    export_rows_per_day: Limit
    reveals_per_day: Limit
    calls_per_day: Limit
    copies_per_day: Limit
    reason_letters: Annotated[int, Field(ge=1, le=20)]
    erasure_wait_days: Count
    watched_reveals: Limit
    watched_strange: Limit
    watched_late: Limit
    day_begins: Annotated[int, Field(ge=0, le=23)]
    day_ends: Annotated[int, Field(ge=1, le=24)]
