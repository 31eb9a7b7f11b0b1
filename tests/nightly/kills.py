"""Nights that are killed at random moments, one process after the other.

    python -m tests.nightly.kills DELIVERIES TIMES

Reads WEIHU_HOME and WEIHU_DATABASE_URL. Prints a JSON line after each kill: what ``weihu status --json`` then says, or
null before the first night is published. The killed processes are forked from this one once it has compiled the
rules, so that a kill hits a night and not the start of a process.
"""

import json
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "weihu.workplace.settings"

import django

django.setup()

from click.testing import CliRunner  # noqa: E402
from django.conf import settings  # noqa: E402

from weihu.cli import main  # noqa: E402
from weihu.engine.duck import DuckEngine  # noqa: E402
from weihu.engine.lake import Home  # noqa: E402
from weihu.nightly import run, steps  # noqa: E402, F401 - imported once for all nights
from weihu.rules import rulebook  # noqa: E402

SLOWER = 1.5
"""So many times longer the next kill may wait, after one that came before anything was published."""

forking = multiprocessing.get_context("fork")


def status(answer: Connection) -> None:
    printed = CliRunner().invoke(main, ["status", "--json"])
    answer.send(json.loads(printed.stdout) if printed.exit_code == 0 else None)


def ask_status() -> dict[str, Any] | None:
    """What is published, asked in a process of its own: this one must stay as it was forked from."""
    hear, answer = forking.Pipe(duplex=False)
    asked = forked(status, answer)
    published: dict[str, Any] | None = hear.recv()
    asked.join()
    return published


def compile_rules(home: Home) -> None:
    """What every night of the home's book compiles, so that the processes forked from here on need not."""
    book = rulebook.load(home.rulebook)
    # one thread is no thread besides this one: others would not survive the fork
    engine = DuckEngine(None, threads=1, compiled=home.compiled)
    graph = steps.night(book)
    calendar = graph.schemas["calendar"]
    engine.bind_row("calendar", calendar, dict.fromkeys(calendar))
    graph.check(engine, book)
    engine.close()


def forked(task: Callable[..., None], *arguments: object) -> BaseProcess:
    process = forking.Process(target=task, args=arguments)
    process.start()
    return process


def kill_again_and_again(home: Home, deliveries: Path, times: int) -> None:
    """One night that is left alone, then nights that are killed; print what is published after each kill."""
    compile_rules(home)
    first = min(deliveries.glob("2*"))
    began = time.perf_counter()
    forked(main, ["run", "--date", first.name, "--delivery", str(first)]).join()
    night_takes = time.perf_counter() - began
    chance, patience, before = random.Random(11), 1.7, None
    for _ in range(times):
        night = forked(main, ["replay", str(deliveries)])
        night.join(chance.uniform(0.1, patience) * night_takes)  # one that ends before its kill is not waited for
        night.kill()
        night.join()
        published = ask_status()
        print(json.dumps(published), flush=True)
        # on a busy machine the first night says little of how long the others take
        patience = patience * SLOWER if published == before else patience
        before = published


if __name__ == "__main__":
    kill_again_and_again(settings.HOME, Path(sys.argv[1]), int(sys.argv[2]))
