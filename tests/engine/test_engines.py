"""Every engine keeps what the protocol promises."""

from datetime import date
from decimal import Decimal

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engine.engines import NUMBERS, larger, of_the_book, rows
from weihu.engine.parts import parts_of
from weihu.rules import rulebook

DAY = ibis.schema({"on": "date", "is_first": "boolean"})


def falling(numbers, above):
    return numbers.filter(numbers.n > above).order_by(numbers.n.desc())


def later(numbers, day):
    return numbers.mutate(on=day.on.as_scalar()).filter(~day.is_first.as_scalar())


def test_a_rule_is_compiled_anew_for_another_input(engine):
    """Of the unmerged tables, and then of the merged ones: what is compiled does not go by the name of what is made."""
    engine.bind_arrow("unmerged", NUMBERS, rows(1, 2, 3))
    engine.bind_arrow("merged", NUMBERS, rows(3))
    for name, expected in (("unmerged", [1, 2, 3]), ("merged", [3]), ("unmerged", [1, 2, 3])):
        engine.derive("found", larger, ibis.table(NUMBERS, name=name), 1)
        assert sorted(engine.read("found")["n"].to_pylist()) == expected


def test_a_rule_is_compiled_anew_for_other_columns(engine):
    numbers = engine.bind_arrow("numbers", NUMBERS, rows(1, 2))
    assert engine.prepare("found", larger, numbers, 1).names == ("n", "text")
    fewer = ibis.schema({"n": "int64"})
    numbers = engine.bind_arrow("numbers", fewer, rows(1, 2).select(["n"]))
    assert engine.prepare("found", larger, numbers, 1).names == ("n",)


def test_a_rule_is_compiled_anew_for_another_constant_and_another_book(engine):
    numbers = engine.bind_arrow("numbers", NUMBERS, rows(*range(20)))
    for least in (3, 15):
        engine.derive("found", larger, numbers, least)
        assert engine.rows("found") == 20 - least
    for key in ("brief", "czech"):
        book = rulebook.load(key)
        fewer = book.model_copy(update={"grades": dict(list(book.grades.items())[:2])})
        for version in (book, fewer):
            engine.derive("found", of_the_book, numbers, version)
            assert engine.rows("found") == len(version.grades)


def test_the_same_rule_of_the_same_inputs_is_compiled_once(engine):
    calls = []

    def counted(numbers, book):
        calls.append(book)
        return numbers

    numbers = engine.bind_arrow("numbers", NUMBERS, rows(1))
    for _ in range(3):
        engine.derive("found", counted, numbers, rulebook.load("brief"))
    assert len(calls) == 1


def test_what_stands_in_a_one_row_table_is_never_compiled_in(engine):
    numbers = engine.bind_arrow("numbers", NUMBERS, rows(1, 2))
    for on, first, expected in (
        (date(2026, 1, 1), True, 0),
        (date(2026, 1, 2), False, 2),
        (date(2026, 1, 3), False, 2),
    ):
        day = engine.bind_row("day", DAY, {"on": on, "is_first": first})
        engine.derive("found", later, numbers, day)
        assert engine.rows("found") == expected
        assert set(engine.read("found")["on"].to_pylist()) <= {on}


def test_files_without_a_column_have_it_empty_and_no_files_are_no_rows(engine, tmp_path):
    pq.write_table(rows(1, 2).select(["n"]), tmp_path / "old.parquet")
    pq.write_table(rows(3), tmp_path / "new.parquet")
    for often in (True, False):
        engine.bind("numbers", NUMBERS, [tmp_path / "old.parquet", tmp_path / "new.parquet"], often)
        assert engine.rows("numbers") == 3
        result = {row["n"]: row["text"] for row in engine.read("numbers").to_pylist()}
        assert result == {1: None, 2: None, 3: "3"}
    engine.bind("numbers", NUMBERS, [])
    assert engine.rows("numbers") == 0
    assert engine.read("numbers").num_rows == 0


@pytest.mark.parametrize("chunks", [((), (1, 2)), ((), (), (1, 2)), ((1,), (), (2,)), ((1,), (), (), (2,)), ((), ())])
def test_empty_chunks_and_empty_files_end_no_table(engine, tmp_path, chunks):
    """Spark takes an empty chunk for the end of all rows."""
    batches = [pa.RecordBatch.from_pylist(rows(*chunk).to_pylist(), NUMBERS.to_pyarrow()) for chunk in chunks]
    table = pa.Table.from_batches(batches)
    assert [len(chunk) for chunk in table["n"].chunks] == [len(chunk) for chunk in chunks]
    expected = [n for chunk in chunks for n in chunk]
    numbers = engine.bind_arrow("numbers", NUMBERS, table)
    assert [row["n"] for row in reversed(engine.answer(falling, numbers, 0))] == expected
    paths = [tmp_path / f"{place}.parquet" for place in range(len(chunks))]
    for path, chunk in zip(paths, chunks, strict=True):
        pq.write_table(rows(*chunk), path)
    numbers = engine.bind("numbers", NUMBERS, paths)
    assert [row["n"] for row in reversed(engine.answer(falling, numbers, 0))] == expected


def test_an_alias_is_the_table_and_gives_way_to_one(engine):
    engine.bind_arrow("numbers", NUMBERS, rows(1, 2))
    engine.alias("same", "numbers")
    assert engine.read("same") == engine.read("numbers")
    assert engine.rows("same") == 2
    same = engine.derive("same", larger, ibis.table(NUMBERS, name="numbers"), 2)
    assert engine.rows(same.get_name()) == 1
    engine.alias("same", "numbers")
    engine.alias("again", "same")
    assert engine.rows("again") == 2
    assert engine.read("again") == engine.read("numbers")


def joined(numbers):
    return numbers.agg(texts=numbers.text.group_concat(",", order_by=numbers.n.desc()))


@pytest.mark.lacks("spark", "texts joined in another order than their own")
def test_texts_are_joined_in_a_given_order(engine):
    assert engine.answer(joined, engine.bind_arrow("numbers", NUMBERS, rows(2, 10, 3))) == [{"texts": "10,3,2"}]


@pytest.mark.parametrize("numbers", [(3, 1, 2), ()])
def test_a_file_is_in_the_asked_order(engine, tmp_path, numbers):
    engine.bind_arrow("numbers", NUMBERS, rows(*numbers))
    engine.write("numbers", tmp_path / "numbers.parquet", ("n",))
    assert pq.read_table(tmp_path / "numbers.parquet").to_pylist() == rows(*sorted(numbers)).to_pylist()


def test_what_is_read_once_may_wait_for_its_reader(engine, tmp_path):
    """And is the same whether it is read, counted or written first, under either of its names."""
    numbers = engine.bind_arrow("numbers", NUMBERS, rows(3, 1, 2))
    for first in ("read", "rows", "write"):
        engine.expect({"found": 1, "wider": 1})
        engine.derive("wider", larger, numbers, 1)
        engine.alias("same", "wider")
        engine.derive("found", larger, ibis.table(NUMBERS, name="same"), 2)
        asked = {
            "read": lambda: sorted(engine.read("found")["n"].to_pylist()),
            "rows": lambda: [engine.rows("found") + 1, 3],
            "write": lambda: written(engine, tmp_path / "found.parquet"),
        }
        assert asked[first]() == ([2, 3] if first != "rows" else [3, 3])
        assert engine.computed("found")
        assert engine.rows("found") == 2
        assert engine.rows("wider") == engine.rows("same") == 3
        assert sorted(engine.read("wider")["n"].to_pylist()) == [1, 2, 3]


def written(engine, path):
    engine.write("found", path, ("n",))
    return [n for part in parts_of(path) for n in pq.read_table(part)["n"].to_pylist()]


def test_a_long_table_is_read_as_it_was_made(engine):
    """Its file has a long dictionary: in Spark's LZ4 Arrow would take it for damaged."""
    many = pa.table({"n": range(300_000), "text": [f"{n % 8_000:064}" for n in range(300_000)]}, NUMBERS.to_pyarrow())
    engine.expect({"found": 2})
    engine.derive("found", larger, engine.bind_arrow("numbers", NUMBERS, many), 100_000)
    assert engine.read("found").sort_by("n").equals(many.slice(100_000))


def test_cleared_tables_are_gone_and_rules_still_compiled(engine):
    numbers = engine.bind_arrow("numbers", NUMBERS, rows(1, 2))
    engine.alias("same", "numbers")
    engine.derive("found", larger, numbers, 1)
    engine.clear()
    with pytest.raises(KeyError):
        engine.rows("found")
    engine.bind_arrow("numbers", NUMBERS, rows(5))
    engine.derive("found", larger, numbers, 1)
    assert engine.read("found")["n"].to_pylist() == [5]


@pytest.mark.parametrize("bind", ["bind_arrow", "bind_rows"])
def test_rows_come_back_as_they_were_bound_in_the_rules_order(engine, bind):
    """Money to the cent, days, and what is empty."""
    kinds = ibis.schema({"n": "int64", "money": "decimal(18, 2)", "on": "date", "sure": "boolean", "text": "string"})
    given = [
        {"n": 2, "money": Decimal("9999999999999999.99"), "on": date(2026, 6, 2), "sure": False, "text": None},
        {"n": 1, "money": None, "on": None, "sure": None, "text": "维护"},
        {"n": 3, "money": Decimal("-0.01"), "on": date(2026, 1, 1), "sure": True, "text": ""},
    ]
    rows = {
        "bind_arrow": pa.Table.from_pylist(given, schema=kinds.to_pyarrow()),
        "bind_rows": [tuple(row.values()) for row in given],
    }
    bound = getattr(engine, bind)("given", kinds, rows[bind])
    assert engine.rows("given") == 3
    assert engine.answer(falling, bound, 0) == [given[2], given[0], given[1]]
    assert engine.answer(falling, bound, 9) == []
    engine.bind_rows("given", kinds, [])
    assert engine.answer(falling, bound, 0) == []
