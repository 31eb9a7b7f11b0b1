"""``[signals.…]``: reasons to act, one model for each kind (商机).

The table's key is the kind: ``[signals.large_outflow]`` is a LargeOutflow, and has no setting that its kind does not
use. How each kind is found stands in ``rules/kinds``.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from weihu.rules.sections.entry import (
    Broken,
    Chance,
    Count,
    Days,
    Entry,
    Factor,
    GradeName,
    Money,
    Share,
    Weight,
    broken_rule,
    one_of,
    words,
)

KIND_KEY = "[kind]"
"""Under this key a signal's entry carries its kind while it is read; no setting of a book can have that name."""

Reason = Annotated[str, AfterValidator(words("amount", "base", "limit", "date", "detail"))]
Plain = Annotated[str, AfterValidator(words())]


class Signal(Entry):
    """What signals (商机) of every kind have: for whom, who acts, its worth, how long it lasts, its words.

    ``from_grade`` to ``to_grade``: the grades it is raised for. ``to``: who acts, the customer's primary or deputy.
    ``minutes``: what acting takes. ``open_days``: how long an event stays a reason. ``quiet_days``: how long an
    answered one stays silent. ``promised``: it is planned before anything else (a date agreed, a cadence owed).

    Worth of acting in yuan: ``weight`` times the grade's weight, and ``chance`` (that acting changes what happens)
    times ``margin`` (what a yuan brings in a year) times the signal's amount. ``holdout``: the share of customers for
    whom it is kept back, so that the effect of acting can be told. ``no_offers``: while it is open nothing is offered.

    ``reason_*`` may use {amount} {base} {limit} {date} {detail}; ``suggestion_*`` and ``talk_*`` are plain text.
    """

    noted: ClassVar[bool] = False
    """Whether the workplace notes it during the day; the night only decides who hears of it."""

    kind: str = Field(exclude=True)
    from_grade: GradeName
    to_grade: GradeName | None = None
    to: Literal["primary", "deputy"] = "primary"
    weight: Weight
    chance: Chance = Decimal(0)
    margin: Factor = Decimal(0)
    holdout: Chance = Decimal(0)
    promised: bool = False
    no_offers: bool = False
    minutes: Days
    open_days: Days = 1
    quiet_days: Days = 30
    reason_zh: Reason
    reason_en: Reason
    suggestion_zh: Plain = ""
    suggestion_en: Plain = ""
    talk_zh: Plain = ""
    talk_en: Plain = ""

    @model_validator(mode="after")
    def _keeps_promises(self) -> Self:
        if self.promised and self.holdout:
            raise broken_rule(
                Broken(("holdout",), "已约定的(promised)不留出", "none kept back of what was promised", ("promised",))
            )
        return self

    def text(self, part: str, language: str) -> str:
        """``part`` is "reason", "suggestion" or "talk"."""
        return str(getattr(self, f"{part}_{'en' if language.startswith('en') else 'zh'}"))


# --- shapes: the settings that several kinds share ---


class OfAmount(Signal):
    """Raised from ``amount`` yuan on."""

    amount: Money


class ByHabit(OfAmount):
    """Raised when a day goes beyond the customer's own habit: by at least ``amount`` yuan, ``share`` of AUM and
    ``times`` the usual range. Usual is what comes more than ``times_a_year``, once ``history_days`` are known."""

    share: Share
    times: Factor
    times_a_year: Days
    history_days: Days


class Ahead(Signal):
    """Raised ``lead_days`` before a date."""

    lead_days: Count


class Since(Signal):
    """Counted over ``idle_days``."""

    idle_days: Days


class Noted(Signal):
    """Noted by the workplace during the day; the night only decides who hears of it."""

    noted: ClassVar[bool] = True


# --- money (rules/kinds/money.py) ---


class LargeInflow(OfAmount):
    """AUM grew by at least ``amount`` yuan in one day."""

    kind: Literal["large_inflow"] = Field("large_inflow", validation_alias=KIND_KEY, exclude=True)


class LargeOutflow(OfAmount):
    """AUM fell by at least ``amount`` yuan in one day."""

    kind: Literal["large_outflow"] = Field("large_outflow", validation_alias=KIND_KEY, exclude=True)


class UnusualInflow(ByHabit):
    """More came in a day than the customer's own habit explains."""

    kind: Literal["unusual_inflow"] = Field("unusual_inflow", validation_alias=KIND_KEY, exclude=True)


class UnusualOutflow(ByHabit):
    """More went in a day than the customer's own habit explains."""

    kind: Literal["unusual_outflow"] = Field("unusual_outflow", validation_alias=KIND_KEY, exclude=True)


class InterBranch(OfAmount):
    """At least ``amount`` yuan moved in a day at branches that are not the account's (通存通兑)."""

    kind: Literal["inter_branch"] = Field("inter_branch", validation_alias=KIND_KEY, exclude=True)


class ToOtherBank(OfAmount):
    """At least ``amount`` yuan sent to other banks in a day."""

    kind: Literal["to_other_bank"] = Field("to_other_bank", validation_alias=KIND_KEY, exclude=True)


class SalaryStopped(Since):
    """The salary came for ``history_days`` and more, and then not for ``idle_days``."""

    kind: Literal["salary_stopped"] = Field("salary_stopped", validation_alias=KIND_KEY, exclude=True)
    history_days: Days


class IdleCash(OfAmount, Since):
    """At least ``amount`` yuan has been on demand for ``idle_days``."""

    kind: Literal["idle_cash"] = Field("idle_cash", validation_alias=KIND_KEY, exclude=True)


class Dormant(Since):
    """No movement of the customer's own for ``idle_days``."""

    kind: Literal["dormant"] = Field("dormant", validation_alias=KIND_KEY, exclude=True)


class Waking(Since):
    """The customer moves money again after ``idle_days`` without any movement."""

    kind: Literal["waking"] = Field("waking", validation_alias=KIND_KEY, exclude=True)


# --- leaving (rules/kinds/leaving.py) ---


class Leaving(Signal):
    """The customer is among those most likely to leave: how many, and what leaving is, says the book's section
    ``attrition``."""

    kind: Literal["leaving"] = Field("leaving", validation_alias=KIND_KEY, exclude=True)


# --- products and benefits (rules/kinds/products.py) ---


class Maturity(Ahead):
    """A product with a balance matures within ``lead_days``; told once more at each of ``also_lead_days``, nearer."""

    kind: Literal["maturity"] = Field("maturity", validation_alias=KIND_KEY, exclude=True)
    also_lead_days: list[Count] = []

    @model_validator(mode="after")
    def _nearer(self) -> Self:
        if any(days >= self.lead_days for days in self.also_lead_days):
            raise broken_rule(
                Broken(
                    ("also_lead_days",),
                    f"小于 lead_days({self.lead_days})",
                    f"less than lead_days ({self.lead_days})",
                    ("lead_days",),
                )
            )
        return self

    @property
    def leads(self) -> list[int]:
        """Every number of days ahead at which it is raised, the nearest first."""
        return sorted({*self.also_lead_days, self.lead_days})


class Matured(Signal):
    """A product matured today and nothing was renewed."""

    kind: Literal["matured"] = Field("matured", validation_alias=KIND_KEY, exclude=True)


class LoanEnding(Ahead):
    """A loan ends within ``lead_days``."""

    kind: Literal["loan_ending"] = Field("loan_ending", validation_alias=KIND_KEY, exclude=True)


class CardExpiring(Ahead):
    """A card expires within ``lead_days``."""

    kind: Literal["card_expiring"] = Field("card_expiring", validation_alias=KIND_KEY, exclude=True)


class RiskExpiring(Ahead):
    """The risk rating runs out within ``lead_days``."""

    kind: Literal["risk_expiring"] = Field("risk_expiring", validation_alias=KIND_KEY, exclude=True)


class BenefitExpiring(Ahead):
    """A benefit of the grade is not used up and its period ends within ``lead_days``."""

    kind: Literal["benefit_expiring"] = Field("benefit_expiring", validation_alias=KIND_KEY, exclude=True)


# --- the grade and who answers (rules/kinds/grades.py) ---


class GradeUp(Signal):
    """The grade rose tonight."""

    kind: Literal["grade_up"] = Field("grade_up", validation_alias=KIND_KEY, exclude=True)


class GradeDown(Signal):
    """The grade fell tonight."""

    kind: Literal["grade_down"] = Field("grade_down", validation_alias=KIND_KEY, exclude=True)


class WatchBegun(Signal):
    """The customer came on watch tonight."""

    kind: Literal["watch_begun"] = Field("watch_begun", validation_alias=KIND_KEY, exclude=True)


class NearGrade(Signal):
    """The metric is close under the next grade's threshold; how close is near, and that nobody is who has just
    lost money, say the book's ``near_share`` and ``near_fall``."""

    kind: Literal["near_grade"] = Field("near_grade", validation_alias=KIND_KEY, exclude=True)


class HandedOver(Signal):
    """Somebody gave the customer to the one who is primary now."""

    kind: Literal["handed_over"] = Field("handed_over", validation_alias=KIND_KEY, exclude=True)


class NewCustomer(Since):
    """Seen for the first time, and opened within ``idle_days`` before."""

    kind: Literal["new_customer"] = Field("new_customer", validation_alias=KIND_KEY, exclude=True)


# --- keeping up the relationship (rules/kinds/care.py) ---


class Birthday(Ahead):
    """A birthday within ``lead_days`` of the next working day."""

    kind: Literal["birthday"] = Field("birthday", validation_alias=KIND_KEY, exclude=True)


class FestivalGreeting(Ahead):
    """A festival within ``lead_days`` of the next working day."""

    kind: Literal["festival"] = Field("festival", validation_alias=KIND_KEY, exclude=True)


class MissingFacts(Signal):
    """Facts that the grade expects and the archive lacks."""

    kind: Literal["missing_facts"] = Field("missing_facts", validation_alias=KIND_KEY, exclude=True)


class CadenceDue(Signal):
    """The grade's longest time between contacts ends by the next working day."""

    kind: Literal["cadence_due"] = Field("cadence_due", validation_alias=KIND_KEY, exclude=True)


class FollowUp(Signal):
    """A contact agreed on a date that is the next working day or past, with no contact since."""

    kind: Literal["follow_up"] = Field("follow_up", validation_alias=KIND_KEY, exclude=True)


# --- noted by the workplace (nightly/noted.py) ---


class LifeOccasion(Noted):
    """An occasion (日子) that the archive tells of."""

    kind: Literal["life_occasion"] = Field("life_occasion", validation_alias=KIND_KEY, exclude=True)


class ComplaintDue(Noted):
    """A complaint is to be answered."""

    kind: Literal["complaint_due"] = Field("complaint_due", validation_alias=KIND_KEY, exclude=True)


class ComplaintAsk(Noted):
    """A complaint was closed: ask how the answer was."""

    kind: Literal["complaint_ask"] = Field("complaint_ask", validation_alias=KIND_KEY, exclude=True)


class Unhappy(Noted):
    """The customer said that he or she is not satisfied."""

    kind: Literal["unhappy"] = Field("unhappy", validation_alias=KIND_KEY, exclude=True)


class ReferralTaken(Noted):
    """The customer was taken over by referral."""

    kind: Literal["referral_taken"] = Field("referral_taken", validation_alias=KIND_KEY, exclude=True)


class CareStep(Noted):
    """A step of a care plan is due, for the primary."""

    kind: Literal["care_step"] = Field("care_step", validation_alias=KIND_KEY, exclude=True)


class CareDeputy(Noted):
    """A step of a care plan is due, for the deputy."""

    kind: Literal["care_deputy"] = Field("care_deputy", validation_alias=KIND_KEY, exclude=True)


class Campaign(Noted):
    """The customer is to be called for a campaign."""

    kind: Literal["campaign"] = Field("campaign", validation_alias=KIND_KEY, exclude=True)


class Visit(Noted):
    """A visit is agreed for the next working day; its ``minutes`` are what a visit takes unless agreed otherwise."""

    kind: Literal["visit"] = Field("visit", validation_alias=KIND_KEY, exclude=True)


class ThanksDue(Noted):
    """The customer introduced somebody who has a first product now."""

    kind: Literal["thanks_due"] = Field("thanks_due", validation_alias=KIND_KEY, exclude=True)


class Introduced(Noted):
    """The customer was introduced by another."""

    kind: Literal["introduced"] = Field("introduced", validation_alias=KIND_KEY, exclude=True)


KindOfSignal = (
    LargeInflow
    | LargeOutflow
    | UnusualInflow
    | UnusualOutflow
    | InterBranch
    | ToOtherBank
    | SalaryStopped
    | IdleCash
    | Dormant
    | Waking
    | Leaving
    | Maturity
    | Matured
    | LoanEnding
    | CardExpiring
    | RiskExpiring
    | BenefitExpiring
    | GradeUp
    | GradeDown
    | WatchBegun
    | NearGrade
    | HandedOver
    | NewCustomer
    | Birthday
    | FestivalGreeting
    | MissingFacts
    | CadenceDue
    | FollowUp
    | LifeOccasion
    | ComplaintDue
    | ComplaintAsk
    | Unhappy
    | ReferralTaken
    | CareStep
    | CareDeputy
    | Campaign
    | Visit
    | ThanksDue
    | Introduced
)

SIGNALS: Mapping[str, type[Signal]] = {model.model_fields["kind"].default: model for model in get_args(KindOfSignal)}
"""The model of every kind of signal that the night can raise."""

NOTED_KINDS = tuple(kind for kind, model in SIGNALS.items() if model.noted)
"""The kinds that the workplace notes during the day; the night only decides who hears of them."""


def _with_kind(signals: object) -> object:
    """Every entry with its kind, which is the table's key."""
    if not isinstance(signals, dict):
        return signals
    return {kind: {**entry, KIND_KEY: kind} if isinstance(entry, dict) else entry for kind, entry in signals.items()}


Signals = Annotated[
    dict[str, Annotated[KindOfSignal, Field(discriminator="kind")]],
    BeforeValidator(_with_kind),
]
"""The section: an entry for every kind that is to be raised, in the order of the book."""


def _known_kind(kind: str) -> str:
    if kind not in SIGNALS:
        raise broken_rule(Broken((), *one_of(SIGNALS)))
    return kind


SignalKind = Annotated[str, AfterValidator(_known_kind), WithJsonSchema({"type": "string", "enum": list(SIGNALS)})]
"""A kind of signal that another section names."""


def stem_of(kind: str, subject: str) -> str:
    """The subject without the lead of a maturity that comes nearer: what stays the same from one to the next."""
    return subject.rpartition(" ")[0] if kind == "maturity" else subject
