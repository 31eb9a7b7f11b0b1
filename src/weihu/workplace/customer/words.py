"""Words of the customer page for templates."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext_lazy as _

register = template.Library()


EVENT_ICONS = {
    "contact": "phone",
    "signal": "bell",
    "fact": "clipboard-text",
    "grade": "stairs",
    "flow": "transfer",
    "complaint": "message-exclamation",
    "consent": "signature",
    "relation": "users-group",
    "message": "message",
    "care": "heart-handshake",
    "visit": "calendar",
}


@register.filter
def event_icon(kind: str) -> str:
    """The icon of a kind of event."""
    return EVENT_ICONS[kind]


MOVE_NAMES = {
    "facts": _("Facts"),
    "contacts": _("Contacts"),
    "answers": _("Answered reasons"),
    "consents": _("Consents"),
    "relations": _("Relations"),
    "relations back": _("Relations of others"),
    "members": _("Household"),
    "heads": _("Head"),
    "goals": _("Goals"),
    "complaints": _("Complaints"),
    "replies": _("Replies"),
    "holds": _("Legal hold"),
    "erasures": _("Erasure"),
    "exceptions": _("Exception"),
    "handed over": _("Hand-over"),
    "claims": _("Claims"),
    "referrals": _("Referrals"),
    "care plans": _("Care plans"),
    "introductions": _("Introductions"),
    "introduced": _("Introduced by"),
    "messages": _("Messages"),
    "visits": _("Visits"),
}


@register.filter
def moves_name(name: str) -> str:
    """What a merge moves, in the reader's language."""
    return str(MOVE_NAMES[name])
