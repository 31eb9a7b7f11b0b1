"""The log of the workplace: every failure with its reference number and traceback, and nothing of a customer in it."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from logging.handlers import RotatingFileHandler
from pathlib import Path
from traceback import TracebackException
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from structlog.typing import EventDict

NONE = "-"
LINE = "%(asctime)s %(levelname)s %(reference)s %(name)s: %(message)s"
HEADER = "X-Request-ID"
FILE_SIZE = 10 * 1024 * 1024
FILES_KEPT = 10
VALUES = re.compile(r"[^\x00-\x7f]+|\d{4,}")
"""What could be of a customer: anything that is not ASCII (names, addresses), numbers of four digits and more."""

FRAME = '  File "'

_reference: ContextVar[str] = ContextVar("reference", default=NONE)


def reference() -> str:
    """The reference number of the request that is being answered."""
    return _reference.get()


def references(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: each request has a reference number; it stands in the answer's head, in the log and on error pages."""

    def respond(request: HttpRequest) -> HttpResponse:
        number = secrets.token_hex(4).upper()
        token = _reference.set(number)
        try:
            response = get_response(request)
        finally:
            _reference.reset(token)
        response.headers[HEADER] = number
        return response

    return respond


class Masked(logging.Formatter):
    """One line a record, then its traceback; values in messages are masked, those in source lines are none."""

    def format(self, record: logging.LogRecord) -> str:
        """The record with the reference number of its request."""
        record.reference = reference()
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is Python's
        """The line; what it says is masked, but not its time or number."""
        record.message = mask(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is Python's
        """Where it happened, line by line of our source; the error's own words are masked."""
        parts = TracebackException(*ei).format()
        return "".join(part if part.startswith(FRAME) else mask(part) for part in parts).rstrip()


def mask(text: str) -> str:
    """``KeyError: '张三 13812345678'`` becomes ``KeyError: '… …'``."""
    return VALUES.sub("…", text)


class LogFile(RotatingFileHandler):
    """The log in the home: readable by its owner, a new file every ten megabytes, the last ten are kept."""

    def __init__(self, path: str) -> None:
        super().__init__(path, maxBytes=FILE_SIZE, backupCount=FILES_KEPT, encoding="utf-8", delay=True)

    def _open(self) -> Any:
        path = Path(self.baseFilename)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        return super()._open()


REQUESTS = "weihu.requests"
"""The logger with a line for each request; written where the output is JSON."""
FIELDS = ("method", "page", "status", "seconds", "staff")
"""What a request's line has besides: the name of its page, never its address."""


class JsonLines(structlog.stdlib.ProcessorFormatter):
    """One JSON object a line for the bank's log collector, with the reference number of its request; values are masked."""

    def __init__(self) -> None:
        super().__init__(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper("iso", key="at"),
                structlog.stdlib.ExtraAdder(FIELDS),
            ],
            processors=[self.remove_processors_meta, _safe, structlog.processors.JSONRenderer()],
        )


def _safe(_logger: Any, _name: str, event: EventDict) -> EventDict:
    """The reference number, and the words of message and error masked."""
    failure = event.pop("exc_info", None)
    event["event"] = mask(str(event["event"]))
    event["reference"] = reference()
    if failure:
        event["exception"] = Masked().formatException(failure)
    return event


def settings_for(path: Path | None, as_json: bool = False) -> dict[str, Any]:
    """Django's ``LOGGING``: failures go to the standard error output and, where there is a home, to the file ``path``.
    ``as_json``: the output is JSON, and has a line for each request.

    What Django itself says of a failed request is silent: it names the address, which can hold a secret.
    """
    handlers: dict[str, Any] = {"console": {"class": "logging.StreamHandler", "formatter": "output"}}
    if path:
        handlers["file"] = {"()": f"{__name__}.LogFile", "path": str(path), "formatter": "masked"}
    masked = {"()": f"{__name__}.Masked", "format": LINE}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"masked": masked, "output": {"()": f"{__name__}.JsonLines"} if as_json else masked},
        "handlers": handlers,
        "root": {"handlers": list(handlers), "level": "WARNING"},
        "loggers": {
            "django": {"handlers": [], "level": "WARNING"},
            "django.request": {"level": "CRITICAL"},
            "django.security": {"level": "CRITICAL"},
            REQUESTS: {"handlers": ["console"], "level": "INFO" if as_json else "CRITICAL", "propagate": False},
        },
    }
