"""Products, services and benefits with a date: each kind is raised within its days, and not a day before."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from tests.rules.kinds.bank import BOOK, ON, TOP, raised


def ahead(days):
    return ON + timedelta(days=days)


@pytest.mark.parametrize("place", range(len(BOOK.signals["maturity"].leads)))
def test_maturity_comes_once_at_each_lead(place):
    days = BOOK.signals["maturity"].leads[place]
    (row,) = raised("maturity", accounts=[{"matures_on": ahead(days)}])
    assert row["subject"] == f"a {ahead(days)} {days}"
    assert row["amount"] == Decimal("100.00")


def test_maturity_is_of_open_accounts_with_a_balance_within_the_lead_days():
    last = {"matures_on": ahead(BOOK.signals["maturity"].leads[-1])}
    for other in (
        {"matures_on": last["matures_on"] + timedelta(days=1)},
        {"matures_on": ahead(-1)},
        {"balance": Decimal(0)},
        {"closed_on": ON},
    ):
        assert raised("maturity", accounts=[last | other]) == []


def test_what_ends_today_is_still_told():
    """But for what matured: that was renewed, or is told as such."""
    assert raised("maturity", accounts=[{"matures_on": ON}]) == []
    assert len(raised("maturity", accounts=[{"matures_on": ahead(1)}])) == 1
    for kind, category in (("loan_ending", "loan"), ("card_expiring", "card")):
        (row,) = raised(kind, holdings_open=[{"matures_on": ON, "category": category}])
        assert (row["subject"], row["on_date"]) == (f"h {ON}", ON)
    (row,) = raised("risk_expiring", profiles=[{"risk_rated_on": ahead(-BOOK.suitability.rating_days)}])
    assert (row["subject"], row["on_date"], row["detail"]) == (str(ON), ON, "")


def test_maturity_is_led_by_the_nearest_lead_that_is_reached():
    leads = BOOK.signals["maturity"].leads
    for nearer, lead in pairwise(leads):
        (row,) = raised("maturity", accounts=[{"matures_on": ahead(nearer + 1)}])
        assert row["subject"] == f"a {ahead(nearer + 1)} {lead}"


def test_matured_is_a_product_that_ended_today_and_was_not_renewed():
    before = [{"matures_on": ON}]
    for now in ({"closed_on": ON}, {"matures_on": ON}):
        (row,) = raised("matured", accounts_before=before, accounts=[now])
        assert (row["subject"], row["on_date"]) == (f"a {ON}", ON)
    assert raised("matured", accounts_before=before, accounts=[{"matures_on": ahead(90)}]) == []
    for other in ({"matures_on": ahead(1)}, {"balance": Decimal(0)}, {"closed_on": ahead(-3)}):
        assert raised("matured", accounts_before=[before[0] | other], accounts=[{"closed_on": ON}]) == []


@pytest.mark.parametrize(("kind", "category"), [("loan_ending", "loan"), ("card_expiring", "card")])
def test_a_loan_or_card_ends_within_the_lead_days(kind, category):
    last = {"matures_on": ahead(BOOK.signals[kind].lead_days), "category": category}
    (row,) = raised(kind, holdings_open=[last])
    assert row["subject"] == f"h {last['matures_on']}"
    for other in (
        {"matures_on": last["matures_on"] + timedelta(days=1)},
        {"matures_on": ahead(-1)},
        {"category": "standing_order"},
    ):
        assert raised(kind, holdings_open=[last | other]) == []


def test_risk_expiring_is_a_rating_that_runs_out_within_the_lead_days():
    lead = BOOK.signals["risk_expiring"].lead_days
    rated = ahead(lead) - timedelta(days=BOOK.suitability.rating_days)
    (row,) = raised("risk_expiring", profiles=[{"risk_rating": "C3", "risk_rated_on": rated}])
    assert (row["on_date"], row["subject"], row["detail"]) == (ahead(lead), str(ahead(lead)), "C3")
    assert raised("risk_expiring", profiles=[{"risk_rated_on": rated + timedelta(days=1)}]) == []
    past = ahead(-1) - timedelta(days=BOOK.suitability.rating_days)
    assert raised("risk_expiring", profiles=[{"risk_rated_on": past}]) == []
    assert raised("risk_expiring", profiles=[{"risk_rated_on": None}]) == []


def test_benefit_expiring_is_of_the_grade_and_not_used_up():
    benefit = {"benefit": "x", "from_rank": TOP - 1, "to_rank": TOP, "quota": 2, "ends_on": date(2026, 6, 30)}
    (row,) = raised("benefit_expiring", benefits=[benefit], benefits_used=[{"used": 1}])
    assert (row["base"], row["detail"], row["on_date"]) == (1, "x", date(2026, 6, 30))
    assert raised("benefit_expiring", benefits=[benefit], benefits_used=[{"used": 2}]) == []
    assert raised("benefit_expiring", benefits=[benefit | {"from_rank": TOP}]) == []
    assert raised("benefit_expiring", benefits=[benefit | {"to_rank": TOP - 2}]) == []
    assert raised("benefit_expiring", benefits=[]) == []
