"""Care plans begin: by what a night found, or by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import transaction

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.care_plans import CarePlan as Plan
from weihu.rules.sections.signals import stem_of
from weihu.rules.workdays import WorkingDays
from weihu.workplace.act.care.models import CarePlan, CareStep
from weihu.workplace.bank.models import Run
from weihu.workplace.base import audit
from weihu.workplace.gate.workdays import days_of_branches

AT_ONCE = 500


class Running(ValueError):
    """The plan runs for the customer already."""


def kinds_that_begin(book: RuleBook) -> list[str]:
    """The kinds of signal that begin some plan."""
    return sorted({kind for plan in book.care_plans.values() for kind in plan.starts_on})


def begin_by_signals(run: Run, signals: Iterable[dict[str, object]]) -> None:
    """Begin the plans that tonight's signals ask for. ``signals``: customer_id, kind, subject, led_by, grade_rank.

    An event begins a plan once, by the signal that leads it. What a corrected night finds again does not begin a second time, nor does a plan that has just ended.
    """
    book = run.rulebook
    asked: dict[str, CarePlan] = {}
    for signal in signals:
        for key, plan in book.care_plans.items():
            leader = str(signal["led_by"]).partition(" ")[0]
            if (
                signal["kind"] in plan.starts_on
                and leader not in plan.starts_on
                and _of_grade(int(str(signal["grade_rank"])), plan, book)
            ):
                made = CarePlan(
                    customer_id=str(signal["customer_id"]),
                    plan=key,
                    open_key=f"{signal['customer_id']} {key}",
                    signal=f"{signal['kind']} {stem_of(str(signal['kind']), str(signal['subject']))}"[:200],
                    started_on=run.work_date,
                )
                asked.setdefault(made.open_key or "", made)
    _drop_just_ended(asked, book, run.work_date)
    keys, days = sorted(asked), days_of_branches(book, run.work_date)
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        CarePlan.objects.bulk_create([asked[key] for key in some], ignore_conflicts=True)
        begun = CarePlan.objects.filter(open_key__in=some, started_on=run.work_date, steps__isnull=True)
        steps = (step for plan in begun for step in _steps(plan, book.care_plans[plan.plan], days))
        CareStep.objects.bulk_create(steps)


def _drop_just_ended(asked: dict[str, CarePlan], book: RuleBook, on: date) -> None:
    """Take out the plans that ended for their customer a short time ago: it is the same event, or too soon."""
    customers = sorted({plan.customer_id for plan in asked.values()})
    longest = max((plan.again_after_days for plan in book.care_plans.values()), default=0)
    for start in range(0, len(customers), AT_ONCE):
        ended = CarePlan.objects.filter(
            customer_id__in=customers[start : start + AT_ONCE], ended_on__gt=on - timedelta(days=longest)
        )
        for plan in ended:
            rule = book.care_plans.get(plan.plan)
            if rule and plan.ended_on and plan.ended_on > on - timedelta(days=rule.again_after_days):
                asked.pop(f"{plan.customer_id} {plan.plan}", None)


def begin_by_hand(customer_id: str, key: str, book: RuleBook, by: str, on: date) -> CarePlan:
    """A person begins a plan of the book. Raises Running, KeyError."""
    plan = book.care_plans[key]
    with transaction.atomic():
        made, created = CarePlan.objects.get_or_create(
            open_key=f"{customer_id} {key}",
            defaults={"customer_id": customer_id, "plan": key, "started_on": on, "started_by": by},
        )
        if not created:
            raise Running
        CareStep.objects.bulk_create(_steps(made, plan, days_of_branches(book, on)))
        audit.record(by, "care.begin", customer_id, key)
    return made


def _steps(made: CarePlan, plan: Plan, days: WorkingDays) -> list[CareStep]:
    return [
        CareStep(care_plan=made, place=place, due_on=days.after(made.started_on, step.day, "care_plans"))
        for place, step in enumerate(plan.steps)
    ]


def _of_grade(rank: int, plan: Plan, book: RuleBook) -> bool:
    last = book.rank(plan.to_grade) if plan.to_grade else len(book.grades) - 1
    return book.rank(plan.from_grade) <= rank <= last
