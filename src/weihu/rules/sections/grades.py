"""``[grades.…]``: the grades of customers, from the lowest to the highest (等级)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from weihu.rules.sections.entry import (
    Broken,
    Entry,
    MeasureName,
    Money,
    PostName,
    Share,
    Weight,
    broken_rule,
)


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
    minimums: dict[MeasureName, Money] = {}
    within_top: Share | None = None
    posts: list[PostName]
    deputy_posts: list[PostName] = []
    supporting_posts: list[PostName] = []
    on_request: list[PostName] = []
    cadence_days: Annotated[int, Field(ge=1)] | None = None
    weight: Weight = Decimal(1)
    watch_after_months: Annotated[int, Field(ge=1)] | None = None
    downgrade_after_months: Annotated[int, Field(ge=1)] | None = None
    claimable: bool = False

    @property
    def reachable(self) -> bool:
        """Whether anything leads to it; the lowest grade is everybody's."""
        return self.minimum is not None or self.within_top is not None or bool(self.minimums)


def check_order(grades: dict[str, Grade]) -> dict[str, Grade]:
    """Everyone has a grade, and a better one is harder to reach."""
    broken = [
        *_unreachable(grades),
        *_not_rising(grades, "minimum", {key: grade.minimum for key, grade in grades.items()}),
        *_not_shrinking(grades),
    ]
    for measure in dict.fromkeys(measure for grade in grades.values() for measure in grade.minimums):
        bounds = {key: grade.minimums.get(measure) for key, grade in grades.items()}
        broken += _not_rising(grades, f"minimums.{measure}", bounds)
    if broken:
        raise broken_rule(*broken)
    return grades


def _unreachable(grades: dict[str, Grade]) -> list[Broken]:
    broken = []
    for place, (key, grade) in enumerate(grades.items()):
        if place == 0 and grade.reachable:
            zh, en = "最低等级没有下限,使人人都有等级", "no minimum in the lowest grade, so that everyone has a grade"
            broken.append(Broken((key,), zh, en))
        elif place and not grade.reachable:
            zh, en = "minimum、within_top 或 minimums", "a minimum, within_top or minimums"
            broken.append(Broken((key,), zh, en))
    return broken


def _not_rising(grades: dict[str, Grade], setting: str, bounds: dict[str, Decimal | None]) -> list[Broken]:
    broken, last, before = [], "", None
    for key, bound in bounds.items():
        if bound is None:
            continue
        if before is not None and bound <= before:
            zh = f"高于 {grades[last].zh}({last})的 {before}"
            where = setting.split(".", 1)
            broken.append(Broken((key, *where), zh, f"more than the {before} of {last}", (last, *where)))
        last, before = key, bound
    return broken


def _not_shrinking(grades: dict[str, Grade]) -> list[Broken]:
    broken, last, before = [], "", None
    for key, grade in grades.items():
        if grade.within_top is None:
            continue
        if before is not None and grade.within_top >= before:
            zh = f"小于 {grades[last].zh}({last})的 {before}"
            broken.append(Broken((key, "within_top"), zh, f"less than the {before} of {last}", (last, "within_top")))
        last, before = key, grade.within_top
    return broken
