"""``[limits]``: limits on taking data out (限制)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weihu.rules.sections.entry import Count, Section


class Limits(Section):
    """Limits on taking data out (domain, section 5): rows a person may export a day; days until an erasure is final."""

    export_rows_per_day: Annotated[int, Field(ge=1)]
    erasure_wait_days: Count
