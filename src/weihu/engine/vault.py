"""A folder of encrypted backups: what is equal is kept once, so each backup adds only what has changed.

::

    VAULT/
      objects/ab/abcd…       one piece of a file, encrypted; its name is a keyed fingerprint of its content
      backups/NAME           one backup: its files with their pieces, encrypted

Everything is under a key that is derived from the installation's secrets and is not in the vault. Names, sizes and
contents of files say nothing to who lacks it; a changed, exchanged or missing piece is found.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PIECE = 1 << 22
"""Bytes; the pages of a database file keep their places, so an unchanged part of it is an unchanged piece."""
NONCE = 12


class BrokenBackup(RuntimeError):
    """A backup is not what was written, or was written under other keys; says so in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


@dataclass(frozen=True)
class Backup:
    """One backup: each file's pieces by its path, and what is noted of it."""

    name: str
    files: dict[str, list[str]]
    notes: dict[str, str]

    @property
    def pieces(self) -> set[str]:
        """The names of its pieces."""
        return {piece for pieces in self.files.values() for piece in pieces}


class Vault:
    """Writes, verifies, reads and forgets backups in a folder."""

    def __init__(self, folder: Path, secret: bytes) -> None:
        self._objects, self._backups = folder / "objects", folder / "backups"
        self._cipher = AESGCM(hmac.digest(secret, b"backup: encryption", hashlib.sha256))
        self._names = hmac.digest(secret, b"backup: names of pieces", hashlib.sha256)
        self._written: set[str] = set()

    def names(self) -> list[str]:
        """The backups, oldest first."""
        return sorted(path.name for path in self._backups.glob("[!.]*"))

    def put(self, content: IO[bytes]) -> list[str]:
        """Keep a file's content; the names of its pieces in their order."""
        return list(self._put(iter(lambda: content.read(PIECE), b"")))

    def finish(self, backup: Backup) -> None:
        """Verify what was written, then make it a backup, at once."""
        for piece in self._written:
            self._piece(piece)
        text = json.dumps({"files": backup.files, "notes": backup.notes})
        self._write(self._backups / backup.name, self._closed(zlib.compress(text.encode()), backup.name))

    def read(self, name: str) -> Backup:
        """A backup by its name; raises BrokenBackup."""
        path = self._backups / name
        data = json.loads(zlib.decompress(self._opened(path, name)))
        return Backup(name, data["files"], data["notes"])

    def verify(self, backup: Backup) -> None:
        """Read every piece; raises BrokenBackup."""
        for piece in backup.pieces:
            self._piece(piece)

    def content(self, backup: Backup, file: str) -> Iterator[bytes]:
        """A file of a backup, piece by piece; raises BrokenBackup."""
        for piece in backup.files[file]:
            yield self._piece(piece)

    def keep(self, newest: int) -> int:
        """Forget all but the newest backups and the pieces that only they had; how many backups went.

        One that cannot be read keeps every piece: what it needed is not known.
        """
        names = self.names()
        gone = names[:-newest]
        needed = {piece for name in names[len(gone) :] for piece in self.read(name).pieces}
        for name in gone:
            (self._backups / name).unlink()
        for path in self._objects.glob("*/*"):
            if path.name not in needed:
                path.unlink()
        return len(gone)

    def _put(self, pieces: Iterable[bytes]) -> Iterator[str]:
        for content in pieces:
            name = hmac.digest(self._names, content, hashlib.sha256).hex()
            path = self._path(name)
            if not path.is_file():
                self._write(path, self._closed(zlib.compress(content, 1), name))
                self._written.add(name)
            yield name

    def _piece(self, name: str) -> bytes:
        content = zlib.decompress(self._opened(self._path(name), name))
        if hmac.digest(self._names, content, hashlib.sha256).hex() != name:
            raise _broken(self._path(name))
        return content

    def _path(self, name: str) -> Path:
        return self._objects / name[:2] / name

    def _closed(self, content: bytes, name: str) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._cipher.encrypt(nonce, content, name.encode())

    def _opened(self, path: Path, name: str) -> bytes:
        try:
            content = path.read_bytes()
            return self._cipher.decrypt(content[:NONCE], content[NONCE:], name.encode())
        except (OSError, ValueError, InvalidTag):
            raise _broken(path) from None

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        staging = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        staging.replace(path)


def _broken(path: Path) -> BrokenBackup:
    return BrokenBackup(
        f"{path}:备份已损坏、缺失,或由另一套密钥加密",
        f"{path}: the backup is damaged, incomplete, or was written under other keys",
    )
