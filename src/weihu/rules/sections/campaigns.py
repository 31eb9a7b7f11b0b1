"""``[campaigns]``: what campaigns begin with (活动)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weihu.rules.sections.entry import Chance, Days, Section


class Campaigns(Section):
    """A campaign has at most ``largest`` customers: more are the whole bank, and are called in parts. A new one begins
    with ``control_share`` left alone, ``wave_size`` calls a person and day, and stops itself once ``stop_share`` of
    those reached decline, counted from ``stop_after`` answers on."""

    largest: Annotated[int, Field(ge=1)]
    control_share: Chance
    wave_size: Days
    stop_share: Chance
    stop_after: Days
