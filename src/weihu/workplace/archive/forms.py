"""The form at the counter (客户信息登记): made from the field catalogue, what is missing first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from weihu.rules.catalogue import Unfit, read
from weihu.rules.sections.fields import CatalogueField
from weihu.workplace.archive.facts import Known, Written, with_derived
from weihu.workplace.archive.models import Channel, Confidence

REFUSED = "refused-"
SEEN = "seen-"


class CatalogueInput(forms.Field):
    """A field of the catalogue: its choices or its kind of text, cleaned into the kept form."""

    def __init__(self, field: CatalogueField) -> None:
        self.field = field
        language = get_language() or "zh-hans"
        super().__init__(
            required=False, label=field.name(language), help_text=field.use(language), widget=_widget(field)
        )

    def clean(self, value: Any) -> str:
        """The kept form; empty if nothing was written."""
        written = ",".join(value) if isinstance(value, list) else str(value or "")
        if not written.strip():
            if self.required:
                raise forms.ValidationError(self.error_messages["required"])
            return ""
        try:
            return read(self.field, written)
        except Unfit as unfit:
            raise forms.ValidationError(unfit.text(get_language() or "zh-hans")) from None


class HowItCame(forms.Form):
    """The channel of facts and how sure they are."""

    channel = forms.ChoiceField(
        label=_("How it came"),
        choices=Channel.choices,
        initial=Channel.SERVICE,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    confidence = forms.TypedChoiceField(
        label=_("How sure"),
        choices=Confidence.choices,
        coerce=int,
        initial=Confidence.TOLD,
        widget=forms.Select(attrs={"class": "form-select"}),
    )


class FactsForm(HowItCame):
    """Some fields of one customer at once, with how they came and how sure they are.

    Beside each field stand whether the customer refused to tell, and which facts the writer had before him.
    """

    token = forms.UUIDField(widget=forms.HiddenInput)
    source = forms.CharField(
        label=_("Document or occasion"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )

    valid_until = forms.DateField(
        label=_("Holds until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )

    def __init__(self, fields: list[Known], told: set[str], agreed: set[str], *args: Any, **kwargs: Any) -> None:
        """``fields`` are asked; ``told`` are the keys of the whole archive known already, ``agreed`` the consents."""
        super().__init__(*args, **kwargs)
        self.told, self.agreed = told, agreed
        self.known = {known.key: known for known in fields}
        for key, known in self.known.items():
            self.fields[key] = CatalogueInput(known.field)
            self.fields[REFUSED + key] = forms.BooleanField(required=False)
            self.fields[SEEN + key] = forms.CharField(required=False, widget=forms.HiddenInput)
            self.initial[SEEN + key] = known.seen
        for key in list(self.known)[:1]:
            self.fields[key].widget.attrs["autofocus"] = True

    def rows(self) -> Iterator[tuple[Known, forms.BoundField, forms.BoundField, forms.BoundField]]:
        """For the page: what is known, the input, the refusal, the facts seen."""
        for key, known in self.known.items():
            yield known, self[key], self[REFUSED + key], self[SEEN + key]

    def clean(self) -> dict[str, Any]:
        """A field is either written or refused; some are written only with the customer's consent."""
        said = super().clean() or {}
        for key, known in self.known.items():
            if said.get(key) and known.field.consent and known.field.consent not in self.agreed:
                self.add_error(key, _("The customer has not agreed to this yet: record the consent first."))
            if said.get(key) and said.get(REFUSED + key):
                self.add_error(key, _("Either a value or refused."))
        return said

    def written(self) -> Iterator[tuple[Written, list[int], UUID]]:
        """What is to be recorded, the facts that its writer saw, and a token of its own."""
        said = self.cleaned_data
        for key in self.known:
            if not (said[key] or said[REFUSED + key]):
                continue
            fact = Written(
                field=key,
                value=said[key],
                channel=Channel(said["channel"]),
                confidence=Confidence(said["confidence"]),
                refused=said[REFUSED + key],
                source=said["source"],
                valid_until=said["valid_until"],
            )
            known = self.told | {other for other in self.known if said.get(other)}
            for one in with_derived(fact, known):
                seen = numbers(said[SEEN + key]) if one is fact else []
                yield one, seen, uuid5(said["token"], one.field)


def numbers(text: str) -> list[int]:
    """The ids in a comma-separated text; what is none is left out."""
    return [int(part) for part in text.split(",") if part.isdecimal()]


def _widget(field: CatalogueField) -> forms.Widget:
    language = get_language() or "zh-hans"
    control = {"class": "form-control"}
    offered = [(choice.key, choice.name(language)) for choice in field.choices]
    if field.kind == "choices":
        return forms.CheckboxSelectMultiple(choices=offered)
    if field.kind in ("choice", "boolean"):
        pairs = offered or [("yes", str(_("Yes"))), ("no", str(_("No")))]
        return forms.Select(choices=[("", "—"), *pairs], attrs={"class": "form-select"})
    if field.kind == "date":
        attrs = {**control, "type": "date", "min": str(date(1900, 1, 1))}
        return forms.DateInput(attrs=attrs, format="%Y-%m-%d")
    if field.kind == "long_text":
        return forms.Textarea(attrs={**control, "rows": 2})
    if field.kind in ("number", "year", "money", "postcode"):
        return forms.TextInput(attrs={**control, "inputmode": "decimal"})
    return forms.TextInput(attrs=control)
