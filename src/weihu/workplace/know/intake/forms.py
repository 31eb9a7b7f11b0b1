"""The forms of imports (file, columns), of new public forms, and the public form itself."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.fields import CatalogueField
from weihu.workplace.base.channels import Channel
from weihu.workplace.know.archive.forms import CatalogueInput, HowItCame
from weihu.workplace.know.archive.words import category_name
from weihu.workplace.know.intake.columns import CUSTOMER

DAY = {"type": "date", "class": "form-control"}
NEVER_PUBLIC = ("name", "phone", "identity_number", "memo", "do_not_contact")
"""Fields that a public form either always has or must not have."""
LARGEST = 60 * 1024 * 1024


class UploadForm(HowItCame):
    """A workbook, with the channel and confidence of its facts."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    file = forms.FileField(
        label=_("Excel or CSV file"),
        widget=forms.FileInput(attrs={"class": "form-control", "accept": ".xlsx,.xls,.ods,.csv,.txt,.tsv"}),
    )
    field_order = ("token", "file", "channel", "confidence")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].initial = Channel.CAMPAIGN

    def clean_file(self) -> Any:
        """Refuse files too large to be kept in memory."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(_("At most 60 MB."))
        return file


class MappingForm(forms.Form):
    """The field that each column holds: no field twice, and a column that identifies the customer."""

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
        """Check that fields are unique and that a column identifies the customer."""
        values = super().clean() or {}
        chosen = [key for key in values.values() if key]
        if len(chosen) != len(set(chosen)):
            raise forms.ValidationError(_("Two columns cannot be the same field."))
        if not {CUSTOMER, "identity_number", "phone", "name"} & set(chosen):
            raise forms.ValidationError(
                _("One column has to name the customer: number, identity number, phone or name.")
            )
        return values

    @property
    def mapping(self) -> list[str]:
        """The chosen field of each column, or ""."""
        return [self.cleaned_data[name] or "" for name in self.fields]


class InvitationForm(forms.Form):
    """A new public form."""

    title = forms.CharField(label=_("Title"), max_length=100, widget=forms.TextInput(attrs={"class": "form-control"}))
    text = forms.CharField(
        label=_("Words to the reader"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 2}),
    )
    channel = forms.ChoiceField(
        label=_("Kind"),
        choices=[(kind.value, kind.label) for kind in (Channel.EVENT, Channel.SURVEY, Channel.CAMPAIGN)],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    opens_on = forms.DateField(label=_("From"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    closes_on = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))

    def __init__(self, book: RuleBook, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = {key: field for key, field in book.fields.items() if key not in NEVER_PUBLIC and not field.consent}
        self.fields["asked"] = forms.MultipleChoiceField(
            label=_("Questions"),
            choices=list(_by_category(offered).items()),
            required=False,
            widget=forms.SelectMultiple(attrs={"class": "form-select", "size": 12}),
        )
        purposes = [(key, purpose.name(get_language() or "zh-hans")) for key, purpose in book.consents.items()]
        self.fields["purpose"] = forms.ChoiceField(
            label=_("Consent"),
            choices=purposes,
            initial="event",
            widget=forms.Select(attrs={"class": "form-select"}),
        )

    def clean(self) -> dict[str, Any]:
        """The form must close after it opens."""
        values = super().clean() or {}
        if values.get("opens_on") and values.get("closes_on") and values["closes_on"] < values["opens_on"]:
            self.add_error("closes_on", _("The end is before the start."))
        return values


class PublicForm(forms.Form):
    """The public form: name, phone, the invitation's fields, and the consent without which nothing is stored."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    # a honeypot: people do not see this field, spam programs fill it in
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}))
    agreed = forms.BooleanField(error_messages={"required": _("We may only keep this if you agree.")})

    def __init__(self, fields: dict[str, CatalogueField], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = {key: field for key, field in fields.items() if key not in ("name", "phone")}
        required = {"name": fields["name"], "phone": fields["phone"]}
        for key, field in {**required, **self.asked}.items():
            self.fields[key] = CatalogueInput(field)
            self.fields[key].help_text = ""
            self.fields[key].required = key in required

    @property
    def questions(self) -> list[forms.BoundField]:
        """The inputs in the order in which they are asked."""
        return [self[key] for key in ("name", "phone", *self.asked)]

    @property
    def answers(self) -> dict[str, str]:
        """The answers to the invitation's own fields, in the stored form."""
        return {key: self.cleaned_data[key] for key in self.asked if self.cleaned_data[key]}


def _choices(fields: dict[str, CatalogueField]) -> list[Any]:
    return [("", str(_("(leave out)"))), (CUSTOMER, str(_("Customer number"))), *_by_category(fields).items()]


def _by_category(fields: dict[str, CatalogueField]) -> dict[str, list[tuple[str, str]]]:
    language = get_language() or "zh-hans"
    grouped: dict[str, list[tuple[str, str]]] = {}
    for key, field in fields.items():
        grouped.setdefault(category_name(field.category), []).append((key, field.name(language)))
    return grouped
