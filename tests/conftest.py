"""A home of its own for the test process, and one small published bank that tests share."""

import os
import shutil
import subprocess
import sys
import uuid
from datetime import date
from pathlib import Path

import pytest

from tests.settings import HOME, ROOT
from weihu.engine.lake import Home
from weihu.sources.synthetic import SyntheticBank

PUBLISHED_DAYS = 4
LEDGER = Path(__file__).parents[2] / "shared" / "data" / "czech-bank"


def pytest_sessionfinish():
    shutil.rmtree(ROOT, ignore_errors=True)


@pytest.fixture(scope="session")
def deliveries() -> list[Path]:
    """A bank of 400 customers in 3 branches: six deliveries over a month's end."""
    bank = SyntheticBank(400, 3, 6, date(2026, 6, 2), 7)
    return list(bank.deliveries(ROOT / "deliveries"))


@pytest.fixture(scope="session")
def home() -> Home:
    """The process's home."""
    return HOME


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker, deliveries, home):
    """The first four nights are published; the next delivery waits."""
    from weihu.nightly.run import Nightly

    with django_db_blocker.unblock(), Nightly(home) as nightly:
        for folder in deliveries[:PUBLISHED_DAYS]:
            nightly.run(folder)


@pytest.fixture
def run(db):
    """The published run."""
    from weihu.workplace.bank.current import current

    return current()


@pytest.fixture
def member(db):
    """One member of staff of a post, the one with most customers."""
    from weihu.workplace.bank.models import Staff, Standing

    def find(post: str) -> Staff:
        members = Staff.objects.filter(post=post).order_by("staff_id")
        return max(members, key=lambda one: Standing.objects.filter(primary_id=one.staff_id).count())

    return find


@pytest.fixture
def signed_in(client, member):
    """A browser's stand-in, signed in as a post."""

    def sign_in(post: str):
        client.force_login(member(post))
        return client

    return sign_in


@pytest.fixture
def installation(tmp_path):
    """Makes the command, as processes with a home (and on PostgreSQL a database) of their own, by the home's name."""
    url = os.environ.get("WEIHU_DATABASE_URL")
    databases = []

    def install(name: str):
        environment = {**os.environ, "WEIHU_HOME": str(tmp_path / name)}
        environment.pop("DJANGO_SETTINGS_MODULE")
        if url:
            databases.append(f"weihu_{uuid.uuid4().hex}")
            _sql(url, f"CREATE DATABASE {databases[-1]}")
            environment["WEIHU_DATABASE_URL"] = url.rsplit("/", 1)[0] + f"/{databases[-1]}"

        def call(*arguments: object, check: bool = True, start: bool = False, module: str = "weihu.cli"):
            command = [sys.executable, "-m", module, *map(str, arguments)]
            if start:
                pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
                return subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=nothing, text=True)
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            assert not check or done.returncode == 0, done.stderr
            return done

        return call

    yield install
    for database in databases:
        _sql(url, f"DROP DATABASE {database} WITH (FORCE)")


@pytest.fixture
def weihu(installation):
    """One installation's command."""
    return installation("home")


def _sql(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url.rsplit("/", 1)[0] + "/postgres", autocommit=True) as connection:
        connection.execute(statement)
