"""A table of the lake is one file or a folder of parts, and readers need not know which."""

import pytest

from weihu.engine import parts
from weihu.engine.parts import light, link_parts, parts_of, remove_parts, same_parts


@pytest.fixture(params=["file", "folder"])
def table(request, tmp_path):
    path = tmp_path / "standings.parquet"
    if request.param == "folder":
        path.mkdir()
        for number in (1, 0, 2):
            (path / f"part-{number:05d}.parquet").write_text(str(number))
        (path / "_SUCCESS").write_text("")
    else:
        path.write_text("0")
    return path


def test_parts_are_in_order_and_nothing_else_is_a_part(table):
    assert [part.read_text() for part in parts_of(table)] == (["0", "1", "2"] if table.is_dir() else ["0"])
    assert parts_of(table.with_name("none.parquet")) == []


def test_a_linked_table_is_the_same_and_a_copied_one_reads_the_same(table, tmp_path, monkeypatch):
    linked, copied = tmp_path / "linked.parquet", tmp_path / "copied.parquet"
    link_parts(table, linked)
    assert same_parts(table, linked)

    def refused(source, target):
        raise OSError("no such links here")

    monkeypatch.setattr(parts.os, "link", refused)
    link_parts(table, copied)
    assert not same_parts(table, copied)
    assert [part.read_text() for part in parts_of(copied)] == [part.read_text() for part in parts_of(table)]


def test_a_removed_table_is_gone(table):
    remove_parts(table)
    assert not table.exists()
    remove_parts(table)
    other = table.with_name("other.parquet")
    other.write_text("0")
    assert not same_parts(table, other)


def test_tables_are_light_together_or_not(table, monkeypatch):
    size = sum(part.stat().st_size for part in parts_of(table))
    monkeypatch.setattr(parts, "LIGHT", 2 * size + 1)
    assert light([table, table, table.with_name("none.parquet")])
    assert not light([table, table, table])
