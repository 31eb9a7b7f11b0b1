"""What may be offered: never above the rating, never a risk without a valid one."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from weihu.rules import rulebook
from weihu.rules.match import Situation, matches

BOOK = rulebook.load("brief")
ON = date(2026, 6, 2)
CLASSES = {
    ("demand", "D001"): None,
    ("term", "T012"): "R1",
    ("wealth", "W060"): "R2",
    ("wealth", "W900"): "R5",
    ("fund", "F001"): "R4",
    ("fund", "F002"): "R3",
    ("insurance", "I001"): "R2",
    ("card", "C001"): None,
    ("loan", "L002"): None,
}
EVERYTHING = Situation(
    list(BOOK.signals), Decimal(10_000_000), ON, frozenset(), "C5", ON, date(1978, 1, 1), frozenset(), None, CLASSES
)


@given(
    st.sampled_from([None, "C1", "C2", "C3", "C4", "C5"]),
    st.one_of(st.none(), st.integers(0, 800)),
    st.sets(st.sampled_from(list(BOOK.signals))),
    st.integers(18, 90),
)
def test_nothing_above_the_rating_or_without_a_valid_one(rating, ago, kinds, age):
    situation = replace(
        EVERYTHING,
        kinds=sorted(kinds),
        rating=rating,
        rated_on=ON - timedelta(days=ago) if ago is not None else None,
        born=date(ON.year - age, 1, 1),
    )
    valid = int(rating[1]) if rating and ago is not None and ago <= BOOK.suitability.rating_days else 0
    for fit in matches(situation, BOOK):
        assert int((fit.risk or "R0")[1]) <= valid
        if fit.offer.category not in BOOK.suitability.exempt:
            assert all(int((CLASSES[fit.offer.category, one] or "R0")[1]) <= valid for one in fit.products)
        assert set(fit.answers) <= kinds


def test_an_offer_that_forgets_its_risk_has_its_products():
    forgetful = rulebook.changed(BOOK, {"offers": {"wealth": {"risk": None}, "fund": {"risk": None}}})
    unrated = replace(EVERYTHING, kinds=["idle_cash"], rating=None)
    assert {fit.offer.category for fit in matches(unrated, forgetful)} <= {"demand", "term"}


def test_money_that_is_needed_soon_is_not_tied():
    free = replace(EVERYTHING, kinds=["idle_cash"])
    assert any(fit.offer.locks_days for fit in matches(free, BOOK))
    assert all(fit.offer.locks_days <= 30 for fit in matches(replace(free, needed_within=30), BOOK))


def test_who_holds_a_card_is_not_offered_one():
    new = replace(EVERYTHING, kinds=["new_customer"])
    assert "credit_card" in [fit.key for fit in matches(new, BOOK)]
    assert "credit_card" not in [fit.key for fit in matches(replace(new, held=frozenset({"card"})), BOOK)]


def test_a_goal_of_the_customer_comes_first():
    idle = replace(EVERYTHING, kinds=["idle_cash"], goals=frozenset({"pension"}))
    assert matches(idle, BOOK)[0].goals == ["pension"]


def test_the_book_ranks_by_what_it_counts():
    idle = replace(EVERYTHING, kinds=["idle_cash"], goals=frozenset({"pension"}))
    without_goals = rulebook.changed(BOOK, {"ranking": {"goal": 0, "new": 0}})
    assert [fit.key for fit in matches(idle, without_goals)] == ["wealth", "term_deposit", "fund"]


def test_the_book_says_how_many_are_shown():
    one = rulebook.changed(BOOK, {"ranking": {"shown": 1}})
    assert matches(EVERYTHING, one) == matches(EVERYTHING, BOOK)[:1]


def test_what_the_customer_liked_comes_before_everything():
    assert matches(replace(EVERYTHING, liked=frozenset({"consumer_loan"})), BOOK)[0].key == "consumer_loan"
