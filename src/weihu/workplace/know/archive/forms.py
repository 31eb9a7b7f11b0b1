"""The form at the counter (客户信息登记), built from the field catalogue."""

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
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.whole import whole
from weihu.workplace.know.archive.facts import FactContent, FieldState, with_derived
from weihu.workplace.know.archive.models import Confidence

REFUSED = "refused-"
SEEN = "seen-"


class CatalogueInput(forms.Field):
    """The input for a field of the catalogue; its value is cleaned into the stored form."""

    def __init__(self, field: CatalogueField) -> None:
        self.field = field
        language = get_language() or "zh-hans"
        super().__init__(
            required=False, label=field.name(language), help_text=field.use(language), widget=_widget(field)
        )

    def clean(self, value: Any) -> str:
        """The stored form; empty if nothing was entered."""
        text = ",".join(value) if isinstance(value, list) else str(value or "")
        if not text.strip():
            if self.required:
                raise forms.ValidationError(self.error_messages["required"])
            return ""
        try:
            return read(self.field, text)
        except Unfit as unfit:
            raise forms.ValidationError(unfit.text(get_language() or "zh-hans")) from None


class HowItCame(forms.Form):
    """Channel and confidence of facts."""

    channel = forms.ChoiceField(
        label=_("How it came"),
        choices=Channel.choices,
        initial=Channel.SERVICE,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    confidence = forms.TypedChoiceField(
        label=_("Confidence"),
        choices=Confidence.choices,
        coerce=int,
        initial=Confidence.TOLD,
        widget=forms.Select(attrs={"class": "form-select"}),
    )


class FactsForm(HowItCame):
    """Several fields of a customer at once, with channel and confidence.

    Each field has a checkbox for a refusal and a hidden list of the facts that the page showed.
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

    def __init__(
        self, fields: list[FieldState], known_keys: set[str], agreed: set[str], *args: Any, **kwargs: Any
    ) -> None:
        """``fields`` are asked; ``known_keys``: what the whole archive knows already; ``agreed``: consents given."""
        super().__init__(*args, **kwargs)
        self.known_keys, self.agreed = known_keys, agreed
        self.known = {state.key: state for state in fields}
        for key, state in self.known.items():
            self.fields[key] = CatalogueInput(state.field)
            self.fields[REFUSED + key] = forms.BooleanField(required=False)
            self.fields[SEEN + key] = forms.CharField(required=False, widget=forms.HiddenInput)
            self.initial[SEEN + key] = state.seen
        for key in list(self.known)[:1]:
            self.fields[key].widget.attrs["autofocus"] = True

    def rows(self) -> Iterator[tuple[FieldState, forms.BoundField, forms.BoundField, forms.BoundField]]:
        """For the page: what is known, the input, the refusal, the facts shown."""
        for key, state in self.known.items():
            yield state, self[key], self[REFUSED + key], self[SEEN + key]

    def clean(self) -> dict[str, Any]:
        """A field has either a value or a refusal; some need the customer's consent."""
        values = super().clean() or {}
        for key, state in self.known.items():
            if values.get(key) and state.field.consent and state.field.consent not in self.agreed:
                self.add_error(key, _("The customer has not agreed to this yet: record the consent first."))
            if values.get(key) and values.get(REFUSED + key):
                self.add_error(key, _("Enter a value or mark it as declined, not both."))
        return values

    def contents(self) -> Iterator[tuple[FactContent, list[int], UUID]]:
        """The facts to record, each with the ids of the facts that the page showed and a token."""
        values = self.cleaned_data
        for key in self.known:
            if not (values[key] or values[REFUSED + key]):
                continue
            content = FactContent(
                field=key,
                value=values[key],
                channel=Channel(values["channel"]),
                confidence=Confidence(values["confidence"]),
                refused=values[REFUSED + key],
                source=values["source"],
                valid_until=values["valid_until"],
            )
            known_keys = self.known_keys | {other for other in self.known if values.get(other)}
            for new in with_derived(content, known_keys):
                seen = numbers(values[SEEN + key]) if new is content else []
                yield new, seen, uuid5(values["token"], new.field)


def numbers(text: str) -> list[int]:
    """The ids in a comma-separated text; anything else is left out."""
    return [number for part in text.split(",") if (number := whole(part)) is not None]


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
