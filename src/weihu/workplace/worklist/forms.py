"""The form of a contact's result."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from weihu.rules.entries import Consent
from weihu.workplace.worklist.models import Outcome, Way

NEXT_STEP_DAYS = 1


class ContactForm(forms.Form):
    """Result, next step, note. A result of "another time" needs the date."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(choices=Outcome.choices)
    way = forms.ChoiceField(label=_("How"), choices=Way.choices, initial=Way.PHONE)
    follow_up_on = forms.DateField(
        label=_("Next contact"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "class": "form-control"}),
    )

    def __init__(self, *args: Any, work_date: date, unasked: list[Consent], **kwargs: Any) -> None:
        """``unasked``: the consents that a message would need and the customer has not given."""
        super().__init__(*args, **kwargs)
        self.work_date, self.unasked = work_date, unasked
        self.fields["way"].widget.attrs["class"] = "form-select"
        self.fields["follow_up_on"].widget.attrs["min"] = str(work_date + timedelta(days=NEXT_STEP_DAYS))

    def clean(self) -> dict[str, Any]:
        """A follow-up lies after the working day; a message needs consent."""
        said = super().clean() or {}
        follow_up = said.get("follow_up_on")
        if said.get("way") == Way.MESSAGE and self.unasked:
            named = ", ".join(consent.name(get_language() or "zh-hans") for consent in self.unasked)
            self.add_error("way", _("No messages without the customer's consent: %(consent)s") % {"consent": named})
        if said.get("outcome") == Outcome.RESCHEDULED and not follow_up and "follow_up_on" not in self.errors:
            self.add_error("follow_up_on", _("Please give the date for the next contact."))
        if follow_up and follow_up <= self.work_date:
            self.add_error("follow_up_on", _("The next contact must be after today."))
        return said
