"""How columns of a table become inputs."""

import math

import numpy as np
import pyarrow as pa
import pytest

from weihu.insight import columns
from weihu.insight.columns import Choice, Encoder, Number


def test_what_a_column_is():
    many = [str(number) for number in range(100)]
    assert columns.kind_of(["3", "4.5", "", "3"]) == "number"
    assert columns.kind_of(["a", "b", "a"]) == "choice"
    assert columns.kind_of(["a", "a"]) == "constant"
    assert columns.kind_of(["a", ""]) == "choice"
    assert columns.kind_of(["2026-06-30", "2026/7/1 10:00"]) == "date"
    assert columns.kind_of(many) == "names"
    assert columns.kind_of([f"客户{number}" for number in many]) == "names"
    assert columns.kind_of([f"{number}.5" for number in many]) == "number"


@pytest.mark.parametrize(
    ("cell", "day"),
    [("20260630", "2026-06-30"), ("2026.6.3", "2026-06-03"), ("30-06-2026", "None"), ("2026-13-01", "None")],
)
def test_dates_as_tables_write_them(cell, day):
    assert str(columns.as_day(cell)) == day


def test_cells_are_text_as_written():
    table = pa.table({"a": [1.0, None, math.nan, 2.5], "b": [True, None, False, True]})
    assert columns.texts(table["a"]) == ["1", "", "", "2.5"]
    assert columns.texts(table["b"]) == ["True", "", "False", "True"]


@pytest.mark.parametrize(
    ("values", "none"),
    [
        ([3, 6, 9, 27] * 10 + [999] * 60, 999),
        ([3, 6, 9, 12] * 10 + [-1] * 60, None),  # not farther from 3 than 12 is
        ([500, 510, 520] * 10 + [0] * 30, 0),
        ([1, 2, 3, 4] * 25, None),
        ([3, 6, 9, 27] * 100 + [999], None),  # too rare: somebody rich
        ([0, 1] * 50, None),
    ],
)
def test_a_sign_for_none_is_common_and_far_from_all_numbers(values, none):
    assert columns.sentinel(np.array(values, float)) == none


def test_never_is_an_empty_number_with_a_flag():
    values = np.array([3.0, 6, 9, 12] * 25 + [999.0] * 100)
    number = Number.learn("since", values)
    assert number.none == 999
    assert number.flag_empty
    assert np.isnan(number.plain(np.array([999.0, 3.0]))).tolist() == [True, False]
    design = number.design(np.array([999.0, 3.0, math.nan]))
    assert [column.tolist() for column in design[-1:]] == [[1, 0, 1]]
    assert design[0][0] == pytest.approx(values[:100].mean())


def test_numbers_go_on_as_far_as_they_were_seen_and_a_straight_one_beyond():
    values = np.arange(1.0, 1001)
    bounded, straight = Number.learn("a", values), Number.learn("a", values, straight=True)
    assert bounded.design(np.array([1e6]))[0][0] < 1000
    assert straight.design(np.array([1e6]))[0][0] == 1e6
    assert len(bounded.design(values)) == 4


def test_what_too_few_rows_have_is_not_learned():
    assert Number.learn("a", np.array([0.0] * 999 + [1.0])) is None
    assert Number.learn("a", np.full(1000, math.nan)) is None
    assert Choice.learn("a", np.array(["x"] * 999 + ["y"], object)) is None
    known = Choice.learn("a", np.array(["x"] * 500 + ["y"] * 499 + ["z"], object))
    assert known.values == ["x", "y"]
    assert np.isnan(known.codes(np.array(["z", "new"], object))).all()
    assert [flag.tolist() for flag in known.design(np.array(["y", "new"], object))] == [[0, 0], [1, 0]]


def test_an_encoder_is_the_same_after_it_was_kept():
    raw = {
        "since": np.array([3.0, 6, 9, 12] * 25 + [999.0] * 100),
        "pace": np.linspace(0, 5, 200),
        "job": np.array(["worker", "学生"] * 100, object),
    }
    encoder = Encoder.learn(raw, frozenset({"pace"}))
    read = Encoder.read(encoder.kept())
    assert read == encoder
    assert read.choices == [2]
    assert read.straight.tolist() == [False, False, True, False, False]
    assert np.array_equal(read.design(raw, 200), encoder.design(raw, 200))
    assert Encoder([]).design({}, 3).shape == Encoder([]).codes({}, 3).shape == (3, 0)


def test_how_much_of_a_column_the_day_tells():
    days = np.repeat(np.arange(50), 20)
    random = np.random.default_rng(1)
    assert columns.explained(days.astype(float), days) == pytest.approx(1)
    assert columns.explained(np.array([f"w{day % 5}" for day in days], object), days) == pytest.approx(1)
    assert abs(columns.explained(random.normal(size=1000), days)) < 0.1
    assert columns.explained(np.arange(50.0), np.arange(50)) == 0
