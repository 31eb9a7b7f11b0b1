"""The home folder of an installation and the layout of its lake.

::

    HOME/
      rulebook.toml          the bank's rule book
      keys.json              secrets of this installation (mode 600)
      weihu.sqlite3          the workplace's database, unless WEIHU_DATABASE_URL names another
      logs/workplace.log     what failed in the workplace
      tour.json              a guided tour for the sign-in page, which the demo has
      alarms.json            which alarms have been sent
      backed-up              touched by each backup
      refused/               reports of refused deliveries
      inbox/DATE/            deliveries to come
      lake/landed/DATE-rN/   checked deliveries as Parquet, revision N, with their checksums
      lake/runs/RUN/         what a night leaves for the next one, with its checksums: a table is a Parquet file, or a
                             folder of sorted parts
      lake/compiled.json     what the night's rules compile to, kept for the next process; compiled-spark.json: for Spark
      insight/NAME/          a model of ``weihu insight fit``: JSON and model texts
"""

from __future__ import annotations

import os
import shutil
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

import filelock

from weihu.engine.checksums import Checksums
from weihu.engine.keys import KeysLost, KeyStore
from weihu.engine.parts import parts_of
from weihu.engine.seal import Seal
from weihu.engine.vault import Vault

STAGING = ".staging"
TAKEN = ".taken-"


class Busy(RuntimeError):
    """Another run is working in this home."""


class Home:
    """Paths and the lock of one installation."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.rulebook = self.root / "rulebook.toml"
        self.database = self.root / "weihu.sqlite3"
        self.log = self.root / "logs" / "workplace.log"
        self.tour = self.root / "tour.json"
        self.alarms = self.root / "alarms.json"
        self.refused = self.root / "refused"
        self.backed_up = self.root / "backed-up"
        self.inbox = self.root / "inbox"
        self.landed = self.root / "lake" / "landed"
        self.runs = self.root / "lake" / "runs"
        self.insight = self.root / "insight"
        self.compiled = self.root / "lake" / "compiled.json"
        self.spill = self.root / "lake" / STAGING / "spill"
        self.keys = KeyStore(self.root / "keys.json", os.environ)
        self.seal = Seal(self.keys.keys)

    @property
    def exists(self) -> bool:
        """Whether ``weihu init`` has been here."""
        return self.rulebook.is_file() and self.keys.exists

    @property
    def used(self) -> bool:
        """Whether there is anything here that may be sealed."""
        return self.rulebook.is_file() or self.database.is_file() or any(self.runs.glob("*"))

    def create(self) -> None:
        """Folders and fresh secrets, all for their owner only; keeps what is there.

        Raises KeysLost where the secrets of a home that has been used are gone: with new ones nothing would open.
        """
        if not self.keys.exists and self.used:
            raise KeysLost(
                f"{self.root}:此处已有数据,但密钥不见了。不会另造密钥,否则已加密的内容都无法打开;请从备份恢复密钥",
                f"{self.root}: there are data here, but their keys are gone. No new ones are made, since nothing that is"
                " sealed would open with them; restore the keys from the backup",
            )
        for folder in (self.root, self.inbox, self.landed, self.runs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.keys.create()

    def key(self, name: str) -> bytes:
        """One of the secrets that are not renewed (``keys.NAMED``); 32 bytes. Raises KeysLost."""
        return self.keys.keys().named[name]

    def vault(self, folder: Path) -> Vault:
        """Backups in a folder, under a key of their own; raises KeysLost."""
        return Vault(folder, self.key("backups"))

    @cached_property
    def checksums(self) -> Checksums:
        """Of what nights leave in the lake, under keys of their own."""
        return Checksums(lambda: self.keys.keys().checksums)

    def delivered(self, on: date, revision: int, table: str) -> Path | None:
        """A table of a landed delivery, once it is found to be as it landed; None if the delivery did not have it.

        Raises checksums.Damaged.
        """
        path = self.delivery(on, revision) / f"{table}.parquet"
        if path.name in self.checksums.tables(path.parent) or path.exists():
            return self.verified(path)
        return None

    def verified(self, path: Path) -> Path:
        """A table of a folder of the lake, once it is found to be as it was left there; raises checksums.Damaged.

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

    def take(self, delivery: Path) -> None:
        """Remove a delivery of the inbox that has been published: what is kept of it is sealed. Others stay."""
        if delivery.resolve().parent == self.inbox:
            gone = self.inbox / f"{TAKEN}{delivery.name}"
            delivery.rename(gone)  # whole or not at all
            shutil.rmtree(gone)

    def tidy(self) -> None:
        """Remove what a killed run left in staging and in the inbox."""
        for gone in self.inbox.glob(f"{TAKEN}*"):
            shutil.rmtree(gone, ignore_errors=True)
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
