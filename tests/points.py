"""Where a fault can strike an act: every file that it opens for writing, syncs, renames, links or removes, every folder
that it makes, every table that the engine writes and every commit of the database, in the order in which they come. Of
what people do on a page, every statement that writes, too.

Python tells of each of these before it is done, so they are enumerated and not sampled. What the native code of a
database writes by itself is its own to keep whole.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from tests import bank
from tests.attack import SHARE
from weihu.engine.duck import DuckEngine
from weihu.workplace.base import audit

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
CHANGING = ("INSERT", "UPDATE", "DELETE")
FULL = "database or disk is full"
FEW = 4
"""Points of each act that the suite strikes at; an attack strikes at all."""


class Died(BaseException):
    """The process is no more: whatever it would still do is not done."""


class Points:
    """Counts the points that an act passes, in whichever of its threads, and strikes at one of them: once, or by death."""

    def __init__(self, root: Path, strike: int | None = None, dies: bool = False, by_statement: bool = False) -> None:
        self.root = str(root)
        self.strike = strike
        self.dies = dies
        self.by_statement = by_statement
        self.passed: list[str] = []
        self._counting = Lock()

    @property
    def struck(self) -> bool:
        """Whether the act came as far as the fault."""
        return self.strike is not None and len(self.passed) > self.strike

    def point(self, what: str, error: Exception) -> None:
        """One more is passed, or not."""
        with self._counting:
            place = len(self.passed)
            self.passed.append(what)
        if self.dies and self.struck:
            raise Died
        if place == self.strike:
            raise error

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """What Python is about to do."""
        if event in CHANGES or (event == "open" and (arguments[2] or 0) & WRITES):
            paths = [os.fsdecode(part) for part in arguments[:2] if isinstance(part, str | bytes | os.PathLike)]
            # what is removed with its folder is named by itself
            ours = [path for path in paths if path.startswith(self.root) or (event in CHANGES and path[:1] != "/")]
            if ours:
                full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                self.point(f"{event} {ours[0].removeprefix(self.root)}", full)


_heard: list[Points] = []
sys.addaudithook(lambda event, arguments: _heard[-1].heard(event, arguments) if _heard else None)


@contextmanager
def struck(points: Points, monkeypatch) -> Iterator[None]:
    """Listen while an act is under way; a death in it is the end of the act."""

    def passed(named: str, told: Callable[..., Any], error: Exception) -> Callable[..., Any]:
        def act(*arguments: Any, **options: Any) -> Any:
            points.point(named, error)
            return told(*arguments, **options)

        return act

    def asked(execute, statement, *rest):
        if points.dies and points.struck:
            raise Died
        if points.by_statement and statement.lstrip().startswith(CHANGING):
            points.point(statement[:60], OperationalError(FULL))
        return execute(statement, *rest)

    def committed(wrapper):
        try:
            points.point("commit", OperationalError(FULL))
        except Died:
            wrapper.rollback()  # as the server does when its client is gone
            raise
        return commit(wrapper)

    commit = BaseDatabaseWrapper.commit
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with monkeypatch.context() as patched, suppress(Died), connection.execute_wrapper(asked):
        patched.setattr(os, "fsync", passed("fsync", os.fsync, full))
        patched.setattr(DuckEngine, "write", passed("table", DuckEngine.write, full))
        patched.setattr(BaseDatabaseWrapper, "commit", committed)
        _heard.append(points)
        try:
            yield
        finally:
            _heard.pop()


@dataclass
class Outcome:
    """What came of an act: whether it is done, and what the person who began it was told."""

    is_done: bool
    told: str
    is_said: bool
    """Whether that is a refusal in words, no traceback and no empty page."""


@dataclass
class Act:
    """Something that changes much: what it needs beforehand, and what there is to see before it and after: first what
    readers see, in two parts, then what else it leaves."""

    prepare: Callable[[], None]
    seen: Callable[[], tuple[Any, ...]]
    do: Callable[[], Outcome]
    between: Sequence[tuple[Any, ...]] = ()
    """What readers see when some of its forms are done and not the others."""
    by_statement: bool = False


def apart(one: tuple[Any, ...], other: tuple[Any, ...]) -> list[Any]:
    """In what two states differ: the tables, or the parts."""
    if isinstance(one[0], dict):
        return [name for name in one[0] if one[0][name] != other[0][name]] + [one[2:], other[2:]]
    return [place for place, part in enumerate(one) if part != other[place]]


def strike(act: Act, root: Path, dies: bool, monkeypatch) -> tuple[int, int]:
    """Do an act undisturbed, then strike at one of its points after the other; how many, and of how many.

    Readers see what was before or all of what comes after, the person is told in words, and the same act again finishes
    and leaves what it leaves undisturbed.
    """
    bank.restore()
    act.prepare()
    before = act.seen()
    whole = Points(root, by_statement=act.by_statement)
    with struck(whole, monkeypatch):
        done = act.do()
        assert done.is_done, done.told
    after = act.seen()
    assert after[:2] != before[:2] or after[2:] != before[2:]
    total = len(whole.passed)
    step = 1 if SHARE >= 1 else max(1, round(total / max(FEW, SHARE * total)))
    places = range(step // 2, total, step)
    for place in places:
        bank.restore()
        act.prepare()
        points, outcome = Points(root, place, dies, act.by_statement), None
        with struck(points, monkeypatch):
            outcome = act.do()
        where = (place, points.passed[place:][:1])
        seen = act.seen()
        assert seen[:2] in (before[:2], after[:2], *act.between), (where, apart(before, seen), apart(after, seen))
        assert audit.verify() is None, where
        assert outcome is None or outcome.is_done or outcome.is_said, (where, outcome)
        finished = act.do()
        assert finished.is_done, (where, finished.told)
        seen = act.seen()
        assert seen == after, (where, apart(after, seen))
    return len(places), total
