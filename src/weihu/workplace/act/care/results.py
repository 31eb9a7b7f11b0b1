"""What changes a customer's care plans: results of contacts complete or move steps and end plans; people stop them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.care.models import CarePlan, CareStep
from weihu.workplace.bank.models import Signal
from weihu.workplace.base import audit
from weihu.workplace.contact.models import Contact, Outcome

STEP_KINDS = {"primary": "care_step", "deputy": "care_deputy"}
"""The kind of signal that puts a step on a list, by who carries it out."""


def subject_of(step: CareStep) -> str:
    """The subject of a step's signal; it includes the due date, so a moved step is a new reason."""
    return f"{step.care_plan_id} {step.place} {step.due_on}"


def apply(contact: Contact, answered: Iterable[Signal], book: RuleBook) -> None:
    """Apply the result of a contact: complete or move the steps it answered, end plans that are over."""
    running = list(CarePlan.objects.filter(customer_id=contact.customer_id, ended_on__isnull=True))
    if not running:
        return
    subjects = {signal.subject for signal in answered if signal.kind in STEP_KINDS.values()}
    open_steps = CareStep.objects.filter(care_plan__in=running, done_on__isnull=True)
    for step in open_steps:
        if subject_of(step) not in subjects:
            continue
        if contact.outcome == Outcome.RESCHEDULED and contact.follow_up_on:
            CareStep.objects.filter(pk=step.pk).update(due_on=contact.follow_up_on)
        else:
            CareStep.objects.filter(pk=step.pk).update(done_on=contact.on, done_by=contact.staff_id)
    for plan in running:
        rule = book.care_plans.get(plan.plan)
        if rule and contact.outcome in rule.ends_on:
            _end(plan, contact.on, contact.staff_id, CarePlan.Why.RESULT)
        elif not plan.steps.filter(done_on__isnull=True).exists():
            _end(plan, contact.on, contact.staff_id, CarePlan.Why.DONE)


def stop(plan: CarePlan, by: str, on: date) -> None:
    """Stop a plan by hand."""
    _end(plan, on, by, CarePlan.Why.HAND)
    audit.record(by, "care.stop", plan.customer_id, plan.plan)


def _end(plan: CarePlan, on: date, by: str, why: str) -> None:
    CarePlan.objects.filter(pk=plan.pk, ended_on__isnull=True).update(ended_on=on, ended_by=by, why=why, open_key=None)
