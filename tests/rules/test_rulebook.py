"""A faulty book is explained by line and field."""

import pytest

from weihu.rules import rulebook


@pytest.mark.parametrize("key", rulebook.builtin_books())
def test_built_in_books_are_whole(key):
    assert rulebook.load(key).key == key


def test_the_briefs_grades_are_the_default():
    grades = rulebook.load("brief").grades
    assert [int(grade.minimum) for grade in grades.values() if grade.minimum] == [1000, 50000, 200000, 500000, 3000000]


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ('extends = "brief"\nx = [', 2, "TOML"),
        ('extends = "brief"\n[grades.small]\nminimum = 1.5', 3, "grades.small.minimum"),
        ('extends = "brief"\n\n[grades.small]\nposts = ["boss"]', 4, "grades.small.posts"),
        ('extends = "brief"\n[policy]\nmetric = "profit"', 3, "policy.metric"),
        ('extends = "brief"\n[signals.maturity]\nweigth = 3', 3, "signals.maturity.weigth"),
        ('extends = "brief"\n[signals.birthday]\nfrom_grade = "gold"', 3, "signals.birthday.from_grade"),
    ],
)
def test_a_fault_has_its_line_and_field(tmp_path, text, line, field):
    path = tmp_path / "book.toml"
    path.write_text(text)
    with pytest.raises(rulebook.FaultyBook) as refused:
        rulebook.load(path)
    assert (refused.value.faults[0].line, refused.value.faults[0].field) == (line, field)


def test_minimums_must_rise(tmp_path):
    path = tmp_path / "book.toml"
    path.write_text('extends = "brief"\n[grades.small]\nminimum = 60000')
    with pytest.raises(rulebook.FaultyBook, match="minimums must rise"):
        rulebook.load(path)
