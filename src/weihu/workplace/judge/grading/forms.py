"""Forms of the rule book: the settings that a manager can try out on a page, and a whole book as a file."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from weihu.rules import rulebook
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.measures import OWN_MEASURES
from weihu.workplace.base.words import called

REFUSALS = {
    "own": _("You cannot approve your own rule book: a second person must."),
    "post": _("Your post proposes books; the department approves them."),
    "past": _("The day in force has passed: propose the book again with a later one."),
    "state": _("This has already been decided."),
}
OWN_NAMES = {"aum": _("Assets as they stand"), "monthly_average": _("Monthly average")}
UPGRADES = (
    ("nightly", _("that night")),
    ("month_end", _("on the month's last night")),
    ("next_month", _("in the next month")),
    ("review", _("on the review days")),
)


class PolicyForm(forms.Form):
    """The policy and every grade's threshold and cadence; everything else stays as the book has it."""

    def __init__(self, *args: Any, book: RuleBook, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.base = book
        measures = [
            *((key, OWN_NAMES[key]) for key in OWN_MEASURES),
            *((key, called(measure)) for key, measure in book.measures.items()),
        ]
        policy = book.policy
        self.fields["metric"] = self._choice(_("Measured by"), measures, policy.metric)
        self.fields["upgrade"] = self._choice(
            _("Up"), [pair for pair in UPGRADES if (pair[0] == "review") == bool(policy.review_on)], policy.upgrade
        )
        for name, label, low, high in (
            ("watch_after_months", _("Watch after months"), 0, 24),
            ("downgrade_after_months", _("Down after months"), 0, 24),
            ("falls_to_best_of_months", _("Falls to the best of months"), 1, 6),
        ):
            self.fields[name] = self._whole(label, getattr(policy, name), low, high)
        for key, entry in book.grades.items():
            if entry.within_top is not None:
                self.fields[f"within_top {key}"] = self._decimal(_("Best %"), entry.within_top * 100, 4)
            elif entry.minimum is not None:
                self.fields[f"minimum {key}"] = self._decimal(_("Threshold"), entry.minimum, 2)
            self.fields[f"cadence_days {key}"] = self._whole(
                _("Contact every … days"), entry.cadence_days, 1, 999, required=False
            )

    @property
    def rows(self) -> list[tuple[Any, Any, Any]]:
        """For the page: each grade with its fields, highest grade first."""
        grades = []
        for key, entry in reversed(self.base.grades.items()):
            bound = next(
                (self[f"{name} {key}"] for name in ("minimum", "within_top") if f"{name} {key}" in self.fields), None
            )
            grades.append((entry, bound, self[f"cadence_days {key}"]))
        return grades

    @property
    def general(self) -> list[Any]:
        """For the page: the fields that apply to all grades."""
        return [self[name] for name in self.fields if " " not in name]

    def proposed(self) -> RuleBook:
        """The book with the form's changes. Raises FaultyBook."""
        if not self.is_bound:
            return self.base
        values = self.cleaned_data
        policy = {name: values[name] for name in self.fields if " " not in name}
        grades: dict[str, dict[str, Any]] = {key: {} for key in self.base.grades}
        for name, value in values.items():
            setting, _space, key = name.partition(" ")
            if key:
                grades[key][setting] = (
                    str(value / 100) if setting == "within_top" else str(value) if setting == "minimum" else value
                )
        starts = self.data.get("in_force_from") or str(self.base.in_force_from)
        version = (self.data.get("title", "").strip() or self.base.version)[:100]
        changes = {"policy": policy, "grades": grades, "version": version, "in_force_from": starts}
        return rulebook.changed(self.base, changes)

    @staticmethod
    def _choice(label: Any, choices: list[Any], initial: str) -> forms.ChoiceField:
        return forms.ChoiceField(
            label=label, choices=choices, initial=initial, widget=forms.Select(attrs={"class": "form-select"})
        )

    @staticmethod
    def _whole(label: Any, initial: int | None, low: int, high: int, required: bool = True) -> forms.IntegerField:
        widget = forms.NumberInput(attrs={"class": "form-control", "inputmode": "numeric"})
        return forms.IntegerField(
            label=label, initial=initial, min_value=low, max_value=high, required=required, widget=widget
        )

    @staticmethod
    def _decimal(label: Any, initial: Decimal, places: int) -> forms.DecimalField:
        widget = forms.NumberInput(attrs={"class": "form-control", "inputmode": "decimal", "step": "any"})
        display = initial.normalize() if initial % 1 else initial.quantize(Decimal(1))
        return forms.DecimalField(
            label=label, initial=f"{display:f}", min_value=0, max_digits=18, decimal_places=places, widget=widget
        )


class BookFile(forms.Form):
    """A rule book as a TOML file."""

    file = forms.FileField(
        label=_("Rule book (TOML)"), widget=forms.FileInput(attrs={"class": "form-control", "accept": ".toml"})
    )

    def book(self) -> RuleBook:
        """The checked book. Raises FaultyBook with line and field."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "book.toml"
            path.write_bytes(self.cleaned_data["file"].read())
            return rulebook.load(path)
