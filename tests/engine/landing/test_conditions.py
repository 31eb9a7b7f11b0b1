"""Which values a condition takes for wrong."""

import duckdb
import pytest

from weihu.engine.contract import Column
from weihu.engine.landing.conditions import LONGEST_VALUE, kind_rules, text_rules

VALUES = {
    # a column: (values that are right, values that are wrong)
    Column("code"): ([None, "x"], []),
    Column("name", required=True): (["x"], [None]),
    Column("sum", "money"): (
        [None, "0", "-1.5", "1234567890123456.00"],
        ["1.005", "1,000", "1e5", "１", "12345678901234567"],
    ),
    Column("least", "money", minimum=0): (["0", "0.01"], ["-0.01"]),
    Column("day", "date"): (
        [None, "2026-06-01", "20260601", "2024-02-29"],
        ["2026-02-29", "2026-6-1", "1879-12-31", "3000-01-01", "today"],
    ),
    Column("on_or_off", "flag"): ([None, "true", "FALSE", "0", "1"], ["yes", "2"]),
    Column("sex", "choice", choices=("F", "M")): ([None, "F", "M"], ["f", "X"]),
}
TEXTS = {
    "x" * LONGEST_VALUE: False,
    "x" * (LONGEST_VALUE + 1): True,
    "a\tb": True,
    "\x7f": True,
    "工商": False,
    None: False,
}


def is_wrong(column: Column, value: str | None, rules: list[tuple[str, str, str]]) -> bool:
    """Whether any of the rules' conditions holds for a value of a column."""
    conditions = ["false", *(f"coalesce({condition}, false)" for condition, _, _ in rules)]
    table = f"(SELECT CAST(? AS VARCHAR) AS {column.name}) f"
    return duckdb.execute(f"SELECT {' OR '.join(conditions)} FROM {table}", [value]).fetchall()[0][0]


@pytest.mark.parametrize("column", VALUES, ids=lambda column: column.name)
def test_a_value_is_right_or_wrong_by_the_kind_of_its_column(column):
    right, wrong = VALUES[column]
    assert [value for value in right if is_wrong(column, value, kind_rules(column))] == []
    assert [value for value in wrong if not is_wrong(column, value, kind_rules(column))] == []


def test_a_text_is_wrong_by_its_length_and_its_control_characters():
    column = Column("name")
    assert {value: is_wrong(column, value, text_rules(column)) for value in TEXTS} == TEXTS
