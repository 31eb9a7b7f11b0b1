"""The bytes of a file: whatever a bank's system writes becomes the same UTF-8 text."""

import gzip

import pytest

from weihu.engine.landing import textfile

TEXT = "name,city\n工商银行,上海\n招商银行,深圳\n"
WRITTEN = {
    "as it is read": TEXT.encode(),
    "without a last line end": TEXT.rstrip("\n").encode(),
    "with a byte-order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "GB18030": TEXT.encode("gb18030"),
    "gzip": gzip.compress(TEXT.encode()),
    "gzip of GB18030": gzip.compress(TEXT.encode("gb18030")),
}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "banks.csv"


@pytest.mark.parametrize("how", WRITTEN)
def test_a_file_is_brought_to_plain_utf8_however_it_was_written(how, file, tmp_path):
    file.write_bytes(WRITTEN[how])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    text = textfile.prepare(file, scratch)
    assert (text.header, text.separator, text.lines) == (["name", "city"], ",", 3)
    assert text.path.read_bytes().rstrip(b"\n") == TEXT.encode().rstrip(b"\n")
    assert list(scratch.iterdir()) == ([] if text.path == file else [text.path])


@pytest.mark.parametrize("separator", textfile.SEPARATORS)
def test_the_separator_is_what_the_header_has_most_of(separator, file, tmp_path):
    file.write_text(TEXT.replace(",", separator), encoding="utf-8")
    text = textfile.prepare(file, tmp_path)
    assert (text.separator, text.header) == (separator, ["name", "city"])


def test_a_block_ends_where_a_line_ends(file, tmp_path, monkeypatch):
    monkeypatch.setattr(textfile, "BLOCK", 16)
    file.write_bytes(TEXT.encode("gb18030"))
    assert textfile.prepare(file, tmp_path).path.read_text(encoding="utf-8") == TEXT


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", None),
        (b"name\n\nx\n", 2),
        (b"name\nx\0\n", 2),
        (b"name\n" + b"x" * (textfile.LONGEST_LINE + 1) + b"\n", 2),
        (TEXT.encode() + b"\xe5\xb7\n", 4),
        (gzip.compress(TEXT.encode() * 9)[:-9], 1),
    ],
    ids=["empty", "blank line", "NUL", "long line", "damaged UTF-8", "gzip cut off"],
)
def test_what_is_no_text_is_refused_with_its_line(content, line, file, tmp_path):
    file.write_bytes(content)
    with pytest.raises(textfile.Broken) as broken:
        textfile.prepare(file, tmp_path)
    assert broken.value.fault.line == line
