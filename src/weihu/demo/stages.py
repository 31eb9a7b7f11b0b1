"""The stages of a start on the screen: a bar each, with its name, how much of it is done, and the time left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column

T = TypeVar("T")
NAME_CELLS = 28
REFRESHED_PER_SECOND = 4


class Stages:
    """The bars of one start."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def bar(self, name: str, total: int = 1) -> Callable[[], None]:
        """A stage of so many parts; calling what is returned says that one more of them is done."""
        task = self._progress.add_task(name, total=total)
        return lambda: self._progress.advance(task)

    def track(self, name: str, parts: Iterable[T], total: int) -> Iterator[T]:
        """Go through the parts of a stage; each is done when the next is asked for."""
        advance = self.bar(name, total)
        for part in parts:
            yield part
            advance()

    @contextmanager
    def whole(self, name: str) -> Iterator[None]:
        """A stage of one part."""
        advance = self.bar(name)
        yield
        advance()


@contextmanager
def on_screen() -> Iterator[Stages]:
    """The bars of a start, on standard error."""
    columns = (
        TextColumn("{task.description}", table_column=Column(min_width=NAME_CELLS)),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=REFRESHED_PER_SECOND) as progress:
        yield Stages(progress)
