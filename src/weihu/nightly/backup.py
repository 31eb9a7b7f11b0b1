"""Backup and restore (备份与恢复) of database and lake, consistent with each other, while people work.

The lake changes only by nights, and a night holds the home's lock. So under the lock, for a moment, the database is
held as it is (SQLite: a copy, PostgreSQL: an exported snapshot) and the lake's files are linked; then the lock is free,
and what was held is written to the vault.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from django.db import connection

from weihu.engine.lake import Home
from weihu.engine.vault import Backup, BrokenBackup, Vault
from weihu.workplace.bank.current import current
from weihu.workplace.base import audit
from weihu.workplace.base.models import Head

DATABASE = "database"
HELD = ".backup"
BESIDE = ("rulebook.toml",)
LAKE = ("lake/landed", "lake/runs", "insight")
SIGNED_END = f"SELECT place, digest, signature FROM {Head._meta.db_table}"


def take(home: Home, vault: Vault, at: datetime, keep: int) -> Backup:
    """Write a backup, verify it, and forget all but the newest ``keep``. Raises lake.Busy while a night runs."""
    held = home.root / HELD
    shutil.rmtree(held, ignore_errors=True)  # of a killed one
    try:
        with _held(home, held) as (database, notes):
            files = {
                str(path.relative_to(held)): _put(vault, path) for path in sorted(held.rglob("*")) if path.is_file()
            }
            with database() as content:
                files[DATABASE] = vault.put(content)
        backup = Backup(f"{at:%Y%m%dT%H%M%S}", files, {**notes, "at": at.isoformat()})
        vault.finish(backup)
    finally:
        shutil.rmtree(held, ignore_errors=True)
    vault.keep(keep)
    return backup


def restore(home: Home, vault: Vault, backup: Backup) -> None:
    """Bring a backup into a home that has nothing but its keys, and an empty database. Raises BrokenBackup."""
    if backup.notes["vendor"] != connection.vendor:
        raise BrokenBackup(
            f"此备份来自 {backup.notes['vendor']} 数据库", f"this backup is of the database {backup.notes['vendor']}"
        )
    vault.verify(backup)
    for name in backup.files:
        if name != DATABASE:
            target = home.root / name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(target, vault.content(backup, name))
    if connection.vendor == "sqlite":
        _write(home.database, vault.content(backup, DATABASE))
    else:
        _load(vault.content(backup, DATABASE))
    last = current()
    if (str(last.number) if last else "") != backup.notes["run"]:
        raise BrokenBackup("恢复后的批次与备份不符", "the restored run is not the backup's")
    if last:
        home.checksums.verify(home.run(last.number))


class Content:
    """Opens the database's content for reading."""

    def __init__(self, command: list[str], environment: dict[str, str], file: Path | None) -> None:
        self._command = command
        self._environment = environment
        self._file = file

    @contextmanager
    def __call__(self) -> Iterator[IO[bytes]]:
        """The bytes; raises BrokenBackup if the database's own program failed."""
        if self._file:
            with self._file.open("rb") as content:
                yield content
            return
        with subprocess.Popen(self._command, env=self._environment, stdout=subprocess.PIPE) as process:  # noqa: S603
            if process.stdout is None:
                raise AssertionError
            yield process.stdout
        if process.returncode:
            raise BrokenBackup("pg_dump 失败", "pg_dump failed")


@contextmanager
def _held(home: Home, held: Path) -> Iterator[tuple[Content, dict[str, str]]]:
    """What the vault is to read: the lake and the rule book in ``held``, and the database; with what is noted of it."""
    lock = home.lock()
    try:
        with _database(held) as (database, tail):
            last = current()
            for name in LAKE:
                for path in (home.root / name).rglob("*"):
                    if path.is_file():
                        target = held / path.relative_to(home.root)
                        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                        os.link(path, target)
            for name in BESIDE:
                shutil.copyfile(home.root / name, held / name)
            run, vendor = str(last.number) if last else "", connection.vendor
            lock.release()
            yield database, {"vendor": vendor, "run": run, "audit": tail}
    finally:
        lock.release()


@contextmanager
def _database(held: Path) -> Iterator[tuple[Content, str]]:
    """The database as it is now, and the signed end of its audit log."""
    held.mkdir(mode=0o700)
    if connection.vendor == "sqlite":
        copy = held.with_name(held.name + ".sqlite3")
        try:
            copy.unlink(missing_ok=True)
            copy.touch(mode=0o600)
            connection.ensure_connection()
            with closing(sqlite3.connect(copy)) as target:
                connection.connection.backup(target)
                end = target.execute(SIGNED_END).fetchone()
            yield Content([], {}, copy), _written(end)
        finally:
            copy.unlink(missing_ok=True)
        return
    named, environment = _server()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone() or ("",)
            # uncompressed, so that an unchanged table is an unchanged piece
            dump = ["pg_dump", "--format=custom", "--compress=0", "--no-owner", f"--snapshot={snapshot}", named]
            cursor.execute(SIGNED_END)
            yield Content(dump, environment, None), _written(cursor.fetchone())
        finally:
            cursor.execute("ROLLBACK")


def _written(end: tuple[int, str, str] | None) -> str:
    """The end of an audit log as ``weihu audit verify`` reads it; of an empty log as well."""
    return str(audit.End(*end) if end else audit.End.of(0, audit.ORIGIN))


def _load(content: Iterator[bytes]) -> None:
    named, environment = _server()
    command = ["pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={named}"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE) as process:  # noqa: S603
        if process.stdin is None:
            raise AssertionError
        for piece in content:
            process.stdin.write(piece)
        process.stdin.close()
    if process.returncode:
        raise BrokenBackup("pg_restore 失败,数据库须为空", "pg_restore failed; the database has to be empty")


def _server() -> tuple[str, dict[str, str]]:
    """The database's name, and the rest of how to reach it as libpq's variables: a password is in no command line."""
    given = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    set_here = {variable: str(given[key]) for variable, key in names.items() if given[key]}
    return str(given["NAME"]), {**os.environ, **set_here}


def _put(vault: Vault, path: Path) -> list[str]:
    with path.open("rb") as content:
        return vault.put(content)


def _write(path: Path, content: Iterator[bytes]) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for piece in content:
            file.write(piece)
