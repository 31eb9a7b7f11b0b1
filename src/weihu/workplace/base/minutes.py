"""Times that an installation may set in its environment."""

from __future__ import annotations

import os

from django.core.exceptions import ImproperlyConfigured

from weihu.workplace.base.whole import whole

LEAST, MOST = 5, 24 * 60
"""A sign-in's last page is known to the minute: less would end it while somebody reads."""


def minutes(name: str, otherwise: int) -> int:
    """What a variable of the environment says, in minutes, or else; raises ImproperlyConfigured if it says nothing usable."""
    text = os.environ.get(name, "").strip()
    if not text:
        return otherwise
    number = whole(text)
    if number is None or not LEAST <= number <= MOST:
        raise ImproperlyConfigured(
            f"{name}={text!r}:应为 {LEAST} 至 {MOST} 之间的整数(分钟)"
            f" / has to be a whole number of minutes from {LEAST} to {MOST}"
        )
    return number
