"""How long a reason stays open, who hears nothing of it, when an answered one comes back, and what is one event."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.kinds.bank import BOOK, ON, open_signals
from weihu.rules.signals import EITHER_WAY, INCOMING, OUTGOING

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


@pytest.mark.parametrize(
    "other",
    [
        {"subject": "b 2026-07-01 30"},
        {"customer_id": "d"},
        {"subject": "a 2026-08-01 30"},
        {"kind": "matured", "subject": "a 2026-07-01"},
    ],
)
def test_what_comes_nearer_leaves_other_accounts_customers_dates_and_kinds_open(other):
    nearer = {"kind": "maturity", "subject": "a 2026-07-01 7"}
    before = {"kind": "maturity", "subject": "a 2026-07-01 30", **other}
    rows = open_signals([nearer], before=[before])
    assert {(row["customer_id"], row["kind"], row["subject"]) for row in rows} == {
        ("c", "maturity", "a 2026-07-01 7"),
        (before.get("customer_id", "c"), before["kind"], before["subject"]),
    }


def leaders(seen):
    return {row["kind"]: row["led_by"] for row in open_signals(seen) if not row["held_out"]}


def movement(kind, amount=2_337_047, **other):
    return {"kind": kind, "subject": TODAY, "amount": Decimal(amount), "customer_id": "c1"} | other


def test_what_tells_of_one_movement_is_one_reason():
    """Large, unusual and to another bank: the weightiest kind leads, the others are told by it."""
    led_by = leaders([movement(kind) for kind in OUTGOING])
    first = min(led_by, key=lambda kind: (-BOOK.signals[kind].weight, kind))
    assert led_by == {kind: "" if kind == first else first for kind in led_by}
    assert len(led_by) > 1


def test_money_that_came_and_money_that_went_are_two_events():
    led_by = leaders([movement(kind) for kind in (*OUTGOING, *INCOMING)])
    assert {led_by[kind] for kind in INCOMING if kind in led_by} <= {"", *INCOMING}
    assert [led_by[kind] for kind in ("large_outflow", "large_inflow")] == ["", ""]


def test_another_day_or_customer_is_another_event():
    yesterday = movement("to_other_bank", subject=str(ON - days(1)))
    assert leaders([movement("large_outflow"), yesterday]) == {"large_outflow": "", "to_other_bank": ""}
    assert leaders([movement("large_outflow"), movement("to_other_bank", customer_id="c2")])["to_other_bank"] == ""


@pytest.mark.parametrize(("amount", "leader"), [(60_000, "large_outflow"), (50_000, "large_outflow"), (60_001, "")])
def test_money_at_another_branch_is_a_part_of_what_went_if_that_is_as_much(amount, leader):
    led_by = leaders([movement("large_outflow", 60_000), movement(EITHER_WAY, amount)])
    assert led_by == {"large_outflow": "", EITHER_WAY: leader}


@given(
    st.lists(
        st.tuples(st.sampled_from([*INCOMING, *OUTGOING, EITHER_WAY, "dormant"]), st.integers(1, 3)),
        unique_by=lambda pair: pair[0],
    )
)
@settings(max_examples=15, deadline=None)
def test_whoever_is_told_has_a_leader_that_is_open_and_leads_itself(kinds):
    rows = open_signals([movement(kind, amount) for kind, amount in kinds])
    assert len(rows) == len(kinds)
    leading = {(row["kind"], row["subject"]) for row in rows if row["led_by"] == "" and not row["held_out"]}
    assert all((row["led_by"], row["subject"]) in leading for row in rows if row["led_by"])
