"""``weihu rulebook``: a book is explained in both languages, and its schema is written."""

import json

import pytest
from click.testing import CliRunner

from weihu.cli import main
from weihu.rules import rulebook


@pytest.fixture
def weihu():
    return lambda *arguments: CliRunner().invoke(main, ["rulebook", *map(str, arguments)])


def test_a_whole_book_is_named_with_what_it_has(weihu):
    answer = weihu("check", "czech")
    assert answer.exit_code == 0
    assert "捷克账簿分级办法 / Grading rules for the Czech ledger, 5 grades, 38 signals" in answer.output


def test_every_fault_is_told_in_chinese_and_in_english(weihu, tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text('extends = "brief"\n[grades.small]\nweigth = 2\nminimum = "1000"\n')
    answer = weihu("check", path)
    assert answer.exit_code == 2
    assert answer.output.splitlines() == [
        "制度有 2 处错误 / 2 faults in the rule book",
        "  ours.toml 第3行第1列 grades.small.weigth:实际为“weigth”,应为 weight(名称相近)",
        "    ours.toml, line 3, column 1, grades.small.weigth: found 'weigth', expected perhaps weight",
        "  ours.toml 第4行第1列 grades.small.minimum:实际为“1000”,应为数字,不加引号",
        "    ours.toml, line 4, column 1, grades.small.minimum: found '1000', expected a number without quotes",
    ]


def test_a_home_is_not_made_with_a_faulty_book(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text('extends = "brief"\n[policy]\nmetric = "profit"\n')
    home = tmp_path / "home"
    answer = CliRunner().invoke(main, ["--home", str(home), "init", "--rulebook", str(path)])
    assert answer.exit_code == 2
    assert "policy.metric" in answer.output
    assert not home.exists()


def test_the_schema_is_written_for_editors(weihu):
    answer = weihu("schema")
    assert answer.exit_code == 0
    assert json.loads(answer.output) == rulebook.schema_of_files()
