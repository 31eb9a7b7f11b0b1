"""Message templates with their approval, and messages sent to customers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.base.fields import CustomerField, SealedField


class Medium(models.TextChoices):
    """How a message is sent."""

    SMS = "sms", _("Text message")
    EMAIL = "email", _("E-mail")
    WECOM = "wecom", _("WeCom")


class Template(models.Model):
    """The text of a message (消息模板), usable once a second person has approved it; a changed text is a new template.

    ``kinds``: the kinds of signal it suits, separated by commas; empty: any. ``provider_code``: its number at a
    provider that approves texts, too. Placeholders stand in braces (``sending.PLACES``).
    """

    class State(models.TextChoices):
        """How far the approval has got."""

        SUBMITTED = "submitted", _("Waiting for approval")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")
        RETIRED = "retired", _("Retired")

    medium = models.CharField(max_length=10, choices=Medium.choices)
    title = models.CharField(max_length=60)
    text = models.TextField(max_length=500)
    kinds = models.CharField(max_length=400, blank=True)
    provider_code = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.SUBMITTED)
    made_by = models.CharField(max_length=60)
    made_on = models.DateField()
    decided_by = models.CharField(max_length=60, blank=True)
    decided_on = models.DateField(null=True)
    note = models.CharField(max_length=200, blank=True)


class Message(models.Model):
    """A message to a customer, sent or refused by the gateway (``fault``)."""

    class State(models.TextChoices):
        """Whether the message was sent. ``SENDING``: handed to the gateway, which has not answered yet."""

        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")

    token = models.UUIDField(unique=True)
    template = models.ForeignKey(Template, models.PROTECT)
    customer_id = CustomerField(db_index=True)
    staff_id = models.CharField(max_length=60)
    on = models.DateField(db_index=True)
    at = models.DateTimeField()
    address = SealedField(scope="message_address")
    text = SealedField(scope="message_text")
    state = models.CharField(max_length=10, choices=State.choices)
    provider_id = models.CharField(max_length=100, blank=True)
    fault = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["at"], condition=models.Q(state="sending"), name="message_sending")]
