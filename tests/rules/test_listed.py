"""What comes on each fixed list, and what just does not."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.rules.kinds.bank import AUM, BOOK, METRIC, ON, TOP, Tables
from weihu.rules import rulebook
from weihu.rules.listed import LISTS as NAMED

STANDING = {
    "customer_id": "c",
    "branch_id": "b",
    "aum": AUM,
    "metric": METRIC,
    "flow_1": Decimal(0),
    "flow_30": Decimal(-1),
    "flow_90": Decimal(5),
    "effective": True,
    "grade_rank": TOP - 1,
    "facts_expected": 4,
    "facts_known": 4,
    "last_contact_on": ON,
}
SIGNAL = {"customer_id": "c", "subject": "", "detail": "", "raised_on": ON, "held_out": False}
DAYS = BOOK.lists


def listed(name, **rows):
    """A list's rows, of one ordinary customer unless there are others."""
    return Tables(**{**rows, "standings": [STANDING | row for row in rows.get("standings", [{}])]}).make(f"list_{name}")


def signals(*rows):
    return [SIGNAL | row for row in rows]


AWAY = {"transaction_id": "t", "branch_id": "elsewhere", "amount": Decimal(-7), "kind": "cash"}


def test_what_moves_at_another_branch_is_listed_whatever_it_is_worth():
    (row,) = listed("inter_branch", accounts=[{}], transactions=[AWAY])
    assert (row["subject"], row["amount"], row["detail"], row["reason"], row["on_date"]) == (
        "t",
        -7,
        "elsewhere",
        "cash",
        ON,
    )
    for branch in ("b", None):
        assert listed("inter_branch", accounts=[{}], transactions=[AWAY | {"branch_id": branch}]) == []


@pytest.mark.parametrize(("kind", "sign"), [("large_inflow", 1), ("large_outflow", -1)])
def test_money_of_the_day_is_large_from_the_book_s_amount_on(kind, sign):
    amount = BOOK.signals[kind].amount
    (row,) = listed("money", standings=[{"flow_1": sign * amount}])
    assert (row["amount"], row["reason"], row["base"], row["limit"]) == (sign * amount, kind, None, None)
    assert listed("money", standings=[{"flow_1": sign * (amount - Decimal("0.01"))}]) == []


@pytest.mark.parametrize("kind", ["transfer", "other"])
def test_money_between_banks_is_summed_by_direction(kind):
    booked = [
        {"transaction_id": str(place), "amount": Decimal(amount), "counterparty_bank": "x", "kind": kind}
        for place, amount in enumerate((5, 6, -3))
    ]
    (row,) = listed("money", accounts=[{}], transactions=booked)
    assert (row["base"], row["limit"], row["reason"]) == (11, 3, "from_other_bank,to_other_bank")
    (row,) = listed("money", accounts=[{}], transactions=booked[2:])
    assert (row["base"], row["limit"], row["reason"]) == (None, 3, "to_other_bank")
    for other in ({"counterparty_bank": None}, {"kind": "salary"}, {"kind": "payment"}):
        assert listed("money", accounts=[{}], transactions=[booked[0] | other]) == []


def test_what_is_unusual_is_told_on_its_day_and_not_of_who_is_kept_back():
    odd = {"kind": "unusual_outflow"}
    (row,) = listed("money", signals=signals(odd))
    assert row["reason"] == "unusual_outflow"
    for other in ({"held_out": True}, {"raised_on": ON - timedelta(days=1)}, {"kind": "dormant"}):
        assert listed("money", signals=signals(odd | other)) == []


@pytest.mark.parametrize(
    ("days", "there"), [(0, False), (1, True), (DAYS.ahead_days, True), (DAYS.ahead_days + 1, False)]
)
def test_maturities_are_of_the_days_ahead(days, there):
    account = {"matures_on": ON + timedelta(days=days)}
    assert bool(listed("maturing", accounts=[account])) == there
    for other in ({"balance": Decimal(0)}, {"closed_on": ON}):
        assert listed("maturing", accounts=[account | other]) == []


MATURED = {"account_id": "a", "customer_id": "c", "product_id": "d", "matures_on": ON, "balance": Decimal(100)}


@pytest.mark.parametrize(
    ("account", "fell", "became"),
    [
        ({"matures_on": ON + timedelta(days=90)}, 0, "kept"),
        ({"matures_on": ON + timedelta(days=90)}, 100, "kept"),
        ({"matures_on": ON}, 0, "moved"),
        ({"matures_on": ON}, Decimal("49.99"), "moved"),
        ({"matures_on": ON}, 50, "left"),
        ({"matures_on": ON + timedelta(days=90), "closed_on": ON}, 50, "left"),
        ({"matures_on": None, "closed_on": ON}, -20, "moved"),
    ],
)
def test_what_matured_was_kept_moved_or_has_left(account, fell, became):
    (row,) = listed("became", matured=[MATURED | {"aum_before": AUM + fell}], accounts=[account])
    assert (row["reason"], row["base"], row["amount"], row["on_date"]) == (became, -fell, 100, ON)


def test_what_matured_is_remembered_for_the_days_behind_under_the_number_that_is_kept():
    before = {"matures_on": ON, "customer_id": "gone"}
    night = Tables(
        accounts_before=[before], accounts=[{}], standings_before=[STANDING],
        matured_before=[
            MATURED | {"account_id": str(days), "aum_before": AUM, "matures_on": ON - timedelta(days=days)}
            for days in (1, DAYS.behind_days - 1, DAYS.behind_days)
        ],
    )  # fmt: skip
    rows = {row["account_id"]: row for row in night.make("matured")}
    assert set(rows) == {"a", "1", str(DAYS.behind_days - 1)}
    assert (rows["a"]["customer_id"], rows["a"]["balance"], rows["a"]["aum_before"]) == ("c", 100, AUM)
    for other in ({"matures_on": ON - timedelta(days=1)}, {"closed_on": ON}, {"balance": Decimal(0)}):
        assert (
            Tables(accounts_before=[before | other], accounts=[{}], standings_before=[STANDING]).make("matured") == []
        )


def test_on_watch_says_since_when_and_what_is_lacking():
    threshold = next(grade for rank, grade in enumerate(BOOK.grades.values()) if rank == TOP - 1).minimum
    (row,) = listed("watch", standings=[{"watch_since": ON, "metric": threshold - 7}])
    assert (row["on_date"], row["amount"], row["base"], row["limit"]) == (ON, threshold - 7, 7, threshold)
    (back,) = listed("watch", standings=[{"watch_since": ON, "metric": threshold.quantize(Decimal("0.01"))}])
    assert back["base"] is None, "nobody is 0.00 short"
    for other in ({"watch_since": None}, {"effective": False}):
        assert listed("watch", standings=[{"watch_since": ON} | other]) == []


def test_an_early_loss_is_a_warning_while_assets_fall():
    warned = signals({"kind": "to_other_bank"}, {"kind": "large_outflow"}, {"kind": "birthday"})
    (row,) = listed("loss", signals=warned)
    assert (row["reason"], row["amount"], row["base"]) == ("large_outflow,to_other_bank", -1, 5)
    assert listed("loss", signals=warned[2:]) == []
    assert listed("loss", signals=[row | {"held_out": True} for row in warned]) == []
    for other in ({"flow_30": Decimal(0)}, {"effective": False}):
        assert listed("loss", signals=warned, standings=[other]) == []


@pytest.mark.parametrize(
    ("aum", "flow", "then", "flow_then", "expected"),
    [
        (60_000, -240_000, 280_000, -20_000, ("lost", -240_000)),
        (200_000, -100_000, 60_000, -240_000, ("won_back", 140_000)),
        (60_000, -240_000, 60_000, -240_000, None),
    ],
)
def test_who_was_lost_or_won_back_is_listed_on_the_night_itself(aum, flow, then, flow_then, expected):
    window = f"flow_{BOOK.losses.days}"
    now, before = {"aum": Decimal(aum), window: Decimal(flow)}, {"aum": Decimal(then), window: Decimal(flow_then)}
    rows = listed("lost", standings=[now], standings_before=[STANDING | before])
    assert [(row["reason"], row["amount"]) for row in rows] == ([expected] if expected else [])
    assert all(row["on_date"] == ON for row in rows)


def test_the_week_has_birthdays_and_what_the_archive_tells():
    week = [{"month_day": 625, "on": ON + timedelta(days=1)}]
    born = [{"birth_date": date(1980, 6, 25)}]
    (row,) = listed("occasions", profiles=born, week=week)
    assert (row["reason"], row["on_date"]) == ("birthday", ON + timedelta(days=1))
    assert listed("occasions", profiles=[{"birth_date": date(1980, 6, 26)}], week=week) == []
    assert listed("occasions", profiles=born, week=week, standings=[{"effective": False}]) == []
    for days, there in ((0, False), (1, True), (DAYS.week_days, True), (DAYS.week_days + 1, False)):
        told = signals({"kind": "life_occasion", "on_date": ON + timedelta(days=days)})
        assert bool(listed("occasions", signals=told)) == there


def test_missing_facts_are_of_the_grades_of_some_duty():
    lacking = {"facts_known": 1}
    for rank in range(len(BOOK.grades)):
        rows = listed("missing", standings=[lacking | {"grade_rank": rank}], profiles=[{}], facts_known=[{}])
        assert [row["amount"] for row in rows] == ([3] if rank in BOOK.collected_ranks() else [])
    assert listed("missing", standings=[{"grade_rank": TOP}], profiles=[{}], facts_known=[{}]) == []


def test_who_is_listed_is_shown_as_of_the_night():
    night = {f"list_{name}": [] for name in NAMED}
    evidence = {"customer_id": "c", "subject": "s", "detail": "", "reason": ""}
    maturities = [
        {"account_id": str(days), "matures_on": ON + timedelta(days=days), "closed_on": ON if days == 2 else None}
        for days in (0, 2, 9, 5)
    ]
    night |= {"list_near": [evidence], "accounts": maturities}
    (row,) = Tables(**night, standings=[STANDING]).make("listed")
    assert row["matures_on"] == ON + timedelta(days=5)
    assert {name: row[name] for name in ("list", "grade_rank", "aum", "last_contact_on", "branch_id", "subject")} == {
        "list": "near", "grade_rank": TOP - 1, "aum": AUM, "last_contact_on": ON, "branch_id": "b", "subject": "s",
    }  # fmt: skip


def test_the_high_counter_s_duty_has_no_ceiling_and_the_other_counters_have():
    book = rulebook.load("brief")
    ranks = {post: sorted(book.duty_ranks(post)) for post in book.posts}
    ordinary, top = book.rank("ordinary"), len(book.grades) - 1
    assert ranks["high_counter"] == list(range(ordinary, top + 1))
    assert ranks["low_counter"] == ranks["vip_counter"] == [ordinary]
    assert ranks["relationship_manager"] == list(range(ordinary + 1, top + 1))
    assert book.collected_ranks() == ranks["high_counter"]
