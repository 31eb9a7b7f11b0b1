"""Financial goals (理财目标): set with the customer and followed until they are due."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from weihu.workplace.base import audit
from weihu.workplace.know.life.models import Goal, Progress

CONTROL = {"class": "form-control form-control-sm"}


class Yuan(forms.DecimalField):
    """An amount in yuan, to the cent."""

    def __init__(self, lowest: int, label: Any = None, initial: Any = None) -> None:
        super().__init__(
            max_digits=16,
            decimal_places=2,
            min_value=Decimal(lowest),
            label=label,
            initial=initial,
            widget=forms.NumberInput(attrs=CONTROL),
        )


class GoalForm(forms.Form):
    """A new goal."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(label=_("Goal"), max_length=100, widget=forms.TextInput(attrs=CONTROL))
    target = Yuan(label=_("Amount"), lowest=1)
    saved = Yuan(label=_("There already"), lowest=0, initial=0)
    due_on = forms.DateField(
        label=_("By"), widget=forms.DateInput(attrs={**CONTROL, "type": "date"}, format="%Y-%m-%d")
    )


def goal_form() -> GoalForm:
    """An empty form of a goal."""
    return GoalForm(initial={"token": uuid4()})


def goals_of(customer_id: str) -> list[tuple[Goal, list[Progress]]]:
    """A customer's running goals, the earliest due first, with the progress recorded for each."""
    rows = Goal.objects.filter(customer_id=customer_id, ended_on__isnull=True).order_by("due_on", "pk")
    return [(goal, list(goal.progress.order_by("pk"))) for goal in rows]


def set_goal(customer_id: str, form_values: dict[str, Any], by: str, on: date) -> None:
    """Record a new goal from the form; repeating the same token changes nothing."""
    with transaction.atomic():
        values = {key: form_values[key] for key in ("name", "target", "saved", "due_on")}
        goal, created = Goal.objects.get_or_create(
            token=form_values["token"], defaults={**values, "customer_id": customer_id, "staff_id": by, "on": on}
        )
        if created:
            note_progress(goal, goal.saved, by, on)


def note_progress(goal: Goal, saved: Decimal, by: str, on: date) -> None:
    """Record how much has been saved towards a goal."""
    with transaction.atomic():
        Goal.objects.filter(pk=goal.pk).update(saved=saved)
        Progress.objects.create(goal=goal, saved=saved, staff_id=by, on=on)
        audit.record(by, "goal.record", goal.customer_id)
