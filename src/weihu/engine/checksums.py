"""Checksums of what has landed and of what a night leaves, under keys of the installation, verified before it is read.

A disk that flips a bit, a copy that was cut short or a hand that meant well would otherwise be published as the bank's
truth: Parquet notices few of its own faults.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from weihu.engine.keys import FIRST, Ring
from weihu.engine.parts import parts_of

NAME = "checksums.json"


class Damaged(RuntimeError):
    """A file of the lake is not what the night left there, or is gone; says so in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


@dataclass(frozen=True)
class _Stated:
    """What a folder's checksums say: each file's, and those of files that may be in the place of one by now."""

    key: str
    files: dict[str, str]
    renewed: dict[str, str]

    def allows(self, said: str, digest: str) -> bool:
        return digest in (self.files.get(said), self.renewed.get(said))


class Checksums:
    """Written once into a folder of the lake, verified by whoever reads it. ``keys``: asked each time."""

    def __init__(self, keys: Callable[[], Ring]) -> None:
        self._keys = keys

    def write(self, folder: Path, name: str, before: Path | None) -> None:
        """State the checksums of a folder's tables, as those of the folder that will be called ``name``.

        A file that is the same file in the verified folder ``before`` is not read again.
        """
        known = self._stated(before).files if before else {}
        digests = {}
        for part in (part for table in sorted(folder.glob("*.parquet")) for part in parts_of(table)):
            said = part.relative_to(folder).as_posix()
            same = before / said if before and said in known else None
            digests[said] = known[said] if same and same.samefile(part) else _digest(part)
        self._write(folder, name, digests, {})

    def verify(self, folder: Path, tables: Iterable[str] | None = None) -> None:
        """Raise Damaged unless these tables of the folder, without a choice all that it was left with, are as they were."""
        stated = self._stated(folder)
        parts: dict[str, list[Path]] = {}
        for said in stated.files:
            parts.setdefault(said.split("/")[0], []).append(folder / said)
        for table in parts if tables is None else tables:
            for part in parts.get(table, [folder / table]):
                if table not in parts or not part.is_file():
                    raise _damaged(part, "文件不见了", "is missing")
                if not stated.allows(part.relative_to(folder).as_posix(), _digest(part)):
                    if self._stated(folder) != stated:  # renewed between the two looks
                        return self.verify(folder, tables)
                    raise _damaged(part, "内容与写下时不一致", "is not what was written")
            for part in parts_of(folder / table):
                if part not in parts[table]:
                    raise _damaged(part, "不是系统写下的文件", "was not written by the system")
        return None

    def tables(self, folder: Path) -> set[str]:
        """The tables that the folder was left with; raises Damaged."""
        return {said.split("/")[0] for said in self._stated(folder).files}

    def key_of(self, folder: Path) -> str:
        """The id of the key that the folder's checksums are under; raises Damaged."""
        return self._stated(folder).key

    def renew(self, part: Path, folder: Path, staged: Path) -> None:
        """Put a file in the place of one of the folder's, which is as it was left, or Damaged is raised.

        Whoever reads meanwhile, and whoever reads after a death in between, finds one of the two and its checksum.
        """
        self.reseal(folder)  # another file of the folder may have been renewed when a process was killed
        stated, said = self._stated(folder), part.relative_to(folder).as_posix()
        before, after = _digest(part), _digest(staged)
        if not stated.allows(said, before):
            raise _damaged(part, "内容与写下时不一致", "is not what was written")
        self._write(folder, folder.name, stated.files | {said: before}, {said: after})
        staged.replace(part)
        self._write(folder, folder.name, stated.files | {said: after}, {})

    def reseal(self, folder: Path) -> bool:
        """Bring the folder's checksums under the current key, and settle what a killed renewal left; whether it did."""
        stated = self._stated(folder)
        if stated.key == self._keys().current and not stated.renewed:
            return False
        there = {said: _digest(folder / said) for said in stated.renewed}
        for said, digest in there.items():
            if not stated.allows(said, digest):
                raise _damaged(folder / said, "内容与写下时不一致", "is not what was written")
        self._write(folder, folder.name, stated.files | there, {})
        return True

    def _write(self, folder: Path, name: str, files: dict[str, str], renewed: dict[str, str]) -> None:
        ring = self._keys()
        seal = _seal(ring.keys[ring.current], ring.current, name, files, renewed)
        data = {"key": ring.current, "files": files, **({"renewed": renewed} if renewed else {}), "seal": seal}
        staging = folder / f".{NAME}.new"
        staging.write_text(json.dumps(data, indent=1))
        staging.replace(folder / NAME)

    def _stated(self, folder: Path) -> _Stated:
        path, keys = folder / NAME, self._keys().keys
        try:
            said = json.loads(path.read_text())
            files, renewed = (
                {str(name): str(digest) for name, digest in said.get(part, {}).items()} for part in ("files", "renewed")
            )
            named = str(said.get("key", ""))
            stated = _Stated(named or FIRST, files, renewed)
            key = keys.get(stated.key)
            sealed = key and hmac.compare_digest(str(said["seal"]), _seal(key, named, folder.name, files, renewed))
        except OSError:
            raise _damaged(path, "校验文件不见了", "is missing") from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            key, sealed = b"", False
        if key is None:
            raise _damaged(path, "校验文件所用的密钥不在此处", "is under a key that is not here")
        if not sealed:
            raise _damaged(path, "校验文件被改动", "was altered")
        return stated


def _seal(key: bytes, named: str, name: str, files: dict[str, str], renewed: dict[str, str]) -> str:
    """What says that the checksums are the installation's. Those of earlier versions name no key, and are sealed without."""
    said = [*([named] if named else []), name, sorted(files.items()), *([sorted(renewed.items())] if renewed else [])]
    return hmac.digest(key, json.dumps(said).encode(), hashlib.sha256).hex()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, hashlib.sha256).hexdigest()


def _damaged(path: Path, zh: str, en: str) -> Damaged:
    return Damaged(
        f"{path}:{zh}。没有发布任何内容。请从备份恢复此文件,再重新运行",
        f"{path} {en}. Nothing was published. Restore the file from the backup, then run again",
    )
