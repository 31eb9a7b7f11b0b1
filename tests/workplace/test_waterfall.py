"""Periods of the cockpit and its drawings, on a page and on paper."""

from datetime import date
from decimal import Decimal

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from tests.workplace.test_team import text_of
from weihu.workplace.base.pdf import Page, write_pdf
from weihu.workplace.base.pictures import Box, Line, Picture, Words, svg
from weihu.workplace.see.cockpit.periods import asked_for
from weihu.workplace.see.cockpit.waterfall import FLOOR, TOP, curve, waterfall

TODAY = date(2026, 3, 9)
amounts = st.integers(-(10**12), 10**12).map(lambda cents: Decimal(cents) / 100)


@pytest.mark.parametrize(
    ("query", "chosen", "after", "until"),
    [
        ("", "month", date(2026, 2, 28), TODAY),
        ("period=nonsense", "month", date(2026, 2, 28), TODAY),
        ("period=last_month", "last_month", date(2026, 1, 31), date(2026, 2, 28)),
        ("period=days", "days", date(2025, 12, 9), TODAY),
        ("after=2026-01-05", "own", date(2026, 1, 5), TODAY),
        ("until=2026-02-01&period=days", "own", date(2025, 11, 3), date(2026, 2, 1)),
        ("after=2026-77-01&period=last_month", "last_month", date(2026, 1, 31), date(2026, 2, 28)),
    ],
)
def test_a_period_is_asked_for_by_name_or_by_dates(query, chosen, after, until):
    assert asked_for(QueryDict(query), TODAY, 90) == (chosen, after, until)


@given(st.integers(0, 10**12).map(lambda cents: Decimal(cents) / 100), st.lists(amounts, max_size=6))
def test_every_step_of_a_bridge_begins_where_the_one_before_ends(start, parts):
    steps = [("a", start, "1"), *(("p", amount, "2") for amount in parts), ("z", start + sum(parts), "3")]
    boxes = [shape for shape in waterfall("AUM", steps).shapes if isinstance(shape, Box)]
    assert len(boxes) == len(steps)
    assert all(box.y >= TOP - 1e-6 and box.y + box.height <= FLOOR + 1 + 1e-6 for box in boxes)
    assert [box.tone for box in boxes] == ["whole", *("more" if part >= 0 else "less" for part in parts), "whole"]
    level = boxes[0].y
    for box, part in zip(boxes[1:-1], parts, strict=True):
        begin, end = (box.y + box.height, box.y) if part >= 0 else (box.y, box.y + box.height)
        assert begin == pytest.approx(level, abs=1.01)
        level = end
    assert boxes[-1].y == pytest.approx(level, abs=1.01)


def test_a_picture_is_the_same_on_a_page_and_on_paper():
    shapes = [Box(1, 2, 3, 4, "more", "流入 ¥5"), Line([(0, 0), (5, 5)], "axis"), Words(50, 9, "期初 <b>")]
    picture = Picture("资产变动", 100, 10, shapes)
    drawn = svg(picture, "kind")
    assert 'role="img" aria-label="资产变动"' in drawn and "<title>流入 ¥5</title>" in drawn
    assert "期初 &lt;b&gt;" in drawn and 'points="0.0,0.0 5.0,5.0"' in drawn
    (page,) = text_of(write_pdf([Page("x", pictures=[picture])], "mark"))
    assert "资产变动" in page and "期初" in page


def test_a_curve_of_one_value_is_drawn_in_the_middle():
    lines = [shape for shape in curve("AUM", [7.0], ("a", "b"), ("7", "7")).shapes if isinstance(shape, Line)]
    assert lines[-1].points[0][1] == (TOP + FLOOR) / 2
