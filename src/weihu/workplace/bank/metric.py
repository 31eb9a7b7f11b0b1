"""How far a customer is from a grade by the night's own metric: for pages, lists and referrals (M9, M10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from weihu.rules.metric import is_near, timing
from weihu.workplace.bank.models import Run, Standing, Threshold, change_over

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Distance:
    """What a grade takes of a customer tonight, in the unit of the policy's leading measure.

    ``lacking`` of the ``metric`` to the ``threshold``; none where it is reached. ``add``: so much more of the measure,
    kept from tomorrow on for ``days`` days, reaches the threshold.
    """

    rank: int
    metric: Decimal
    threshold: Decimal
    lacking: Decimal
    add: Decimal
    days: int
    near: bool
    """Near under the threshold or above it, by the metric or by the measure as it stands; ``has_lost`` is asked apart."""


def distance(
    rank: int, threshold: Decimal, metric: Decimal, measured: Decimal, month_total: Decimal, run: Run
) -> Distance:
    """The distance to a rank. ``month_total``: the measure summed over the month to date."""
    add, days = max(threshold - metric, Decimal(0)), days_left(run.business_date)
    if timing(run.rulebook) == "monthly_average":
        if days:
            missing = threshold * (run.month_days + days) - month_total - measured * days
            add = max(Decimal(0), (missing / days).quantize(CENT))
        else:  # the month is over: what next month's average takes
            add, days = max(Decimal(0), threshold - measured), days_left(run.work_date) + 1
    near = is_near(max(metric, measured), threshold, run.rulebook)
    return Distance(rank, metric, threshold, max(threshold - metric, Decimal(0)), add, days, near)


def distance_to(standing: Standing, rank: int, run: Run) -> Distance | None:
    """How far a customer is from a rank; None where the leading measure does not lead to it."""
    return distances({standing: rank}, run).get(standing)


def distances(asked: dict[Standing, int], run: Run) -> dict[Standing, Distance]:
    """How far each customer is from the rank asked for; those are left out whose rank the measure does not lead to."""
    thresholds = _thresholds(run, {standing.branch_id for standing in asked})
    distances_of = {}
    for standing, rank in asked.items():
        threshold = thresholds.get((standing.branch_id, rank))
        if threshold is not None:
            total = standing.month_total(run)
            distances_of[standing] = distance(rank, threshold, standing.metric(run), standing.measured, total, run)
    return distances_of


def thresholds_of(standing: Standing, run: Run) -> dict[int, Decimal]:
    """What the grades took of a customer tonight, by rank."""
    return {rank: threshold for (_, rank), threshold in _thresholds(run, [standing.branch_id]).items()}


def _thresholds(run: Run, branch_ids: Iterable[str]) -> dict[tuple[str, int], Decimal]:
    rows = Threshold.objects.filter(run_id=run.number, branch_id__in=branch_ids)
    return {(row.branch_id, row.grade_rank): row.threshold for row in rows}


def has_lost(history: list[Standing], run: Run) -> bool:
    """Whether a customer's AUM fell by more than the book's ``near_fall`` in its ``near_fall_days``: who has just lost money is near no grade
    (rules.metric.near_next). ``history``: the customer's rows, oldest first."""
    book = run.rulebook
    change = change_over(history, book.near_fall_days, run)
    return bool(-change > (history[-1].aum - change) * book.near_fall)


def days_left(on: date) -> int:
    """Days of the month after a date."""
    following = (on.replace(day=1) + timedelta(days=31)).replace(day=1)
    return (following - on).days - 1
