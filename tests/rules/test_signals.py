"""How long a reason stays open, who hears nothing of it, and when an answered one comes back."""

from datetime import timedelta

import pytest

from tests.rules.kinds.bank import BOOK, ON, open_signals
from weihu.rules.signals import AHEAD, CONDITIONS

TODAY = str(ON)


def days(count):
    return timedelta(days=count)


def test_an_event_stays_open_for_its_days_and_a_condition_while_it_holds():
    (row,) = open_signals([{"kind": "large_outflow", "subject": TODAY}])
    assert (row["raised_on"], row["seen_on"]) == (ON, ON)
    assert row["expires_on"] == ON + days(BOOK.signals["large_outflow"].open_days)
    event = {"kind": "large_outflow", "subject": str(ON - days(2)), "raised_on": ON - days(2)}
    (row,) = open_signals([], before=[event | {"expires_on": ON}])
    assert row["raised_on"] == ON - days(2)
    assert open_signals([], before=[event | {"expires_on": ON - days(1)}]) == []


def test_what_holds_again_keeps_the_day_on_which_it_was_raised():
    lasting = {"kind": "near_grade", "subject": "x", "raised_on": ON - days(7)}
    (row,) = open_signals([{"kind": "near_grade", "subject": "x"}], before=[lasting])
    assert (row["raised_on"], row["seen_on"]) == (ON - days(7), ON)


def test_an_answered_one_is_silent_for_the_quiet_days():
    quiet = BOOK.signals["near_grade"].quiet_days
    seen = [{"kind": "near_grade", "subject": "x"}]
    answer = {"customer_id": "c", "kind": "near_grade", "subject": "x"}
    assert open_signals(seen, answers=[answer | {"answered_on": ON - days(quiet - 1)}]) == []
    assert len(open_signals(seen, answers=[answer | {"answered_on": ON - days(quiet)}])) == 1
    for other in ({"subject": "y"}, {"kind": "dormant"}, {"customer_id": "d"}):
        assert len(open_signals(seen, answers=[answer | other | {"answered_on": ON}])) == 1


def test_a_share_of_customers_is_held_out_of_a_kind_and_always_the_same_ones():
    kind, count = "near_grade", 20_000
    customers = [f"c{number}" for number in range(count)]
    share = float(BOOK.signals[kind].holdout)
    kept_back = held_out(kind, customers)
    deviation = (count * share * (1 - share)) ** 0.5
    assert abs(len(kept_back) - count * share) <= 3 * deviation
    assert held_out(kind, customers, on=ON + days(200)) == kept_back
    others = [f"d{number}" for number in range(500)]
    assert held_out(kind, [*others, *customers[::7]]) & set(customers) == kept_back & set(customers[::7])
    # chance brings together as many of two kinds as the product of their shares
    assert len(kept_back & held_out("festival", customers)) < len(kept_back) / 2
    assert held_out("maturity", customers) == set()


def held_out(kind, customers, on=ON):
    """The customers of whom a kind is kept back."""
    rows = open_signals([{"kind": kind, "customer_id": customer} for customer in customers], on=on)
    assert len(rows) == len(customers)
    return {row["customer_id"] for row in rows if row["held_out"]}


def test_a_maturity_that_comes_nearer_takes_the_place_of_the_one_before():
    before = {"kind": "maturity", "subject": "a 2026-07-01 30"}
    (row,) = open_signals([{"kind": "maturity", "subject": "a 2026-07-01 7"}], before=[before])
    assert row["subject"] == "a 2026-07-01 7"


@pytest.mark.parametrize("kind", CONDITIONS)
def test_a_condition_that_holds_no_longer_is_no_reason(kind):
    before = {"kind": kind, "subject": "x", "on_date": ON + days(9), "expires_on": ON + days(1)}
    assert open_signals([], before=[before]) == []


@pytest.mark.parametrize("kind", AHEAD)
def test_a_date_ahead_that_is_not_true_any_more_is_no_reason_and_one_that_has_come_stays(kind):
    before = {"kind": kind, "subject": "x", "expires_on": ON + days(1)}
    assert open_signals([], before=[before | {"on_date": ON + days(1)}]) == []
    assert len(open_signals([], before=[before | {"on_date": ON}])) == 1


@pytest.mark.parametrize(("before", "after"), [("grade_up", "grade_down"), ("grade_down", "grade_up")])
def test_a_change_of_grade_takes_the_place_of_the_one_before(before, after):
    earlier = {"kind": before, "subject": "x", "expires_on": ON + days(1)}
    others = [earlier | {"customer_id": "d"}, earlier | {"kind": "waking"}]
    seen = [{"kind": after, "subject": TODAY}]
    assert {(row["customer_id"], row["kind"]) for row in open_signals(seen, before=[earlier, *others])} == {
        ("c", after),
        ("d", before),
        ("c", "waking"),
    }


@pytest.mark.parametrize("loud", ["complaint_due", "large_outflow", "unhappy"])
def test_who_complains_or_takes_money_away_is_not_asked_for_more(loud):
    quiet = [{"kind": "campaign", "subject": "1"}, {"kind": "near_grade", "subject": "major"}]
    others = [{"kind": "cadence_due"}, {"kind": "maturity", "subject": "a 2026-07-01 30"}]
    kinds = {row["kind"] for row in open_signals([*quiet, *others])}
    assert kinds == {"campaign", "near_grade", "cadence_due", "maturity"}
    heard = open_signals([*quiet, *others, {"kind": loud, "subject": TODAY}])
    assert {row["kind"] for row in heard} == {"cadence_due", "maturity", loud}
    elsewhere = open_signals([*quiet, {"kind": loud, "subject": TODAY, "customer_id": "d"}])
    assert {row["kind"] for row in elsewhere} == {"campaign", "near_grade", loud}
