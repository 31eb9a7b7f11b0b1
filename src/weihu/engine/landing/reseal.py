"""Landed deliveries under other keys: file by file, each replaced at once, with its checksum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from weihu.engine.checksums import Checksums
from weihu.engine.contract import FILES, File
from weihu.engine.keys import FIRST
from weihu.engine.landing.checks import INDEXED
from weihu.engine.seal import CannotOpen, Seal, indexed_under, key_of, plain_number

STAGING = ".resealed"
AT_ONCE = 500


def reseal(landed: Path, seal: Seal, checksums: Checksums, shut: list[str]) -> Iterator[int]:
    """Bring the sealed columns of every landed delivery, and their index, under the current keys; says how many values of
    a file changed. Raises checksums.Damaged for a file that is not as it landed.

    A value that does not open stays as it is, and ``shut`` gets its file, column and row.
    """
    for file, path in _files(landed):
        if changed := _resealed(path, file, seal, checksums, shut):
            yield changed


def counted(landed: Path) -> tuple[Counter[str], Counter[str]]:
    """How many values of landed deliveries are under each key, by its id: sealed ones, and those of the index."""
    sealed: Counter[str] = Counter()
    index: Counter[str] = Counter()
    for file, path in _files(landed):
        columns = [column.name for column in file.columns if column.sealed]
        for name in columns:
            sealed.update(keys_in(path, name))
            if name in INDEXED:
                index.update(keys_in(path, f"{name}_index"))
    return sealed, index


def keys_in(path: Path, column: str) -> Counter[str]:
    """How many values of a column are under each key, by its id."""
    values = pq.read_table(path, columns=[column])[column].combine_chunks().drop_null()
    ids = pc.struct_field(pc.extract_regex(values, r"^(?P<id>[^.]*)\."), "id")
    return Counter({row["values"]: row["counts"] for row in pc.value_counts(ids.fill_null(FIRST)).to_pylist()})


def renewed(landed: Path, seal: Seal) -> Iterator[dict[str, str]]:
    """The index of account numbers under the current key by what it was under earlier ones, some at a time.

    Other tables have this index and not the numbers themselves.
    """
    for path in sorted(landed.glob("*/accounts.parquet")):
        table = pq.read_table(path, columns=["account_id", "account_number"])
        for batch in table.to_batches(AT_ONCE):
            pairs: dict[str, str] = {}
            for row, value in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                if value is not None and (number := _opened(seal, value, "accounts.account_number", row)):
                    now, *earlier = seal.indexes(plain_number(number), "account_number")
                    pairs.update(dict.fromkeys(earlier, now))
            yield pairs


def _files(landed: Path) -> Iterator[tuple[File, Path]]:
    for file in FILES:
        if any(column.sealed for column in file.columns):
            for path in sorted(landed.glob(f"*/{file.name}.parquet")):
                yield file, path


def _opened(seal: Seal, value: str, scope: str, row: str) -> str:
    try:
        return seal.open(value, scope, row)
    except CannotOpen:
        return ""


def _resealed(path: Path, file: File, seal: Seal, checksums: Checksums, shut: list[str]) -> int:
    before = table = pq.read_table(path)
    rows, changed, held = table[file.key].to_pylist(), 0, seal.held()
    for column in file.columns:
        if not column.sealed:
            continue
        scope, index = f"{file.name}.{column.name}", f"{column.name}_index"

        def closed(text: str, row: str, scope: str = scope) -> str:
            return held.close(text, scope, row, random=False)

        def indexed(text: str, row: str, name: str = column.name) -> str:
            return held.index(plain_number(text), name)

        renewals: list[tuple[str, str, Callable[[str], str], Callable[[str, str], str]]] = [
            (column.name, held.current, key_of, closed)
        ]
        if column.name in INDEXED:
            renewals.append((index, held.current_index, indexed_under, indexed))
        texts = before[column.name].to_pylist()
        for name, current, under, made in renewals:
            values = table[name].to_pylist()
            new = list(values)
            for number, (row, value, text) in enumerate(zip(rows, values, texts, strict=True)):
                if value is None or under(value) == current:
                    continue
                if opened := text and _opened(held, text, scope, row):
                    new[number] = made(opened, row)
                else:
                    shut.append(f"{path.parent.name}/{path.name} {name} {row}")
            if new != values:
                changed += sum(one != other for one, other in zip(new, values, strict=True))
                table = table.set_column(table.schema.get_field_index(name), name, pa.array(new, pa.string()))
    if changed:
        staging = path.with_name(path.name + STAGING)
        pq.write_table(table, staging, compression="zstd")
        checksums.renew(path, path.parent, staging)
    return changed
