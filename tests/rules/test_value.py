"""What a customer is worth: every sum is exact, however large, and what was delivered lies over what was known."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.kinds.bank import BOOK, ON, Tables
from weihu.engine.duck import DuckEngine
from weihu.rules import tables, value

CENT = Decimal("0.01")
PRODUCTS = ibis.schema({"amount": tables.MONEY, "by": value.FACTOR})
money = st.integers(-(10**14), 10**14).map(lambda cents: Decimal(cents).scaleb(-2))
factors = st.one_of(
    st.sampled_from([Decimal("0.3"), Decimal(1)]), st.integers(0, 10**7).map(lambda n: Decimal(n).scaleb(-6))
)


@given(st.lists(st.tuples(money, factors), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_an_amount_times_a_factor_is_exact_to_the_cent(pairs):
    engine = DuckEngine(None, threads=1)
    rows = [{"amount": amount, "by": by} for amount, by in pairs]
    table = engine.bind_arrow("pairs", PRODUCTS, pa.Table.from_pylist(rows, schema=PRODUCTS.to_pyarrow()))
    engine.derive("made", lambda pairs: pairs.mutate(product=value.times(pairs.amount, pairs.by)), table)
    for row in engine.read("made").to_pylist():
        assert row["product"] == (row["amount"] * row["by"]).quantize(CENT, ROUND_HALF_UP)


def account(number, **other):
    return {
        "account_id": f"a{number}",
        "opened_on": date(2020, 1, 1),
        "customer_id": "c",
        "branch_id": "b",
        "product_id": "d",
    } | other


def test_accounts_keep_their_balance_until_another_is_delivered():
    night = Tables(
        accounts_before=[account(1, balance=Decimal("5.00")), account(2, balance=Decimal("7.00"))],
        accounts_today=[account(2, branch_id="x"), account(3)],
        balances_today=[{"account_id": "a1", "balance": Decimal("6.00")}],
    )
    made = {row["account_id"]: row for row in night.make("accounts_carried")}
    assert {key: row["balance"] for key, row in made.items()} == {"a1": 6, "a2": 7, "a3": 0}
    assert made["a2"]["branch_id"] == "x"


def valued(**other):
    rows = {"profiles": [{}], "products": [{"product_id": "d", "category": "demand"}], **other}
    return Tables(**rows)


def test_aum_counts_open_accounts_and_the_branch_is_where_most_of_it_lies():
    accounts = [
        account(1, balance=Decimal("5.00"), branch_id="x"),
        account(2, balance=Decimal("7.00"), branch_id="y"),
        account(3, balance=Decimal("100.00"), closed_on=ON),
    ]
    (row,) = valued(accounts=accounts).make("customer_values")
    assert (row["aum"], row["branch_id"], row["account_count"], row["product_count"]) == (12, "y", 2, 1)


def test_of_two_branches_with_as_much_the_customer_stays_where_he_or_she_was():
    accounts = [account(1, balance=Decimal("5.00"), branch_id="x"), account(2, balance=Decimal("5.00"), branch_id="y")]
    before = [{"customer_id": "c", "branch_id": "y", "aum": Decimal(0), "balance_days": Decimal(0)}]
    (row,) = valued(accounts=accounts, standings_before=before).make("customer_values")
    assert row["branch_id"] == "y"
    (row,) = valued(accounts=accounts).make("customer_values")
    assert row["branch_id"] == "x"


@pytest.mark.parametrize(("month_days", "starts", "expected"), [(2, False, "15.00"), (1, True, "20.00")])
def test_the_monthly_average_is_over_the_days_seen_and_begins_anew_each_month(month_days, starts, expected):
    before = [{"customer_id": "c", "branch_id": "b", "aum": Decimal(10), "balance_days": Decimal(10)}]
    day = [{"month_days": month_days, "is_month_start": starts}]
    accounts = [account(1, balance=Decimal("20.00"))]
    (row,) = valued(accounts=accounts, standings_before=before, calendar=day).make("customer_values")
    assert row["monthly_average"] == Decimal(expected)


def test_flows_take_in_todays_change_and_let_go_what_leaves_the_window():
    flows = {f"flow_{days}": Decimal(100) for days in value.WINDOW_DAYS}
    before = [{"customer_id": "c", "branch_id": "b", "aum": Decimal(10), "balance_days": Decimal(0), **flows}]
    left = [{"business_date": date(2026, 6, 17), "customer_id": "c", "change": Decimal(30), "fees": Decimal(0)}]
    windows = [{"days": 7, "after": date(2026, 6, 16), "on": date(2026, 6, 17)}]
    accounts = [account(1, balance=Decimal("12.00"))]
    made = valued(accounts=accounts, standings_before=before, movements_known=left, windows=windows)
    (row,) = made.make("customer_values")
    assert (row["flow_7"], row["flow_30"]) == (72, 102)


def test_who_has_little_and_did_nothing_for_long_is_not_effective():
    rule = BOOK.effective
    idle = {"customer_id": "c", "branch_id": "b", "aum": Decimal(0), "balance_days": Decimal(0)}
    for days, amount, expected in (
        (rule.idle_days, Decimal(0), False),
        (rule.idle_days - 1, Decimal(0), True),
        (rule.idle_days, rule.below, True),
    ):
        before = [idle | {"moved_on": date.fromordinal(ON.toordinal() - days)}]
        accounts = [account(1, balance=Decimal(amount).quantize(CENT))]
        (row,) = valued(accounts=accounts, standings_before=before).make("customer_values")
        assert row["effective"] is expected


def test_fees_of_a_year_take_in_todays_and_let_go_those_of_a_year_ago():
    before = [{"customer_id": "c", "branch_id": "b", "aum": Decimal(0), "balance_days": Decimal(0), "fees_365": 90}]
    aged = {"customer_id": "c", "change": Decimal(0), "fees": Decimal(40)}
    left = [{**aged, "business_date": date(2025, 6, 24)}, {**aged, "business_date": date(2026, 6, 17)}]
    windows = [
        {"days": value.FEE_DAYS, "after": date(2025, 6, 23), "on": date(2025, 6, 24)},
        {"days": 7, "after": date(2026, 6, 16), "on": date(2026, 6, 17)},
    ]
    paid = [{"account_id": "a1", "kind": "fee", "amount": Decimal("-3.00")}]
    made = valued(
        accounts=[account(1)],
        transactions_today=paid,
        standings_before=before,
        movements_known=left,
        windows=windows,
    )
    (row,) = made.make("customer_values")
    assert row["fees_365"] == 90 + 3 - 40


def test_who_is_new_is_seen_and_moves_today_and_who_is_not_keeps_both_days():
    (row,) = valued().make("customer_values")
    assert (row["first_seen_on"], row["moved_on"]) == (ON, ON)
    assert (row["account_count"], row["product_count"], row["aum"], row["fees_365"]) == (0, 0, 0, 0)
    known = {"first_seen_on": date(2020, 3, 1), "moved_on": date(2026, 2, 3)}
    before = [{"customer_id": "c", "branch_id": "b", "aum": Decimal(0), "balance_days": Decimal(0), **known}]
    (row,) = valued(standings_before=before).make("customer_values")
    assert {name: row[name] for name in known} == known


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (date(1990, 6, 15), date(2026, 6, 14), 35),
        (date(1990, 6, 15), date(2026, 6, 15), 36),
        (date(2000, 2, 29), date(2026, 2, 28), 25),
        (date(2000, 2, 29), date(2026, 3, 1), 26),
    ],
)
def test_an_age_is_in_full_years(born, on, years):
    assert value.full_years(ibis.literal(born), ibis.literal(on)).to_pyarrow().as_py() == years
