"""A table of the lake as files: one, or a folder of parts that follow each other in the table's order."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

LIGHT = 4 << 20


def parts_of(path: Path) -> list[Path]:
    """The Parquet files of a table, in its order; none if it is not there."""
    if path.is_dir():
        return sorted(path.glob("*.parquet"))
    return [path] if path.is_file() else []


def same_parts(one: Path, other: Path) -> bool:
    """Whether two tables are the same files under two names."""
    ours, theirs = parts_of(one), parts_of(other)
    return len(ours) == len(theirs) and all(part.samefile(same) for part, same in zip(ours, theirs, strict=True))


def light(paths: Iterable[Path]) -> bool:
    """Whether tables have so few bytes together that planning a statement over them takes longer than its rows."""
    return sum(part.stat().st_size for path in paths for part in parts_of(path)) < LIGHT


def link_parts(source: Path, target: Path) -> None:
    """A table under a second name, or a copy where the file system has no such links."""
    if source.is_dir():
        target.mkdir()
        for part in parts_of(source):
            _link(part, target / part.name)
    else:
        _link(source, target)


def remove_parts(path: Path) -> None:
    """Remove a table, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
