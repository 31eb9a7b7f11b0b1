"""The server under those who open connections and say nothing, and with a database that somebody else writes."""

import re
import socket
import sqlite3
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import ExitStack, closing

import pytest
from django.db import connection

HALF_OPEN = 150


@pytest.fixture
def served(weihu):
    """The address of a server of an empty bank."""
    weihu("init")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = weihu("serve", "--port", port, start=True)
    try:
        while process.poll() is None:
            try:
                ask(f"http://127.0.0.1:{port}/livez")
                break
            except urllib.error.URLError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def ask(address: str | urllib.request.Request):
    try:
        return urllib.request.urlopen(address, timeout=30)
    except urllib.error.HTTPError as answer:
        return answer


def test_half_open_requests_keep_nobody_out_and_are_closed(served):
    host, port = served.removeprefix("http://").split(":")
    with ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection((host, int(port)))) for _ in range(HALF_OPEN)]
        for one in silent:
            one.sendall(b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf")
        assert ask(f"{served}/livez").status == 200
        silent[0].settimeout(60)
        while silent[0].recv(1000):
            pass  # an answer, or nothing: in the end it is closed


def test_what_is_too_large_is_refused_before_it_is_read(served):
    host, port = served.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as sent:
        sent.sendall(b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000000\r\n\r\n")
        assert sent.recv(100).startswith(b"HTTP/1.1 413")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has a lock for each row")
def test_while_somebody_else_writes_the_answer_is_in_words_and_soon(served, tmp_path):
    page = ask(f"{served}/login/")
    proof = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.read().decode())[1]
    form = {"csrfmiddlewaretoken": proof, "username": "x", "password": "y"}
    cookie = page.headers["Set-Cookie"].split(";")[0]
    request = urllib.request.Request(f"{served}/login/", urllib.parse.urlencode(form).encode(), {"Cookie": cookie})
    with closing(sqlite3.connect(tmp_path / "home" / "weihu.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        answer = ask(request)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
        assert "系统繁忙" in answer.read().decode()
        assert time.monotonic() - began < 25
        assert ask(f"{served}/login/").status == 200
