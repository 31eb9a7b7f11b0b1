"""Whatever is changed in what a night left, the next one publishes nothing, and says where it was."""

import random
import shutil
from contextlib import contextmanager

import pytest

from tests.attack import cases
from tests.conftest import PUBLISHED_DAYS
from weihu.engine.checksums import NAME, Damaged
from weihu.engine.contract import FILES
from weihu.nightly import landed
from weihu.nightly.run import Nightly
from weihu.workplace.bank.models import Run

CASES = cases(60, 1_000)


@contextmanager
def damaged(folder, chance: random.Random):
    """One of a run's files with a bit flipped, cut, lengthened, exchanged for another or gone; as before afterwards."""
    files = sorted(path for path in folder.rglob("*") if path.suffix == ".parquet" and path.is_file())
    path = chance.choice([*files, folder / NAME])
    before = path.read_bytes()
    content = bytearray(before)
    match chance.choice(["flip", "cut", "insert", "swap", "delete"]):
        case "flip":
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        case "cut":
            del content[chance.randrange(len(content)) :]
        case "insert":
            place = chance.randrange(len(content))
            content[place:place] = b"x"
        case "swap":
            content = bytearray(chance.choice([file for file in files if file.read_bytes() != before]).read_bytes())
        case _:
            content = None
    path.unlink()  # a file that runs share is damaged in one of them
    if content is not None:
        path.write_bytes(content)
    yield path
    path.write_bytes(before)


@pytest.mark.sqlite
def test_nothing_is_published_on_a_damaged_lake(deliveries, home, run, tried):
    with Nightly(home) as nightly:
        for seed in range(CASES):
            chance = random.Random(seed)
            with damaged(home.run(run.number), chance) as path, pytest.raises(Damaged) as said:
                nightly.run(deliveries[PUBLISHED_DAYS])
            assert path.parent.name in said.value.zh, (seed, path)
            assert path.parent.name in said.value.en, (seed, path)
    assert Run.objects.count() == run.number
    tried("flips, cuts, insertions, exchanges and deletions in the lake", CASES)


@pytest.mark.sqlite
def test_nothing_is_read_of_a_damaged_delivery(home, run, tried):
    for seed in range(CASES):
        with damaged(home.delivery(run.business_date, run.revision), random.Random(seed)) as path:
            with pytest.raises(Damaged) as said:
                for file in FILES:
                    landed.landed(home, [run], file.name)
            assert path.parent.name in said.value.zh, (seed, path)
            assert [path.parent.name in damage.en for damage in landed.damaged(home)] == [True]
    assert landed.damaged(home) == []
    tried("the same in a landed delivery", CASES)


@pytest.mark.sqlite
def test_a_delivery_that_landed_before_there_were_checksums_has_them_once_an_upgrade_states_them(home, run):
    folder = home.delivery(run.business_date, run.revision)
    (folder / NAME).unlink()
    with pytest.raises(Damaged, match="is missing"):
        landed.landed(home, [run], "balances")
    assert landed.state(home) == [folder.name]
    assert landed.landed(home, [run], "balances") == [folder / "balances.parquet"]
    assert landed.state(home) == []


@pytest.mark.sqlite
def test_a_file_that_never_landed_is_not_read(home, run):
    folder = home.delivery(run.business_date, run.revision)
    stranger = folder / "branches.parquet"
    assert not stranger.exists()
    shutil.copy(folder / "balances.parquet", stranger)
    try:
        with pytest.raises(Damaged):
            landed.landed(home, [run], "branches")
    finally:
        stranger.unlink()
    assert landed.landed(home, [run], "branches") == []
