"""What is wrong only together with another file, the rule book, another column or the rest of a column."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from tests.damage import edit, manifest, put, raw
from weihu.engine.landing.manifest import read_manifest

FIRST = 2
"""The line of a file's first row."""


def column(delivery: Path, file: str, name: str) -> list[str]:
    """The values of a column from the first row on."""
    head, *rows = (delivery / f"{file}.csv").read_text(encoding="utf-8").splitlines()
    return [row.split(",")[head.split(",").index(name)] for row in rows]


def product(delivery: Path, category: str) -> str:
    """A product of a category."""
    return column(delivery, "products", "product_id")[column(delivery, "products", "category").index(category)]


@pytest.mark.parametrize(
    ("file", "name", "value", "expected"),
    [
        ("accounts", "customer_id", "P9999999", "a customer_id that customers has"),
        ("staff", "post", "astronaut", "a post of the rule book: "),
        ("customers", "birth_date", "2200-01-01", "a date not after "),
        ("customers", "opened_on", "2200-01-01", "a date not after "),
        ("customers", "risk_rated_on", "22000101", "a date not after "),
        ("accounts", "opened_on", "2200-01-01", "a date not after "),
        ("holdings", "opened_on", "2200-01-01", "a date not after "),
        ("accounts", "closed_on", "1900-01-01", "a date not before opened_on"),
        ("accounts", "matures_on", "19000101", "a date not before opened_on"),
        ("holdings", "closed_on", "1900-01-01", "a date not before opened_on"),
    ],
)
def test_a_value_that_is_wrong_beside_others_is_refused_on_its_line(file, name, value, expected, landing, delivery):
    edit(delivery, file, FIRST, name, value)
    places = [
        (fault.file, fault.line, fault.column, fault.found)
        for fault in landing.faults(delivery)
        if fault.expected_en.startswith(expected)
    ]
    assert places == [(f"{file}.csv", FIRST, name, value)]


def test_a_booking_is_of_the_business_date(landing, deliveries, tmp_path):
    second = Path(shutil.copytree(deliveries[1], tmp_path / "second"))
    day = read_manifest(second).business_date
    edit(second, "transactions", FIRST, "booked_on", str(day - timedelta(days=1)))
    (fault,) = landing.after(deliveries[0]).faults(second)
    assert (fault.line, fault.column, fault.expected_en) == (FIRST, "booked_on", f"the business date {day}")


def test_accounts_are_of_assets_and_holdings_of_other_products(landing, delivery):
    loan, deposit = product(delivery, "loan"), product(delivery, "demand")
    edit(delivery, "accounts", FIRST, "product_id", loan)
    edit(delivery, "holdings", FIRST, "product_id", deposit)
    assert [(fault.file, fault.line, fault.found, fault.expected_en) for fault in landing.faults(delivery)] == [
        ("accounts.csv", FIRST, loan, "an asset product"),
        ("holdings.csv", FIRST, deposit, "a liability or service product"),
    ]


def test_only_an_account_with_an_overdraft_may_be_below_zero(landing, delivery):
    edit(delivery, "balances", FIRST, "balance", "-1.00")
    on_lines = [fault for fault in landing.faults(delivery) if fault.line]
    assert [(fault.line, fault.found, fault.expected_en) for fault in on_lines] == [
        (FIRST, "-1.00", "no negative balance (the product has no overdraft)")
    ]
    raw(delivery, "products", lambda content: content.replace(b",false", b",true"))
    assert [fault for fault in landing.faults(delivery) if fault.line] == []


def test_a_closed_account_has_no_balance(landing, delivery):
    line = FIRST + column(delivery, "accounts", "account_id").index(column(delivery, "balances", "account_id")[0])
    edit(delivery, "accounts", line, "closed_on", "2026-05-28")
    assert [(fault.file, fault.line, fault.expected_en) for fault in landing.faults(delivery)] == [
        ("balances.csv", FIRST, "0 for a closed account")
    ]


def test_a_value_that_must_not_be_seen_is_shown_by_its_length(landing, delivery):
    edit(delivery, "customers", FIRST, "phone", "1" * 201)
    (fault,) = landing.faults(delivery)
    assert (fault.column, fault.found) == ("phone", "(201 characters)")


def test_faults_stand_in_the_order_of_the_columns_and_files_are_compared_once_their_values_are_right(landing, delivery):
    edit(delivery, "customers", FIRST, "branch_id", "B999")
    assert {fault.column for fault in landing.faults(delivery)} == {"branch_id"}
    edit(delivery, "customers", FIRST, "risk_rating", "C9")
    edit(delivery, "customers", FIRST + 1, "name", "")
    edit(delivery, "customers", FIRST + 2, "sex", "X")
    assert [fault.column for fault in landing.faults(delivery)] == ["name", "sex", "risk_rating"]


def test_a_row_is_found_behind_rejected_lines_and_values_of_several_lines(landing, delivery):
    (delivery / "balances.csv").write_text(
        'account_id,balance\nA1,1.00\nA2\nA3,x3\nA4,4.00,4\n"A\n5",5.00\nA6,x6\n', encoding="utf-8"
    )
    places = [(fault.line, fault.column, fault.found) for fault in landing.faults(delivery) if fault.line]
    assert places == [
        (3, "balance", "missing columns: 2 characters"),
        (5, "", "too many columns: 9 characters"),
        (6, "account_id", "A\n5"),
        (4, "balance", "x3"),
        (8, "balance", "x6"),
    ]


def test_a_rejected_line_is_found_behind_values_of_several_lines(landing, delivery):
    (delivery / "balances.csv").write_text(
        'account_id,balance\n"A\n1",1.00\nA2\n"A\nB\n3",3.00\nA4,4.00,4\nA5,x5\n', encoding="utf-8"
    )
    places = {(fault.line, fault.found) for fault in landing.faults(delivery) if fault.line}
    assert {(4, "missing columns: 2 characters"), (8, "too many columns: 9 characters"), (9, "x5")} <= places


def test_a_header_that_is_wrong_is_named_by_its_columns_and_no_row_is_looked_at(landing, delivery):
    (delivery / "balances.csv").write_text("konto,balance,balance\nA1,x,x\n", encoding="utf-8")
    faults = landing.faults(delivery)
    assert {fault.line for fault in faults} == {1}
    assert [fault.column for fault in faults] == ["konto", "balance", "balance", "account_id"]


def test_digest_count_and_totals_are_as_the_manifest_says(landing, delivery):
    manifest(delivery, put("files.balances.sha256", "0" * 64))
    manifest(delivery, put("files.balances.totals.balance", "1.00"))
    manifest(delivery, put("files.balances.rows", 1))
    assert [(fault.line, fault.column) for fault in landing.faults(delivery)] == [
        (None, "sha256"),
        (None, ""),
        (None, "balance"),
    ]


def test_a_key_that_stands_twice_is_refused_on_both_lines(landing, delivery):
    raw(delivery, "branches", lambda content: content + content.split(b"\n")[1] + b"\n")
    rows = len(column(delivery, "branches", "branch_id"))
    manifest(delivery, put("files.branches.rows", rows))
    assert [(fault.line, fault.expected_en) for fault in landing.faults(delivery)] == [
        (FIRST, "a key that stands once"),
        (FIRST + rows - 1, "a key that stands once"),
    ]
