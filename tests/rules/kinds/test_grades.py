"""The grade, and who answers for the customer."""

from datetime import timedelta
from decimal import ROUND_DOWN, Decimal

import pytest

from tests.rules.kinds.bank import AUM, BOOK, ON, TOP, raised
from weihu.rules import rulebook

CENT = Decimal("0.01")
KEYS = list(BOOK.grades)


@pytest.mark.parametrize(("kind", "before"), [("grade_up", TOP - 2), ("grade_down", TOP)])
def test_a_change_of_grade_is_told_with_both(kind, before):
    (row,) = raised(kind, compared=[{"rank_before": before}])
    assert (row["detail"], row["limit"]) == (f"{KEYS[before]}>{KEYS[TOP - 1]}", BOOK.grades[KEYS[TOP - 1]].minimum)
    assert raised(kind, compared=[{"rank_before": TOP - 1}]) == []
    assert raised(kind, compared=[{"rank_before": None}]) == []
    assert raised({"grade_up": "grade_down", "grade_down": "grade_up"}[kind], compared=[{"rank_before": before}]) == []


def test_watch_begun_is_raised_on_the_first_night_on_watch():
    assert len(raised("watch_begun", compared=[{"watch_since": ON}])) == 1
    assert raised("watch_begun", compared=[{"watch_since": ON, "watch_before": ON - timedelta(days=1)}]) == []
    assert raised("watch_begun") == []


def test_near_grade_is_within_the_share_of_the_next_threshold():
    following = BOOK.grades[KEYS[TOP]].minimum
    nearest = (following * (1 - BOOK.near_share)).quantize(CENT)
    (row,) = raised("near_grade", compared=[{"metric": nearest}])
    assert (row["base"], row["limit"], row["detail"]) == (following - nearest, following, KEYS[TOP])
    assert raised("near_grade", compared=[{"metric": nearest - CENT}]) == []
    assert raised("near_grade", compared=[{"metric": following.quantize(CENT)}]) == []
    assert raised("near_grade", compared=[{"metric": following.quantize(CENT), "grade_rank": TOP}]) == []


def test_who_has_just_lost_assets_is_near_no_grade():
    """Of 600,000 now: within the book's share of what it was 30 days ago, or more."""
    share = BOOK.near_fall
    most = (Decimal(600_000) * share / (1 - share)).quantize(CENT, ROUND_DOWN)
    metric = BOOK.grades[KEYS[TOP]].minimum - 1
    assert len(raised("near_grade", compared=[{"metric": metric, "flow_30": -most}])) == 1
    assert raised("near_grade", compared=[{"metric": metric, "flow_30": -most - CENT}]) == []


@pytest.mark.parametrize(("days", "near"), [(7, 1), (30, 0)])
def test_the_book_says_over_how_many_days_a_loss_counts(days, near):
    book = rulebook.changed(BOOK, {"near_fall_days": days})
    row = {"metric": BOOK.grades[KEYS[TOP]].minimum - 1, "flow_30": -AUM}
    assert len(raised("near_grade", book, compared=[row])) == near


def test_handed_over_is_told_to_the_new_primary_from_today_or_the_next_day():
    for days in (0, 1):
        assert len(raised("handed_over", placed=[{"placed_on": ON + timedelta(days=days)}])) == 1
    for days in (-1, 2):
        assert raised("handed_over", placed=[{"placed_on": ON + timedelta(days=days)}]) == []
    assert raised("handed_over", placed=[{"staff_id": "other"}]) == []


def test_new_customer_is_seen_first_tonight_and_opened_lately():
    since = ON - timedelta(days=BOOK.signals["new_customer"].idle_days)
    assert len(raised("new_customer", compared=[{"first_seen_on": ON, "opened_on": since}])) == 1
    assert raised("new_customer", compared=[{"first_seen_on": ON, "opened_on": since - timedelta(days=1)}]) == []
    assert raised("new_customer", compared=[{"first_seen_on": ON - timedelta(days=1), "opened_on": since}]) == []
