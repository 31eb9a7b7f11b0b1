"""What rules compile to, kept in a file from one process to the next: a night's process begins with it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Hashable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import ibis

import weihu

MADE_BY = ("ibis-framework", "sqlglot", "duckdb")
CODE = ("rules", "engine")
"""What is compiled depends on nothing else than these packages of ours and of others."""


class Compiled:
    """Statements with the columns of what they make, by all that they depend on.

    A file that other code or other libraries wrote is left unread and written anew. What a process did not ask for is
    not kept, so that rule books of the past go.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stored: dict[str, Any] = {}
        self._asked: dict[str, Any] = {}
        if file.is_file():
            content = _read(file)
            if content.get("made_by") == _made_by():
                self._stored = content["statements"]

    def get(self, key: Hashable) -> tuple[str, ibis.Schema] | None:
        """The statement and its columns, if an earlier process compiled it."""
        digest = _digest(key)
        if digest not in self._stored:
            return None
        text, columns = self._stored[digest]
        return text, ibis.schema({name: _kind(kind) for name, kind in columns})

    def put(self, key: Hashable, text: str, schema: ibis.Schema) -> None:
        """Keep what was compiled."""
        self._asked[_digest(key)] = [text, [[name, str(kind)] for name, kind in schema.items()]]

    def save(self) -> None:
        """Write the file, whole or not at all, if it would be another one."""
        if self._asked != self._stored:
            staging = self._file.with_suffix(".new")
            content = {"made_by": _made_by(), "statements": self._asked}
            staging.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
            staging.replace(self._file)


def _read(file: Path) -> dict[str, Any]:
    """The file's content; one that is damaged is as good as none, since everything in it can be made again."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    return content if isinstance(content, dict) else {}


@cache
def _made_by() -> str:
    """A digest of the code of rules and engine and of the versions of what compiles them."""
    stamp = hashlib.sha256(repr([(name, importlib.metadata.version(name)) for name in MADE_BY]).encode())
    root = Path(weihu.__file__).parent
    for path in sorted(path for folder in CODE for path in (root / folder).rglob("*.py")):
        stamp.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return stamp.hexdigest()


def _digest(key: Hashable) -> str:
    return hashlib.sha256(repr(key).encode()).hexdigest()


@lru_cache(maxsize=256)
def _kind(text: str) -> ibis.DataType:
    return ibis.dtype(text)
