"""Fake servers of the gateways: a mail server, a text-message platform, WeCom; each records what it was asked.

The answers of WeCom are those that its documentation gives (developer.work.weixin.qq.com/document/path/92135).
"""

import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller

WECOM = {
    "/cgi-bin/gettoken": {"errcode": 0, "errmsg": "ok", "access_token": "accesstoken000001", "expires_in": 7200},
    "/cgi-bin/externalcontact/add_msg_template": {
        "errcode": 0,
        "errmsg": "ok",
        "fail_list": [],
        "msgid": "msgGCAAAXtWyujaWJHDDGi0mAAAA",
    },
}
SMS = {"/messages": {"code": 0, "id": "20261125000001"}}


@contextmanager
def web(answers):
    """A server with fixed answers by path: its address and the recorded requests."""
    asked = []

    class Recorder(BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer({})

        def do_POST(self):
            self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def answer(self, body):
            parts = urlsplit(self.path)
            result = {name: values[0] for name, values in parse_qs(parts.query).items()}
            asked.append((self.command, parts.path, result, body, self.headers.get("Authorization")))
            content = json.dumps(answers[parts.path]).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def mail_server():
    """A mail server: its address and the letters it took."""
    taken = []

    class Keeper:
        async def handle_DATA(self, server, session, envelope):  # noqa: N802
            taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
            return "250 OK"

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(Keeper(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}/?tls=none&from=service@bank.example", taken
    finally:
        controller.stop()
