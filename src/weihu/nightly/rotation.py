"""Everything of a home under its current keys (密钥轮换), while people work: the database, what has landed, what nights left.

Begun again, it goes on: what is under an earlier key says so itself.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.db import transaction

from weihu.engine.checksums import NAME, Damaged
from weihu.engine.lake import Home
from weihu.engine.landing import reseal
from weihu.engine.parts import parts_of
from weihu.engine.seal import indexed_under
from weihu.workplace.bank.models import Account
from weihu.workplace.base import audit, rotation
from weihu.workplace.base.fields import IndexField, SealedField
from weihu.workplace.know.archive import facts

SETTLES = 2.0
"""Seconds after which whoever asked for the keys before there was another one has had an answer."""
NUMBER = "account_number_index"


def counted(home: Home) -> dict[str, Counter[str]]:
    """How much is under each key, by purpose: sealed values, values of the index, folders of the lake."""
    sealed, index = reseal.counted(home.landed)
    for part in _left(home):
        index += reseal.keys_in(part, NUMBER)
    return {
        "seal": rotation.counted(SealedField) + sealed,
        "index": rotation.counted(IndexField) + index,
        "checksums": Counter(home.checksums.key_of(folder) for folder in _folders(home)),
    }


def under_earlier(home: Home, purpose: str) -> int:
    """How much of a purpose is not under its current key."""
    now = home.keys.keys().ring(purpose).current
    return sum(many for key, many in counted(home)[purpose].items() if key != now)


def begin(home: Home, purpose: str, by: str) -> None:
    """Make a new key for a purpose unless something is still under an earlier one. Raises KeysLost, Damaged."""
    if under_earlier(home, purpose):
        return
    home.keys.change(home.keys.keys().with_another(purpose))
    audit.record(by, "keys.rotate", detail=f"{purpose} {home.keys.keys().ring(purpose).current}")
    time.sleep(SETTLES)


def renew(home: Home, shut: list[str]) -> Iterator[int]:
    """Bring everything under the current keys, in steps; says after each how much it went through.

    What does not open, or is not as it was left, stays as it is, and ``shut`` gets where it is.
    """
    yield from rotation.renew(shut)
    yield from facts.renew_look_up_keys(shut)
    try:
        yield from reseal.reseal(home.landed, home.seal, home.checksums, shut)
        yield from _account_numbers(home, shut)
        yield from (1 for folder in _folders(home) if home.checksums.reseal(folder))
    except Damaged as damaged:
        shut.append(damaged.zh)


def _account_numbers(home: Home, shut: list[str]) -> Iterator[int]:
    """The index of account numbers, in the database and in what nights left: the numbers themselves are in what landed."""
    current = home.keys.keys().index.current
    field: Any = Account._meta.get_field(NUMBER)
    rows = rotation.keyed_rows(Account, [field]).filter(rotation.earlier([field]))
    parts = [part for part in _left(home) if set(reseal.keys_in(part, NUMBER)) - {current}]
    if not parts and not rows.exists():
        return
    known: list[pa.Table] = []
    for pairs in reseal.renewed(home.landed, home.seal.held()):
        known.append(pa.table({"old": [*pairs], "new": [*pairs.values()]}, schema=PAIRS))
        with transaction.atomic():
            some = list(Account.objects.filter(**{f"{NUMBER}__in": list(pairs)}).select_for_update())
            for row in some:
                setattr(row, NUMBER, pairs[getattr(row, NUMBER)])
            Account.objects.bulk_update(some, [NUMBER])
        yield len(some)
    shut += [f"{Account._meta.db_table}.{NUMBER} {account}" for account in rows.values_list("pk", flat=True)]
    translated = pa.concat_tables(known or [PAIRS.empty_table()]).combine_chunks()
    for part in parts:
        yield _renewed(home, part, translated, current, shut)


PAIRS = pa.schema({"old": pa.string(), "new": pa.string()})


def _renewed(home: Home, part: Path, translated: pa.Table, current: str, shut: list[str]) -> int:
    """The index of a file that a night left, from what it was to what it is now; how many values changed."""
    table = pq.read_table(part)
    column = table[NUMBER].combine_chunks()
    now = pc.coalesce(
        translated["new"].combine_chunks().take(pc.index_in(column, translated["old"].combine_chunks())), column
    )
    left = sum(indexed_under(value) != current for value in now.drop_null().to_pylist())
    if left:
        shut.append(f"{part.relative_to(home.runs)} {NUMBER}: {left}")
    changed = pc.sum(pc.not_equal(now, column)).as_py() or 0
    if changed:
        folder = next(folder for folder in part.parents if folder.parent == home.runs)
        staged = part.with_name(part.name + reseal.STAGING)
        pq.write_table(table.set_column(table.schema.get_field_index(NUMBER), NUMBER, now), staged, compression="zstd")
        home.checksums.renew(part, folder, staged)
    return int(changed)


def _left(home: Home) -> list[Path]:
    """The files of accounts that nights left."""
    return [part for table in sorted(home.runs.glob("*/accounts.parquet")) for part in parts_of(table)]


def _folders(home: Home) -> Iterator[Path]:
    """The folders of the lake that have checksums."""
    for folder in sorted(chain(home.runs.iterdir(), home.landed.iterdir())):
        if (folder / NAME).is_file():
            yield folder
