"""What is wrong in a delivery, said so that a bank's operator can act on it, in Chinese and English."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

LIMIT = 200
"""So many faults are reported; the rest are only counted as "and more"."""

SHOWN = 60
"""So many characters of a wrong value are shown."""


@dataclass(frozen=True)
class DeliveryFault:
    """One fault: where it is (line counted from 1; None for the file as a whole), what was found, what was expected."""

    file: str
    line: int | None
    column: str
    found: str
    expected_zh: str
    expected_en: str

    def text(self, language: str) -> str:
        """The fault in one line."""
        found = self.found[:SHOWN] + ("…" if len(self.found) > SHOWN else "")
        if language.startswith("en"):
            line = f", line {self.line}" if self.line else ""
            column = f", column {self.column}" if self.column else ""
            return f"{self.file}{line}{column}: found {found!r}, expected {self.expected_en}"
        line = f" 第{self.line}行" if self.line else ""
        column = f" {self.column} 列" if self.column else ""
        return f"{self.file}{line}{column}:实际为“{found}”,应为{self.expected_zh}"


class DeliveryRefused(RuntimeError):
    """A delivery that is refused as a whole; nothing of it was kept."""

    def __init__(self, faults: list[DeliveryFault]) -> None:
        self.faults = faults[:LIMIT]
        self.more = len(faults) > LIMIT
        super().__init__("\n".join(fault.text("en") for fault in self.faults))

    def report(self) -> list[dict[str, object]]:
        """The faults as plain data."""
        return [asdict(fault) for fault in self.faults]


class OutOfOrder(DeliveryRefused):
    """A delivery whose date does not follow the last published one."""


def whole_file(path: Path | str, found: str, zh: str, en: str, column: str = "") -> DeliveryFault:
    """A fault of a file as a whole: it claims no line."""
    return DeliveryFault(Path(path).name, None, column, found, zh, en)
