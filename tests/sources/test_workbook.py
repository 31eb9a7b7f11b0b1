"""Files of every kind that a branch may send become the same cells."""

import io
import zipfile
from datetime import date
from functools import cache

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workplace import messy
from weihu.sources import cells
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
    table, _ = messy.rows(PEOPLE, 300)
    content = messy.xlsx(table)

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
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _sheet_xml(rows: str) -> bytes:
    """A workbook of openpyxl's with other cells in its sheet."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(_saved(openpyxl.Workbook()))) as plain,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for entry in plain.infolist():
            content = plain.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                content = content.replace(b"</sheetData>", f"{rows}</sheetData>".encode())
                assert rows.encode() in content
            archive.writestr(entry, content)
    return made.getvalue()


def _inline(place: str, text: str = "x") -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def test_a_sheet_as_large_as_sheets_get_is_refused_and_the_process_goes_on():
    """1.5 KB that stand for 17 thousand million cells."""
    rows = f'<row r="1">{_inline("A1")}</row><row r="1048576">{_inline("XFD1048576")}</row>'
    with pytest.raises(Unreadable, match=r"too large|columns"):
        read(_sheet_xml(rows), "x.xlsx")


def test_a_small_archive_of_much_text_is_refused():
    texts = "".join(f'<row r="{row}">{_inline(f"A{row}", "0" * 32_000)}</row>' for row in range(1, 20_001))
    content = _sheet_xml(texts)
    assert len(content) < 2_000_000
    with pytest.raises(Unreadable, match="too large"):
        read(content, "x.xlsx")


@pytest.mark.parametrize(("content", "why"), [(b",".join([b"a"] * 60_000), "60000 columns"), (b"a\n" * 20, None)])
def test_a_text_table_is_as_wide_as_a_branchs(content, why):
    if why is None:
        assert len(read(content, "x.csv").rows) == 20
    else:
        with pytest.raises(Unreadable, match=why):
            read(content, "x.csv")


def test_too_many_cells_of_a_text_are_refused(monkeypatch):
    """In this process, with a bound that is reached sooner."""
    monkeypatch.setattr(cells, "CELLS", 100)
    with pytest.raises(cells.Fault, match="large"):
        list(cells.text_rows(b"1,2,3\n" * 34)[2])
    assert len(list(cells.text_rows(b"1,2,3\n" * 33)[2])) == 33


@pytest.mark.parametrize("content", [b"\xff\xfea", b"\xfe\xff\xd8\x00\x00a", b"\x80\xff" * 9])
def test_text_of_no_encoding_is_refused(content):
    with pytest.raises(Unreadable, match="UTF-8"):
        read(content, "x.csv")


def test_a_cell_has_no_character_that_a_database_refuses():
    assert read(b"a,b\0c\n\0,1\n", "x.csv").rows == [["a", "bc"], [None, "1"]]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_workbook_is_read_or_refused(data):
    """Bytes changed, cut out and put in anywhere, in the archive and in what it holds."""
    content = bytearray(_messy_workbook())
    if data.draw(st.booleans(), label="within the sheet"):
        content = bytearray(_with_sheet(bytes(content), data))
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.integers(0, len(content) - 1))
            content[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    try:
        sheet = read(bytes(content), "x.xlsx")
    except Unreadable as refused:
        assert refused.zh
        assert refused.en
    else:
        assert all(isinstance(cell_text(cell), str) for row in sheet.rows for cell in row)


@cache
def _messy_workbook() -> bytes:
    """The same bytes whenever the test begins again: a workbook has its time in it."""
    table, _ = messy.rows(PEOPLE, 20)
    return messy.xlsx(table)


def _with_sheet(content: bytes, data) -> bytes:
    """The workbook with its first sheet's text damaged."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as plain, zipfile.ZipFile(made, "w") as archive:
        for entry in plain.infolist():
            inner = bytearray(plain.read(entry))
            if entry.filename == "xl/worksheets/sheet1.xml":
                place = data.draw(st.integers(0, len(inner) - 1))
                text = data.draw(
                    st.sampled_from([b"", b"9999999", b'r="XFD1048576"', b"<row>", b"</c>", b"\xff", b"-1"])
                )
                inner[place : place + data.draw(st.integers(0, 9))] = text
            archive.writestr(entry.filename, bytes(inner))
    return made.getvalue()
