"""Where alarms go: ``WEIHU_ALARM_MAIL`` by the mail server of ``WEIHU_SMTP_URL``, ``WEIHU_ALARM_URL`` as a webhook."""

from __future__ import annotations

import os
import uuid

import httpx

from weihu.workplace.act.messaging.gateways import Letter, NotSent, Smtp
from weihu.workplace.see.health.alarms import NobodyReached, Way

SECONDS = 10


def ways() -> dict[str, Way]:
    """The ways that are set, by name."""
    mail = os.environ.get("WEIHU_ALARM_MAIL") and os.environ.get("WEIHU_SMTP_URL")
    hook = os.environ.get("WEIHU_ALARM_URL")
    return {**({"mail": _mail} if mail else {}), **({"webhook": _hook} if hook else {})}


def _mail(new: list[str], over: list[str]) -> None:
    lines = [*new, *(f"已解除 over: {line}" for line in over)]
    subject = f"Weihu: {lines[0]}"[:150]
    letter = Letter(os.environ["WEIHU_ALARM_MAIL"], subject, "\n".join(lines), "", "", uuid.uuid4().hex)
    try:
        Smtp(os.environ["WEIHU_SMTP_URL"]).send(letter)
    except NotSent as wrong:
        raise NobodyReached(f"mail: {type(wrong).__name__}") from None


def _hook(new: list[str], over: list[str]) -> None:
    try:
        answer = httpx.post(os.environ["WEIHU_ALARM_URL"], json={"alarms": new, "over": over}, timeout=SECONDS)
        answer.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as wrong:
        raise NobodyReached(f"webhook: {type(wrong).__name__}") from None
