"""The form of a relation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from weihu.rules.rulebook import RuleBook
from weihu.workplace.gate.reach import Gate

CONTROL = {"class": "form-control"}


class RelationForm(forms.Form):
    """A related person: a customer by number or name, or anybody else by name; the kind of relation; date of birth."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    other_id = forms.CharField(
        label=_("Customer: number or name"), required=False, max_length=60, widget=forms.TextInput(attrs=CONTROL)
    )
    name = forms.CharField(
        label=_("Name, if no customer"), required=False, max_length=100, widget=forms.TextInput(attrs=CONTROL)
    )
    born = forms.DateField(
        label=_("Born"), required=False, widget=forms.DateInput(attrs={**CONTROL, "type": "date"}, format="%Y-%m-%d")
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=200, widget=forms.TextInput(attrs=CONTROL))

    def __init__(self, book: RuleBook, gate: Gate, customer_id: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gate, self.customer_id = gate, customer_id
        language = get_language() or "zh-hans"
        offered = [(key, kind.name(language)) for key, kind in book.relations.items() if not kind.core]
        self.fields["kind"] = forms.ChoiceField(
            label=_("Relation"), choices=offered, widget=forms.Select(attrs={"class": "form-select"})
        )
        self.order_fields(["kind", "other_id", "name", "born", "note"])

    def clean_other_id(self) -> str:
        """The number of a customer within reach, other than this customer, from a number or name."""
        text = str(self.cleaned_data["other_id"]).strip()
        if not text:
            return ""
        candidates = self.gate.standings().filter(Q(customer_id=text) | Q(customer__name=text))
        matches = list(candidates.order_by().values_list("customer_id", flat=True)[:2])
        if matches == [self.customer_id]:
            raise forms.ValidationError(_("Nobody is related to himself."))
        if not matches:
            raise forms.ValidationError(_("No customer within your reach has this number or name."))
        if len(matches) > 1:
            raise forms.ValidationError(_("Several customers have this name: give the number."))
        return str(matches[0])

    def clean(self) -> dict[str, Any]:
        """Either a customer or a name is required."""
        values = super().clean() or {}
        if "other_id" in values and bool(values["other_id"]) == bool(values.get("name")):
            self.add_error("name", _("Either a customer number or a name."))
        return values
