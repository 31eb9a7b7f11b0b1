"""Gateways, through which messages leave the bank. Each is configured by environment variables, or absent.

``WEIHU_SMTP_URL``   smtp://user:password@host:587/?tls=starttls&from=service@bank.example  (tls: starttls, ssl or none)
``WEIHU_SMS_URL``    the bank's own text-message platform: one JSON request per message; ``WEIHU_SMS_TOKEN``
``WEIHU_WECOM_URL``  https://qyapi.weixin.qq.com; ``WEIHU_WECOM_CORP`` and ``WEIHU_WECOM_SECRET``
"""

from __future__ import annotations

import os
import smtplib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
from django.core import mail
from django.core.mail.backends.smtp import EmailBackend

SECONDS = 10


class NotSent(Exception):
    """The gateway refused the message; ``text`` is its answer."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True)
class Letter:
    """A message to send. ``sender`` is the member of staff, ``code`` the template's number at the provider."""

    address: str
    subject: str
    text: str
    sender: str
    code: str
    token: str


class Gateway(Protocol):
    """Sends a letter and returns the provider's id for it; raises NotSent."""

    @property
    def field(self) -> str:
        """The archive field that holds the customer's address."""

    def send(self, letter: Letter) -> str: ...


@dataclass(frozen=True)
class Smtp:
    """E-mail through the bank's mail server."""

    url: str
    field: str = "email"

    def send(self, letter: Letter) -> str:
        """Send a plain-text message."""
        parts = urlsplit(self.url)
        options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        tls = options.get("tls", "starttls")
        server = EmailBackend(
            host=parts.hostname,
            port=parts.port or 587,
            username=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            use_tls=tls == "starttls",
            use_ssl=tls == "ssl",
            timeout=SECONDS,
        )
        headers = {"Message-ID": f"<{letter.token}@weihu>"}
        message = mail.EmailMessage(
            letter.subject, letter.text, options.get("from"), [letter.address], connection=server, headers=headers
        )
        try:
            message.send()
        except (smtplib.SMTPException, OSError) as wrong:
            raise NotSent(str(wrong)) from None
        return headers["Message-ID"]


@dataclass(frozen=True)
class Sms:
    """The bank's text-message platform. Request ``{id, mobile, text, template}``; answer ``{code: 0, id}``."""

    url: str
    secret: str
    field: str = "phone"

    def send(self, letter: Letter) -> str:
        """Send one request; the platform takes a repeated ``id`` as the same message."""
        payload = {"id": letter.token, "mobile": letter.address, "text": letter.text, "template": letter.code}
        headers = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        answer = _call("POST", self.url, json=payload, headers=headers)
        if answer.get("code") != 0:
            raise NotSent(f"{answer.get('code')} {answer.get('message', '')}")
        return str(answer.get("id", ""))


@dataclass(frozen=True)
class WeCom:
    """A WeCom message to a customer in the member of staff's name (externalcontact/add_msg_template)."""

    url: str
    corp: str
    secret: str
    field: str = "wecom"

    def send(self, letter: Letter) -> str:
        """Get an access token, then send the message."""
        credentials = {"corpid": self.corp, "corpsecret": self.secret}
        token = self._checked(_call("GET", f"{self.url}/cgi-bin/gettoken", params=credentials))["access_token"]
        payload = {
            "chat_type": "single",
            "external_userid": [letter.address],
            "sender": letter.sender,
            "text": {"content": letter.text},
        }
        address = f"{self.url}/cgi-bin/externalcontact/add_msg_template"
        answer = self._checked(_call("POST", address, params={"access_token": token}, json=payload))
        if letter.address in answer.get("fail_list", []):
            raise NotSent(f"fail_list {letter.address}")
        return str(answer["msgid"])

    @staticmethod
    def _checked(answer: dict[str, Any]) -> dict[str, Any]:
        if answer.get("errcode", 0) != 0:
            raise NotSent(f"{answer['errcode']} {answer.get('errmsg', '')}")
        return answer


def _call(method: str, url: str, **arguments: Any) -> dict[str, Any]:
    try:
        answer = httpx.request(method, url, timeout=SECONDS, **arguments)
        answer.raise_for_status()
        reply: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as wrong:
        raise NotSent(str(wrong).split("?")[0]) from None
    return reply


def gateways(environment: Mapping[str, str] = os.environ) -> dict[str, Gateway]:
    """The configured gateways by medium."""
    configured: dict[str, Gateway] = {}
    if url := environment.get("WEIHU_SMS_URL"):
        configured["sms"] = Sms(url, environment.get("WEIHU_SMS_TOKEN", ""))
    if url := environment.get("WEIHU_SMTP_URL"):
        configured["email"] = Smtp(url)
    if url := environment.get("WEIHU_WECOM_URL"):
        configured["wecom"] = WeCom(
            url, environment.get("WEIHU_WECOM_CORP", ""), environment.get("WEIHU_WECOM_SECRET", "")
        )
    return configured
