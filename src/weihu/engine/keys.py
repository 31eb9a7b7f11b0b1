"""The secrets of an installation: in its home, in a file apart from it, in the environment, or in the bank's key store.

``WEIHU_KEYS_FILE``: a file elsewhere. ``WEIHU_KEYS``: the secrets themselves, as JSON. ``WEIHU_KEYS_COMMAND``: a command
that prints them, which asks the bank's key store. Without any of them they are in ``keys.json`` of the home::

    {"django": "…", "index": "…", "seal": {"1": "…", "2": "…"}, "current": "2"}

Each secret is 32 bytes in hexadecimal digits. ``seal`` has every key that something is sealed under by its id;
``current`` names the one for new values. The id stands in each sealed value.
"""

from __future__ import annotations

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


class KeysLost(RuntimeError):
    """The secrets are gone or cannot be used; says so in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


@dataclass(frozen=True)
class Keys:
    """The secrets as they are now. ``named``: ``django`` and ``index``; ``sealing``: the sealing keys by id."""

    named: Mapping[str, bytes]
    sealing: Mapping[str, bytes]
    current: str

    @staticmethod
    def fresh() -> Keys:
        """New ones."""
        return Keys({name: secrets.token_bytes(LENGTH) for name in ("django", "index")}, {}, "").with_another()

    @staticmethod
    def read(text: str, origin: str) -> Keys:
        """From their JSON; raises KeysLost, which names the ``origin`` and never the content."""
        try:
            data = json.loads(text)
            keys = Keys(
                {name: _secret(data[name]) for name in ("django", "index")},
                {str(key): _secret(value) for key, value in data["seal"].items()},
                str(data["current"]),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            keys = None
        if keys is None or keys.current not in keys.sealing or not all(key.isalnum() for key in keys.sealing):
            raise KeysLost(f"{origin}:内容不是密钥", f"{origin}: these are no keys") from None
        return keys

    def text(self) -> str:
        """As JSON."""
        data: dict[str, Any] = {name: value.hex() for name, value in self.named.items()}
        data |= {"seal": {key: value.hex() for key, value in self.sealing.items()}, "current": self.current}
        return json.dumps(data)

    def with_another(self) -> Keys:
        """With a new sealing key, which is the current one."""
        number = str(max((int(key) for key in self.sealing if key.isdigit()), default=0) + 1)
        return replace(self, sealing={**self.sealing, number: secrets.token_bytes(LENGTH)}, current=number)

    def without(self, key: str) -> Keys:
        """Without a sealing key."""
        return replace(self, sealing={name: value for name, value in self.sealing.items() if name != key})


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
