"""Where a fault can strike an act: every file that it opens for writing, syncs, renames, links or removes, every folder
that it makes, every table that the engine writes and every commit of the database, in the order in which they come.

Python tells of each of these before it is done, so they are enumerated and not sampled. What the native code of a
database writes by itself is its own to keep whole.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from weihu.engine.duck import DuckEngine

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Died(BaseException):
    """The process is no more: whatever it would still do is not done."""


class Points:
    """Counts the points that an act passes, in whichever of its threads, and strikes at one of them: once, or by death."""

    def __init__(self, root: Path, strike: int | None = None, dies: bool = False) -> None:
        self.root = str(root)
        self.strike = strike
        self.dies = dies
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

    def asked(execute, *statement):
        if points.dies and points.struck:
            raise Died
        return execute(*statement)

    def committed(wrapper):
        try:
            points.point("commit", OperationalError("database or disk is full"))
        except Died:
            wrapper._rollback()  # as the server does when its client is gone
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
