"""``[limits]``: limits on taking data out (限制)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weihu.rules.sections.entry import Count, Section

Limit = Annotated[int, Field(ge=1)]


class Limits(Section):
    """Limits on taking data out (domain, section 5): what a person may take in a day, of rows in exports and on morning
    sheets, of values shown in full (``reveals_per_day``), of numbers called, and of unmasked copies; how many different
    letters a reason has at least (``reason_letters``); days until an erasure is final."""

    export_rows_per_day: Limit
    reveals_per_day: Limit
    calls_per_day: Limit
    copies_per_day: Limit
    reason_letters: Annotated[int, Field(ge=1, le=20)]
    erasure_wait_days: Count
