"""The customer's own habit finds what matters better than any fixed amount with as many alerts."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.conftest import LEDGER
from tests.rules.habits import Year, beyond, fixed, found_of, ledger, synthetic
from tests.rules.kinds.bank import Tables
from weihu.rules import rulebook
from weihu.sources.synthetic import SyntheticBank


def compare(days, customers, aum, truth, book, since, until=date.max):
    """Per side: alerts, and precision and recall of habit and of the fixed amount."""
    fields = {}
    for side, alerts in beyond(days, customers, aum, book, since, until).items():
        own = set(alerts)
        known = {row for row in truth[side] if since <= row[0] <= until}
        within = {on: changes for on, changes in days.items() if on <= until}
        fields[side] = (len(own), found_of(own, known), found_of(fixed(within, side, since, len(own)), known))
    return fields


@pytest.mark.long
def test_habit_beats_the_best_fixed_amount_on_a_bank_of_known_truth(tmp_path):
    list(SyntheticBank(1000, 2, 240, date(2026, 6, 30), 11).deliveries(tmp_path))
    result = compare(*synthetic(tmp_path), rulebook.load("brief"), date(2026, 2, 1))
    print(result)
    for alerts, (precision, recall), (fixed_precision, fixed_recall) in result.values():
        assert alerts > 30
        assert precision > fixed_precision + 0.1
        assert recall > fixed_recall + 0.1
    assert result["out"][1][0] > 0.85


@pytest.mark.skipif(not LEDGER.is_dir(), reason="the Czech ledger is not beside the repository")
def test_habit_beats_the_best_fixed_amount_on_the_czech_ledger():
    days, customers, aum, truth = ledger(LEDGER, date(1993, 12, 31))
    result = compare(days, customers, aum, truth, rulebook.load("czech"), date(1993, 4, 1), date(1993, 12, 1))
    print(result)
    for alerts, (precision, recall), (fixed_precision, fixed_recall) in result.values():
        assert alerts > 30
        assert precision > fixed_precision
        assert recall > fixed_recall


FESTIVAL, DAYS = date(2026, 3, 31), 64
"""A few more days than a habit needs."""


def quiet_year(customers, book):
    """The days before the festival, on which everybody takes out 4,500; of each it is asked who goes beyond."""
    year, unusual = Year(customers, book), []
    for number in reversed(range(1, DAYS)):
        day = FESTIVAL - timedelta(days=number)
        year.open(day, dict.fromkeys(customers, Decimal(-4_500)), dict.fromkeys(customers, Decimal(100_000)))
        unusual += year.beyond("out")
        year.close()
    assert unusual == []
    return year


def on_festival(year, changes):
    year.open(FESTIVAL, changes, dict.fromkeys(changes, Decimal(100_000)))
    return year.beyond("out")


def test_when_the_whole_bank_moves_nobody_is_unusual():
    """Quiet days, and a festival on which everybody takes out five times as much."""
    customers = [f"c{number:03}" for number in range(200)]
    year = quiet_year(customers, rulebook.load("brief"))
    assert on_festival(year, dict.fromkeys(customers, Decimal(-22_000))) == []
    one = {customer: Decimal(-22_000 if customer == "c007" else -4_500) for customer in customers}
    assert on_festival(year, one) == [(FESTIVAL, "c007")]


def test_the_book_says_by_which_sizes_a_habit_is_counted():
    """Withdrawals of 4,500 every day: beyond 22,000 to a book of small sizes, but within the first size of a coarse one."""
    book = rulebook.load("brief")
    coarse = rulebook.changed(book, {"habits": {"sizes": [str(50_000 * 2**step) for step in range(13)]}})
    changes = {"c001": Decimal(-22_000)}
    assert on_festival(quiet_year(["c001"], book), changes) == [(FESTIVAL, "c001")]
    assert on_festival(quiet_year(["c001"], coarse), changes) == []


def test_a_day_of_a_customers_own_leaves_out_the_usual_salary_and_loans():
    usual = {"customer_id": "c", "flow_1": Decimal(5_000), "aum": Decimal(100_000)}
    paid = {"account_id": "a", "transaction_id": "1"}
    for transactions, own in (
        ([], 5_000),
        ([paid | {"kind": "salary", "amount": Decimal(8_000)}], -3_000),
        ([paid | {"kind": "loan", "amount": Decimal(-20_000)}], 25_000),
        (
            [paid | {"kind": "loan", "amount": Decimal(30_000)}, paid | {"kind": "salary", "amount": Decimal(1_000)}],
            -26_000,
        ),
        ([paid | {"kind": "payment", "amount": Decimal(-2_000)}], 5_000),
    ):
        night = Tables(
            customer_values=[usual],
            transactions=transactions,
            accounts=[{}],
            habits_before=[{"salary": Decimal(8_000)}],
            products=[],
        )
        (row,) = night.make("moves")
        assert row["own"] == own
