"""The drill: a backup is taken while people work, and what is restored from it is equal to the bank of that moment."""

import os
import shutil
import sqlite3
import subprocess
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from django.db import connection

from tests.test_cli import refused
from weihu.cli import main
from weihu.engine.lake import Busy, Home
from weihu.engine.vault import BrokenBackup
from weihu.nightly import backup
from weihu.workplace.base import audit

AT = datetime(2026, 6, 3, 4, 0, tzinfo=UTC)


def files(root: Path) -> dict[str, bytes]:
    """The lake's files by their place."""
    folders = (root / name for name in backup.LAKE)
    return {str(path.relative_to(root)): path.read_bytes() for folder in folders for path in folder.rglob("*.*")}


def rows(database: Path) -> dict[str, list]:
    """Every row of every table of a database file."""
    with closing(sqlite3.connect(database)) as opened:
        tables = opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: sorted(opened.execute(f'SELECT * FROM "{name}"'), key=repr) for (name,) in tables}


@pytest.fixture
def vault(home, tmp_path):
    return home.vault(tmp_path / "vault")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the drill on PostgreSQL is the next test")
def test_a_restored_home_is_equal_and_serves_the_same_run(own_bank, home, vault, tmp_path):
    before = tmp_path / "before.sqlite3"
    with closing(sqlite3.connect(before)) as copy:
        connection.connection.backup(copy)
    taken = backup.take(home, vault, AT, 30)
    assert taken.notes["audit"] == str(audit.tail())

    new = tmp_path / "new"
    new.mkdir()
    shutil.copy(home.keys.file, new / "keys.json")
    arguments = [shutil.which("weihu"), "--home", str(new)]
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [*arguments, "restore", str(tmp_path / "vault")], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert taken.notes["audit"] in done.stdout
    assert rows(new / "weihu.sqlite3") == rows(before)
    assert files(new) == files(home.root)
    assert (new / "rulebook.toml").read_bytes() == home.rulebook.read_bytes()
    assert not [path for path in new.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    refused(CliRunner().invoke(main, ["--home", str(new), "restore", str(tmp_path / "vault")]), "there are data here")


@pytest.mark.sqlite
def test_what_was_damaged_before_the_backup_is_told_when_it_is_restored(own_bank, home, vault, tmp_path, monkeypatch):
    monkeypatch.setenv("WEIHU_HOME", str(home.root))
    path = min(home.landed.glob("*/balances.parquet"))
    path.write_bytes(path.read_bytes()[:-1])
    backup.take(home, vault, AT, 30)
    new = tmp_path / "new"
    new.mkdir()
    shutil.copy(home.keys.file, new / "keys.json")
    said = CliRunner().invoke(main, ["--home", str(new), "restore", str(tmp_path / "vault")])
    refused(said, "restored, but the above was damaged already")
    assert f"{path.parent.name}/{path.name}" in said.output


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own programs")
def test_a_restored_database_is_equal(own_bank, home, vault, tmp_path, installation):
    taken = backup.take(home, vault, AT, 30)
    new = tmp_path / "new"
    new.mkdir()
    shutil.copy(home.keys.file, new / "keys.json")
    known = databases()
    weihu = installation("new")
    (database,) = databases() - known
    done = weihu("restore", tmp_path / "vault")
    assert taken.notes["audit"] in done.stdout
    assert files(new) == files(home.root)
    restored = rows_on_server(database)
    assert sum(map(len, restored.values())) > 5000
    assert restored == rows_on_server(connection.settings_dict["NAME"])


def databases() -> set[str]:
    """The names of the server's databases."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {name for (name,) in cursor.fetchall()}


def rows_on_server(database: str) -> dict[str, list]:
    """Every row of every table of a database of the server."""
    url = os.environ["WEIHU_DATABASE_URL"].rsplit("/", 1)[0]
    with psycopg.connect(f"{url}/{database}") as opened:
        tables = opened.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {name: sorted(map(repr, opened.execute(f'SELECT * FROM "{name}"'))) for (name,) in tables}


def test_people_work_while_a_backup_is_taken(own_bank, home, vault, monkeypatch):
    """What is recorded after the moment of the backup is not in it, and waits for nothing."""
    put, recorded = backup._put, []

    def slow(store, path):
        if not recorded:
            writer = threading.Thread(target=lambda: recorded.append(audit.record("x", "while")))
            writer.start()
            writer.join(20)
            assert recorded, "the writer waited for the backup"
        return put(store, path)

    monkeypatch.setattr(backup, "_put", slow)
    tail = str(audit.tail())
    taken = backup.take(home, vault, AT, 30)
    assert taken.notes["audit"] == tail != str(audit.tail())


def test_a_second_backup_adds_only_what_changed_and_the_oldest_go(own_bank, home, vault, tmp_path):
    def size() -> int:
        return sum(path.stat().st_size for path in (tmp_path / "vault").rglob("*") if path.is_file())

    backup.take(home, vault, AT, 2)
    first = size()
    audit.record("x", "customer.open")
    backup.take(home, vault, AT + timedelta(days=1), 2)
    assert size() < 1.6 * first
    backup.take(home, vault, AT + timedelta(days=2), 2)
    assert vault.names() == ["20260604T040000", "20260605T040000"]
    assert not (home.root / backup.HELD).exists()


def test_no_backup_is_taken_while_a_night_runs_nor_restored_from_a_damaged_one(own_bank, home, vault, tmp_path):
    with home.lock(), pytest.raises(Busy):
        backup.take(home, vault, AT, 30)
    taken = backup.take(home, vault, AT, 30)
    piece = next((tmp_path / "vault" / "objects").glob("*/*"))
    piece.write_bytes(piece.read_bytes()[:-1])
    with pytest.raises(BrokenBackup):
        backup.restore(home, vault, taken)
    command = ["--home", str(home.root), "backup"]
    refused(CliRunner().invoke(main, [*command, "verify", str(tmp_path / "vault")]), "damaged")
    listed = CliRunner().invoke(main, [*command, "list", str(tmp_path / "vault")])
    assert taken.name in listed.output


def program(folder: Path, name: str, text: str) -> None:
    """A program of this name on the path."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o700)


def test_a_dump_that_fails_is_no_backup(tmp_path):
    (tmp_path / "dump").write_bytes(b"rows")
    with backup.Content(["cat", str(tmp_path / "dump")], dict(os.environ), None)() as content:
        assert content.read() == b"rows"
    with pytest.raises(BrokenBackup), backup.Content(["false"], dict(os.environ), None)() as content:
        content.read()


def test_what_is_loaded_is_what_was_kept_and_a_failure_is_said(home, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    program(tmp_path / "bin", "pg_restore", f'printf %s "$*" > {tmp_path}/asked; cat > {tmp_path}/loaded')
    backup._load(iter([b"one ", b"two"]))
    assert (tmp_path / "loaded").read_bytes() == b"one two"
    assert "--single-transaction" in (tmp_path / "asked").read_text()
    program(tmp_path / "bin", "pg_restore", "cat > /dev/null; exit 1")
    with pytest.raises(BrokenBackup):
        backup._load(iter([b"one"]))


def test_a_backup_of_another_database_or_of_another_run_is_refused(own_bank, home, vault, tmp_path, monkeypatch):
    monkeypatch.setattr(backup, "_load", list)
    taken = backup.take(home, vault, AT, 30)
    for notes in ({"vendor": "another"}, {"run": "999"}):
        new = Home(tmp_path / next(iter(notes)))
        new.root.mkdir()
        with pytest.raises(BrokenBackup) as broken:
            backup.restore(new, vault, replace(taken, notes={**taken.notes, **notes}))
        assert "the database another" in broken.value.en or "not the backup's" in broken.value.en
