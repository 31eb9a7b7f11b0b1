"""Small pieces of markup that every page uses: icons, and the colour of what rose or fell. Built in for all templates."""

from datetime import date
from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

register = template.Library()


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """``{% icon "phone" %}``: a Tabler icon, for the eye only; screen readers pass it over."""
    return format_html('<i class="ti ti-{}" aria-hidden="true"></i>', f"{name} {classes}".strip())


@register.filter
def rise(change: Decimal | float | None) -> str:
    """``class="{{ change|rise }}"``: green for more than nothing, red for less."""
    if not change:
        return ""
    return "text-success" if change > 0 else "text-danger"


@register.simple_tag(takes_context=True)
def separator(context: template.Context, text: str | None = None) -> str:
    """``{% for … %}{{ name }}{% separator %}{% endfor %}``: between the items of a loop, not after the last."""
    if context["forloop"]["last"]:
        return ""
    return gettext(", ") if text is None else text


@register.inclusion_tag("parts/text_input.html")
def text_input(
    name: str, label: str, longest: int | None = None, classes: str = "", required: bool = False
) -> dict[str, object]:
    """A line of text whose label stands in the empty field; ``longest`` in characters."""
    return {"name": name, "label": label, "longest": longest, "classes": classes, "required": required}


@register.filter
def iso(day: date | None) -> str:
    """A day as date fields and addresses have it: 2026-03-31."""
    return day.isoformat() if day else ""
