"""Which templates suit a customer on the list, and sending one."""

from __future__ import annotations

import string
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from weihu.workplace.act.messaging.gateways import Gateway, Letter, NotSent, gateways
from weihu.workplace.act.messaging.models import Message, Template
from weihu.workplace.bank.models import Branch, Standing
from weihu.workplace.base import audit
from weihu.workplace.base.words import day
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.requests import WorkRequest
from weihu.workplace.know.archive.facts import FieldState

PLACES = ("salutation", "name", "manager", "branch", "date")
"""The placeholders that a template may have in braces."""


@dataclass(frozen=True)
class Draft:
    """A template filled in for a customer, and why it cannot be sent (empty if it can)."""

    template: Template
    text: str
    hindrance: str


def templates_waiting(gate: Gate) -> QuerySet[Template]:
    """The texts that wait for the person's approval, as a second person."""
    if not gate.decides:
        return Template.objects.none()
    return Template.objects.filter(state=Template.State.SUBMITTED).exclude(made_by=gate.staff.staff_id)


def wrong_places(text: str) -> list[str]:
    """The unknown placeholders of a template; an unmatched brace counts as one."""
    try:
        parts = [part[1:] for part in string.Formatter().parse(text) if part[1] is not None]
    except ValueError:
        return ["{"]
    return [f"{{{name}}}" for name, form, turn in parts if name not in PLACES or form or turn]


def drafts(request: WorkRequest, standing: Standing, archive: dict[str, FieldState], kinds: list[str]) -> list[Draft]:
    """The approved templates that suit the kinds of signal; those made for one of the kinds first."""
    rows = [row for row in Template.objects.filter(state=Template.State.APPROVED).order_by("pk") if _fits(row, kinds)]
    rows.sort(key=lambda row: not row.kinds)
    ways = gateways()
    words = _words(request, standing)
    return [Draft(row, row.text.format(**words), _hindrance(ways.get(row.medium), archive)) for row in rows]


def send(
    request: WorkRequest, standing: Standing, archive: dict[str, FieldState], template: Template, token: UUID
) -> Message:
    """Send a message once per token, and save the gateway's answer with it."""
    gateway = gateways()[template.medium]
    letter = Letter(
        archive[gateway.field].value,
        template.title,
        template.text.format(**_words(request, standing)),
        request.user.staff_id,
        template.provider_code,
        str(token),
    )
    with transaction.atomic():
        message, created = Message.objects.get_or_create(
            token=token,
            defaults={
                "template": template,
                "customer_id": standing.customer_id,
                "staff_id": request.user.staff_id,
                "on": request.run.work_date,
                "at": timezone.now(),
                "address": letter.address,
                "text": letter.text,
                "state": Message.State.SENDING,
            },
        )
        if created:
            audit.record(request.user.staff_id, "message.send", standing.customer_id, f"{message.pk} {template.medium}")
    if not created:
        return message
    try:
        message.provider_id, message.state = gateway.send(letter)[:100], Message.State.SENT
    except NotSent as refusal:
        message.fault, message.state = refusal.text[:200], Message.State.FAILED
    message.save(update_fields=["provider_id", "state", "fault"])
    return message


def _fits(template: Template, kinds: list[str]) -> bool:
    return not template.kinds or bool(set(template.kinds.split(",")) & set(kinds))


def _hindrance(gateway: Gateway | None, archive: dict[str, FieldState]) -> str:
    if gateway is None:
        return _("The bank's IT has not set up this channel.")
    return "" if archive[gateway.field].value else _("The address is not known.")


def _words(request: WorkRequest, standing: Standing) -> dict[str, str]:
    customer = standing.customer
    titles = {"M": _("Mr %(name)s"), "F": _("Ms %(name)s")}
    branch = Branch.objects.filter(branch_id=standing.branch_id).first()
    return {
        "salutation": titles.get(customer.sex or "", "%(name)s") % {"name": customer.name},
        "name": customer.name,
        "manager": request.user.name,
        "branch": branch.name if branch else standing.branch_id,
        "date": day(request.run.work_date),
    }
