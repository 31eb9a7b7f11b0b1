"""The home folder of an installation and the layout of its lake.

::

    HOME/
      rulebook.toml          the bank's rule book
      keys.json              secrets of this installation (mode 600)
      weihu.sqlite3          the workplace's database, unless WEIHU_DATABASE_URL names another
      logs/workplace.log     what failed in the workplace
      tour.json              a guided tour for the sign-in page, which the demo has
      inbox/DATE/            deliveries to come
      lake/landed/DATE-rN/   checked deliveries as Parquet, revision N
      lake/runs/RUN/         what a night leaves for the next one, with its checksums: a table is a Parquet file, or a
                             folder of sorted parts
      lake/compiled.json     what the night's rules compile to, kept for the next process; compiled-spark.json: for Spark
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import shutil
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

import filelock

from weihu.engine.checksums import Checksums
from weihu.engine.parts import parts_of

STAGING = ".staging"


class Busy(RuntimeError):
    """Another run is working in this home."""


class Home:
    """Paths and the lock of one installation."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.rulebook = self.root / "rulebook.toml"
        self.log = self.root / "logs" / "workplace.log"
        self.tour = self.root / "tour.json"
        self.inbox = self.root / "inbox"
        self.landed = self.root / "lake" / "landed"
        self.runs = self.root / "lake" / "runs"
        self.compiled = self.root / "lake" / "compiled.json"
        self.spill = self.root / "lake" / STAGING / "spill"
        self._keys = self.root / "keys.json"

    @property
    def exists(self) -> bool:
        """Whether ``weihu init`` has been here."""
        return self.rulebook.is_file() and self._keys.is_file()

    def create(self) -> None:
        """Folders and fresh secrets; keeps what is there."""
        for folder in (self.inbox, self.landed, self.runs):
            folder.mkdir(parents=True, exist_ok=True)
        if not self._keys.is_file():
            made = {name: secrets.token_hex(32) for name in ("django", "seal", "index")}
            descriptor = os.open(self._keys, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(made, file)

    def key(self, name: str) -> bytes:
        """One of the secrets: ``django``, ``seal`` (encryption) or ``index`` (blind index); 32 bytes."""
        return bytes.fromhex(json.loads(self._keys.read_text())[name])

    @cached_property
    def checksums(self) -> Checksums:
        """Of what nights leave in the lake, under a key of their own."""
        return Checksums(hmac.digest(self.key("index"), b"checksums of the lake", hashlib.sha256))

    def verified(self, path: Path) -> Path:
        """A table of a run's folder, once it is found to be as the night left it; raises checksums.Damaged.

        A process looks again only at a table that was changed since.
        """
        parts = [(part.name, part.stat()) for part in parts_of(path)]
        _verified(self.checksums, path, tuple((name, stamp.st_mtime_ns, stamp.st_size) for name, stamp in parts))
        return path

    def lock(self) -> filelock.BaseFileLock:
        """Held while a run works; taking it a second time raises Busy.

        The operating system lets go of it when its holder dies, however it dies.
        """
        lock = filelock.FileLock(self.root / "run.lock", timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise Busy(str(self.root)) from None
        return lock

    def staging(self, name: str) -> Path:
        """An empty folder that no reader looks at."""
        folder = self.root / "lake" / STAGING / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def tidy(self) -> None:
        """Remove what a killed run left in staging."""
        shutil.rmtree(self.root / "lake" / STAGING, ignore_errors=True)

    def run(self, number: int) -> Path:
        """The folder of a run."""
        return self.runs / f"{number:06d}"

    def delivery(self, on: date, revision: int) -> Path:
        """The folder of a landed delivery."""
        return self.landed / f"{on:%Y-%m-%d}-r{revision}"


@lru_cache(maxsize=1_000)
def _verified(checksums: Checksums, path: Path, stamp: tuple[tuple[str, int, int], ...]) -> None:
    checksums.verify(path.parent, [path.name])
