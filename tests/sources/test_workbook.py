"""Files of every kind that a branch may send become the same cells."""

from datetime import date

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workplace import messy
from weihu.sources.workbook import Unreadable, cell_text, read

PEOPLE = [messy.Person(f"P{n}", f"客户{n}", "13812345678", "11010119900307803X", True) for n in range(7)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_text_of_any_encoding_and_delimiter(encoding, delimiter):
    lines = [["客户号", "姓名", "备注"], ["P1", "王小明", "喜欢钓鱼"], ["P2", "李雷", ""]]
    content = "\r\n".join(delimiter.join(line) for line in lines).encode(encoding)
    rows = read(content, "x.csv").rows
    assert [[cell_text(cell) for cell in row] for row in rows] == lines


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(categories=["Lu", "Lo", "Nd"]), min_size=1, max_size=8), min_size=1, max_size=6))
def test_every_text_comes_back_from_a_workbook(texts):
    book = openpyxl.Workbook()
    book.active.append(texts)
    content = _saved(book)
    assert [cell_text(cell) for cell in read(content, "x.xlsx").rows[0]] == texts


def test_cells_are_read_as_openpyxl_reads_them():
    """The same messy workbook, cell by cell, against the common library."""
    cells, _ = messy.rows(PEOPLE, 300)
    content = messy.xlsx(cells)
    import io

    page = openpyxl.load_workbook(io.BytesIO(content), data_only=True).active
    ours = read(content, "x.xlsx").rows
    theirs = list(page.iter_rows(min_row=4, values_only=True))
    assert len(ours) == 3 + len(theirs) == 303
    for mine, other in zip(ours[3:], theirs, strict=True):
        assert [cell_text(cell) for cell in mine] == [
            str(cell.date()) if hasattr(cell, "date") else cell_text(cell) for cell in other
        ]


def test_merged_cells_are_filled_downwards_and_titles_both_ways():
    book = openpyxl.Workbook()
    page = book.active
    for row in (["支行", "客户", None], [None, "姓名", "电话"], ["城东", "王小明", 1], [None, "李雷", 2]):
        page.append(row)
    page.merge_cells("B1:C1")
    page.merge_cells("A1:A2")
    page.merge_cells("A3:A4")
    sheet = read(_saved(book), "x.xlsx")
    assert sheet.head[:2] == [["支行", "客户", "客户"], ["支行", "姓名", "电话"]]
    assert sheet.rows[3][0] == "城东"
    assert sheet.rows[0][2] is None


def test_what_is_no_table_says_so():
    for content in (b"\x89PNG\r\n\x1a\n" + bytes(100), b"PK\x03\x04 but no workbook"):
        with pytest.raises(Unreadable) as refused:
            read(content, "x.xlsx")
        assert "Excel" in refused.value.text("zh") and "Excel" in refused.value.text("en")
    with pytest.raises(Unreadable):
        read(b"\xff\x81\x00", "x.csv")


def test_a_cell_is_the_text_that_somebody_typed():
    assert [cell_text(cell) for cell in (None, 13812345678.0, 1.5, True, date(1980, 5, 1), " a ")] == [
        "",
        "13812345678",
        "1.5",
        "yes",
        "1980-05-01",
        "a",
    ]


def _saved(book) -> bytes:
    import io

    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
