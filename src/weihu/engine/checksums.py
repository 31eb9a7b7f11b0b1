"""Checksums of what a night leaves, under a key of the installation, verified before it is read.

A disk that flips a bit, a copy that was cut short or a hand that meant well would otherwise be published as the bank's
truth: Parquet notices few of its own faults.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from pathlib import Path

from weihu.engine.parts import parts_of

NAME = "checksums.json"


class Damaged(RuntimeError):
    """A file of the lake is not what the night left there, or is gone; says so in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class Checksums:
    """Written once into a folder of the lake, verified by whoever reads it."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def write(self, folder: Path, name: str, before: Path | None) -> None:
        """State the checksums of a folder's tables, as those of the folder that will be called ``name``.

        A file that is the same file in the verified folder ``before`` is not read again.
        """
        known = self._stated(before) if before else {}
        digests = {}
        for part in (part for table in sorted(folder.glob("*.parquet")) for part in parts_of(table)):
            said = part.relative_to(folder).as_posix()
            same = before / said if before and said in known else None
            digests[said] = known[said] if same and same.samefile(part) else _digest(part)
        (folder / NAME).write_text(json.dumps({"files": digests, "seal": self._seal(name, digests)}, indent=1))

    def verify(self, folder: Path, tables: Iterable[str] | None = None) -> None:
        """Raise Damaged unless these tables of the folder, without a choice all that it was left with, are as they were."""
        stated = self._stated(folder)
        parts: dict[str, list[Path]] = {}
        for said in stated:
            parts.setdefault(said.split("/")[0], []).append(folder / said)
        for table in parts if tables is None else tables:
            for part in parts.get(table, [folder / table]):
                if table not in parts or not part.is_file():
                    raise _damaged(part, "文件不见了", "is missing")
                if _digest(part) != stated[part.relative_to(folder).as_posix()]:
                    raise _damaged(part, "内容与当晚写下的不一致", "is not what the night wrote")
            for part in parts_of(folder / table):
                if part not in parts[table]:
                    raise _damaged(part, "不是当晚写下的文件", "was not written by the night")

    def _stated(self, folder: Path) -> dict[str, str]:
        path = folder / NAME
        try:
            stated = json.loads(path.read_text())
            digests = {str(name): str(digest) for name, digest in stated["files"].items()}
            sealed = hmac.compare_digest(str(stated["seal"]), self._seal(folder.name, digests))
        except OSError:
            raise _damaged(path, "校验文件不见了", "is missing") from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            sealed = False
        if not sealed:
            raise _damaged(path, "校验文件被改动", "was altered")
        return digests

    def _seal(self, name: str, digests: dict[str, str]) -> str:
        text = json.dumps([name, sorted(digests.items())])
        return hmac.digest(self._key, text.encode(), hashlib.sha256).hex()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, hashlib.sha256).hexdigest()


def _damaged(path: Path, zh: str, en: str) -> Damaged:
    return Damaged(
        f"{path}:{zh}。没有发布任何内容。请从备份恢复此文件,再重新运行",
        f"{path} {en}. Nothing was published. Restore the file from the backup, then run again",
    )
