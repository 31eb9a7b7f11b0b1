"""Books: the built-in ones are whole, and whatever is wrong in one is told at once, with its place."""

import re
import tomllib
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from weihu.rules import rulebook
from weihu.rules.rulebook import RuleBook

BRIEF = (rulebook.BOOKS / "brief.toml").read_text(encoding="utf-8")
WRONG = {"number": '"x"', "text": "3", "array": "true", "boolean": '"x"', "date": '"x"'}
"""What is wrong in the place of a value, by what the value is."""


def kind_of(value: str) -> str:
    if value in ("true", "false"):
        return "boolean"
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return "date"
    return {'"': "text", "[": "array"}.get(value[0], "number")


def settings_of(text: str) -> list[tuple[int, str, str]]:
    """Line, path and written value of every setting of a book that writes one a line."""
    section, listed = "", []
    for number, line in enumerate(text.splitlines(), 1):
        if head := re.fullmatch(r"\[(.+)\]", line):
            section = f"{head[1]}."
        elif setting := re.fullmatch(r"(\w+) = (.+)", line):
            listed.append((number, section + setting[1], setting[2]))
    return listed


SETTINGS = settings_of(BRIEF)


def faults_in(path: Path) -> list[rulebook.BookFault]:
    with pytest.raises(rulebook.FaultyBook) as refused:
        rulebook.load(path)
    return refused.value.faults


@pytest.fixture
def faults(tmp_path):
    def faults(text: str) -> list[rulebook.BookFault]:
        path = tmp_path / "book.toml"
        path.write_text(text, encoding="utf-8")
        return faults_in(path)

    return faults


@pytest.mark.parametrize("key", rulebook.builtin_books())
def test_built_in_books_are_whole(key):
    assert rulebook.load(key).key == key


@pytest.mark.parametrize("key", rulebook.builtin_books())
def test_a_book_that_was_kept_is_the_same_book(key):
    book = rulebook.load(key)
    assert rulebook.restored(book.model_dump(mode="json")) == book
    assert rulebook.changed(book, {}) == book


def test_the_briefs_grades_are_the_default():
    grades = rulebook.load("brief").grades
    assert [int(grade.minimum) for grade in grades.values() if grade.minimum] == [1000, 50000, 200000, 500000, 3000000]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(broken=st.sets(st.sampled_from(range(len(SETTINGS))), min_size=1, max_size=12))
def test_as_many_faults_are_told_as_settings_are_broken_each_on_its_line(broken, tmp_path):
    lines = BRIEF.splitlines()
    for place in broken:
        number, path, value = SETTINGS[place]
        lines[number - 1] = f"{path.rpartition('.')[2]} = {WRONG[kind_of(value)]}"
    path = tmp_path / "book.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    expected = sorted(SETTINGS[place][:2] for place in broken)
    assert [(fault.line, fault.field) for fault in faults_in(path)] == expected


VALUES = st.one_of(
    st.sampled_from(["true", "-1", "0", "3", "1e30", "inf", "nan", "0.123456789", '"x"', '""', "[]", "[1]", '["x"]']),
    st.sampled_from(["{}", "{ x = 1 }", "[{ x = 1 }]", "[[1]]", "2026-01-01", "2026-01-01T00:00:00", "1" * 30]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(setting=st.sampled_from(SETTINGS), value=VALUES)
def test_whatever_stands_in_a_settings_place_is_understood_or_explained(setting, value, tmp_path):
    _, path, _ = setting
    section, _, key = path.rpartition(".")
    text = f'extends = "brief"\n{f"[{section}]" if section else ""}\n{key} = {value}\n'
    file = tmp_path / "book.toml"
    file.write_text(text, encoding="utf-8")
    try:
        rulebook.load(file)
    except rulebook.FaultyBook as faulty:
        for fault in faulty.faults:
            assert fault.line == 3 or not fault.field.startswith(path), fault.text("en")
            assert "Input" not in fault.text("en")
            assert re.search(r"[\u4e00-\u9fff]", fault.expected_zh) and not re.search(
                r"[\u4e00-\u9fff]", fault.expected_en
            )


@pytest.mark.parametrize(
    ("text", "line", "field", "found"),
    [
        ('extends = "brief"\nx = [', 2, "TOML", "x = ["),
        ('extends = "brief"\n[grades.small]\nminimum = 1.555', 3, "grades.small.minimum", "1.555"),
        ('extends = "brief"\n[grades.small]\nminimum = "1000"', 3, "grades.small.minimum", "1000"),
        ('extends = "brief"\n\n[grades.small]\nposts = ["boss"]', 4, "grades.small.posts.0", "boss"),
        (
            'extends = "brief"\n[grades]\nsmall.posts = [\n "high_counter",\n "boss" ]',
            5,
            "grades.small.posts.1",
            "boss",
        ),
        ('extends = "brief"\n[policy]\nmetric = "profit"', 3, "policy.metric", "profit"),
        ('extends = "brief"\n[signals.maturity]\nweigth = 3', 3, "signals.maturity.weigth", "weigth"),
        ('extends = "brief"\n[signals.birthday]\nfrom_grade = "gold"', 3, "signals.birthday.from_grade", "gold"),
        ('extends = "breif"', 1, "extends", "breif"),
        ('extends = "brief"\ndrop = ["grades.smal"]', 2, "drop.0", "grades.smal"),
        ('extends = "brief"\n[grades.small]\nstands_for = ["old"]', 3, "grades.small.stands_for.0", "old"),
        ('extends = "brief"\n[signal.birthday]\nweight = 3', 2, "signal", "signal"),
        ('extends = "brief"\n[targets]\ncadense = 0.5', 3, "targets.cadense", "cadense"),
        (
            'extends = "brief"\n[occasions.x]\nzh = "x"\nen = "x"\nlead_days = 1',
            2,
            "occasions.x",
            "{ zh, en, lead_days }",
        ),
        ('extends = "brief"\n[measures.aum]\nzh = "x"\nen = "x"\nfees = 1', 2, "measures.aum", None),
        ('extends = "brief"\n[policy]\nupgrade = "review"', 3, "policy.upgrade", "review"),
        ('extends = "brief"\n[habits]\nsizes = [1, 2]', 3, "habits.sizes", "[1, 2]"),
        ('extends = "brief"\n[duplicates.agreement]\nsex = [0.5, 0.4]', 3, "duplicates.agreement.sex", "[0.5, 0.4]"),
    ],
)
def test_a_fault_has_its_line_its_field_and_what_was_found(faults, text, line, field, found):
    first = faults(text)[0]
    assert (first.line, first.field) == (line, field)
    assert found is None or first.found == found


def test_an_unknown_setting_is_told_the_nearest_one(faults):
    (fault,) = faults('extends = "brief"\n[signals.maturity]\nweigth = 3')
    assert (fault.expected_en, fault.expected_zh) == ("perhaps weight", " weight(名称相近)")


def test_a_missing_setting_is_told_at_its_table(faults):
    (fault,) = faults('extends = "brief"\n\n[posts.new]\nzh = "新"\nen = "New"')
    assert (
        fault.text("en")
        == "book.toml, line 3, column 1, posts.new.reach: found nothing, expected a value (it is required)"
    )
    assert fault.text("zh") == "book.toml 第3行第1列 posts.new.reach:没有写,应为有此项(必填)"


def test_minimums_rise_and_what_is_inherited_is_told_where_it_was_contradicted(faults):
    (fault,) = faults('extends = "brief"\n[grades.small]\nminimum = 60000')
    assert (fault.line, fault.field, fault.expected_en) == (
        3,
        "grades.ordinary.minimum",
        "more than the 60000 of small",
    )


def test_rules_between_settings_are_checked_beside_faults_of_single_ones(faults):
    text = 'extends = "brief"\n[policy]\nmetric = "profit"\nupgrade = "review"\n[signals.maturity]\nweight = 0\nlead_days = 3'
    assert [fault.line for fault in faults(text)] == [3, 4, 6, 7]


def test_every_line_that_is_no_toml_is_told(faults):
    assert [fault.line for fault in faults("a = 1\nb = = 2\n[x\nc = 2\n")] == [2, 3]


def test_a_setting_that_stands_twice_is_told(faults):
    (fault,) = faults("a = 1\na = 2\n")
    assert (fault.line, fault.expected_en) == (2, "every setting and table once")


def test_a_file_that_is_not_there_claims_no_line(tmp_path):
    (fault,) = faults_in(tmp_path / "none.toml")
    assert fault.line is None
    assert "line" not in fault.text("en") and "行" not in fault.text("zh").partition(":")[0]


def test_a_file_that_is_not_utf8_is_told_where(tmp_path):
    path = tmp_path / "book.toml"
    path.write_bytes('zh = "a"\nen = "客户"\n'.encode("gb18030"))
    (fault,) = faults_in(path)
    assert (fault.line, fault.expected_zh) == (2, "UTF-8 编码")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("k = 1\n" * 100_000, "600,000"),
        ("k = " + "[" * 5000 + "]" * 5000, ""),
        (".".join("k" * 3000) + " = 1", ""),
        ("k = " + "1" * 5000, ""),
    ],
)
def test_a_book_beyond_all_bounds_is_refused_at_once(tmp_path, text, found):
    path = tmp_path / "book.toml"
    path.write_text(text, encoding="utf-8")
    (fault,) = faults_in(path)
    assert fault.found == found


def test_money_is_exact_and_never_a_float(tmp_path):
    path = tmp_path / "book.toml"
    path.write_text('extends = "brief"\n[grades.small]\nminimum = 1000.10\n[policy]\ndowngrade_after_months = 0\n')
    assert rulebook.load(path).grades["small"].minimum == Decimal("1000.10")
    with pytest.raises(rulebook.FaultyBook):
        rulebook.changed(rulebook.load("brief"), {"grades": {"small": {"minimum": 1000.10}}})


def test_a_faulty_change_is_explained_without_a_line():
    with pytest.raises(rulebook.FaultyBook) as refused:
        rulebook.changed(rulebook.load("brief"), {"grades": {"small": {"minimum": "60000"}}})
    assert [(fault.line, fault.field) for fault in refused.value.faults] == [(None, "grades.ordinary.minimum")]


def models_in(annotation: object) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return set().union(*(models_in(part) for part in get_args(annotation)))


@pytest.mark.parametrize("section", RuleBook.model_fields)
def test_a_section_stands_in_the_module_of_its_name(section):
    for model in models_in(RuleBook.model_fields[section].annotation):
        assert model.__module__ == f"weihu.rules.sections.{section}"


def test_a_book_is_only_read_where_every_name_is_known():
    with pytest.raises(TypeError, match=r"rulebook\.load"):
        RuleBook.model_validate(rulebook.load("brief").model_dump())


def test_a_date_with_a_time_is_no_day(faults):
    (fault,) = faults('extends = "brief"\nin_force_from = 2026-01-01T08:30:00')
    assert fault.line == 2
    assert isinstance(datetime(2026, 1, 1, tzinfo=UTC), date)


@pytest.mark.parametrize("path", sorted(rulebook.COMMON.glob("*.toml")), ids=lambda path: path.stem)
def test_a_file_that_every_book_begins_with_holds_the_section_of_its_name(path):
    sections = set(tomllib.loads(path.read_text(encoding="utf-8")))
    outside = {"top_time", "near_share", "near_fall", "near_fall_days"}
    assert sections == (outside if path.stem == "top_level" else {path.stem})


def test_posts_that_answer_for_a_valued_grade_serve_the_valued():
    book = rulebook.load("brief")
    serving = {post for post in book.posts if book.serves_valued(post)}
    assert {"relationship_manager", "branch_manager"} <= serving
    assert "high_counter" not in serving
