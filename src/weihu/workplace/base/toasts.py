"""Toasts (提示): every act is answered by one, with a way back where there is one.

A view says what was done; the next page shows it, or the answer's head brings it to the script that asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpRequest

from weihu.engine.seal import CannotOpen
from weihu.workplace.base.fields import seal

HEADER = "X-Toasts"
SCOPE = "toasts"


class SealedStorage(SessionStorage):
    """Toasts that wait for the next page, encrypted in the session: they can name a customer."""

    def serialize_messages(self, messages: Any) -> str:
        """Encrypted."""
        return seal().close(super().serialize_messages(messages), SCOPE)

    def deserialize_messages(self, data: Any) -> Any:
        """Decrypted."""
        try:
            return super().deserialize_messages(seal().open(data, SCOPE)) if data else None
        except CannotOpen:  # they waited while their key was thrown away
            return None


def say(request: HttpRequest, text: object, undo: str = "", fields: Mapping[str, object] | None = None) -> None:
    """Say what was done; ``undo`` is the address that takes it back, ``fields`` what is sent there."""
    sent = {key: str(value) for key, value in (fields or {}).items()}
    back = json.dumps({"address": undo, "fields": sent}) if undo else ""
    messages.success(request, str(text), extra_tags=back)


def waiting(request: HttpRequest) -> list[dict[str, Any]]:
    """The toasts that wait, each once: its text and how it is undone, if it can be."""
    return [
        {"text": message.message, "undo": json.loads(message.extra_tags) if message.extra_tags else None}
        for message in messages.get_messages(request)
    ]


def header(request: HttpRequest) -> str:
    """The same for an answer's head; empty if none waits."""
    said = waiting(request)
    return json.dumps(said) if said else ""
