"""What leaves the system: text that no program takes for a formula, and on every sheet and page who took it and when."""

import io

import openpyxl
import pypdfium2
from hypothesis import given, settings
from hypothesis import strategies as st

from weihu.workplace.base.pdf import Page, write_pdf
from weihu.workplace.base.workbooks import LIKE_FORMULAS, write_workbook

MARK = "王芳 001kh1 2026-06-03 09:00 #7"
START = st.sampled_from([*LIKE_FORMULAS, "", "x", "王"])
TEXTS = st.builds(str.__add__, START, st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=12))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8), TEXTS)
def test_no_text_becomes_a_formula_even_when_its_cell_is_edited(rows, title):
    content = write_workbook("表", [title, "b"], rows, MARK, "x")
    page = openpyxl.load_workbook(io.BytesIO(content)).active
    for written, kept in zip([(title, "b"), *rows], page.iter_rows(), strict=True):
        for text, cell in zip(written, kept, strict=True):
            assert cell.data_type != "f"
            assert (cell.value or "") == text or "_x" in repr(text) or not text.isprintable()
            assert bool(cell.quotePrefix) == text.startswith(LIKE_FORMULAS)


def test_a_sheet_and_every_page_name_who_took_it_and_when():
    content = write_workbook("表", ["a"], [["b"]] * 70, MARK, "x")
    page = openpyxl.load_workbook(io.BytesIO(content)).active
    assert MARK in page.oddHeader.center.text
    assert MARK in page.oddFooter.center.text
    pdf = pypdfium2.PdfDocument(write_pdf([Page("一"), Page("二")], MARK))
    for number in range(2):
        text = pdf[number].get_textpage().get_text_range()
        assert text.count("001kh1") == 4, "three times across the page, and at its foot"
