"""A home that the version before keys had purposes left: it opens, and what it kept is found and verified."""

import json
import tarfile
from pathlib import Path

import pytest

from weihu.engine.checksums import Damaged
from weihu.engine.lake import Home
from weihu.engine.landing import reseal
from weihu.engine.seal import indexed_under

KEPT = Path(__file__).parent / "earlier_home.tar.xz"
"""Three nights of 30 synthetic customers and a backup of them, by the version of 28 November 2026 (f5267bb)."""


@pytest.fixture
def kept(tmp_path):
    with tarfile.open(KEPT) as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path


def rows(kept):
    return json.loads((kept / "rows.json").read_text())


def found(home, kept):
    """Whether every customer's stored numbers open and are found."""
    for customer, phone, phone_index, identity, identity_index in rows(kept)["customers"]:
        for name, value, index in (("phone", phone, phone_index), ("identity_number", identity, identity_index)):
            number = home.seal.open(value, f"customers.{name}", customer)
            assert index in home.seal.indexes(number, name)


def test_its_numbers_are_found_its_lake_is_verified_and_its_backup_opens(kept):
    home = Home(kept / "home")
    found(home, kept)
    for folder in home.runs.iterdir():
        home.checksums.verify(folder, [path.name for path in folder.glob("*.parquet")])
    vault = home.vault(kept / "vault")
    vault.verify(vault.read(vault.names()[-1]))


def test_with_another_key_for_each_purpose_it_is_still_found_and_verified(kept):
    home = Home(kept / "home")
    keys = home.keys.keys().with_another("index").with_another("checksums").with_another()
    home.keys.change(keys)
    assert Home(kept / "home").keys.keys() == keys, "what earlier secrets derived is written as it was"
    found(home, kept)
    home.checksums.verify(home.run(3))
    vault = home.vault(kept / "vault")
    vault.verify(vault.read(vault.names()[-1]))
    home.keys.change(keys.without("1", "checksums"))
    with pytest.raises(Damaged, match="under a key that is not here"):
        home.checksums.verify(home.run(3))


def test_the_index_of_its_account_numbers_follows_from_what_landed(kept):
    home = Home(kept / "home")
    home.keys.change(home.keys.keys().with_another("index"))
    pairs = {old: new for some in reseal.renewed(home.landed, home.seal) for old, new in some.items()}
    stored = {index for _, index in rows(kept)["accounts"] if index}
    assert stored and stored <= set(pairs)
    assert {indexed_under(pairs[index]) for index in stored} == {"2"}
    assert {len(new) for new in pairs.values()} == {len(old) for old in pairs} == {32}
