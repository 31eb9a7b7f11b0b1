"""The form of a contact's result."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from weihu.rules.catalogue import Unfit, read
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.consents import Consent
from weihu.workplace.base.words import called
from weihu.workplace.contact.models import CHOSEN, Outcome, Way
from weihu.workplace.know.archive.words import CATEGORY_NAMES

NEXT_STEP_DAYS = 1


class Select(forms.Select):
    """Django's select without rendering a template per option, because the busiest page has this form."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The same HTML as Django's."""
        chosen = str(value or "")
        own = flatatt({**self.attrs, **(attrs or {}), "name": name})
        groups = [(label, rows if isinstance(rows, list | tuple) else None, rows) for label, rows in self.choices]
        parts = [
            format_html('<optgroup label="{}">{}</optgroup>', label, _options(rows, chosen))
            if rows is not None
            else _options([(label, name)], chosen)
            for label, rows, name in groups
        ]
        return format_html("<select{}>{}</select>", own, mark_safe("".join(parts)))  # noqa: S308 - parts are escaped


def _options(rows: Any, chosen: str) -> SafeString:
    lines = ((mark_safe(" selected") if str(key) == chosen else "", key, label) for key, label in rows)
    return format_html_join("", '<option{0} value="{1}">{2}</option>', lines)


class TokenForm(forms.Form):
    """Which contact is meant."""

    token = forms.UUIDField()


class ContactForm(forms.Form):
    """The result of a contact: outcome, next step, note, interest, a fact learned. "Another time" needs a date."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(choices=CHOSEN)
    way = forms.ChoiceField(label=_("How"), choices=Way.choices, initial=Way.PHONE)
    follow_up_on = forms.DateField(
        label=_("Next contact"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )
    interest = forms.ChoiceField(
        label=_("Interested in"), required=False, widget=Select(attrs={"class": "form-select"})
    )
    learned = forms.ChoiceField(label=_("Learned"), required=False, widget=Select(attrs={"class": "form-select"}))
    learned_value = forms.CharField(
        label=_("What"), required=False, max_length=500, widget=forms.TextInput(attrs={"class": "form-control"})
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 1, "class": "form-control"}),
    )

    def __init__(
        self,
        *args: Any,
        book: RuleBook,
        work_date: date,
        next_open: date,
        unasked: list[Consent],
        agreed: set[str],
        lacking: list[str],
        **kwargs: Any,
    ) -> None:
        """``next_open``: the day that "another time" suggests; ``unasked``: consents missing for a message;
        ``agreed``: consents given; ``lacking``: fields to ask first."""
        super().__init__(*args, **kwargs)
        self.book, self.work_date, self.unasked, self.agreed = book, work_date, unasked, agreed
        self.fields["interest"].choices = [  # type: ignore[attr-defined]
            ("", "—"),
            *((key, called(offer)) for key, offer in book.offers.items()),
        ]
        self.fields["learned"].choices = _fields(book, lacking)  # type: ignore[attr-defined]
        self.fields["way"].widget.attrs["class"] = "form-select"
        earliest = work_date + timedelta(days=NEXT_STEP_DAYS)
        self.fields["follow_up_on"].widget.attrs.update({"min": str(earliest), "data-next": str(next_open)})

    def clean(self) -> dict[str, Any]:
        """A follow-up must be after the working day; a message needs consent."""
        values = super().clean() or {}
        follow_up = values.get("follow_up_on")
        if values.get("way") == Way.MESSAGE and self.unasked:
            purposes = ", ".join(consent.name(get_language() or "zh-hans") for consent in self.unasked)
            self.add_error("way", _("No messages without the customer's consent: %(consent)s") % {"consent": purposes})
        if values.get("outcome") == Outcome.RESCHEDULED and not follow_up and "follow_up_on" not in self.errors:
            self.add_error("follow_up_on", _("Please give the date for the next contact."))
        if follow_up and follow_up <= self.work_date:
            self.add_error("follow_up_on", _("The next contact must be after today."))
        self._check_learned(values)
        return values

    def _check_learned(self, values: dict[str, Any]) -> None:
        """Clean the learned fact into its stored form; some fields need the customer's consent."""
        key, text = values.get("learned"), values.get("learned_value", "").strip()
        if not key and text:
            self.add_error("learned", _("Please choose what this is."))
        if not key or not text:
            return
        field = self.book.fields[key]
        if field.consent and field.consent not in self.agreed:
            self.add_error("learned", _("The customer has not agreed to this yet: record the consent first."))
        try:
            values["learned_value"] = read(field, text)
        except Unfit as unfit:
            self.add_error("learned_value", unfit.text(get_language() or "zh-hans"))


def _fields(book: RuleBook, lacking: list[str]) -> list[Any]:
    """The fields to choose from, missing ones first, then by category; name and identity number need a document."""
    grouped: dict[str, list[tuple[str, str]]] = {}
    for key, field in book.fields.items():
        if key not in ("name", "identity_number", *lacking):
            grouped.setdefault(field.category, []).append((key, called(field)))
    missing = [(key, called(book.fields[key])) for key in lacking if key not in ("name", "identity_number")]
    named = [(str(_("Still missing")), missing)] if missing else []
    return [("", "—"), *named, *((str(CATEGORY_NAMES[category]), rows) for category, rows in grouped.items())]
