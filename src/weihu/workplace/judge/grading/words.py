"""Template filters of grading."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext_lazy as _

register = template.Library()


WHY_NAMES = {
    "new": _("New customer"),
    "book": _("Another rule book"),
    "risen": _("Reached the grade"),
    "fallen": _("Below the grade for too long"),
    "granted": _("Exception granted"),
    "ended": _("Exception ended"),
}


@register.filter
def why_name(why: str) -> str:
    """Why a grade changed, in the reader's language."""
    return str(WHY_NAMES[why])
