"""Tables that people bring, read and written again."""

import pyarrow as pa
import pytest

from weihu.sources import tables
from weihu.sources.workbook import Unreadable

TEXT = [["姓名", "note", "sum"], ["王芳", "a, b; c", "1.50"], ["李强", "", "007"]]


def cells(table):
    return [table.column_names, *(["" if cell is None else cell for cell in row.values()] for row in table.to_pylist())]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_text_keeps_its_cells_whatever_its_separator_and_encoding(tmp_path, separator, encoding):
    path = tmp_path / "list.csv"
    lines = [separator.join(f'"{cell}"' for cell in row) for row in TEXT]
    path.write_bytes("\r\n".join(lines).encode(encoding))
    table = tables.read(path)
    assert cells(table) == TEXT
    assert tables.delimiter(path) == separator
    tables.write(table, tmp_path / "again.csv", separator)
    assert cells(tables.read(tmp_path / "again.csv")) == TEXT


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_numbers_stay_numbers_in_workbooks_and_parquet(tmp_path, kind):
    table = pa.table({"a": [1, 2], "b": [0.5, None], "c": ["=1+1", "x"]})
    path = tmp_path / f"list.{kind}"
    tables.write(table, path)
    assert tables.read(path).to_pydict() == table.to_pydict()
    assert tables.delimiter(path) == ","


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"a,a\n1,2\n", "of the same name: a"),
        ("a.csv", b"a,,c\n1,2,3\n", "column 2 has no name"),
        ("a.csv", b"a,b\n1,2\n1,2,3\n", "row 3 has 3 cells"),
        ("a.csv", b"", "holds nothing"),
        ("a.xlsx", b"no workbook", "not an Excel"),
        ("a.parquet", b"no parquet", "no Parquet file"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_words(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=words):
        tables.read(path)


def test_columns_beyond_the_names_may_be_empty(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b,\n1,2,\n3\n\n")
    assert cells(tables.read(path)) == [["a", "b"], ["1", "2"], ["3", ""]]


def test_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(Unreadable, match="has to end in one of"):
        tables.write(pa.table({"a": [1]}), tmp_path / "a.doc")
