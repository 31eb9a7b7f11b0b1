"""The Czech ledger's rules, on a ledger of five people that stands whole in this file."""

import csv
import json
from datetime import date
from decimal import Decimal

import pytest

from weihu.sources import czech

FILES = {
    "district": "A1;A2\n1;Praha\n2;Brno",
    "client": "client_id;birth_number;district_id\n1;706213;1\n2;450204;1\n3;901010;2\n4;350101;2\n5;930101;1",
    "account": "account_id;district_id;frequency;date\n10;1;POPLATEK MESICNE;930101\n20;2;POPLATEK MESICNE;930102\n30;1;POPLATEK MESICNE;930103",
    "disp": (
        "disp_id;client_id;account_id;type\n1;1;10;OWNER\n2;2;10;DISPONENT\n3;3;20;OWNER\n4;2;30;OWNER\n5;1;20;DISPONENT"
    ),
    "loan": "loan_id;account_id;date;amount;duration;payments;status\n7;10;930102;1000.00;12;100.00;A",
    "card": "card_id;disp_id;type;issued\n8;3;gold;930103 00:00:00",
    "order": "order_id;account_id;bank_to;account_to;amount;k_symbol\n9;20;AB;1;250.50;SIPO",
    "trans": (
        "trans_id;account_id;date;type;operation;amount;balance;k_symbol;bank;account\n"
        "1;10;930101;PRIJEM;VKLAD;700.25;700.25; ;;\n"
        "2;10;930102;VYDAJ;VYBER;100.00;600.25; ;;\n"
        "3;20;930102;PRIJEM;PREVOD Z UCTU;5000.00;5000.00;DUCHOD;AB;123\n"
        "4;10;930102;VYDAJ;PREVOD NA UCET;400.00;200.25;UVER;CD;456\n"
        "5;10;930102;VYDAJ;VYBER;14.60;185.65;SLUZBY;;\n"
        "6;30;930103;PRIJEM;VKLAD;10.00;10.00; ;;\n"
        "7;10;930103;PRIJEM;;0.35;186.00;UROK;;\n"
        "8;20;930103;VYDAJ;PREVOD NA UCET;250.50;4749.50;SIPO;AB;1\n"
        "9;20;930103;VYDAJ;PREVOD NA UCET;1.00;4748.50; ;EF;9\n"
        "10;30;930103;VYDAJ;;3.00;7.00;SANKC. UROK;;"
    ),
}


@pytest.fixture
def ledger(tmp_path):
    folder = tmp_path / "ledger"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / f"{name}.asc").write_text(text + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def days(ledger, tmp_path):
    """The deliveries of 2 and 3 January 1993."""
    return list(czech.deliveries(ledger, date(1993, 1, 2), date(1993, 1, 3), tmp_path / "deliveries"))


def rows(folder, name):
    """The rows of a file; one without rows is not delivered."""
    if not (folder / f"{name}.csv").is_file():
        return []
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def totals(folder):
    return json.loads((folder / "manifest.json").read_text())["totals"]


def test_the_first_delivery_carries_what_stood_before_it(days):
    first, _ = days
    assert {row["account_id"]: row["balance"] for row in rows(first, "balances")} == {"10": "185.65", "20": "5000.00"}
    assert {row["account_id"] for row in rows(first, "accounts")} == {"10", "20"}
    assert {row["transaction_id"] for row in rows(first, "transactions")} == {"2", "3", "4", "5"}
    assert totals(first) == {"aum": "5185.65", "accounts": 2, "customers": 3}


def test_the_next_delivery_has_only_what_is_new(days):
    _, second = days
    assert {row["account_id"]: row["balance"] for row in rows(second, "balances")} == {
        "10": "186.00",
        "20": "4748.50",
        "30": "7.00",
    }
    assert [row["account_id"] for row in rows(second, "accounts")] == ["30"]
    assert rows(second, "branches") == []
    assert totals(second) == {"aum": "4941.50", "accounts": 3, "customers": 3}


def test_the_stated_assets_are_the_sum_of_all_balances(days):
    balances: dict[str, Decimal] = {}
    for folder in days:
        balances |= {row["account_id"]: Decimal(row["balance"]) for row in rows(folder, "balances")}
        assert Decimal(totals(folder)["aum"]) == sum(balances.values())


def test_the_owner_of_an_account_is_its_customer_and_others_are_authorised(days):
    first, second = days
    owners = {row["account_id"]: row["customer_id"] for folder in days for row in rows(folder, "accounts")}
    assert owners == {"10": "1", "20": "3", "30": "2"}
    authorised = {(row["account_id"], row["customer_id"]) for row in rows(first, "authorised")}
    assert authorised == {("10", "2"), ("20", "1")}
    assert rows(second, "authorised") == []


def test_who_has_no_account_is_no_customer(days):
    customers = {row["customer_id"]: row for folder in days for row in rows(folder, "customers")}
    assert set(customers) == {"1", "2", "3"}


def test_a_birth_number_tells_sex_and_birthday(days):
    customers = {row["customer_id"]: row for row in rows(days[0], "customers")}
    assert (customers["1"]["sex"], customers["1"]["birth_date"]) == ("F", "1970-12-13")
    assert (customers["2"]["sex"], customers["2"]["birth_date"]) == ("M", "1945-02-04")


def test_movements_have_the_kind_of_their_symbol_or_else_of_their_operation(days):
    kinds = {row["transaction_id"]: row["kind"] for folder in days for row in rows(folder, "transactions")}
    assert kinds == {
        "2": "cash",
        "3": "salary",
        "4": "loan",
        "5": "fee",
        "6": "cash",
        "7": "interest",
        "8": "payment",
        "9": "transfer",
        "10": "fee",
    }
    amounts = {row["transaction_id"]: row["amount"] for row in rows(days[0], "transactions")}
    assert (amounts["2"], amounts["3"]) == ("-100.00", "5000.00")


def test_a_loan_is_held_with_what_is_left_of_it_until_its_end(days):
    (loan,) = [row for row in rows(days[0], "holdings") if row["product_id"] == "loan"]
    assert (loan["customer_id"], loan["amount"], loan["matures_on"]) == ("1", "600.00", "1994-01-02")


def test_cards_and_standing_orders_are_services_of_who_has_them(days):
    held = {row["holding_id"]: row for folder in days for row in rows(folder, "holdings")}
    assert (held["card-8"]["customer_id"], held["card-8"]["product_id"]) == ("3", "gold")
    assert (held["order-9"]["customer_id"], held["order-9"]["amount"]) == ("3", "250.50")


def test_every_district_has_one_person_of_each_post(days):
    staff = rows(days[0], "staff")
    assert len(staff) == 2 * len(czech.STAFF_POSTS)
    assert {(row["branch_id"], row["post"]) for row in staff} == {
        (branch, post) for branch in ("1", "2") for post in czech.STAFF_POSTS
    }


def test_a_missing_file_of_the_ledger_is_named(ledger, tmp_path):
    (ledger / "loan.asc").unlink()
    with pytest.raises(czech.NoLedger, match=r"loan\.asc"):
        list(czech.deliveries(ledger, date(1993, 1, 2), date(1993, 1, 2), tmp_path / "out"))
