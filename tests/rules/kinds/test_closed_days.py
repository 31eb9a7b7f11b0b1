"""Over closed days every kind that looks ahead looks as much further: on the list of the last open day before."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.rules.kinds.bank import BOOK, ON, Row, Tables, open_signals, raised
from weihu.rules import rulebook

FRIDAY = ON + timedelta(days=1)
THROUGH = ON + timedelta(days=4)
"""The next list is for tomorrow, and the one after it begins five days from today."""
NEXT: Row = {"works_on": FRIDAY, "through": THROUGH}
WEEKDAY: Row = {"works_on": FRIDAY, "through": FRIDAY}
BRIEF = rulebook.load("brief")


def seen(kind: str, compared: Row, **rows: list[Row]) -> bool:
    return bool(raised(kind, BRIEF, compared=[compared], calendar=[{"latest": THROUGH}], **rows))


def lead(kind: str) -> int:
    return int(BRIEF.signals[kind].lead_days)


def last_day(kind: str, more: int) -> date:
    """The last day that a kind sees from today on an ordinary day, and some days more."""
    return ON + timedelta(days=lead(kind) + more)


DATED = {
    "maturity": lambda on: {"accounts": [{"matures_on": on}]},
    "loan_ending": lambda on: {"holdings_open": [{"category": "loan", "matures_on": on}]},
    "card_expiring": lambda on: {"holdings_open": [{"category": "card", "matures_on": on}]},
    "risk_expiring": lambda on: {
        "profiles": [{"risk_rating": "C3", "risk_rated_on": on - timedelta(days=BRIEF.suitability.rating_days)}]
    },
}


@pytest.mark.parametrize("kind", DATED)
def test_a_date_in_the_files_is_seen_as_many_days_earlier_as_are_closed(kind):
    for more, before, over in ((0, True, True), (1, False, True), (3, False, True), (4, False, False)):
        tables = DATED[kind](last_day(kind, more))
        assert (seen(kind, WEEKDAY, **tables), seen(kind, NEXT, **tables)) == (before, over), more


def test_a_maturity_on_a_closed_day_is_tomorrows_and_says_so():
    """The nearest of the staged leads is one day: what matures behind closed doors is one day ahead too."""
    matures: list[Row] = [{"matures_on": THROUGH}]
    (row,) = raised("maturity", BRIEF, compared=[NEXT], calendar=[{"latest": THROUGH}], accounts=matures)
    assert str(row["subject"]).endswith(f"{THROUGH} 1")
    (row,) = raised("maturity", BRIEF, compared=[WEEKDAY], calendar=[{"latest": THROUGH}], accounts=matures)
    assert str(row["subject"]).endswith(f"{THROUGH} 7")


@pytest.mark.parametrize("kind", ["birthday", "festival", "benefit_expiring"])
def test_wishes_and_benefits_look_ahead_from_the_last_closed_day(kind):
    def tables(on: date) -> dict[str, list[Row]]:
        return {
            "occasions": [{"month_day": on.month * 100 + on.day, "on": on}],
            "profiles": [{"birth_date": date(1970, on.month, on.day)}],
            "festivals": [{"festival": "spring", "on": on}],
            "benefits": [{"benefit": "x", "from_rank": 0, "to_rank": 9, "quota": 2, "ends_on": on}],
        }

    for more, before, over in ((1, True, True), (2, False, True), (4, False, True), (5, False, False)):
        rows = tables(last_day(kind, more))
        assert (seen(kind, WEEKDAY, **rows), seen(kind, NEXT, **rows)) == (before, over), more


def test_promises_and_cadences_that_end_on_closed_days_come_before():
    days = timedelta(days=list(BRIEF.grades.values())[4].cadence_days)
    for on, before, over in ((FRIDAY, True, True), (THROUGH, False, True), (THROUGH + timedelta(days=1), False, False)):
        promised = {"follow_up_on": on, "last_contact_on": ON - timedelta(days=9)}
        assert (seen("follow_up", WEEKDAY | promised), seen("follow_up", NEXT | promised)) == (before, over)
        owed = {"last_contact_on": on - days, "grade_rank": 4}
        assert (seen("cadence_due", WEEKDAY | owed), seen("cadence_due", NEXT | owed)) == (before, over)


def test_what_the_workplace_noted_waits_for_its_list():
    def noted(days: Row, due_on: date | None) -> list[Row]:
        rows: list[Row] = [{"kind": "visit", "due_on": due_on}]
        return Tables(compared=[days], noted=rows).make("seen_noted")

    assert noted(WEEKDAY, None)
    assert noted(NEXT, THROUGH)
    assert not noted(WEEKDAY, THROUGH)
    assert not noted(NEXT, THROUGH + timedelta(days=1))


def test_a_signal_does_not_run_out_behind_closed_doors():
    """Raised on the eve of a week's holiday, it stays open as long from the first working day on as ever."""
    kind, holiday = "large_outflow", ON + timedelta(days=9)
    many = BOOK.signals[kind].open_days
    (row,) = open_signals([{"kind": kind, "works_on": holiday}])
    assert row["expires_on"] == holiday + timedelta(days=many - 1)
    (row,) = open_signals([{"kind": kind}])
    assert row["expires_on"] == ON + timedelta(days=many)


def test_everybodys_days_are_the_own_ones_else_the_branchs_else_the_banks():
    usual, branch, own = ON + timedelta(days=5), ON + timedelta(days=3), ON + timedelta(days=1)
    rows = Tables(
        branches=[{"branch_id": name, "name": name} for name in ("b", "c")],
        staff=[{"staff_id": name, "branch_id": name[0], "post": "p", "name": name} for name in ("b1", "b2", "c1")],
        own_workdays=[
            {"branch_id": "b", "staff_id": "", "works_on": branch, "through": branch},
            {"branch_id": "", "staff_id": "b2", "works_on": own, "through": branch},
        ],
        calendar=[{"works_on": usual, "through": usual}],
    ).make("workdays")
    assert {(row["branch_id"], row["staff_id"]): (row["works_on"], row["through"]) for row in rows} == {
        ("b", ""): (branch, branch),
        ("c", ""): (usual, usual),
        ("", "b1"): (branch, branch),
        ("", "b2"): (own, branch),
        ("", "c1"): (usual, usual),
    }


def test_a_customers_day_is_that_of_who_answers():
    branch, own = ON + timedelta(days=3), ON + timedelta(days=1)
    standing = {"branch_id": "b", "effective": True, "aum": Decimal(1), "grade_rank": 1}
    rows = Tables(
        standings=[{"customer_id": "x", "primary_id": "p", **standing}, {"customer_id": "y", **standing}],
        workdays=[
            {"branch_id": "b", "staff_id": "", "works_on": branch, "through": branch},
            {"branch_id": "", "staff_id": "p", "works_on": own, "through": branch},
        ],
    ).make("compared")
    assert {row["customer_id"]: (row["works_on"], row["through"]) for row in rows} == {
        "x": (own, branch),
        "y": (branch, branch),
    }
