"""Money that moves, stops moving, or lies still: each kind is raised when its condition holds, and not just below."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.rules.kinds.bank import BOOK, ON, raised

CENT = Decimal("0.01")


def amount_of(kind):
    return BOOK.signals[kind].amount.quantize(CENT)


def idle(kind):
    return ON - timedelta(days=BOOK.signals[kind].idle_days)


@pytest.mark.parametrize(("kind", "sign"), [("large_inflow", 1), ("large_outflow", -1)])
def test_a_large_flow_is_at_least_the_amount_in_a_day(kind, sign):
    least = amount_of(kind)
    (row,) = raised(kind, compared=[{"flow_1": sign * least}])
    assert (row["amount"], row["on_date"], row["subject"]) == (least, ON, str(ON))
    assert raised(kind, compared=[{"flow_1": sign * (least - CENT)}]) == []
    assert raised(kind, compared=[{"flow_1": -sign * least}]) == []


@pytest.mark.parametrize(("kind", "sign"), [("large_inflow", 1), ("large_outflow", -1)])
def test_what_a_loan_paid_out_or_took_back_is_no_flow(kind, sign):
    least = amount_of(kind)

    def seen(of_loan, paid_as="loan"):
        paid = {"transaction_id": "1", "amount": sign * of_loan, "kind": paid_as}
        return raised(kind, compared=[{"flow_1": sign * 3 * least}], accounts=[{}], transactions=[paid])

    assert [row["amount"] for row in seen(least)] == [2 * least]
    assert [row["amount"] for row in seen(2 * least)] == [least]
    assert seen(2 * least + CENT) == []
    assert [row["amount"] for row in seen(3 * least, paid_as="payment")] == [3 * least]


@pytest.mark.parametrize("kind", ["large_inflow", "large_outflow"])
def test_a_large_flow_is_told_from_the_kinds_grade_on_by_the_better_of_two_nights(kind):
    lowest, flow = BOOK.rank(BOOK.signals[kind].from_grade), amount_of(kind) * (1 if kind == "large_inflow" else -1)
    for now, before, expected in (
        (lowest, lowest, 1),
        (lowest - 1, lowest, 1),
        (lowest - 1, lowest - 1, 0),
        (lowest, None, 1),
    ):
        ranked = {"flow_1": flow, "grade_rank": now, "rank_before": before}
        assert len(raised(kind, compared=[ranked])) == expected


def test_inter_branch_is_money_moved_at_another_branch_in_all_at_least_the_amount():
    least = amount_of("inter_branch")
    account = [{}]
    moves = [
        {"transaction_id": "1", "amount": least / 2, "branch_id": "x"},
        {"transaction_id": "2", "amount": -least / 2, "branch_id": "y"},
    ]
    (row,) = raised("inter_branch", accounts=account, transactions=moves)
    assert (row["amount"], row["detail"]) == (least, "x")
    assert raised("inter_branch", accounts=account, transactions=moves[:1]) == []
    at_home = [move | {"branch_id": "b"} for move in moves]
    assert raised("inter_branch", accounts=account, transactions=at_home) == []


def test_the_place_named_is_that_of_the_largest_movement_and_of_equals_that_of_the_first():
    least = amount_of("inter_branch")
    first = {"transaction_id": "1", "amount": -least, "branch_id": "x"}
    for amount, place in ((least - CENT, "x"), (least, "x"), (least + CENT, "w")):
        for moves in (
            [first, {"transaction_id": "2", "amount": amount, "branch_id": "w"}],
            [{"transaction_id": "2", "amount": amount, "branch_id": "w"}, first],
        ):
            (row,) = raised("inter_branch", accounts=[{}], transactions=moves)
            assert (row["amount"], row["detail"]) == (least + amount, place)


def test_to_other_bank_is_money_sent_away_in_all_at_least_the_amount():
    least = amount_of("to_other_bank")
    sent = {"transaction_id": "1", "amount": -least, "counterparty_bank": "ICBC"}
    (row,) = raised("to_other_bank", accounts=[{}], transactions=[sent])
    assert (row["amount"], row["detail"]) == (least, "ICBC")
    for other in ({"amount": CENT - least}, {"amount": least}, {"counterparty_bank": None}, {"kind": "payment"}):
        assert raised("to_other_bank", accounts=[{}], transactions=[sent | other]) == []


def test_dormant_is_assets_without_a_movement_for_the_idle_days():
    assert len(raised("dormant", compared=[{"moved_on": idle("dormant")}])) == 1
    assert raised("dormant", compared=[{"moved_on": idle("dormant") + timedelta(days=1)}]) == []
    for aum, count in ((CENT, 1), (Decimal("0.00"), 0)):
        assert len(raised("dormant", compared=[{"moved_on": idle("dormant"), "aum": aum}])) == count


def test_waking_is_a_movement_today_after_the_idle_days():
    woken = {"moved_on": ON, "moved_before": idle("waking")}
    assert len(raised("waking", compared=[woken])) == 1
    assert raised("waking", compared=[woken | {"moved_before": idle("waking") + timedelta(days=1)}]) == []
    assert raised("waking", compared=[woken | {"moved_on": ON - timedelta(days=1)}]) == []


@pytest.mark.parametrize(("kind", "sign"), [("unusual_inflow", 1), ("unusual_outflow", -1)])
def test_an_unusual_flow_is_beyond_the_customers_own_habit(kind, sign):
    rule = BOOK.signals[kind]
    share = Decimal(600_000) * (rule.share or 0)
    least = max(rule.amount, share, 1000 * (rule.times or 1)).quantize(CENT)
    move = {"own": sign * least}
    (row,) = raised(kind, moves=[move], habits_before=[{}])
    assert row["amount"] == least
    assert raised(kind, moves=[{"own": sign * (least - CENT)}], habits_before=[{}]) == []
    assert raised(kind, moves=[move], habits_before=[{"habit_days": rule.history_days - 1}]) == []
    side = "in" if sign > 0 else "out"
    often = {f"{side}_{place}": 50 for place in range(1, 14)}
    assert raised(kind, moves=[move], habits_before=[often]) == []


def test_salary_stopped_is_raised_on_the_day_after_a_history():
    rule = BOOK.signals["salary_stopped"]
    last = idle("salary_stopped")
    paid = {"salary_on": last, "salary_since": last - timedelta(days=rule.history_days), "salary": Decimal("8000.00")}
    (row,) = raised("salary_stopped", habits=[paid])
    assert (row["amount"], row["on_date"]) == (Decimal("8000.00"), last)
    assert raised("salary_stopped", habits=[paid | {"salary_since": paid["salary_since"] + timedelta(days=1)}]) == []
    for days in (-1, 1):
        assert raised("salary_stopped", habits=[paid | {"salary_on": last + timedelta(days=days)}]) == []


def test_idle_cash_has_been_on_demand_for_the_idle_days():
    since, lying = idle("idle_cash"), {"demand": amount_of("idle_cash")}
    (row,) = raised("idle_cash", habits=[{"idle_since": since}], moves=[lying])
    assert (row["amount"], row["on_date"]) == (amount_of("idle_cash"), since)
    assert raised("idle_cash", habits=[{"idle_since": since + timedelta(days=1)}], moves=[lying]) == []
    assert raised("idle_cash", habits=[{"idle_since": None}], moves=[lying]) == []
