"""Keys: rotated while people work, gone on with after a kill, never made anew for what older ones have sealed."""

import os
import shutil
from collections import Counter

import pytest
from click.testing import CliRunner

from tests.test_cli import refused
from weihu.cli import main
from weihu.engine.landing import reseal
from weihu.workplace.bank.models import Customer
from weihu.workplace.base import rotation
from weihu.workplace.know.archive.search import index_of

INDEXED = ("phone", "identity_number")


@pytest.fixture
def keyed(own_bank, home, monkeypatch):
    """Calls the command in the tests' home, whose keys are as before afterwards."""
    file = home.keys.file
    kept = file.read_bytes()
    monkeypatch.setenv("WEIHU_HOME", str(home.root))
    yield lambda *arguments: CliRunner().invoke(main, ["--home", str(home.root), *arguments])
    file.write_bytes(kept)
    os.utime(file)


def clear():
    """What the sealed columns of customers say, and who is found by them."""
    rows = list(Customer.objects.order_by("pk"))
    said = {row.pk: (row.phone, row.identity_number, row.address) for row in rows}
    for row in rows[:40]:
        for column in INDEXED:
            if number := getattr(row, column):
                assert Customer.objects.filter(**{f"{column}_index": index_of(number, column)}, pk=row.pk).exists()
    return said


def test_a_rotation_that_is_killed_goes_on_and_nothing_is_lost(keyed, home, monkeypatch):
    before, first = clear(), home.seal.current
    monkeypatch.setattr(rotation, "AT_ONCE", 50)
    step, steps = rotation._step, Counter()

    def dies(model, *rest):
        steps[model] += 1
        if steps[Customer] == 3:
            raise KeyboardInterrupt
        return step(model, *rest)

    monkeypatch.setattr(rotation, "_step", dies)
    assert keyed("keys", "rotate").exit_code != 0
    second = home.seal.current
    counted = rotation.counted()
    assert counted[first] and counted[second], "the kill came before or after the rotation"
    assert clear() == before
    refused(keyed("keys", "forget", first), "something is under it")

    monkeypatch.setattr(rotation, "_step", step)
    assert f"{second}: " in keyed("keys", "status").output
    assert keyed("keys", "rotate").exit_code == 0
    assert home.seal.current == second, "it went on, and made no third key"
    assert set(rotation.counted()) == reseal.keys_in(home.landed) == {second}
    assert clear() == before
    assert keyed("keys", "forget", first).exit_code == 0
    assert list(home.keys.keys().sealing) == [second]
    assert clear() == before
    refused(keyed("keys", "forget", second), "the current one")


def test_while_a_night_runs_keys_are_not_rotated(keyed, home):
    with home.lock():
        refused(keyed("keys", "rotate"), "a run is at work")


def test_lost_keys_are_not_made_anew(keyed, home, tmp_path):
    shutil.copytree(home.root, tmp_path / "home")
    (tmp_path / "home" / "keys.json").unlink()
    again = CliRunner().invoke(main, ["--home", str(tmp_path / "home"), "init"])
    refused(again, "密钥不见了", "No new ones are made")
    refused(CliRunner().invoke(main, ["--home", str(tmp_path / "home"), "status"]), "the keys are gone")
    assert not (tmp_path / "home" / "keys.json").exists()


def test_a_database_under_other_keys_is_not_taken_over(keyed, home):
    """Its home is lost, and ``init`` makes another one for it."""
    known = home.keys.keys()
    home.keys.change(known.with_another().without(known.current))
    refused(keyed("init"), "keys that are not here")


def test_keys_that_are_no_keys_are_said(keyed, home):
    home.keys.file.write_text("{}")
    refused(keyed("status"), "these are no keys")
