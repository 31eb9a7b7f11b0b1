"""Landed deliveries under another key: file by file, each replaced at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from weihu.engine.contract import FILES, File
from weihu.engine.seal import CannotOpen, Seal, key_of

STAGING = ".resealed"


def reseal(landed: Path, seal: Seal, shut: list[str]) -> Iterator[int]:
    """Bring the sealed columns of every landed delivery under the current key; says how many values of a file changed.

    A value that does not open stays as it is, and ``shut`` gets its file, column and row.
    """
    for file in FILES:
        if any(column.sealed for column in file.columns):
            for path in sorted(landed.glob(f"*/{file.name}.parquet")):
                if changed := _resealed(path, file, seal, shut):
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


def _resealed(path: Path, file: File, seal: Seal, shut: list[str]) -> int:
    table = pq.read_table(path)
    rows, changed = table[file.key].to_pylist(), 0
    for column in file.columns:
        if not column.sealed:
            continue
        scope, values = f"{file.name}.{column.name}", table[column.name].to_pylist()
        renewed = list(values)
        for number, (row, value) in enumerate(zip(rows, values, strict=True)):
            if value is None or key_of(value) == seal.current:
                continue
            try:
                renewed[number] = seal.close(seal.open(value, scope, row), scope, row, random=False)
            except CannotOpen:
                shut.append(f"{path.parent.name}/{path.name} {column.name} {row}")
        if renewed != values:
            changed += sum(new != old for new, old in zip(renewed, values, strict=True))
            place = table.schema.get_field_index(column.name)
            table = table.set_column(place, column.name, pa.array(renewed, pa.string()))
    if changed:
        staging = path.with_name(path.name + STAGING)
        pq.write_table(table, staging, compression="zstd")
        staging.replace(path)
    return changed
