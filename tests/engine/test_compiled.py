"""What rules compile to outlives the process, and never what it was compiled from."""

import json

import ibis
import pyarrow as pa
import pytest

from weihu.engine import compiled
from weihu.engine.compiled import Compiled
from weihu.engine.duck import DuckEngine

NUMBERS = ibis.schema({"n": "int64", "amount": "decimal(18, 2)", "on": "date"})
WIDER = ibis.schema({**NUMBERS, "text": "string"})


def larger(numbers, least):
    """A rule that counts how often it was asked for its expression."""
    larger.asked += 1
    return numbers.filter(numbers.n >= least)


@pytest.fixture(autouse=True)
def another_process(monkeypatch):
    """What this process has compiled so far is forgotten."""
    larger.asked = 0
    monkeypatch.setattr(DuckEngine, "_memory", {})
    return DuckEngine._memory.clear


@pytest.fixture
def file(tmp_path):
    return tmp_path / "compiled.json"


def asked_for(file, least=2, schema=NUMBERS):
    """How often the rule is asked in a process that derives by it, and what it derives."""
    before = larger.asked
    engine = DuckEngine(None, compiled=file)
    rows = [{"n": n} for n in (1, 2, 3)]
    numbers = engine.bind_arrow("numbers", schema, pa.Table.from_pylist(rows, schema=schema.to_pyarrow()))
    derived = engine.derive("derived", larger, numbers, least)
    assert derived.schema() == schema
    listed = sorted(engine.read("derived")["n"].to_pylist())
    engine.close()
    return larger.asked - before, listed


def test_the_next_process_need_not_compile(file, another_process):
    assert asked_for(file) == (1, [2, 3])
    another_process()
    assert asked_for(file) == (0, [2, 3])


def test_another_constant_or_other_columns_are_compiled(file, another_process):
    asked_for(file)
    for changed, rows in (({"least": 3}, [3]), ({"schema": WIDER}, [2, 3])):
        another_process()
        assert asked_for(file, **changed) == (1, rows)


def test_what_other_code_compiled_is_not_used(file, another_process, monkeypatch):
    asked_for(file)
    another_process()
    monkeypatch.setattr(compiled, "_made_by", lambda: "tomorrow's code")
    assert asked_for(file) == (1, [2, 3])
    assert json.loads(file.read_text())["made_by"] == "tomorrow's code"


def test_what_no_process_asks_for_any_more_goes(file, another_process):
    asked_for(file, 2)
    another_process()
    asked_for(file, 3)
    assert len(json.loads(file.read_text())["statements"]) == 1


def test_a_file_that_says_the_same_is_left_as_it_is(file, another_process):
    asked_for(file)
    before = file.stat().st_mtime_ns
    another_process()
    asked_for(file)
    assert file.stat().st_mtime_ns == before


@pytest.mark.parametrize("content", ["", "{", "[]", '"text"', "\xff"])
def test_a_damaged_file_is_written_anew(file, content):
    file.write_text(content, encoding="utf-8")
    assert asked_for(file) == (1, [2, 3])
    assert len(json.loads(file.read_text())["statements"]) == 1


def test_the_code_that_is_asked_is_all_code_that_compiles(tmp_path):
    stamp = compiled._made_by()
    assert stamp == compiled._made_by.__wrapped__()
    assert len(stamp) == 64


def test_columns_keep_their_kinds(file):
    kept = Compiled(file)
    kept.put(("key",), "SELECT 1", WIDER)
    kept.save()
    assert Compiled(file).get(("key",)) == ("SELECT 1", WIDER)
    assert Compiled(file).get(("another",)) is None
