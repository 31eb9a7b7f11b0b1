"""``[portfolios]``: rules of responsibility (管户)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weihu.rules.sections.entry import Days, Section


class Portfolios(Section):
    """Rules of responsibility: referrals are answered within ``referral_days``; of claims (认领) a person makes at most
    ``claims_per_day`` and holds ``claims_held``, of customers nobody has talked to for ``claim_idle_days``; a hand-over
    is settled within ``handover_days``; an exception to the policy lasts at most ``exception_days`` and an absence
    with its cover ``absence_days``; a contact takes ``contact_minutes``, for the work that a grade means."""

    referral_days: Days
    claims_per_day: Annotated[int, Field(ge=1)]
    claims_held: Annotated[int, Field(ge=1)]
    claim_idle_days: Days
    handover_days: Days
    exception_days: Days
    absence_days: Days
    contact_minutes: Annotated[int, Field(ge=1)]
