"""The small bank that tests share: made and published once in a test run, then copied.

The process that comes first runs the nights; the others copy its database and lake. A test that commits changes has
them copied anew afterwards.
"""

import hashlib
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from datetime import date
from functools import cache
from pathlib import Path

import filelock
import psycopg
from django.core.management import call_command
from django.db import connection

from tests.settings import HOME, ROOT
from weihu.engine.lake import Home
from weihu.rules import rulebook
from weihu.sources.synthetic import SyntheticBank

PUBLISHED_DAYS = 4
LAKE = ROOT / "published-lake"
FILE = ROOT / "published.sqlite3"
COMPILED = Path(os.environ.get("WEIHU_COMPILED") or ROOT / "compiled")
"""What rules compile to, by rule book: compiled once for all processes and homes of a run, or of all runs that say where."""
TEMPLATE = f"weihu_published_{ROOT.name.rsplit('-', 1)[1]}".lower()


def deliveries() -> list[Path]:
    """A bank of 400 customers in 3 branches: six deliveries over a month's end."""
    folder = ROOT / "deliveries"
    with filelock.FileLock(ROOT / "deliveries.lock"):
        if not folder.is_dir():
            list(SyntheticBank(400, 3, 6, date(2026, 6, 2), 7).deliveries(ROOT / "making"))
            (ROOT / "making").rename(folder)
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def create() -> None:
    """The process's database and lake, with the first nights published; the next delivery waits."""
    nights = deliveries()[:PUBLISHED_DAYS]
    with filelock.FileLock(ROOT / "published.lock"):
        if not LAKE.is_dir():
            _publish(nights)
            _keep()
            shutil.copytree(HOME.root / "lake", ROOT / "keeping")
            (ROOT / "keeping").rename(LAKE)
            return
    restore()


def restore() -> None:
    """The database and lake as they were published, whatever was committed since."""
    (HOME.root / "audit.key.head").unlink(missing_ok=True)
    shutil.rmtree(HOME.root / "lake")
    shutil.copytree(LAKE, HOME.root / "lake")
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(FILE)) as kept:
            kept.backup(connection.connection)
    else:
        connection.close()
        _server(f"DROP DATABASE IF EXISTS {_name()} WITH (FORCE)", f"CREATE DATABASE {_name()} TEMPLATE {TEMPLATE}")


def all_nights() -> None:
    """The folders of all published nights: a night that a test runs forgets the oldest, and only its rows are rolled back."""
    shutil.copytree(LAKE, HOME.root / "lake", dirs_exist_ok=True)


def lend(home: Home) -> None:
    """To a new home what another one's nights by the same rule book compiled, which takes longer than the nights; else
    what those by any book did: half of it depends on no book."""
    if home.runs.is_dir() and not home.compiled.exists():
        kept = _compiled(home)
        for file in (kept, *sorted(COMPILED.glob("*.json"))):
            if file.is_file():
                shutil.copy(file, home.compiled)
                home.compiled.chmod(0o600)  # as the command leaves it
                return


def keep(home: Home) -> None:
    """What a home's nights compiled, for the homes to come."""
    if home.compiled.is_file() and not (kept := _compiled(home)).exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        own = kept.with_suffix(f".{os.getpid()}")
        shutil.copy(home.compiled, own)
        own.replace(kept)


def _compiled(home: Home) -> Path:
    return COMPILED / f"{_content(home.rulebook.read_bytes() if home.rulebook.is_file() else b'')}.json"


@cache
def _content(text: bytes) -> str:
    """A digest of what a book says, however it is written."""
    with tempfile.TemporaryDirectory() as folder:
        (book := Path(folder) / "book.toml").write_bytes(text)
        with suppress(rulebook.FaultyBook):
            text = rulebook.load(book).model_dump_json().encode()
    return hashlib.sha256(text).hexdigest()


def destroy() -> None:
    """Leave nothing of the process's database on a server."""
    connection.close()
    if connection.vendor != "sqlite":
        _server(f"DROP DATABASE IF EXISTS {_name()} WITH (FORCE)")


def forget() -> None:
    """Leave nothing of the run: once, when all its processes have ended."""
    shutil.rmtree(ROOT, ignore_errors=True)
    if connection.vendor != "sqlite":
        _server(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")


def _publish(nights: list[Path]) -> None:
    from weihu.nightly.run import Nightly

    if connection.vendor != "sqlite":
        _server(f"CREATE DATABASE {_name()}")
    call_command("migrate", verbosity=0)
    lend(HOME)
    with Nightly(HOME) as nightly:
        for folder in nights:
            nightly.run(folder)
    keep(HOME)


def _keep() -> None:
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(FILE)) as kept:
            connection.connection.backup(kept)
    else:
        connection.close()
        _server(f"CREATE DATABASE {TEMPLATE} TEMPLATE {_name()}")


def _name() -> str:
    return connection.settings_dict["NAME"]


def _server(*statements: str) -> None:
    """Statements on the server, outside any of its databases for tests."""
    url = os.environ["WEIHU_DATABASE_URL"].rsplit("/", 1)[0]
    with psycopg.connect(f"{url}/postgres", autocommit=True) as server:
        for statement in statements:
            server.execute(statement)
