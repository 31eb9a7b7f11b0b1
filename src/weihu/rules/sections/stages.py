"""``[stages.…]``: stages of school (学段)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weihu.rules.sections.entry import Entry


class Stage(Entry):
    """A stage of school (学段): entered in September of the year in which a child has the age before September."""

    age: Annotated[int, Field(ge=0, le=30)]
