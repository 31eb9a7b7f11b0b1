"""What tests do to a delivery's files, so that it is refused."""

import json
from collections.abc import Callable
from pathlib import Path


def edit(folder: Path, file: str, line: int, column: str, value: str) -> None:
    """Set the value of a column on a line, as it is to stand in the file; the manifest stays as it was."""
    path = folder / f"{file}.csv"
    text = path.read_text(encoding="utf-8").splitlines()
    header = text[0].split(",")
    cells = text[line - 1].split(",")
    cells[header.index(column)] = value
    text[line - 1] = ",".join(cells)
    path.write_text("\n".join(text) + "\n", encoding="utf-8")


def manifest(folder: Path, change: Callable[[dict], object]) -> None:
    """Change the manifest."""
    path = folder / "manifest.json"
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def raw(folder: Path, file: str, change: Callable[[bytes], bytes]) -> None:
    """Change the bytes of a file."""
    path = folder / f"{file}.csv"
    path.write_bytes(change(path.read_bytes()))


def set_line(number: int, text: bytes) -> Callable[[bytes], bytes]:
    """A line replaced, for ``raw``."""

    def change(data: bytes) -> bytes:
        parts = data.split(b"\n")
        parts[number - 1] = text
        return b"\n".join(parts)

    return change


def put(key: str, value: object) -> Callable[[dict], None]:
    """An entry set by its dotted name, for ``manifest``; None removes it."""

    def change(data: dict) -> None:
        *path, last = key.split(".")
        for part in path:
            data = data[part]
        if value is None:
            del data[last]
        else:
            data[last] = value

    return change
