"""Near the next grade: the book's one share under the threshold, for amounts and for columns alike."""

from decimal import Decimal

import ibis
import pytest

from weihu.rules import rulebook
from weihu.rules.metric import is_near

BOOK = rulebook.changed(rulebook.load("brief"), {"near_share": "0.05"})


@pytest.mark.parametrize(
    ("metric", "threshold", "near"),
    [("190000.00", "200000", True), ("189999.99", "200000", False), ("380000.01", "400000.01", True)],
)
def test_near_is_the_books_share_under_the_threshold(metric, threshold, near):
    assert is_near(Decimal(metric), Decimal(threshold), BOOK) is near
    columns = ibis.memtable({"metric": [Decimal(metric)], "threshold": [Decimal(threshold)]})
    assert columns.mutate(near=is_near(columns.metric, columns.threshold, BOOK)).near.to_pyarrow()[0].as_py() is near
