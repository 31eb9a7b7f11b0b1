"""The bytes of a delivered CSV file: compression, encoding, line lengths, separator and header.

Everything is read in blocks, so a file of any size or with a line of any length costs a few megabytes.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from weihu.engine.landing.faults import DeliveryFault, whole_file

BLOCK = 4 << 20
LONGEST_LINE = 64 << 10
SEPARATORS = (",", "\t", "|")
ENCODINGS = ("utf-8", "gb18030")


@dataclass(frozen=True)
class TextFile:
    """A CSV file that DuckDB can read: UTF-8, plain, with the header's columns known, and its lines counted."""

    path: Path
    separator: str
    header: list[str]
    lines: int


class Broken(Exception):
    """The file cannot be read as text; carries the fault."""

    def __init__(self, fault: DeliveryFault) -> None:
        super().__init__(fault.text("en"))
        self.fault = fault


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_parquet(path: Path) -> bool:
    """Whether the file says of itself that it is Parquet."""
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def prepare(path: Path, scratch: Path) -> TextFile:
    """Check the bytes of a file and bring it to plain UTF-8 (a copy in ``scratch``, unless it is that already).

    Raises Broken at the first byte-level fault.
    """
    encoding, plain, lines = _examine(path)
    if not plain:
        copy = scratch / f"{path.name}.utf8"
        with copy.open("w", encoding="utf-8", newline="") as out:
            for block in _line_blocks(path):
                out.write(block.decode(encoding))
        path = copy
    with path.open(encoding="utf-8") as file:
        first = file.readline().rstrip("\r\n")
    separator = max(SEPARATORS, key=first.count)
    header = [name.strip() for name in next(csv.reader(io.StringIO(first), delimiter=separator), [])]
    return TextFile(path, separator, header, lines)


def _examine(path: Path) -> tuple[str, bool, int]:
    """The encoding, whether the file can be read as it stands, and the number of its lines."""
    encoding = ENCODINGS[0]
    line, last = 1, b""
    for block in _line_blocks(path):
        last = block
        _check_lines(path, block, line)
        encoding = _check_encoding(path, block, line, encoding)
        line += block.count(b"\n")
    if not last:
        raise Broken(whole_file(path, "0 bytes", "至少有一行表头", "at least a header line"))
    plain = encoding == "utf-8" and not _has_mark(path) and not _is_gzip(path)
    return encoding, plain, line - last.endswith(b"\n")


def _line_blocks(path: Path) -> Iterator[bytes]:
    """The file's bytes, cut behind line ends; a byte-order mark is left out."""
    line = 1
    rest = b""
    with gzip.open(path) if _is_gzip(path) else path.open("rb") as file:
        try:
            while data := file.read(BLOCK):
                cut = data.rfind(b"\n") + 1
                if not cut and len(rest) + len(data) > LONGEST_LINE:
                    raise Broken(_long_line(path, line, len(rest) + len(data)))
                if cut:
                    block = rest + data[:cut]
                    rest = data[cut:]
                    yield block.removeprefix(b"\xef\xbb\xbf") if line == 1 else block
                    line += block.count(b"\n")
                else:
                    rest += data
        except (EOFError, zlib.error, gzip.BadGzipFile):
            fault = DeliveryFault(
                path.name, line, "", "gzip", "完整的gzip文件(传输中断或损坏)", "a whole gzip file (cut off or damaged)"
            )
            raise Broken(fault) from None
    if rest:
        yield rest.removeprefix(b"\xef\xbb\xbf") if line == 1 else rest


def _check_lines(path: Path, block: bytes, line: int) -> None:
    lines = block.split(b"\n")
    if max(map(len, lines)) > LONGEST_LINE:
        at = next(number for number, text in enumerate(lines) if len(text) > LONGEST_LINE)
        raise Broken(_long_line(path, line + at, len(lines[at])))
    if (at := block.find(b"\0")) >= 0:
        place = line + block.count(b"\n", 0, at)
        raise Broken(DeliveryFault(path.name, place, "", "NUL (0x00)", "文本字符", "text characters"))
    body = lines[:-1] if block.endswith(b"\n") else lines
    for number, text in enumerate(body):
        if not text or text == b"\r":
            raise Broken(DeliveryFault(path.name, line + number, "", "", "非空行", "a line that is not empty"))


def _check_encoding(path: Path, block: bytes, line: int, encoding: str) -> str:
    """The encoding that this block goes on with; the first block that is not UTF-8 may turn it to GB18030."""
    try:
        block.decode(encoding)
        return encoding
    except UnicodeDecodeError as error:
        if encoding == "utf-8" and _mostly_gb18030(block):
            return _check_encoding(path, block, line, "gb18030")
        place = line + block.count(b"\n", 0, error.start)
        found = block[error.start : error.start + 4].hex(" ")
        expected = "UTF-8" if encoding == "utf-8" else "GB18030"
        raise Broken(DeliveryFault(path.name, place, "", found, f"{expected} 编码", f"{expected} text")) from None


def _mostly_gb18030(block: bytes) -> bool:
    """Chinese in GB18030 is hardly ever valid UTF-8, so the lines vote: a damaged UTF-8 file stays UTF-8."""
    lines = [line for line in block.split(b"\n") if not line.isascii()]
    as_utf8 = sum(_decodes(line, "utf-8") for line in lines)
    return as_utf8 * 2 < len(lines)


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _long_line(path: Path, line: int, length: int) -> DeliveryFault:
    return DeliveryFault(
        path.name,
        line,
        "",
        f"> {min(length, LONGEST_LINE)} bytes",
        f"每行不超过 {LONGEST_LINE} 字节",
        f"lines of at most {LONGEST_LINE} bytes",
    )


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _has_mark(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(3) == b"\xef\xbb\xbf"
