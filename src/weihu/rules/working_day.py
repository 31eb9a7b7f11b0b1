"""What the rule book says of the working day: signals, how a day is planned. As data (M10, M14, M19)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from weihu.rules.entries import Count, Entry, Money, Weight, exact
from weihu.rules.policy import Factor, Share

Chance = Annotated[Decimal, Field(ge=0, le=1, max_digits=6, decimal_places=5), BeforeValidator(exact)]
Days = Annotated[int, Field(ge=1)]


class Signal(Entry):
    """A signal (商机): a reason to act, with its thresholds, its worth and its words.

    ``from_grade`` to ``to_grade``: the grades it is raised for. ``to``: who acts, the customer's primary or deputy.
    ``minutes``: what acting takes. ``open_days``: how long an event stays a reason. ``quiet_days``: how long an
    answered one stays silent. ``promised``: it is planned before anything else (a date agreed, a cadence owed).

    Thresholds: ``amount`` in yuan, ``share`` of a bound or of AUM, ``lead_days`` ahead (``also_lead_days``: once more so many
    days ahead), ``idle_days`` without movement, ``times`` the usual range of the customer's own habit, in which sums
    that come more than ``times_a_year`` are usual, once ``history_days`` are known.

    Worth of acting in yuan: ``weight`` times the grade's weight, and ``chance`` (that acting changes what happens)
    times ``margin`` (what a yuan brings in a year) times the signal's amount. ``holdout``: the share of customers for
    whom it is kept back, so that the effect of acting can be told.

    ``reason_*`` may use {amount} {base} {limit} {date} {detail}; ``suggestion_*`` and ``talk_*`` are plain text.
    """

    from_grade: str
    to_grade: str | None = None
    to: Literal["primary", "deputy"] = "primary"
    weight: Weight
    chance: Chance = Decimal(0)
    margin: Factor = Decimal(0)
    holdout: Chance = Decimal(0)
    promised: bool = False
    minutes: Days
    open_days: Days = 1
    quiet_days: Days = 30
    amount: Money | None = None
    share: Share | None = None
    lead_days: Count | None = None
    also_lead_days: list[Count] = []
    idle_days: Days | None = None
    times: Factor | None = None
    times_a_year: Days | None = None
    history_days: Days | None = None
    reason_zh: str
    reason_en: str
    suggestion_zh: str = ""
    suggestion_en: str = ""
    talk_zh: str = ""
    talk_en: str = ""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.promised and self.holdout:
            raise ValueError("holdout: what was promised is not kept back")
        if any(days >= (self.lead_days or 0) for days in self.also_lead_days):
            raise ValueError("also_lead_days: nearer than lead_days")
        return self

    @property
    def leads(self) -> list[int]:
        """Every number of days ahead at which it is raised, the nearest first."""
        return sorted({*self.also_lead_days, self.lead_days or 0})

    def text(self, part: str, language: str) -> str:
        """``part`` is "reason", "suggestion" or "talk"."""
        return str(getattr(self, f"{part}_{'en' if language.startswith('en') else 'zh'}"))


SIGNAL_NEEDS: dict[str, tuple[str, ...]] = {
    "large_inflow": ("amount",),
    "large_outflow": ("amount",),
    "unusual_inflow": ("amount", "times", "times_a_year", "history_days"),
    "unusual_outflow": ("amount", "times", "times_a_year", "history_days"),
    "inter_branch": ("amount",),
    "to_other_bank": ("amount",),
    "salary_stopped": ("idle_days", "history_days"),
    "idle_cash": ("amount", "idle_days"),
    "maturity": ("lead_days",),
    "matured": (),
    "grade_up": (),
    "grade_down": (),
    "watch_begun": (),
    "near_grade": ("share",),
    "birthday": ("lead_days",),
    "life_occasion": (),
    "festival": ("lead_days",),
    "missing_facts": (),
    "dormant": ("idle_days",),
    "waking": ("idle_days",),
    "loan_ending": ("lead_days",),
    "card_expiring": ("lead_days",),
    "risk_expiring": ("lead_days",),
    "new_customer": ("idle_days",),
    "cadence_due": (),
    "follow_up": (),
    "complaint_due": (),
    "complaint_ask": (),
    "unhappy": (),
    "referral_taken": (),
    "handed_over": (),
    "benefit_expiring": ("lead_days",),
    "care_step": (),
    "care_deputy": (),
    "campaign": (),
    "visit": (),
    "thanks_due": (),
    "introduced": (),
}
"""The kinds of signal the night can raise, each with the thresholds that it cannot do without."""

NOTED_KINDS = (
    "life_occasion",
    "complaint_due",
    "complaint_ask",
    "unhappy",
    "referral_taken",
    "care_step",
    "care_deputy",
    "campaign",
    "visit",
    "thanks_due",
    "introduced",
)
"""The kinds that the workplace notes during the day; the night only decides who hears of them."""


class Planning(BaseModel):
    """How a day is planned. A reason whose date is at most ``urgent_days`` from the working day counts ``urgency``
    times; each day that it has waited adds ``ageing`` of its worth, for at most ``ageing_days``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    urgent_days: Count
    urgency: Factor
    ageing: Chance
    ageing_days: Count


class Habits(BaseModel):
    """How a customer's habit is kept. Counts are halved after ``halved_after_days``; a salary of up to
    ``usual_salary`` times the last one is no news. When more customers than twice the expected number and
    ``customers_by_chance`` go beyond their usual range, every range widens, by ``widens_at_most`` sizes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    halved_after_days: Annotated[int, Field(ge=2)]
    usual_salary: Days
    customers_by_chance: Count
    widens_at_most: Count


Result = Literal["interested", "considering", "not_reached", "rescheduled", "declined"]
"""The result of a contact (结果)."""


class Step(Entry):
    """A step of a care plan: what is done, ``day`` days after the start, by the customer's primary or deputy."""

    day: Days
    to: Literal["primary", "deputy"] = "primary"


class CarePlan(Entry):
    """A care plan (关怀计划): steps over weeks. ``starts_on``: the kinds of signal that begin it, for customers from
    ``from_grade`` to ``to_grade``; by hand it can be begun for anybody. ``ends_on``: the results that end it. A result
    of "another time" moves the step to the day agreed."""

    from_grade: str
    to_grade: str | None = None
    starts_on: list[str] = []
    ends_on: list[Result] = []
    steps: Annotated[list[Step], Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        days = [step.day for step in self.steps]
        if sorted(set(days)) != days:
            raise ValueError("steps: days must rise from step to step")
        return self


class Fatigue(BaseModel):
    """Who was contacted ``contacts`` times within ``days`` days, whatever for, hears only of what was promised."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    contacts: Days
    days: Days


class Effects(BaseModel):
    """How the effect of acting is told (M15, M17, M18): the change of AUM ``horizon_days`` after a signal, with those
    from whom it was kept back beside it; intervals hold with the probability ``confidence``. A campaign is looked at
    every night, so it stops itself for harm only at ``harm_confidence``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    horizon_days: Days
    confidence: Share
    harm_confidence: Share


class Losses(BaseModel):
    """Who counts as lost (流失): had at least ``amount`` yuan 90 days ago and has less than ``share`` of it now. Won back
    (挽回): was lost, money came, and is not lost any more."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    amount: Money
    share: Share


class Suitability(BaseModel):
    """What may be offered to whom (domain, section 5): a risk rating counts for ``rating_days``; products of the
    ``exempt`` categories (deposits) need none; at most ``shown`` offers are shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rating_days: Days
    exempt: list[str]
    shown: Days


class Offer(Entry):
    """What may be offered (M6), to whom it fits, and how to say it.

    ``category``: of which products; ``products``: only these of the core system, none: every one of the category.
    ``answers``: the kinds of signal it is an answer to. ``minimum`` in yuan. ``risk``: its class (R1-R5); a
    product's own class, if higher, counts. ``locks_days``: how long the money is tied.
    ``age_from``, ``age_to``: the stage of life. ``goals``: the archive's financial goals that it serves. ``once``: not
    to who holds one. ``weight``: which of two comes first.
    """

    category: str
    products: list[str] = []
    answers: list[str]
    minimum: Money = Decimal(0)
    risk: Literal["R1", "R2", "R3", "R4", "R5"] | None = None
    locks_days: Count = 0
    age_from: Count = 0
    age_to: Count = 150
    goals: list[str] = []
    once: bool = False
    weight: Weight = Decimal(1)
    talk_zh: str
    talk_en: str

    def text(self, language: str) -> str:
        """What may be said, in ``language``."""
        return self.talk_en if language.startswith("en") else self.talk_zh
