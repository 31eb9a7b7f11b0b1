"""The secrets of an installation: in its home, in a file apart from it, in the environment, or in the bank's key store.

``WEIHU_KEYS_FILE``: a file elsewhere. ``WEIHU_KEYS``: the secrets themselves, as JSON. ``WEIHU_KEYS_COMMAND``: a command
that prints them, which asks the bank's key store. Without any of them they are in ``keys.json`` of the home::

    {"django": "…", "tokens": "…", "backups": "…",
     "seal": {"1": "…", "2": "…"}, "index": {"1": "…"}, "checksums": {"1": "…"},
     "current": {"seal": "2", "index": "1", "checksums": "1"}}

Each secret is 32 bytes in hexadecimal digits and has one purpose. ``seal``, ``index`` and ``checksums`` have every key
that something is under by its id; ``current`` names those for new values. The id stands in each sealed value, in each
value of the index and in each folder's checksums.

Earlier versions had one secret ``index`` for everything but sealing and sessions, and a ``current`` for sealing alone.
Such secrets are read as what that one secret made of itself, so what is under them goes on being found and verified.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

LENGTH = 32
COMMAND_SECONDS = 30
LONGEST_ID = 8
"""Characters of a key's id."""
FIRST = "1"
"""The id of a purpose's first key; a value of the index that names no key is under it."""
NAMED = ("django", "tokens", "backups")
PURPOSES = ("seal", "index", "checksums")
"""What has keys that are renewed."""


class KeysLost(RuntimeError):
    """The secrets are gone or cannot be used; says so in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


@dataclass(frozen=True)
class Ring:
    """The keys of a purpose by their ids, and which of them new values are under."""

    keys: Mapping[str, bytes]
    current: str

    @staticmethod
    def fresh() -> Ring:
        """One new key."""
        return Ring({}, "").with_another()

    @property
    def usable(self) -> bool:
        """Whether the current key is there and every id may stand before a value."""
        return self.current in self.keys and all(key.isalnum() and len(key) <= LONGEST_ID for key in self.keys)

    @property
    def in_turn(self) -> list[str]:
        """The ids, the current one first."""
        return [self.current, *(key for key in self.keys if key != self.current)]

    def with_another(self) -> Ring:
        """With a new key, which is the current one."""
        number = str(max((int(key) for key in self.keys if key.isdigit()), default=0) + 1)
        return Ring({**self.keys, number: secrets.token_bytes(LENGTH)}, number)

    def without(self, key: str) -> Ring:
        """Without one of the keys."""
        return replace(self, keys={name: value for name, value in self.keys.items() if name != key})


@dataclass(frozen=True)
class Keys:
    """The secrets as they are now. ``named``: ``django`` (sessions), ``tokens`` (tokens and codes that the system gave
    out, found by what they say) and ``backups``; ``seal``, ``index`` (of numbers and facts) and ``checksums`` (of the
    lake) are renewed, each by itself."""

    named: Mapping[str, bytes]
    seal: Ring
    index: Ring
    checksums: Ring

    @staticmethod
    def fresh() -> Keys:
        """New ones."""
        return Keys({name: secrets.token_bytes(LENGTH) for name in NAMED}, Ring.fresh(), Ring.fresh(), Ring.fresh())

    @staticmethod
    def read(text: str, origin: str) -> Keys:
        """From their JSON; raises KeysLost, which names the ``origin`` and never the content."""
        try:
            data = _of_today(json.loads(text))
            rings = {
                purpose: Ring(
                    {str(key): _secret(value) for key, value in data[purpose].items()}, str(data["current"][purpose])
                )
                for purpose in PURPOSES
            }
            keys = Keys({name: _secret(data[name]) for name in NAMED}, **rings)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            keys = None
        if keys is None or not all(keys.ring(purpose).usable for purpose in PURPOSES):
            raise KeysLost(f"{origin}:内容不是密钥", f"{origin}: these are no keys") from None
        return keys

    def text(self) -> str:
        """As JSON."""
        data: dict[str, Any] = {name: value.hex() for name, value in self.named.items()}
        for purpose in PURPOSES:
            data[purpose] = {key: value.hex() for key, value in self.ring(purpose).keys.items()}
        return json.dumps(data | {"current": {purpose: self.ring(purpose).current for purpose in PURPOSES}})

    def ring(self, purpose: str) -> Ring:
        """The keys of one of the purposes that are renewed."""
        return {"seal": self.seal, "index": self.index, "checksums": self.checksums}[purpose]

    def with_another(self, purpose: str = "seal") -> Keys:
        """With a new key for a purpose, which is the current one."""
        return self._with(purpose, self.ring(purpose).with_another())

    def without(self, key: str, purpose: str = "seal") -> Keys:
        """Without one of a purpose's keys."""
        return self._with(purpose, self.ring(purpose).without(key))

    def _with(self, purpose: str, ring: Ring) -> Keys:
        rings = {name: self.ring(name) for name in PURPOSES} | {purpose: ring}
        return Keys(self.named, **rings)


def _of_today(data: Any) -> dict[str, Any]:
    """Secrets of an earlier version as this one writes them: what it derived from its one secret stands by itself."""
    given = dict(data)
    index = given["index"] if isinstance(given["index"], dict) else {FIRST: given["index"]}
    derived: dict[str, Any] = {}
    if FIRST in index:
        secret = _secret(index[FIRST])
        checksums = hmac.digest(secret, b"checksums of the lake", hashlib.sha256).hex()
        derived = {"tokens": index[FIRST], "backups": index[FIRST], "checksums": {FIRST: checksums}}
    current = given["current"] if isinstance(given["current"], dict) else {"seal": given["current"]}
    current = {"index": FIRST, "checksums": FIRST} | current
    return derived | given | {"index": index, "current": current}


def _secret(digits: str) -> bytes:
    value = bytes.fromhex(digits)
    if len(value) != LENGTH:
        raise ValueError
    return value


class KeyStore:
    """Where an installation's secrets are. A file is read again when it has changed, so a running server follows it."""

    def __init__(self, in_home: Path, environment: Mapping[str, str]) -> None:
        self._text = environment.get("WEIHU_KEYS", "")
        self._command = environment.get("WEIHU_KEYS_COMMAND", "")
        self.file = None if self._text or self._command else Path(environment.get("WEIHU_KEYS_FILE") or in_home)
        self._read: tuple[tuple[int, int], Keys] | None = None

    @property
    def exists(self) -> bool:
        """Whether there are any, as far as can be told without asking a key store."""
        return self.file is None or self.file.is_file()

    def keys(self) -> Keys:
        """The secrets; raises KeysLost."""
        if self._command:
            return _printed(self._command)
        if self.file is None:
            return _given(self._text)
        try:
            stamp = os.stat(self.file)  # noqa: PTH116 - asked for each value that is opened
            now = (stamp.st_mtime_ns, stamp.st_ino)
            if self._read is None or self._read[0] != now:
                self._read = (now, Keys.read(self.file.read_text(), str(self.file)))
        except OSError:
            raise KeysLost(
                f"{self.file}:密钥文件不见了或无法读取", f"{self.file}: the keys are gone or cannot be read"
            ) from None
        return self._read[1]

    def create(self) -> None:
        """Fresh secrets; only where there is a file for them, and it is not there yet."""
        if self.file and not self.file.is_file():
            self._write(Keys.fresh())

    def change(self, keys: Keys) -> None:
        """Replace the secrets, at once; raises KeysLost where they are not kept in a file."""
        if self.file is None:
            raise KeysLost(
                "密钥不在文件中:请在银行密钥库中加入新密钥并改 current,再运行本命令",
                "the keys are not in a file: add the new one to the bank's key store, name it as current, then run this again",
            )
        self._write(keys)

    def _write(self, keys: Keys) -> None:
        if self.file is None:
            return
        staging = self.file.with_name(f".{self.file.name}.{secrets.token_hex(4)}")
        descriptor = os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(keys.text())
            file.flush()
            os.fsync(file.fileno())
        staging.replace(self.file)


@lru_cache(maxsize=4)
def _given(text: str) -> Keys:
    return Keys.read(text, "WEIHU_KEYS")


@lru_cache(maxsize=4)
def _printed(command: str) -> Keys:
    """Asked once in a process: a key store answers slowly."""
    try:
        done = subprocess.run(  # noqa: S603 - the installation's own command
            shlex.split(command), capture_output=True, text=True, timeout=COMMAND_SECONDS, check=True
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        raise KeysLost("WEIHU_KEYS_COMMAND:命令没有给出密钥", "WEIHU_KEYS_COMMAND: the command gave no keys") from None
    return Keys.read(done.stdout, "WEIHU_KEYS_COMMAND")
