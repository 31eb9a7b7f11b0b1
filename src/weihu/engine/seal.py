"""Protection of C2 values (JR/T 0171-2020): sealed where stored, found again by a keyed blind index.

A sealed value is ``KEY.NONCE.TEXT``: the id of its key, a random part or nothing, and what AES-SIV made of the text. A
value of the index is ``KEY.FINGERPRINT``, or the fingerprint alone if it is under the first key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from weihu.engine.keys import FIRST, Keys, Ring

NONCE = 12
INDEX = 32
"""Characters of a value of the index."""


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
        return self._keys().seal.current

    @property
    def current_index(self) -> str:
        """The id of the key that the index is under now."""
        return self._keys().index.current

    def held(self) -> Seal:
        """The same for many values at once: keys that change meanwhile are not looked for."""
        keys = self._keys()
        return Seal(lambda: keys)

    def close(self, text: str, scope: str, row: str = "", random: bool = True) -> str:
        """The sealed form of a text."""
        ring = self._keys().seal
        nonce = secrets.token_bytes(NONCE) if random else b""
        bound = _bound(ring.current, scope, row)
        sealed = _cipher(ring.keys[ring.current]).encrypt(text.encode(), [bound, nonce] if nonce else [bound])
        return f"{ring.current}.{_encoded(nonce)}.{_encoded(sealed)}"

    def open(self, sealed: str, scope: str, row: str = "") -> str:
        """The text of a sealed form; raises CannotOpen."""
        try:
            key, *parts = sealed.split(".")
            nonce, text = map(base64.b64decode, parts)
            bound = _bound(key, scope, row)
            opened = _cipher(self._keys().seal.keys[key]).decrypt(text, [bound, nonce] if nonce else [bound])
            return opened.decode()
        except (InvalidTag, ValueError, KeyError):
            raise CannotOpen(scope) from None

    def index(self, text: str, scope: str) -> str:
        """A keyed fingerprint for exact look-up, as it is stored now; says nothing of the text to who lacks the key."""
        ring = self._keys().index
        return _indexed(ring, ring.current, text, scope)

    def indexes(self, text: str, scope: str) -> list[str]:
        """The fingerprint under every key of the index: one of them is stored, also while a rotation is under way."""
        ring = self._keys().index
        return [_indexed(ring, key, text, scope) for key in ring.in_turn]

    def token(self, text: str, scope: str) -> str:
        """A keyed fingerprint of what the system itself made at random and gave out, or names by what nobody can guess."""
        return _fingerprint(self._keys().named["tokens"], text, scope)


def plain_number(number: str) -> str:
    """A phone, identity or account number as it is indexed, however it is written."""
    text = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", number)).upper()
    return re.sub(r"^(\+86|0086)", "", text)


def key_of(sealed: str) -> str:
    """The id of the key that a sealed value is under."""
    return sealed.partition(".")[0]


def indexed_under(index: str) -> str:
    """The id of the key that a value of the index is under."""
    key, dot, _ = index.partition(".")
    return key if dot else FIRST


def _indexed(ring: Ring, key: str, text: str, scope: str) -> str:
    fingerprint = _fingerprint(ring.keys[key], text, scope)
    # as long under each key: the columns keep their width
    return fingerprint if key == FIRST else f"{key}.{fingerprint}"[:INDEX]


def _fingerprint(key: bytes, text: str, scope: str) -> str:
    return hmac.digest(key, f"{scope}:{text}".encode(), hashlib.sha256).hex()[:INDEX]


def _bound(key: str, scope: str, row: str) -> bytes:
    return "\0".join((key, scope, row)).encode()


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESSIV:
    return AESSIV(key)
