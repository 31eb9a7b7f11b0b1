"""What a field of the archive takes, and the form in which it is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weihu.engine.contract import FILE
from weihu.rules import rulebook
from weihu.rules.catalogue import READERS, Unfit, lunar_words, read, shown

BOOK = rulebook.load("brief")
FIELDS = BOOK.fields


def test_the_catalogue_is_as_rich_as_a_branch_needs():
    assert len(FIELDS) >= 60
    assert {field.category for field in FIELDS.values()} == {
        "basic", "consumption", "education", "career", "family", "life", "interests", "network",
    }  # fmt: skip
    assert {key for key, field in FIELDS.items() if field.core} <= {column.name for column in FILE["customers"].columns}


def test_expected_fields_grow_with_the_grade():
    for rank in range(1, len(BOOK.grades)):
        assert BOOK.expected(rank)[: len(BOOK.expected(rank - 1))] == BOOK.expected(rank - 1)
    ordinary, valued = BOOK.expected(BOOK.rank("ordinary")), BOOK.expected(BOOK.rank("valued"))
    assert {"sex", "phone", "address", "birth_date", "income"} <= set(ordinary)
    assert {"spending_level", "occupation", "education", "children", "hobbies"} <= set(valued) - set(ordinary)


KEPT = [
    ("birth_date", "1980年5月1日", "1980-05-01"),
    ("birth_date", "１９８０/５/１", "1980-05-01"),
    ("birth_date", "19800501", "1980-05-01"),
    ("lunar_birthday", "农历八月十五", "08-15"),
    ("lunar_birthday", "腊月廿三", "12-23"),
    ("lunar_birthday", "闰四月初一", "L04-01"),
    ("lunar_birthday", "8-15", "08-15"),
    ("phone", "+86 138-1234-5678", "13812345678"),
    ("phone", "１３８１２３４５６７８", "13812345678"),
    ("phone", "010-62345678", "01062345678"),
    ("income", "1.2万", "12000.00"),
    ("income", "8,500 元", "8500.00"),
    ("payday", "15", "15"),
    ("postcode", "100080", "100080"),
    ("email", "Zhang@Example.com", "Zhang@example.com"),
    ("parents_care", "有", "yes"),
    ("education", "本科", "bachelor"),
    ("hobbies", "钓鱼、茶;golf", "tea,golf,fishing"),
    ("identity_number", "11010519491231002x", "11010519491231002X"),
]


@pytest.mark.parametrize(("key", "written", "kept"), KEPT)
def test_what_people_write_is_kept_in_one_form(key, written, kept):
    assert read(FIELDS[key], written) == kept


UNFIT = [
    ("birth_date", "1980-02-30"),
    ("birth_date", "五月"),
    ("lunar_birthday", "13-01"),
    ("lunar_birthday", "八月三十一"),
    ("phone", "12345"),
    ("income", "-5"),
    ("income", "1.005"),
    ("payday", "32"),
    ("postcode", "10008"),
    ("email", "zhang@"),
    ("education", "幼儿园"),
    ("hobbies", "茶、飞行"),
    ("identity_number", "110105194912310021"),
    ("native_place", "x" * 201),
    ("native_place", "南\x07京"),
]


@pytest.mark.parametrize(("key", "written"), UNFIT)
def test_what_does_not_fit_is_said_in_both_languages(key, written):
    with pytest.raises(Unfit) as unfit:
        read(FIELDS[key], written)
    assert unfit.value.text("zh-hans") != unfit.value.text("en") != ""


@given(st.sampled_from(list(FIELDS)), st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text_is_kept_or_refused_and_the_kept_form_stays(key, text):
    """Nothing else than Unfit is raised, and what is kept is read as itself."""
    try:
        kept = read(FIELDS[key], text)
    except Unfit:
        return
    if kept:
        assert read(FIELDS[key], kept) == kept
        assert shown(FIELDS[key], kept, "zh-hans") and shown(FIELDS[key], kept, "en")


@given(st.integers(1, 12), st.integers(1, 30), st.booleans())
def test_every_lunar_day_is_read_from_its_words(month, day, leap):
    kept = f"{'L' if leap else ''}{month:02d}-{day:02d}"
    assert read(FIELDS["lunar_birthday"], lunar_words(kept)) == kept


def test_every_kind_is_read():
    assert {field.kind for field in FIELDS.values()} == set(READERS)


def test_a_bank_adds_a_field_by_data_alone(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        'extends = "brief"\nkey = "own"\n[fields.pet_name]\nzh = "宠物名"\nen = "Pet"\ncategory = "interests"\nfrom_grade = "valued"\n'
    )
    book = rulebook.load(path)
    assert "pet_name" in book.expected(book.rank("major"))
    path.write_text(path.read_text() + 'kind = "choice"\n')
    with pytest.raises(rulebook.FaultyBook, match="choices"):
        rulebook.load(path)
