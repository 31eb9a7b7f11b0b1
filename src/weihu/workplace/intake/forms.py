"""Forms of the import: the file, and which column is what."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from weihu.rules.entries import CatalogueField
from weihu.workplace.archive.models import Channel, Confidence
from weihu.workplace.intake.columns import CUSTOMER
from weihu.workplace.words import category_name

LARGEST = 60 * 1024 * 1024


class UploadForm(forms.Form):
    """A workbook, how its facts came and how sure they are."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    file = forms.FileField(
        label=_("Excel or CSV file"),
        widget=forms.FileInput(attrs={"class": "form-control", "accept": ".xlsx,.xls,.ods,.csv,.txt,.tsv"}),
    )
    channel = forms.ChoiceField(
        label=_("How it came"),
        choices=Channel.choices,
        initial=Channel.CAMPAIGN,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    confidence = forms.TypedChoiceField(
        label=_("How sure"),
        choices=Confidence.choices,
        coerce=int,
        initial=Confidence.TOLD,
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def clean_file(self) -> Any:
        """A file of a size that can be kept in memory."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(_("At most 60 MB."))
        return file


class MappingForm(forms.Form):
    """The field that each column holds; no field twice, and some column that names the customer."""

    def __init__(self, titles: list[str], mapping: list[str], fields: dict[str, CatalogueField], *args: Any) -> None:
        super().__init__(*args)
        choices = _choices(fields)
        for place, title in enumerate(titles):
            self.fields[f"column-{place}"] = forms.ChoiceField(
                label=title or "—",
                choices=choices,
                required=False,
                initial=mapping[place],
                widget=forms.Select(attrs={"class": "form-select form-select-sm", "aria-label": title}),
            )

    def clean(self) -> dict[str, Any]:
        """One column per field."""
        said = super().clean() or {}
        chosen = [key for key in said.values() if key]
        if len(chosen) != len(set(chosen)):
            raise forms.ValidationError(_("Two columns cannot be the same field."))
        if not {CUSTOMER, "identity_number", "phone", "name"} & set(chosen):
            raise forms.ValidationError(
                _("One column has to name the customer: number, identity number, phone or name.")
            )
        return said

    @property
    def mapping(self) -> list[str]:
        """The chosen field of each column, or ""."""
        return [self.cleaned_data[name] or "" for name in self.fields]


def _choices(fields: dict[str, CatalogueField]) -> list[Any]:
    language = get_language() or "zh-hans"
    grouped: dict[str, list[tuple[str, str]]] = {}
    for key, field in fields.items():
        grouped.setdefault(category_name(field.category), []).append((key, field.name(language)))
    return [("", str(_("(leave out)"))), (CUSTOMER, str(_("Customer number"))), *grouped.items()]
