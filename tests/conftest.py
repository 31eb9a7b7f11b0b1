"""The small published bank that tests share, people signed in at it, and the command as a process."""

import os
import subprocess
import sys
import uuid
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.db import models
from pytest_django.live_server_helper import LiveServer

from tests import bank
from tests.attack import SHARE
from tests.settings import HOME
from weihu.engine.lake import Home

PUBLISHED_DAYS = bank.PUBLISHED_DAYS
NO_SPARK = "pyspark is not installed: make test-spark"
LEDGER = Path(__file__).parents[2] / "shared" / "data" / "czech-bank"


def pytest_collection_modifyitems(items):
    """What opens a browser is marked so, and is tried again when it fails: on a busy machine a browser, its page and the
    server do not always come in the order that a person would see. The report names what was tried again. What takes
    longest begins first, so that no process is left with it while the others have nothing to do; before all of it, one
    that needs the bank: while its process publishes it for all, the others have what needs none. What computes by Spark
    needs Spark. What says how much it tried is part of an attack."""
    for item in items:
        if item.get_closest_marker("spark") and not find_spec("pyspark"):
            item.add_marker(pytest.mark.skip(reason=NO_SPARK))
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
            item.add_marker(pytest.mark.flaky(reruns=2))
        if "tried" in getattr(item, "fixturenames", ()):
            item.add_marker("attack")
    long = {item for item in items if item.get_closest_marker("long")}
    banked = [item for item in items if item in long and "django_db_setup" in getattr(item, "fixturenames", ())]
    turns = dict.fromkeys(long, 1) | dict.fromkeys(banked, 2) | dict.fromkeys(banked[:1], 0)
    items.sort(key=lambda item: turns.get(item, 3))


def pytest_terminal_summary(terminalreporter):
    left_out = [
        report.nodeid for report in terminalreporter.stats.get("skipped", ()) if NO_SPARK in str(report.longrepr)
    ]
    if left_out:
        terminalreporter.section("not run without Spark")
        terminalreporter.write_line("\n".join([*sorted(left_out), NO_SPARK]))

    noted = [dict(report.user_properties) for report in terminalreporter.stats.get("passed", ())]
    attacks = Counter()
    for properties in noted:
        attacks.update(properties.get("tried", {}))
    if attacks and SHARE:
        terminalreporter.section("tried, and nothing wrong was found")
        for what, number in sorted(attacks.items()):
            terminalreporter.write_line(f"{number:>9,}  {what}")


@pytest.fixture
def tried(record_property):
    """Notes how much of what a test tried, for the table of an attack."""
    return lambda what, number: record_property("tried", {what: number})


def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        bank.forget()


@pytest.fixture(scope="session")
def deliveries() -> list[Path]:
    """Six days of the bank's files."""
    return bank.deliveries()


@pytest.fixture(scope="session")
def home() -> Home:
    """The process's home."""
    return HOME


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker):
    """The first four nights are published; the next delivery waits."""
    with django_db_blocker.unblock():
        bank.create()
        yield
        bank.destroy()


@pytest.fixture
def own_bank(django_db_setup, django_db_blocker):
    """The bank for a test that commits, or that many connections see at once: it is as before afterwards."""
    with django_db_blocker.unblock():
        yield
        bank.restore()


@pytest.fixture(scope="session")
def _served(django_db_setup):
    running = LiveServer("localhost")
    yield running
    running.stop()


@pytest.fixture
def server(own_bank, _served):
    """The workplace, served to browsers and other systems; its address is ``server.url``."""
    return _served


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
        own = Standing.objects.filter(primary_id__in=members.values("staff_id"))
        counts = dict(own.values_list("primary_id").annotate(customers=models.Count("pk")).order_by())
        return max(members, key=lambda row: counts.get(row.staff_id, 0))

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
        home = Home(tmp_path / name)
        own = {"WEIHU_HOME": str(home.root)}
        if url:
            databases.append(f"weihu_{uuid.uuid4().hex}")
            _sql(url, f"CREATE DATABASE {databases[-1]}")
            own["WEIHU_DATABASE_URL"] = url.rsplit("/", 1)[0] + f"/{databases[-1]}"

        def call(*arguments: object, check: bool = True, start: bool = False, module: str = "weihu.cli"):
            command = [sys.executable, "-m", module, *map(str, arguments)]
            environment = {**os.environ, **own}
            environment.pop("DJANGO_SETTINGS_MODULE")
            bank.lend(home)
            if start:
                pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
                return subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=nothing, text=True)
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            bank.keep(home)
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
