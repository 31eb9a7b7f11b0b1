"""What a night left is read as it was left, or not at all."""

import json
import random
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weihu.engine import checksums
from weihu.engine.checksums import NAME, Checksums, Damaged
from weihu.engine.keys import Ring
from weihu.engine.lake import Home

KEY = Ring({"1": b"k" * 32}, "1")
FILES = (
    "accounts.parquet",
    "signals.parquet",
    "standings.parquet/part-00000.parquet",
    "standings.parquet/part-00001.parquet",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder as a night leaves it, with files that are not Parquet besides."""
    made = tmp_path_factory.mktemp("runs") / "000007"
    made.mkdir()
    chance = random.Random(1)
    (made / "standings.parquet").mkdir()
    for name in FILES:
        (made / name).write_bytes(chance.randbytes(5000))
    (made / "delivery.txt").write_text("2026-06-01-r1\n")
    Checksums(lambda: KEY).write(made, "000007", None)
    return made


def test_what_is_as_it_was_left_is_read(folder):
    Checksums(lambda: KEY).verify(folder)
    Checksums(lambda: KEY).verify(folder, ["signals.parquet", "standings.parquet"])


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_no_change_escapes(folder, tmp_path_factory, data):
    """A bit, a cut, something put in, two files exchanged, one gone: in the files or in the checksums themselves."""
    copy = tmp_path_factory.mktemp("copy") / "000007"
    shutil.copytree(folder, copy)
    path = copy / data.draw(st.sampled_from([*FILES, NAME]))
    content = bytearray(path.read_bytes())
    match data.draw(st.sampled_from(["flip", "cut", "insert", "swap", "delete"])):
        case "flip":
            content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
            path.write_bytes(content)
        case "cut":
            path.write_bytes(content[: data.draw(st.integers(0, len(content) - 2))])
        case "insert":
            place = data.draw(st.integers(0, len(content)))
            content[place:place] = data.draw(st.binary(min_size=1, max_size=9))
            path.write_bytes(content)
        case "swap":
            other = copy / data.draw(st.sampled_from([name for name in FILES if copy / name != path]))
            path.write_bytes(other.read_bytes())
        case "delete":
            path.unlink()
    harmless = path.name == NAME and path.is_file() and _means_the_same(path, folder / NAME)
    if not harmless:
        with pytest.raises(Damaged):
            Checksums(lambda: KEY).verify(copy)
    shutil.rmtree(copy.parent)


def _means_the_same(one, other) -> bool:
    """White space put into JSON changes nothing."""
    try:
        return json.loads(one.read_bytes()) == json.loads(other.read_bytes())
    except ValueError:
        return False


def test_a_part_that_no_night_wrote_is_found(folder, tmp_path):
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy)
    Checksums(lambda: KEY).verify(copy, ["standings.parquet"])
    shutil.copy(copy / FILES[-1], copy / "standings.parquet" / "part-00002.parquet")
    for tables in (None, ["standings.parquet"]):
        with pytest.raises(Damaged, match=r"part-00002\.parquet was not written"):
            Checksums(lambda: KEY).verify(copy, tables)


def test_a_folder_put_in_the_place_of_another_is_found(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "000008")
    with pytest.raises(Damaged, match="altered"):
        Checksums(lambda: KEY).verify(tmp_path / "000008")


def test_checksums_of_another_installation_are_none(folder):
    with pytest.raises(Damaged, match="altered") as damaged:
        Checksums(Ring.fresh).verify(folder)
    assert "备份" in damaged.value.zh


def test_the_same_file_as_the_night_before_is_not_read_again(folder, tmp_path, monkeypatch):
    following = tmp_path / "000008"
    following.mkdir()
    (following / "accounts.parquet").hardlink_to(folder / "accounts.parquet")
    (following / "signals.parquet").write_bytes(b"new")
    read = []
    digest = checksums._digest
    monkeypatch.setattr(checksums, "_digest", lambda path: read.append(path.name) or digest(path))
    Checksums(lambda: KEY).write(following, "000008", folder)
    assert read == ["signals.parquet"]
    Checksums(lambda: KEY).verify(following)


def test_a_file_is_looked_at_again_when_it_was_changed(tmp_path):
    home = Home(tmp_path)
    home.create()
    folder = home.run(1)
    folder.mkdir()
    file = folder / "listed.parquet"
    file.write_bytes(b"rows")
    home.checksums.write(folder, folder.name, None)
    assert home.verified(file) == file
    file.write_bytes(b"rows that nobody wrote")
    with pytest.raises(Damaged):
        home.verified(file)
    file.unlink()
    with pytest.raises(Damaged, match="missing"):
        home.verified(file)
