"""The vault: incremental, encrypted, verified, with retention."""

import io
import random

import pytest

from weihu.engine import vault as vaults
from weihu.engine.vault import Backup, BrokenBackup, Vault

SECRET = b"s" * 32


@pytest.fixture
def vault(tmp_path, monkeypatch):
    monkeypatch.setattr(vaults, "PIECE", 1000)
    return Vault(tmp_path / "vault", SECRET)


def taken(vault, name, **files):
    backup = Backup(name, {file: vault.put(io.BytesIO(content)) for file, content in files.items()}, {"note": "x"})
    vault.finish(backup)
    return backup


def content(vault, backup, file):
    return b"".join(vault.content(backup, file))


def objects(vault):
    return {path: path.read_bytes() for path in vault._objects.glob("*/*")}


def test_what_was_put_comes_back_and_an_unchanged_part_is_kept_once(vault):
    pages = random.Random(1).randbytes(10_000)
    first = taken(vault, "1", database=pages, book=b"", more=b"x" * 999)
    held = len(objects(vault))
    changed = pages[:5_000] + b"!" + pages[5_001:]
    second = taken(vault, "2", database=changed, more=b"x" * 999)
    assert len(objects(vault)) == held + 1
    assert vault.names() == ["1", "2"]
    assert vault.read("1") == first
    assert content(vault, first, "database") == pages
    assert content(vault, second, "database") == changed
    assert content(vault, first, "book") == b""


def test_nothing_is_readable_in_it_and_another_key_opens_nothing(vault, tmp_path):
    taken(vault, "1", secret_name=b"13812345678" * 50)
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"13812345678" not in stored
    assert b"secret_name" not in stored
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.rglob("*") if path.is_file())
    with pytest.raises(BrokenBackup):
        Vault(tmp_path / "vault", b"t" * 32).read("1")


@pytest.mark.parametrize("seed", range(12))
def test_a_changed_exchanged_cut_or_missing_piece_is_found(vault, seed):
    chance = random.Random(seed)
    backup = taken(vault, "1", database=chance.randbytes(5_000))
    paths = sorted(vault._objects.glob("*/*"))
    one, other = chance.sample(paths, 2)
    kept = one.read_bytes()
    place = chance.randrange(len(kept))
    damage = {
        0: lambda: one.write_bytes(kept[:place] + bytes([kept[place] ^ 1]) + kept[place + 1 :]),
        1: lambda: one.write_bytes(other.read_bytes()),
        2: lambda: one.write_bytes(kept[:place]),
        3: one.unlink,
    }
    damage[seed % 4]()
    with pytest.raises(BrokenBackup):
        vault.verify(backup)


def test_a_piece_that_was_not_written_well_makes_no_backup(vault, monkeypatch):
    write = Vault._write
    monkeypatch.setattr(Vault, "_write", lambda self, path, content: write(self, path, content[:-1]))
    with pytest.raises(BrokenBackup):
        taken(vault, "1", database=b"abc")
    assert vault.names() == []


def test_only_the_newest_are_kept_with_what_they_need(vault):
    shared = random.Random(3).randbytes(3_000)
    made = [taken(vault, str(number), own=bytes([number]) * 500, shared=shared) for number in range(4)]
    assert vault.keep(2) == 2
    assert vault.names() == ["2", "3"]
    for backup in made[2:]:
        vault.verify(backup)
    assert len(objects(vault)) == len({piece for backup in made[2:] for piece in backup.pieces})
    assert vault.keep(2) == 0
