"""What a campaign changed: those called beside those left alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

from weihu.rules.effect import Group, Interval, interval
from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.campaigns.drawing import AT_ONCE, holders
from weihu.workplace.act.campaigns.models import Campaign
from weihu.workplace.bank.models import Run, Standing
from weihu.workplace.contact.models import Answer, Outcome


@dataclass(frozen=True)
class Response:
    """The groups by their change of AUM (yuan) and how many took what was offered, with the differences' intervals."""

    acted: Group
    control: Group
    aum: Interval | None
    took: tuple[int, int]
    taking: Interval | None
    called: int
    outcomes: dict[str, int]
    reached: int
    declined: int

    @property
    def brought(self) -> Interval | None:
        """The difference over all who were called, yuan."""
        size = self.acted.size
        return Interval(self.aum.difference * size, self.aum.low * size, self.aum.high * size) if self.aum else None


def response(campaign: Campaign, run: Run, book: RuleBook, confidence: float | None = None) -> Response:
    """What is there as of a run. Everybody of a group counts, called already or not: that keeps the comparison fair."""
    targets = list(campaign.targets.order_by("pk"))
    now = _aum_now([target.customer_id for target in targets], run)
    changes: dict[bool, list[float]] = {True: [], False: []}
    for target in targets:
        changes[target.control].append(float(now.get(target.customer_id, 0) - target.aum_before))
    sure = float(book.effects.confidence) if confidence is None else confidence
    acted, control = Group.of(changes[False]), Group.of(changes[True])
    holding = holders(book.offers.get(campaign.offer), [target.customer_id for target in targets])
    took = Counter(target.control for target in targets if target.customer_id in holding and not target.held_before)
    answers = Answer.objects.filter(kind="campaign", subject=str(campaign.pk)).select_related("contact")
    outcomes = Counter(answer.contact.outcome for answer in answers)
    return Response(
        acted,
        control,
        interval(acted, control, sure, book.effects.smallest_group),
        (took[False], took[True]),
        shares(took[False], acted.size, took[True], control.size, sure, book.effects.smallest_group)
        if campaign.offer
        else None,
        len(answers),
        dict(outcomes),
        sum(outcomes.values()),
        outcomes[Outcome.DECLINED],
    )


def shares(took: int, size: int, other_took: int, other_size: int, confidence: float, smallest: int) -> Interval | None:
    """The difference of two shares with its interval (Newcombe 1998, method 10: from both Wilson intervals); None while
    a group is smaller than ``smallest``."""
    if min(size, other_size) < smallest:
        return None
    from scipy import stats  # noqa: PLC0415 - nights import this module and never ask for an interval

    ends = []
    for count, of in ((took, size), (other_took, other_size)):
        bounds = stats.binomtest(count, of).proportion_ci(confidence, method="wilson")
        ends.append((count / of, float(bounds.low), float(bounds.high)))
    (share, low, high), (other, other_low, other_high) = ends
    difference = share - other
    return Interval(
        difference,
        difference - sqrt((share - low) ** 2 + (other_high - other) ** 2),
        difference + sqrt((high - share) ** 2 + (other - other_low) ** 2),
    )


def _aum_now(ids: list[str], run: Run) -> dict[str, Decimal]:
    aum_by_customer: dict[str, Decimal] = {}
    for place in range(0, len(ids), AT_ONCE):
        rows = Standing.objects.listed_at(run).filter(customer_id__in=ids[place : place + AT_ONCE])
        aum_by_customer |= {row.customer_id: row.aum for row in rows}
    return aum_by_customer
