"""The embedded engine: what it keeps is bounded, and a page's question waits for nothing."""

import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from tests.engine.engines import NUMBERS, larger, of_the_book, rows
from weihu.engine import texts
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
