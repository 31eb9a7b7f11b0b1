"""Measures against their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weihu.insight import measures

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 2)), min_size=2, max_size=30)


def pairs(rows, within=False):
    """Each pair of a row with the outcome and one without: 1 if in order, a half if tied."""
    return [
        (high > low) + 0.5 * (high == low)
        for yes, high, group in rows
        for no, low, other in rows
        if yes and not no and (not within or group == other)
    ]


def arrays(rows):
    columns = zip(*rows, strict=True)
    return tuple(np.array(column, kind) for column, kind in zip(columns, (float, float, int), strict=True))


@settings(max_examples=80, deadline=None)
@given(ROWS)
def test_auc_is_the_share_of_pairs_in_order_over_all_and_within_groups(rows):
    outcomes, scores, groups = arrays(rows)
    for found, counted in (
        (measures.auc(outcomes, scores), pairs(rows)),
        (measures.auc_within(outcomes, scores, groups), pairs(rows, within=True)),
    ):
        assert np.isnan(found) if not counted else found == pytest.approx(np.mean(counted))


def test_lift_precision_and_calibration_of_a_ranking_that_is_known():
    outcomes = np.array([1.0] * 10 + [0.0] * 90)
    scores = np.linspace(1, 0, 100)
    assert measures.lift(outcomes, scores) == pytest.approx(10)
    assert measures.average_precision(outcomes, scores) == pytest.approx(1)
    assert measures.average_precision(outcomes, np.zeros(100)) == pytest.approx(0.1)
    assert measures.calibration_error(outcomes, np.full(100, 0.1)) == pytest.approx(0.18)
    assert measures.calibration(outcomes, scores)[0] == pytest.approx((10, scores[:10].mean(), 1.0))


def test_an_interval_of_whole_days_is_wider_where_the_days_differ():
    days = np.repeat(np.arange(20), 50)
    values = (days % 2).astype(float)

    def mean(rows):
        return float(values[rows].mean())

    low, high = measures.interval(mean, days, 1000)
    narrow_low, narrow_high = measures.interval(mean, None, 1000)
    assert low < narrow_low < 0.5 < narrow_high < high
    assert measures.interval(mean, days, 1000) == (low, high)
