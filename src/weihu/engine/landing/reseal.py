"""Landed deliveries under another key: file by file, each replaced at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from weihu.engine.contract import FILES, File
from weihu.engine.seal import Seal, key_of

STAGING = ".resealed"


def reseal(landed: Path, seal: Seal) -> Iterator[int]:
    """Bring the sealed columns of every landed delivery under the current key; says how many values of a file changed."""
    for file in FILES:
        if any(column.sealed for column in file.columns):
            for path in sorted(landed.glob(f"*/{file.name}.parquet")):
                if changed := _resealed(path, file, seal):
                    yield changed


def keys_in(landed: Path) -> set[str]:
    """The ids of the keys that landed deliveries are under."""
    found: set[str] = set()
    for file in FILES:
        columns = [column.name for column in file.columns if column.sealed]
        for path in landed.glob(f"*/{file.name}.parquet") if columns else ():
            for values in pq.read_table(path, columns=columns).columns:
                found.update(key_of(value) for value in values.to_pylist() if value)
    return found


def _resealed(path: Path, file: File, seal: Seal) -> int:
    table = pq.read_table(path)
    rows, changed = table[file.key].to_pylist(), 0
    for column in file.columns:
        if not column.sealed:
            continue
        scope, values = f"{file.name}.{column.name}", table[column.name].to_pylist()
        earlier = [value is not None and key_of(value) != seal.current for value in values]
        if any(earlier):
            changed += sum(earlier)
            renewed = [
                seal.close(seal.open(value, scope, row), scope, row, random=False) if old else value
                for row, value, old in zip(rows, values, earlier, strict=True)
            ]
            place = table.schema.get_field_index(column.name)
            table = table.set_column(place, column.name, pa.array(renewed, pa.string()))
    if changed:
        staging = path.with_name(path.name + STAGING)
        pq.write_table(table, staging, compression="zstd")
        staging.replace(path)
    return changed
