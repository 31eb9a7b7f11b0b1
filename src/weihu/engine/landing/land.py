"""Land a delivery: check everything before anything is used, then keep it as Parquet.

A wrong delivery is refused whole, with every fault's file, line, column, found and expected.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from weihu.engine.contract import FILES
from weihu.engine.duck import plan_for, threads_of
from weihu.engine.landing.checks import Checks
from weihu.engine.landing.faults import DeliveryRefused
from weihu.engine.landing.manifest import Manifest
from weihu.engine.parts import light
from weihu.engine.scratch import scratch
from weihu.engine.seal import Seal


@dataclass(frozen=True)
class Landed:
    """A delivery that passed every check: Parquet per file in ``folder``, rows per file."""

    manifest: Manifest
    folder: Path
    rows: dict[str, int]

    def paths(self, file: str) -> list[Path]:
        """The Parquet of a file, if it was delivered."""
        path = self.folder / f"{file}.parquet"
        return [path] if path.is_file() else []


def land(
    folder: Path,
    manifest: Manifest,
    staging: Path,
    earlier: dict[str, Path],
    posts: list[str],
    seal: Seal,
    spill: Path,
) -> Landed:
    """Check a delivery against its manifest, the contract and the keys of ``earlier`` nights.

    ``earlier`` maps a file's name to the Parquet of its state; ``posts`` are the rule book's; what does not fit into
    memory goes to ``spill``, encrypted. Raises DeliveryRefused.
    """
    with scratch_database(spill) as database:
        plan_for(database, is_small(folder, manifest, earlier), _threads())
        checks = Checks(database, manifest, staging, earlier, posts)
        for file in FILES:
            if entry := manifest.files.get(file.name):
                checks.read(file, folder / entry["file"])
        if checks.comparable:
            checks.relations()
        if checks.faults:
            raise DeliveryRefused(checks.faults)
        return Landed(manifest, staging, checks.write(seal))


def is_small(folder: Path, manifest: Manifest, earlier: dict[str, Path]) -> bool:
    """Whether a delivery and the state of ``earlier`` nights have few bytes together."""
    return light([*(folder / entry["file"] for entry in manifest.files.values()), *earlier.values()])


@contextmanager
def scratch_database(spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database in memory for a delivery, personal data in clear: what spills is encrypted."""
    # a folder of its own: two databases would write their spill under the same names
    folder = spill / "landing"
    folder.mkdir(parents=True, exist_ok=True)
    database = _engine(folder)
    database.execute("ATTACH ':memory:' AS delivery; USE delivery")
    try:
        yield database
    finally:
        database.execute("USE memory; DETACH delivery")


@cache
def _threads() -> int:
    """How many threads a landing has unless its delivery is small."""
    with duckdb.connect() as fresh:
        return threads_of(fresh)


@cache
def _engine(folder: Path) -> duckdb.DuckDBPyConnection:
    """Kept from one landing to the next: setting it up costs more than landing a small delivery."""
    return scratch(folder)
