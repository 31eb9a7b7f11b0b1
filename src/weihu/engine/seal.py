"""Protection of C2 values (JR/T 0171-2020): sealed where stored, found again by a keyed blind index.

A sealed value is ``KEY.NONCE.TEXT``: the id of its key, a random part or nothing, and what AES-SIV made of the text.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from weihu.engine.keys import Keys

NONCE = 12


class CannotOpen(ValueError):
    """A sealed value was altered, belongs to another column or row, or is under a key that is not here."""


class Seal:
    """Authenticated encryption of short texts, bound to the place where they stand.

    ``scope`` is the column and ``row`` the row of a value: it opens nowhere else. With ``random`` equal texts of a row
    look different each time; without, the same delivery lands as the same bytes.
    """

    def __init__(self, keys: Callable[[], Keys]) -> None:
        self._keys = keys

    @property
    def current(self) -> str:
        """The id of the key under which values are sealed now."""
        return self._keys().current

    def held(self) -> Seal:
        """The same for many values at once: keys that change meanwhile are not looked for."""
        keys = self._keys()
        return Seal(lambda: keys)

    def close(self, text: str, scope: str, row: str = "", random: bool = True) -> str:
        """The sealed form of a text."""
        keys = self._keys()
        nonce = secrets.token_bytes(NONCE) if random else b""
        bound = _bound(keys.current, scope, row)
        sealed = _cipher(keys.sealing[keys.current]).encrypt(text.encode(), [bound, nonce] if nonce else [bound])
        return f"{keys.current}.{_encoded(nonce)}.{_encoded(sealed)}"

    def open(self, sealed: str, scope: str, row: str = "") -> str:
        """The text of a sealed form; raises CannotOpen."""
        try:
            key, *parts = sealed.split(".")
            nonce, text = map(base64.b64decode, parts)
            bound = _bound(key, scope, row)
            opened = _cipher(self._keys().sealing[key]).decrypt(text, [bound, nonce] if nonce else [bound])
            return opened.decode()
        except (InvalidTag, ValueError, KeyError):
            raise CannotOpen(scope) from None

    def index(self, text: str, scope: str) -> str:
        """A keyed fingerprint for exact look-up; says nothing of the text to who lacks the key."""
        return hmac.digest(self._keys().named["index"], f"{scope}:{text}".encode(), hashlib.sha256).hex()[:32]


def key_of(sealed: str) -> str:
    """The id of the key that a sealed value is under."""
    return sealed.partition(".")[0]


def _bound(key: str, scope: str, row: str) -> bytes:
    return "\0".join((key, scope, row)).encode()


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESSIV:
    return AESSIV(key)
