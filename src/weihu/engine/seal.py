"""Protection of C2 values (JR/T 0171-2020): sealed where stored, found again by a keyed blind index."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers.aead import AESSIV


class Seal:
    """Authenticated encryption of short texts.

    Deterministic (AES-SIV), so that the same delivery lands as the same bytes and an unchanged value compares
    equal without being opened; ``scope`` (the column) keeps equal texts of different columns apart.
    """

    def __init__(self, seal_key: bytes, index_key: bytes) -> None:
        self._cipher = AESSIV(seal_key)
        self._index_key = index_key

    def close(self, text: str, scope: str) -> str:
        """The sealed form of a text."""
        return base64.b64encode(self._cipher.encrypt(text.encode(), [scope.encode()])).decode()

    def open(self, sealed: str, scope: str) -> str:
        """The text of a sealed form; raises cryptography's InvalidTag if it was altered."""
        return self._cipher.decrypt(base64.b64decode(sealed), [scope.encode()]).decode()

    def index(self, text: str, scope: str) -> str:
        """A keyed fingerprint for exact look-up; says nothing of the text to who lacks the key."""
        return hmac.digest(self._index_key, f"{scope}:{text}".encode(), hashlib.sha256).hex()[:32]
