"""Small pieces of markup that every page uses: icons, and the colour of what rose or fell. Built in for all templates."""

from datetime import date
from decimal import Decimal

from django import template
from django.middleware.csrf import get_token
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from weihu.workplace.base import toasts
from weihu.workplace.base.session import share

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


@register.inclusion_tag("parts/answers.html", takes_context=True)
def answers(context: template.Context) -> dict[str, object]:
    """``{% answers %}``, once a page: where it answers what was sent, and what its scripts need to know and say."""
    request = context["request"]
    user, run = getattr(request, "user", None), getattr(request, "run", None)
    staff = user if user is not None and user.is_authenticated else None
    return {
        "staff_id": staff.pk if staff else "",
        "name": staff.name if staff else "",
        "share": share(staff.pk) if staff else "",
        "token": get_token(request),
        "today": run.work_date if run else None,
        "toasts": toasts.waiting(request),
        "words": _words(),
    }


def _words() -> dict[str, str]:
    """What the scripts of a page say by themselves."""
    return {
        "lost": gettext("No connection. It is kept on this device and sent as soon as the connection is back."),
        "lostHere": gettext("No connection. Leave this page open: it is sent as soon as the connection is back."),
        "notKept": gettext("This browser cannot keep anything safely. Leave this page open until it has been sent."),
        "unreached": gettext("No connection. Try again in a moment."),
        "sent": gettext("Sent now: "),
        "already": gettext("This had arrived already; it was not done twice."),
        "other": gettext("Somebody else is signed in now. What you typed is kept for you, and only for you."),
        "later": gettext("Not sent. It is kept on this device until you sign in again."),
        "laterHere": gettext("Not sent. It still stands on this page."),
        "refused": gettext("The server rejected this:"),
        "old": gettext("too old to be sent"),
        "remove": gettext("Remove"),
        "close": gettext("Close"),
        "undo": gettext("Undo"),
        "leave": gettext("Not sent yet, and lost when you sign out: %(count)s. Sign out all the same?"),
        "unexpected": gettext("No answer that can be shown. Reload the page and look whether it is there."),
        "needed": gettext("Fill this in."),
        "day": gettext("Choose a day"),
        "noDay": gettext("Not a day. Write it as 2026-11-28."),
    }
