"""One event is one reason: what leads it over several days, and the sentence that says it."""

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.kinds.bank import BOOK, ON, open_signals
from weihu.rules.events import EITHER_WAY, FALLING, INCOMING, OUTGOING, Speaker, grouped, sentence

DAYS, WEEK = BOOK.events.days, BOOK.events.maturity_days


def moved(kind, amount=2_337_047, ago=0, **other):
    """A signal of a movement some days ago."""
    on = ON - timedelta(days=ago)
    row = {"kind": kind, "subject": str(on), "raised_on": on, "amount": Decimal(amount), "customer_id": "c1"}
    return row | {"seen_on": on, "expires_on": ON + timedelta(days=9)} | other


def leaders(*signals):
    """Of each signal by kind and subject, the one that leads it; nothing of what is held out."""
    today = [signal for signal in signals if signal["raised_on"] == ON]
    names = {"customer_id", "kind", "subject", "amount", "on_date", "detail"}
    seen = [{name: value for name, value in signal.items() if name in names} for signal in today]
    before = [signal for signal in signals if signal["raised_on"] != ON]
    rows = open_signals(seen, before=before)
    assert len(rows) == len(signals)
    return {(row["kind"], row["subject"]): row["led_by"] for row in rows if not row["held_out"]}


def kinds_led(*signals):
    return {kind: leader.partition(" ")[0] for (kind, _), leader in leaders(*signals).items()}


def test_what_tells_of_one_movement_is_one_reason():
    """Large, unusual and to another bank: the weightiest kind leads, the others are told by it."""
    led_by = kinds_led(*(moved(kind) for kind in OUTGOING))
    first = min(led_by, key=lambda kind: (-BOOK.signals[kind].weight, kind))
    assert led_by == {kind: "" if kind == first else first for kind in led_by}
    assert len(led_by) > 1


def test_movements_within_the_days_are_one_event_and_the_largest_leads():
    yesterday = str(ON - timedelta(days=1))
    led_by = leaders(
        moved("large_outflow", 300_000), moved("large_outflow", 2_000_000, 1), moved("to_other_bank", 9, 2)
    )
    assert led_by.pop(("large_outflow", yesterday)) == ""
    assert set(led_by.values()) == {f"large_outflow {yesterday}"}


def test_what_is_further_apart_or_of_another_customer_is_another_event():
    within = leaders(moved("large_outflow"), moved("to_other_bank", ago=DAYS - 1))
    assert sorted(within.values()) == ["", f"large_outflow {ON}"]
    assert set(leaders(moved("large_outflow"), moved("to_other_bank", ago=DAYS)).values()) == {""}
    assert set(leaders(moved("large_outflow"), moved("to_other_bank", customer_id="c2")).values()) == {""}


@pytest.mark.parametrize(("came", "leader"), [(500_000, "large_outflow"), (800_000, "large_inflow")])
def test_money_that_came_and_went_again_is_one_event_of_the_larger_direction(came, leader):
    led_by = kinds_led(moved("large_inflow", came, 2), moved("large_outflow", 600_000), moved("to_other_bank", 600_000))
    assert led_by.pop(leader) == ""
    assert set(led_by.values()) == {leader}


@pytest.mark.parametrize(
    ("kind", "alongside", "led"),
    [
        ("grade_down", "large_outflow", True),
        ("watch_begun", "large_outflow", True),
        ("waking", "large_outflow", True),
        ("waking", "large_inflow", True),
        ("grade_up", "large_inflow", True),
        ("grade_up", "large_outflow", False),
        ("grade_down", "large_inflow", False),
        ("dormant", "large_outflow", False),
        ("matured", "large_inflow", False),
    ],
)
def test_what_the_money_changed_is_told_with_it(kind, alongside, led):
    changed = moved(kind, 100) | {"subject": f"a {ON}"}
    assert kinds_led(changed, moved(alongside))[kind] == (alongside if led else "")
    assert kinds_led(changed)[kind] == ""


@pytest.mark.parametrize(("amount", "leader"), [(60_000, "large_outflow"), (50_000, "large_outflow"), (60_001, "")])
def test_money_at_another_branch_is_a_part_of_what_went_if_that_is_as_much(amount, leader):
    led_by = kinds_led(moved("large_outflow", 60_000), moved(EITHER_WAY, amount))
    assert led_by == {"large_outflow": "", EITHER_WAY: leader}


def test_a_product_that_matured_is_a_part_of_what_went_if_its_money_went():
    share = BOOK.lists.left_share
    gone, stayed = Decimal(100_000) * share, Decimal(100_000) * share - 1
    for amount, leader in ((gone, "large_outflow"), (stayed, "")):
        matured = moved("matured", 100_000, subject="a 2026-06-24", customer_id="c1")
        assert kinds_led(matured, moved("large_outflow", amount))["matured"] == leader


def maturity(account, days, amount=100_000):
    on = ON + timedelta(days=days)
    return moved("maturity", amount, subject=f"{account} {on} 30", on_date=on)


def test_maturities_of_a_week_are_one_reason_led_by_the_first():
    led_by = leaders(maturity("b", 3 + WEEK - 1, 900_000), maturity("a", 3), maturity("c", 3 + WEEK))
    first = ("maturity", f"a {ON + timedelta(days=3)} 30")
    assert [key for key, leader in led_by.items() if leader] == [("maturity", f"b {ON + timedelta(days=2 + WEEK)} 30")]
    assert " ".join(first) in led_by.values()


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*INCOMING, *OUTGOING, EITHER_WAY, "matured", "watch_begun", "salary_stopped"]),
            st.integers(1, 3),
            st.integers(0, 8),
        ),
        unique_by=lambda entry: (entry[0], entry[2]),
        max_size=8,
    )
)
@settings(max_examples=25, deadline=None)
def test_whoever_is_told_has_a_leader_that_is_open_and_leads_itself(entries):
    led_by = leaders(*(moved(*entry) for entry in entries))
    assert {leader for leader in led_by.values() if leader} <= {
        f"{kind} {subject}" for (kind, subject), leader in led_by.items() if not leader
    }


# --- the sentence ---

SAY = {
    language: Speaker(
        language, lambda amount: f"{amount / 10_000:.0f}万", lambda on: f"{on:%m-%d}", lambda row: row.detail
    )
    for language in ("zh", "en")
}


def told(kind, amount, day=1, detail="", on_date=None, led_by="x"):
    on = date(2026, 6, day)
    return SimpleNamespace(
        kind=kind, subject=str(on), raised_on=on, amount=Decimal(amount), detail=detail, on_date=on_date, led_by=led_by
    )


@pytest.mark.parametrize(
    ("signals", "zh"),
    [
        ([told("large_outflow", 2_670_000)], ""),
        (
            [told("large_outflow", 2_330_000, 3), told("large_outflow", 340_000), told("to_other_bank", 2_330_000, 3, "招行")],
            "3 日净流出 267万,其中 233万 转往招行",
        ),
        ([told("large_outflow", 800_000), told("unusual_outflow", 790_000)], "06-01净流出 80万"),
        ([told("large_outflow", 600_000), told("to_other_bank", 900_000, 1, "工行")], "06-01净流出 60万,转往工行 90万"),
        ([told("to_other_bank", 300_000, 1, "工行"), told("to_other_bank", 600_000, 2, "招行")], "2 日净流出 90万,全部转往招行"),
        ([told("large_inflow", 900_000), told("grade_up", 1, 1, "潜力 → 贵宾")], "06-01净流入 90万,等级 潜力 → 贵宾"),
        ([told("large_inflow", 900_000), told("large_inflow", 300_000, 4)], "4 日净流入 120万"),
        ([told("large_outflow", 900_000, 3), told("large_inflow", 890_000)], "3 日净流出 1万(流入 89万,流出 90万)"),
        ([told("large_outflow", 900_000, 3), told("large_inflow", 900_000)], "3 日内流入 90万,流出 90万"),
        ([told("large_outflow", 800_000), told("matured", 800_000)], "06-01净流出 80万,到期资金 80万 未续"),
        (
            [
                told("maturity", 500_000, on_date=date(2026, 6, 9)),
                told("maturity", 300_000, on_date=date(2026, 6, 7)),
                told("maturity", 400_000, on_date=date(2026, 6, 12)),
            ],
            "3 笔共 120万 在 6 日内到期,最早 06-07",
        ),
    ],
)  # fmt: skip
def test_an_event_is_one_sentence(signals, zh):
    leading, *others = signals
    assert sentence(leading, others, BOOK, SAY["zh"]) == zh
    english = sentence(leading, others, BOOK, SAY["en"])
    assert bool(english) == bool(zh)
    assert not [name for name in ("{", "days days", "  ") if name in english]


def test_an_english_sentence_is_english():
    signals = [
        told("large_outflow", 2_330_000, 3),
        told("large_outflow", 340_000),
        told("to_other_bank", 2_330_000, 3, "CMB"),
    ]
    assert (
        sentence(signals[0], signals[1:], BOOK, SAY["en"])
        == "Net outflow of 267万 in 3 days, 233万 of it to another bank (CMB)"
    )


def test_signals_are_grouped_by_who_leads_them_and_one_without_its_leader_stands_alone():
    first, second = told("large_outflow", 1, led_by=""), told("to_other_bank", 1, led_by="large_outflow 2026-06-01")
    third = told("dormant", 1, led_by="")
    assert grouped([first, second, third]) == [(first, (second,)), (third, ())]
    assert grouped([second, third]) == [(second, ()), (third, ())]
    assert set(FALLING) < set(OUTGOING)
