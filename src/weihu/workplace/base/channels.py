"""The seven channels through which the bank gathers information (M4)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    """Where a fact comes from (渠道): the brief's seven (M4)."""

    SURVEY = "survey", _("Survey")
    CAMPAIGN = "campaign", _("Campaign")
    SERVICE = "service", _("While serving")
    TERMINAL = "terminal", _("Terminal")
    EVENT = "event", _("Event or community")
    REMOTE = "remote", _("Website or call centre")
    COMPLAINT = "complaint", _("Complaint")
