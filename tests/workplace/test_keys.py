"""Keys: rotated while people work, gone on with after a kill, never made anew for what older ones have sealed."""

import os
import shutil
from collections import Counter
from uuid import uuid4

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tests.conftest import PUBLISHED_DAYS
from tests.test_cli import refused
from weihu.cli import main
from weihu.engine.landing import reseal
from weihu.engine.seal import plain_number
from weihu.nightly import rotation as whole
from weihu.nightly.run import Nightly
from weihu.workplace.act.introductions.linking import link
from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Account, Customer
from weihu.workplace.base import rotation
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.fields import Sealed
from weihu.workplace.know.archive.facts import FactContent, NewFact, known_look_up_keys, record_facts
from weihu.workplace.know.archive.models import Confidence, FactKey
from weihu.workplace.know.archive.search import numbered

INDEXED = ("phone", "identity_number")


@pytest.fixture
def keyed(own_bank, home, monkeypatch):
    """Calls the command in the tests' home, whose keys are as before afterwards."""
    file = home.keys.file
    kept = file.read_bytes()
    monkeypatch.setenv("WEIHU_HOME", str(home.root))
    monkeypatch.setattr(whole, "SETTLES", 0)
    yield lambda *arguments: CliRunner().invoke(main, ["--home", str(home.root), *arguments])
    file.write_bytes(kept)
    os.utime(file)


def clear():
    """What the sealed columns of customers say, and who is found by them."""
    rows = list(Customer.objects.order_by("pk"))
    said = {row.pk: (row.phone, row.identity_number, row.address) for row in rows}
    for column in INDEXED:
        found = numbered(column, [number for row in rows[:40] if (number := getattr(row, column))])
        assert all(row.pk in found[getattr(row, column)] for row in rows[:40] if getattr(row, column))
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
    assert f"seal {second}: " in keyed("keys", "status").output
    assert keyed("keys", "rotate").exit_code == 0
    assert home.seal.current == second, "it went on, and made no third key"
    assert set(rotation.counted()) == set(reseal.counted(home.landed)[0]) == {second}
    assert clear() == before
    assert keyed("keys", "forget", first).exit_code == 0
    assert list(home.keys.keys().seal.keys) == [second]
    assert clear() == before
    refused(keyed("keys", "forget", second), "the current one")


def test_a_value_that_does_not_open_is_named_and_keeps_nothing_else_from_its_new_key(keyed, home):
    first = home.seal.current
    damaged = Customer.objects.exclude(phone="").order_by("pk")[3]
    Customer.objects.filter(pk=damaged.pk).update(phone=Sealed(f"{first}..AAAA"))
    said = keyed("keys", "rotate")
    assert said.exit_code == 1
    assert f"bank_customer.phone {damaged.pk}: 无法更换密钥" in said.output
    assert f"all but this is under key seal {home.seal.current}" in said.output
    assert rotation.counted()[first] == 1
    assert home.seal.current != first
    refused(keyed("keys", "forget", first), "something is under it")
    Customer.objects.filter(pk=damaged.pk).update(phone="")
    assert keyed("keys", "forget", first).exit_code == 0


def test_while_a_night_runs_keys_stay_as_they_are(keyed, home):
    with home.lock():
        refused(keyed("keys", "rotate"), "a run is at work")
        refused(keyed("keys", "forget", home.seal.current), "a run is at work")


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
    home.keys.change(known.with_another().without(known.seal.current))
    refused(keyed("init"), "keys that are not here")


def test_keys_that_are_no_keys_are_said(keyed, home):
    home.keys.file.write_text("{}")
    refused(keyed("status"), "these are no keys")


def numbers_of(home):
    """The account numbers that have landed, by account."""
    numbers = {}
    for path in sorted(home.landed.glob("*/accounts.parquet")):
        table = pq.read_table(path, columns=["account_id", "account_number"])
        for account, number in zip(*(column.to_pylist() for column in table.columns), strict=True):
            if number:
                numbers[account] = home.seal.open(number, "accounts.account_number", account)
    return numbers


def test_the_key_of_the_index_is_renewed_while_everybody_is_found_at_every_moment(keyed, home, monkeypatch):
    """By phone, identity and account number, and by a recorded fact; the lake stays verifiable after every step."""
    customer = Customer.objects.exclude(phone=None).order_by("pk")[5]
    fact = FactContent("occupation", "teacher", Channel.SERVICE, Confidence.TOLD)
    record_facts([NewFact(customer.pk, fact, uuid4())], "0011", current().business_date, "test")
    row = Introduction.objects.create(
        token=uuid4(),
        introducer_id="P0000001",
        phone=customer.phone,
        staff_id="0011",
        branch_id="B001",
        phone_index=home.seal.index(customer.phone, "phone"),
        on=current().business_date,
    )
    numbers = list(numbers_of(home).items())[:20]
    monkeypatch.setattr(rotation, "AT_ONCE", 100)
    monkeypatch.setattr(reseal, "AT_ONCE", 100)
    steps, whole_renewal = [], whole.renew

    def watched(where, shut):
        for changed in whole_renewal(where, shut):
            steps.append(changed)
            clear()
            for account, number in numbers:
                forms = home.seal.indexes(plain_number(number), "account_number")
                assert Account.objects.filter(pk=account, account_number_index__in=forms).exists()
            forms = known_look_up_keys("occupation", "teacher")
            assert FactKey.objects.filter(fact__customer_id=customer.pk, key__in=forms).exists()
            for folder in (*home.runs.iterdir(), *home.landed.iterdir()):
                home.checksums.verify(folder, [path.name for path in folder.glob("*.parquet")])
            yield changed
            if len(steps) == 6:
                raise KeyboardInterrupt

    monkeypatch.setattr(whole, "renew", watched)
    assert keyed("keys", "rotate", "--purpose", "index").exit_code != 0
    assert set(whole.counted(home)["index"]) == {"1", "2"}, "the kill came before or after the rotation"
    refused(keyed("keys", "forget", "--purpose", "index", "1"), "something is under it")
    assert "index 2: " in keyed("keys", "status").output
    link(current())
    row.refresh_from_db()
    assert row.introduced_id == customer.pk, "an introduction is linked across the two keys"
    done = keyed("keys", "rotate", "--purpose", "index")
    assert done.exit_code == 0, done.output
    assert len(steps) > 12
    assert set(whole.counted(home)["index"]) == {"2"}
    assert set(whole.counted(home)["seal"]) == {"1"}, "what is sealed keeps its key"
    assert keyed("keys", "forget", "--purpose", "index", "1").exit_code == 0
    clear()
    for account, number in numbers:
        assert Account.objects.filter(
            pk=account, account_number_index=home.seal.index(number, "account_number")
        ).exists()


def test_a_night_after_the_rotation_of_the_index_brings_no_earlier_key_back(keyed, home, deliveries):
    assert keyed("keys", "rotate", "--purpose", "index").exit_code == 0
    with Nightly(home) as nightly:
        nightly.run(deliveries[PUBLISHED_DAYS])
    assert set(whole.counted(home)["index"]) == {"2"}


def test_the_key_of_the_checksums_is_renewed_and_an_earlier_one_verifies_until_then(keyed, home):
    home.keys.change(home.keys.keys().with_another("checksums"))
    home.checksums.verify(home.run(current().number))
    assert set(whole.counted(home)["checksums"]) == {"1"}
    assert keyed("keys", "rotate", "--purpose", "checksums").exit_code == 0
    assert set(whole.counted(home)["checksums"]) == {"2"}, "it went on, and made no third key"
    assert keyed("keys", "forget", "--purpose", "checksums", "1").exit_code == 0
    home.checksums.verify(home.run(current().number))


def test_a_rotation_blesses_nothing_that_is_not_as_it_landed(keyed, home):
    path = min(home.landed.glob("*/customers.parquet"))
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)
    said = keyed("keys", "rotate", "--purpose", "index")
    assert said.exit_code == 1
    assert path.parent.name in said.output
    assert "内容与写下时不一致" in said.output
