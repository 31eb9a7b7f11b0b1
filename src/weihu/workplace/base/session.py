"""The key under which a browser keeps what somebody has typed."""

from __future__ import annotations

from django.utils.crypto import salted_hmac

WAITING = "weihu.waiting"


def share(staff_id: str) -> str:
    """The server's part of the key under which a browser keeps what one person has typed; told to that person alone.

    The other part never leaves the browser, and is thrown away when that person signs out.
    """
    return salted_hmac(WAITING, staff_id, algorithm="sha256").hexdigest()
