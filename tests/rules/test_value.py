"""What a customer is worth: every sum is exact, however large, and what was delivered lies over what was known."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.kinds.bank import BOOK, ON, SCHEMAS, Tables
from weihu.engine.duck import DuckEngine
from weihu.rules import rulebook, tables, value

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


def test_each_product_counts_once_and_only_loans_are_owed():
    holdings = [
        {"holding_id": "h1", "product_id": "l", "category": "loan", "amount": Decimal(30)},
        {"holding_id": "h2", "product_id": "l", "category": "loan", "amount": Decimal(12)},
        {"holding_id": "h3", "product_id": "k", "category": "card", "amount": Decimal(5)},
    ]
    (row,) = valued(accounts=[account(1), account(2)], holdings_open=holdings).make("customer_values")
    assert (row["liabilities"], row["product_count"], row["account_count"]) == (42, 3, 2)


def test_who_owes_is_effective_however_long_nothing_moved():
    before = [{"customer_id": "c", "branch_id": "b", "aum": Decimal(0), "moved_on": date(2020, 1, 1)}]
    for category, expected in (("loan", True), ("card", False)):
        holdings = [{"category": category, "amount": Decimal("0.01")}]
        (row,) = valued(standings_before=before, holdings_open=holdings).make("customer_values")
        assert row["effective"] is expected


@pytest.mark.parametrize(
    ("kind", "moved_on"),
    [("transfer", ON), ("salary", ON), ("interest", date(2026, 2, 3)), ("fee", date(2026, 2, 3))],
)
def test_interest_and_fees_are_the_banks_doing_not_the_customers(kind, moved_on):
    before = [{"customer_id": "c", "branch_id": "b", "aum": Decimal(0), "moved_on": date(2026, 2, 3)}]
    booked = [{"account_id": "a1", "kind": kind, "amount": Decimal("-3.00")}]
    (row,) = valued(accounts=[account(1)], transactions_today=booked, standings_before=before).make("customer_values")
    assert row["moved_on"] == moved_on


def test_what_is_there_on_the_first_night_has_not_flowed_in():
    accounts = [account(1, balance=Decimal("20.00"))]
    for is_first, flow in ((True, 0), (False, 20)):
        (row,) = valued(accounts=accounts, calendar=[{"is_first": is_first}]).make("customer_values")
        assert {row[f"flow_{days}"] for days in value.WINDOW_DAYS} == {flow}


def test_a_customer_brings_the_margin_of_what_is_held_and_the_fees_by_their_factor():
    book = rulebook.changed(
        BOOK, {"measures": {"contribution": {"fees": Decimal("0.5"), "per_yuan": {"demand": Decimal("0.02")}}}}
    )
    before = [{"customer_id": "c", "branch_id": "b", "aum": Decimal(0), "fees_365": Decimal(90)}]
    night = valued(standings_before=before, contributions=[{"customer_id": "c", "margin": Decimal(100)}])
    (row,) = night.make("customer_values", book)
    assert row["contribution"] == 100 + 45
    held = [
        {"customer_id": "c", "product_id": "d", "category": "demand", "amount": Decimal(1000)},
        {"customer_id": "c", "product_id": "d", "category": "demand", "amount": Decimal(500)},
        {"customer_id": "c", "product_id": "x", "category": "other", "amount": Decimal(700)},
    ]
    (row,) = Tables(everything=held).make("contributions", book)
    assert row["margin"] == 30


def test_a_movement_is_a_change_of_assets_or_a_fee():
    values = [
        {"customer_id": customer, "flow_1": Decimal(flow)}
        for customer, flow in (("same", 0), ("moved", -5), ("paid", 0))
    ]
    accounts = [account(1, customer_id="paid"), account(2, customer_id="same")]
    booked = [
        {"account_id": "a1", "kind": "fee", "amount": Decimal("-2.00")},
        {"account_id": "a1", "kind": "fee", "amount": Decimal("-1.00")},
        {"account_id": "a2", "kind": "interest", "amount": Decimal("4.00")},
    ]
    made = Tables(customer_values=values, accounts=accounts, transactions=booked).make("movements")
    assert {(row["business_date"], row["customer_id"], row["change"], row["fees"]) for row in made} == {
        (ON, "moved", Decimal(-5), Decimal(0)),
        (ON, "paid", Decimal(0), Decimal(3)),
    }


def test_what_is_closed_today_is_held_no_more():
    closed = {"open": None, "today": ON, "tomorrow": date(2026, 6, 25)}
    holdings = [
        {"holding_id": name, "customer_id": "c", "product_id": "l", "amount": Decimal(9), "closed_on": on}
        for name, on in closed.items()
    ]
    products = [{"product_id": "l", "category": "loan"}, {"product_id": "d", "category": "demand"}]
    made = Tables(holdings=holdings, products=products).make("holdings_open")
    assert {(row["holding_id"], row["category"]) for row in made} == {("open", "loan"), ("tomorrow", "loan")}
    accounts = [account(1, balance=Decimal(5)), account(2, balance=Decimal(7), closed_on=ON)]
    everything = Tables(accounts=accounts, holdings_open=made, products=products).make("everything")
    assert sorted((row["product_id"], row["category"], row["amount"]) for row in everything) == [
        ("d", "demand", 5),
        ("l", "loan", 9),
        ("l", "loan", 9),
    ]


def test_fields_that_the_core_system_left_empty_are_named():
    core = [key for key, entry in BOOK.fields.items() if entry.core]
    texts = {key: "x" for key in core if SCHEMAS["customers_today"][key].is_string()}
    others = {
        key: date(1980, 1, 1) if key.endswith(("_date", "_on")) else Decimal(1) for key in core if key not in texts
    }
    full = {"customer_id": "c", **texts, **others}
    rows = [full, full | {"customer_id": "d", core[0]: None, core[-1]: None}]
    made = {row["customer_id"]: row["missing"] for row in Tables(customers_today=rows).make("profiles_today")}
    assert made == {"c": "", "d": f"{core[0]},{core[-1]},"}


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
