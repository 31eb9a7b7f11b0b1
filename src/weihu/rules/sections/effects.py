"""``[effects]``: how the effect of acting is told (成效)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weihu.rules.sections.entry import Days, Section, Share


class Effects(Section):
    """How the effect of acting is told (M15, M17, M18): the change of AUM ``horizon_days`` after a signal, with those
    from whom it was kept back beside it; intervals hold with the probability ``confidence``. Groups of fewer than
    ``smallest_group`` customers say nothing: no interval is given. A campaign is looked at every night, so it stops
    itself for harm only at ``harm_confidence``.

    Trials that ended are kept for ``kept_days``. From ``uplift_trials`` of them on it is learned whom acting helps; of
    fewer there are only averages."""

    horizon_days: Days
    confidence: Share
    harm_confidence: Share
    smallest_group: Annotated[int, Field(ge=2)]
    kept_days: Days
    uplift_trials: Annotated[int, Field(ge=1)]
