"""Where in a TOML text every setting stands: line and column, both counted from 1."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import NamedTuple

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

Path = tuple[str | int, ...]
"""Keys from the top, and places in arrays."""


class Place(NamedTuple):
    """A line and a column, from 1."""

    line: int
    column: int


class Places:
    """The places of a text's settings, found by its grammar; it need not be valid TOML."""

    def __init__(self, text: str) -> None:
        self._lines = text.encode().split(b"\n")
        self._places: dict[Path, Place] = {}
        self._root = Parser(Language(tree_sitter_toml.language())).parse(text.encode()).root_node
        self._arrays: dict[Path, int] = {}
        for node in self._root.children:
            if node.type == "pair":
                self._pair((), node)
            elif node.type in ("table", "table_array_element"):
                self._table(node)

    def exactly(self, path: Path) -> Place | None:
        """The place of a setting, if the text has it."""
        return self._places.get(path)

    def of(self, path: Path) -> Place | None:
        """The place of a setting or of what stands below it, else of the closest table around it that the text has."""
        below = (place for inner, place in self._places.items() if inner[: len(path)] == path)
        around = (self._places[path[:length]] for length in range(len(path), 0, -1) if path[:length] in self._places)
        return next(below, None) or next(around, None)

    def broken(self) -> list[Place]:
        """Where the text is no TOML, one place for each line."""
        places = sorted(self._place(node) for node in _broken(self._root))
        return list({place.line: place for place in reversed(places)}.values())[::-1]

    def _table(self, node: Node) -> None:
        key = next((child for child in node.named_children if child.type.endswith("_key")), None)
        if key is None:
            return
        path: Path = tuple(_keys(key))
        if node.type == "table_array_element":
            self._arrays[path] = self._arrays.get(path, -1) + 1
            path = (*path, self._arrays[path])
        self._note(path, node)
        for child in node.named_children:
            if child.type == "pair":
                self._pair(path, child)

    def _pair(self, table: Path, node: Node) -> None:
        key, *values = node.named_children
        path = (*table, *_keys(key))
        self._note(path, node)
        for value in values[:1]:
            self._value(path, value)

    def _value(self, path: Path, node: Node) -> None:
        if node.type == "inline_table":
            for child in node.named_children:
                if child.type == "pair":
                    self._pair(path, child)
        elif node.type == "array":
            elements = [child for child in node.named_children if child.type != "comment"]
            for number, element in enumerate(elements):
                self._note((*path, number), element)
                self._value((*path, number), element)

    def _note(self, path: Path, node: Node) -> None:
        self._places.setdefault(path, self._place(node))

    def _place(self, node: Node) -> Place:
        row, column = node.start_point
        return Place(row + 1, len(self._lines[row][:column].decode(errors="replace")) + 1)


def _keys(node: Node) -> Iterator[str]:
    if node.type == "dotted_key":
        for child in node.named_children:
            yield from _keys(child)
        return
    text = (node.text or b"").decode()
    try:
        yield next(iter(tomllib.loads(f"{text} = 0")))
    except tomllib.TOMLDecodeError:  # only in a text that is no TOML
        yield text


def _broken(node: Node) -> Iterator[Node]:
    if node.is_error or node.is_missing:
        yield node
    elif node.has_error:
        for child in node.children:
            yield from _broken(child)
