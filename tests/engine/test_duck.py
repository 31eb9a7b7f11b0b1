"""The embedded engine: what it keeps is bounded, and a page's question waits for nothing."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import ibis
import pyarrow.parquet as pq
import pytest

from tests.engine.engines import NUMBERS, larger, of_the_book, rows
from weihu.engine import duck, texts
from weihu.engine.duck import DuckEngine
from weihu.rules import rulebook


@pytest.fixture
def engine():
    made = DuckEngine.in_memory()
    yield made
    made.close()


def test_what_is_kept_of_ever_new_constants_is_bounded(engine, monkeypatch):
    """A page asks by the reach of whoever reads, and by every book that somebody tries out."""
    monkeypatch.setattr(texts.remember, "__defaults__", (20,))
    monkeypatch.setattr(texts, "MOST_BOOKS", 3)
    numbers = engine.bind_arrow("numbers", NUMBERS, rows(*range(40)))
    for least in range(40):
        assert [row["n"] for row in engine.answer(larger, numbers, least)] == list(range(least, 40))
    assert len(engine._compiled) <= 20
    for _ in range(5):
        book = rulebook.load("brief")
        answer = engine.answer(of_the_book, numbers, book)
        assert [row["n"] for row in answer] == list(range(len(book.grades)))
    assert len(engine._texts._digests) <= 3


@pytest.mark.parametrize(("threads", "most", "at_once"), [(3, 10, 3), (1, 10, 1), (3, 2, 1), (8, 10, 4)])
def test_only_small_tables_are_computed_at_once(monkeypatch, threads, most, at_once):
    monkeypatch.setattr(duck, "SMALL", most)
    engine = DuckEngine(None, threads)
    for _ in range(2):
        engine.bind_arrow("few", NUMBERS, rows(1))
        engine.bind_arrow("numbers", NUMBERS, rows(1, 2, 3))
        assert engine.at_once() == at_once
        engine.clear()
    engine.close()


def test_each_thread_sees_the_tables_and_the_row_of_the_day():
    engine = DuckEngine(None, threads=4)
    day = ibis.schema({"n": "int64"})

    def derived(name):
        found = engine.derive(name, beyond, engine.alias(f"numbers_{name}", "numbers"), known)
        engine.bind_arrow(f"{name}_again", NUMBERS, engine.read(name))
        return engine.derive(f"{name}_twice", beyond, found, known)

    for least in (3, 5):
        engine.bind_arrow("numbers", NUMBERS, rows(*range(10)))
        known = engine.bind_row("day", day, {"n": least})
        with ThreadPoolExecutor(engine.at_once()) as threads:
            list(threads.map(derived, [f"found_{place}" for place in range(20)]))
        for place in range(20):
            for name in (f"found_{place}", f"found_{place}_again", f"found_{place}_twice"):
                assert engine.read(name).sort_by("n") == rows(*range(least, 10))
        engine.clear()
    engine.close()


def beyond(numbers, day):
    return numbers.filter(numbers.n >= day.n.as_scalar())


QUESTION = """
import sys
from pathlib import Path
import ibis
from weihu.engine.duck import DuckEngine
kinds = ibis.schema({"n": "int64", "text": "string"})
engine = DuckEngine.in_memory()
numbers = engine.bind("numbers", kinds, [Path(sys.argv[1])])
engine.bind("none", kinds, [])
few = engine.bind_rows("few", kinds, [(2, "2")])
answer = engine.answer(lambda numbers, few: numbers.filter(numbers.n.isin(few.n)), numbers, few)
print(answer, "pandas" in sys.modules)
"""


def test_a_question_loads_no_pandas(tmp_path):
    """It takes a second, which the first reader of a page would wait for."""
    pq.write_table(rows(1, 2), tmp_path / "numbers.parquet")
    command = [sys.executable, "-c", QUESTION, str(tmp_path / "numbers.parquet")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[{'n': 2, 'text': '2'}] False"
