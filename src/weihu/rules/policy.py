"""What the rule book says of grading and responsibility: measures, policy, grades, posts, benefits. As data (M9-M13, M21)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from weihu.rules.entries import Count, Entry, Money, MonthDay, Weight, exact

OWN_MEASURES = ("aum", "monthly_average")
"""The measures that need no entry: assets as they stand, and their average over the month to date."""

Factor = Annotated[Decimal, Field(max_digits=14, decimal_places=6), BeforeValidator(exact)]
Share = Annotated[Decimal, Field(gt=0, lt=1, max_digits=6, decimal_places=5), BeforeValidator(exact)]


class Measure(Entry):
    """A measure (指标) by which customers are graded or compared (domain, section 3).

    Over everything a customer holds: amount x ``per_yuan`` plus ``per_holding`` for each, both looked up by product,
    else by category; then ``fees`` times the fees of the last 365 days. ``take``: the sum, or the largest of them.
    ``timing``: as it stands, or the average over the month to date. ``unit``: yuan, or a plain number (points).
    """

    timing: Literal["point_in_time", "monthly_average"] = "point_in_time"
    take: Literal["sum", "largest"] = "sum"
    per_yuan: dict[str, Factor] = {}
    per_holding: dict[str, Factor] = {}
    fees: Factor = Decimal(0)
    unit: Literal["yuan", "number"] = "yuan"

    @model_validator(mode="after")
    def _measures_something(self) -> Self:
        if not (self.per_yuan or self.per_holding or self.fees):
            raise ValueError("a measure counts something: per_yuan, per_holding or fees")
        if self.take == "largest" and self.fees:
            raise ValueError("fees: only with take = sum")
        return self


class Grade(Entry):
    """A grade (等级) of customers (brief, M9).

    A customer reaches it by the policy's metric: at least ``minimum`` (inclusive; ``minimum_in`` of some branches
    instead) and, if given, among the best ``within_top`` of all; or by one of the policy's other measures, at least
    its entry in ``minimums``. The lowest grade has none of these. ``posts`` answer first (A角), ``deputy_posts``
    cover (B角), ``supporting_posts`` help and ``on_request`` when asked, in the order in which they are tried.
    ``cadence_days`` is the longest time between contacts; none: only on a signal. ``weight``: how much a reason to act
    counts. The month counts override the policy's. ``claimable``: staff may claim (认领) customers of it.
    """

    minimum: Money | None = None
    minimum_in: dict[str, Money] = {}
    minimums: dict[str, Money] = {}
    within_top: Share | None = None
    posts: list[str]
    deputy_posts: list[str] = []
    supporting_posts: list[str] = []
    on_request: list[str] = []
    cadence_days: Annotated[int, Field(ge=1)] | None = None
    weight: Weight = Decimal(1)
    watch_after_months: Annotated[int, Field(ge=1)] | None = None
    downgrade_after_months: Annotated[int, Field(ge=1)] | None = None
    claimable: bool = False

    @property
    def reachable(self) -> bool:
        """Whether anything leads to it; the lowest grade is everybody's."""
        return self.minimum is not None or self.within_top is not None or bool(self.minimums)


class Policy(BaseModel):
    """The grading policy (分级办法): what is measured and when a grade changes.

    ``metric``: the measure that leads; ``also``: others, each graded alone, the highest of all counts. ``top_of``:
    whether ``within_top`` is of the whole bank or of each branch. ``review_on``: fixed days (MM-DD) on which grades
    are reviewed by that night's measures, instead of each month's first night by the month just ended.
    ``upgrade``: ``nightly`` (as soon as it is reached), ``month_end`` (on the month's last night), ``next_month`` (on
    the next month's first night, by the month just ended) or ``review`` (on a fixed day).
    ``downgrade_after_months``: so many reviews in a row below the grade before it falls; 0 falls the same night, or at
    once on a fixed day. ``watch_after_months``: so many before the watch begins. ``falls_to_best_of_months``: it falls
    to the highest grade that any of the last so many reviews reached. A grade may override both counts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    metric: str
    also: list[str] = []
    top_of: Literal["bank", "branch"] = "bank"
    review_on: list[MonthDay] = []
    upgrade: Literal["nightly", "month_end", "next_month", "review"]
    downgrade_after_months: Count = 0
    watch_after_months: Count = 0
    falls_to_best_of_months: Annotated[int, Field(ge=1, le=6)] = 1

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.upgrade == "review") != bool(self.review_on):
            raise ValueError("upgrade: review goes with review_on, and neither without the other")
        return self

    @property
    def measures(self) -> list[str]:
        """Everything customers are graded by, the leading measure first."""
        return [self.metric, *self.also]


class Effective(BaseModel):
    """Who is an effective customer (有效户, brief): the others are on no list and nobody's duty.

    Not effective: assets below ``below`` yuan, nothing owed, and no movement of the customer's own for ``idle_days``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    below: Money
    idle_days: Annotated[int, Field(ge=1)]


class Post(Entry):
    """A post (岗位): whose customers it may see, and its working capacity.

    ``reach``: ``own`` (customers it is primary or deputy of), ``branch`` (with the branches below it), ``bank`` or
    ``none``. ``customers_max``: so many customers one person answers for (管户上限); none: no limit. ``sees_runs``: may
    read the reports of the nights. ``keeps_rules``: may propose rule books and approve those of others.
    """

    reach: Literal["own", "branch", "bank", "none"]
    minutes_per_day: Count = 0
    customers_max: Annotated[int, Field(ge=1)] | None = None
    sees_runs: bool = False
    keeps_rules: bool = False

    @property
    def decides(self) -> bool:
        """Whether it sees more than its own customers: it merges duplicates and decides on customers' rights."""
        return self.reach in ("branch", "bank")


class Duty(Entry):
    """A duty (职责): the grades whose missing facts a post collects (brief, M13)."""

    post: str
    from_grade: str
    to_grade: str | None = None


class Benefit(Entry):
    """A benefit (权益, M21): from which grade it is due, how often in a period, and what one use costs the bank (yuan)."""

    from_grade: str
    to_grade: str | None = None
    quota: Annotated[int, Field(ge=1, le=366)]
    period: Literal["month", "quarter", "year"]
    cost: Money

    def period_of(self, on: date) -> tuple[date, date]:
        """The first and the last day of the period that a date lies in."""
        months = {"month": 1, "quarter": 3, "year": 12}[self.period]
        first = date(on.year, (on.month - 1) // months * months + 1, 1)
        ahead = first.year * 12 + first.month - 1 + months
        return first, date(ahead // 12, ahead % 12 + 1, 1) - timedelta(days=1)


class Portfolios(BaseModel):
    """Rules of responsibility: referrals are answered within ``referral_days``; of claims (认领) a person makes at most
    ``claims_per_day`` and holds ``claims_held``, of customers nobody has talked to for ``claim_idle_days``; a hand-over
    is settled within ``handover_days``; an exception to the policy lasts at most ``exception_days``; a contact takes
    ``contact_minutes``, for the work that a grade means."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    referral_days: Annotated[int, Field(ge=1)]
    claims_per_day: Annotated[int, Field(ge=1)]
    claims_held: Annotated[int, Field(ge=1)]
    claim_idle_days: Annotated[int, Field(ge=1)]
    handover_days: Annotated[int, Field(ge=1)]
    exception_days: Annotated[int, Field(ge=1)]
    contact_minutes: Annotated[int, Field(ge=1)]
