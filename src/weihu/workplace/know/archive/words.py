"""Template filters of the archive."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext_lazy as _

from weihu.workplace.base.words import day, fact_words
from weihu.workplace.know.archive.facts import FieldState

register = template.Library()


CATEGORY_NAMES = {
    "basic": _("Basic information"),
    "consumption": _("Consumption"),
    "education": _("Education history"),
    "career": _("Career"),
    "family": _("Family"),
    "life": _("Way of life"),
    "interests": _("Interests"),
    "network": _("Personal network"),
}
"""The brief's eight kinds of information (M3)."""
ENDS, ENDED = _("%(value)s (until %(on)s)"), _("%(value)s (ended on %(on)s)")


@register.filter
def category_name(category: str) -> str:
    """A category of the archive in the reader's language."""
    return str(CATEGORY_NAMES[category])


@register.filter
def in_words(state: FieldState) -> str:
    """A field's value in the reader's language, masked where the catalogue says so, with its end if it has one."""
    words = fact_words(state.field, state.value)
    if state.ends_on is None:
        return words
    told = {"value": words, "on": day(state.ends_on)}
    return str(ENDED if state.ended else ENDS) % told
