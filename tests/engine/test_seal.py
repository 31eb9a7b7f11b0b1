"""Sealed values: bound to their place, under keys with an id, that come from a file, the environment or a command."""

import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weihu.engine.keys import Keys, KeysLost, KeyStore
from weihu.engine.seal import CannotOpen, Seal, key_of

KEYS = Keys.fresh()
SEAL = Seal(lambda: KEYS)


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1), st.text("abc.", max_size=5), st.text("01\0", max_size=5), st.booleans())
def test_a_value_opens_in_its_place_and_nowhere_else(text, scope, row, random):
    sealed = SEAL.close(text, scope, row, random)
    assert SEAL.open(sealed, scope, row) == text
    assert key_of(sealed) == KEYS.seal.current
    for place in ((scope + "x", row), (scope, row + "x")):
        with pytest.raises(CannotOpen):
            SEAL.open(sealed, *place)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_changed_value_does_not_open(data):
    sealed = SEAL.close("13812345678", "phone", "c1")
    place = data.draw(st.integers(0, len(sealed) - 1))
    other = data.draw(st.sampled_from("ABCDEFGHabcdefgh0123456789+/=. é"))
    changed = sealed[:place] + other + sealed[place + 1 :]
    try:
        assert SEAL.open(changed, "phone", "c1") == "13812345678"  # bits that base64 does not use
    except CannotOpen:
        assert changed != sealed


def test_equal_texts_look_equal_only_where_a_delivery_has_to_be_repeatable():
    assert SEAL.close("x", "a", "1") != SEAL.close("x", "a", "1")
    assert SEAL.close("x", "a", "1", random=False) == SEAL.close("x", "a", "1", random=False)
    assert SEAL.close("x", "a", "1", random=False) != SEAL.close("x", "a", "2", random=False)
    assert SEAL.index("x", "a") == SEAL.index("x", "a") != SEAL.index("x", "b")


def test_an_earlier_key_opens_until_it_is_gone():
    both = KEYS.with_another()
    sealed = SEAL.close("x", "a")
    assert Seal(lambda: both).open(sealed, "a") == "x"
    assert key_of(Seal(lambda: both).close("x", "a")) == both.seal.current != KEYS.seal.current
    with pytest.raises(CannotOpen):
        Seal(lambda: both.without(KEYS.seal.current)).open(sealed, "a")


def test_keys_come_from_the_home_a_file_apart_the_environment_or_a_command(tmp_path):
    store = KeyStore(tmp_path / "keys.json", {})
    assert not store.exists
    store.create()
    made = store.keys()
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    apart = KeyStore(tmp_path / "none.json", {"WEIHU_KEYS_FILE": str(tmp_path / "keys.json")})
    given = KeyStore(tmp_path / "none.json", {"WEIHU_KEYS": made.text()})
    command = f"{sys.executable} -c 'print(open(\"{tmp_path}/keys.json\").read())'"
    asked = KeyStore(tmp_path / "none.json", {"WEIHU_KEYS_COMMAND": command})
    for other in (apart, given, asked):
        assert other.exists
        assert other.keys() == made
        other.create()
    assert not (tmp_path / "none.json").exists()
    assert store.keys() == made
    for other in (given, asked):
        with pytest.raises(KeysLost):
            other.change(made.with_another())


def test_a_changed_file_of_keys_is_seen_by_a_process_that_runs(tmp_path):
    store = KeyStore(tmp_path / "keys.json", {})
    store.create()
    before = store.keys()
    store.change(before.with_another())
    assert store.keys().seal.current == "2"
    assert store.keys().seal.keys["1"] == before.seal.keys["1"]


@pytest.mark.parametrize(
    "change",
    [
        {"current": {"seal": "9"}},
        {"seal": {}},
        {"index": {"1": "00"}},
        {"index": {"123456789": "00" * 32}},
        {"seal": {"a.b": "00" * 32}},
    ],
)
def test_what_are_no_keys_is_said_without_showing_them(tmp_path, change):
    text = json.dumps({**json.loads(KEYS.text()), **change})
    with pytest.raises(KeysLost) as lost:
        KeyStore(tmp_path / "keys.json", {"WEIHU_KEYS": text}).keys()
    assert KEYS.named["django"].hex() not in str(lost.value)


def test_lost_keys_and_a_command_that_fails_are_said(tmp_path):
    for environment in ({}, {"WEIHU_KEYS_COMMAND": "/no/such/command"}, {"WEIHU_KEYS": "{"}):
        with pytest.raises(KeysLost):
            KeyStore(tmp_path / "keys.json", environment).keys()
