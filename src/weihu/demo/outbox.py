"""Gateways of the demo: a mail server, a text-message platform and WeCom on this machine, which keep what they get.

Every message is a file in HOME/messages, numbered as they came; nothing leaves the machine.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HERE = "127.0.0.1"
TEXTS, TOKEN, WECOM = "/messages", "/cgi-bin/gettoken", "/cgi-bin/externalcontact/add_msg_template"
FROM = "service@bank.example"


class Outbox:
    """The folder of the messages, one file each; it takes letters that come by SMTP."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)
        self._numbers = itertools.count(1 + sum(1 for _ in folder.iterdir()))

    def keep(self, medium: str, to: str, text: str) -> str:
        """Write a message down; its number."""
        number = f"{next(self._numbers):04d}"
        at = datetime.now().astimezone()
        head = f"{at:%Y-%m-%d %H:%M:%S} {medium} → {to}"
        (self.folder / f"{number}-{medium}.txt").write_text(f"{head}\n\n{text}\n", encoding="utf-8")
        return number

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        """Keep a letter."""
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        letter = message_from_bytes(content, policy=policy.default)
        self.keep("email", ", ".join(envelope.rcpt_tos), f"{letter['subject']}\n\n{letter.get_content()}")
        return "250 OK"

    def answer(self, path: str, request: dict[str, Any]) -> dict[str, Any] | None:
        """Keep a request of a text message or of WeCom, and answer as these do; None for other paths."""
        if path == TEXTS:
            return {"code": 0, "id": self.keep("sms", request["mobile"], request["text"])}
        if path == TOKEN:
            return {"errcode": 0, "access_token": "demo"}
        if path == WECOM:
            to = ", ".join(request["external_userid"])
            return {"errcode": 0, "fail_list": [], "msgid": self.keep("wecom", to, request["text"]["content"])}
        return None


@contextmanager
def caught(folder: Path) -> Iterator[None]:
    """While it lasts, the gateways that the environment does not name are those of the demo."""
    outbox = Outbox(folder)
    with socket.socket() as free:
        free.bind((HERE, 0))
        port = free.getsockname()[1]
    letters = Controller(outbox, hostname=HERE, port=port)
    letters.start()
    web = ThreadingHTTPServer((HERE, 0), _answering(outbox))
    threading.Thread(target=web.serve_forever, daemon=True).start()
    address = f"http://{HERE}:{web.server_port}"
    own = {
        "WEIHU_SMTP_URL": f"smtp://{HERE}:{port}/?tls=none&from={FROM}",
        "WEIHU_SMS_URL": f"{address}{TEXTS}",
        "WEIHU_WECOM_URL": address,
    }
    added = own.keys() - os.environ.keys()
    os.environ.update({name: own[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]
        letters.stop()
        web.shutdown()
        web.server_close()


def _answering(outbox: Outbox) -> type[BaseHTTPRequestHandler]:
    class Gateways(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, request: dict[str, Any]) -> None:
            answer = outbox.answer(urlsplit(self.path).path, request)
            self.send_response(404 if answer is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(answer or {}).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Gateways
