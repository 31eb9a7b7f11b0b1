"""Where alarms go: ``WEIHU_ALARM_MAIL`` by the mail server of ``WEIHU_SMTP_URL``, ``WEIHU_ALARM_URL`` as a webhook."""

from __future__ import annotations

import os
import uuid

import httpx

from weihu.workplace.act.messaging.gateways import Letter, NotSent, Smtp

SECONDS = 10


class NobodyReached(Exception):
    """An alarm reached nobody by one of the ways that are set."""


def ways() -> list[str]:
    """The ways that are set."""
    mail = "mail" if os.environ.get("WEIHU_ALARM_MAIL") and os.environ.get("WEIHU_SMTP_URL") else ""
    hook = "webhook" if os.environ.get("WEIHU_ALARM_URL") else ""
    return [way for way in (mail, hook) if way]


def send(new: list[str], over: list[str]) -> None:
    """Send alarms, and those that are over, by every way that is set; raises NobodyReached."""
    lines = [*new, *(f"已解除 over: {line}" for line in over)]
    failed = []
    for way in ways():
        try:
            if way == "mail":
                _mail(lines)
            else:
                answer = httpx.post(os.environ["WEIHU_ALARM_URL"], json={"alarms": new, "over": over}, timeout=SECONDS)
                answer.raise_for_status()
        except (NotSent, httpx.HTTPError, httpx.InvalidURL) as wrong:
            failed.append(f"{way}: {type(wrong).__name__}")
    if failed:
        raise NobodyReached(", ".join(failed))


def _mail(lines: list[str]) -> None:
    subject = f"Weihu: {lines[0]}"[:150]
    letter = Letter(os.environ["WEIHU_ALARM_MAIL"], subject, "\n".join(lines), "", "", uuid.uuid4().hex)
    Smtp(os.environ["WEIHU_SMTP_URL"]).send(letter)
