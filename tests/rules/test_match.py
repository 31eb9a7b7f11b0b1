"""What may be offered: never above the rating, never a risk without a valid one."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weihu.rules import rulebook
from weihu.rules.events import OUTGOING
from weihu.rules.match import Situation, lacks_rating, matches

BOOK = rulebook.load("brief")
ON = date(2026, 6, 2)
CLASSES = {
    ("demand", "D001"): None,
    ("demand", "D007"): None,
    ("term", "T012"): "R1",
    ("wealth", "W060"): "R2",
    ("wealth", "W900"): "R5",
    ("fund", "F001"): "R4",
    ("fund", "F002"): "R3",
    ("insurance", "I001"): "R2",
    ("card", "C001"): None,
    ("loan", "L002"): None,
}
CALM = [kind for kind, rule in BOOK.signals.items() if not rule.no_offers]
EVERYTHING = Situation(
    CALM, Decimal(10_000_000), ON, frozenset(), "C5", ON, date(1978, 1, 1), frozenset(), None, CLASSES
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
            assert all(int((CLASSES[fit.offer.category, product] or "R0")[1]) <= valid for product in fit.products)
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
    assert [fit.key for fit in matches(idle, without_goals)] == ["pension_annuity", "wealth", "term_deposit"]


def test_the_book_says_how_many_are_shown():
    chosen = rulebook.changed(BOOK, {"ranking": {"shown": 1}})
    assert matches(EVERYTHING, chosen) == matches(EVERYTHING, BOOK)[:1]


def test_what_the_customer_liked_comes_before_everything():
    assert matches(replace(EVERYTHING, liked=frozenset({"consumer_loan"})), BOOK)[0].key == "consumer_loan"


def aged_between(low, high):
    """The book with a fund for customers of these ages only."""
    return rulebook.changed(BOOK, {"offers": {"fund": {"age_from": low, "age_to": high}}})


@pytest.mark.parametrize(
    ("born", "fits"),
    [
        (date(2008, 6, 3), False),  # 18 tomorrow
        (date(2008, 6, 2), True),  # 18 today
        (date(1965, 6, 3), True),  # 61 tomorrow
        (date(1965, 6, 2), False),  # 61 today
        (None, False),
    ],
)
def test_a_stage_of_life_begins_and_ends_on_a_birthday(born, fits):
    situation = replace(EVERYTHING, kinds=["idle_cash"], born=born)
    assert ("fund" in [fit.key for fit in matches(situation, aged_between(18, 60))]) == fits


def test_somebody_of_unknown_age_is_offered_what_suits_every_age():
    situation = replace(EVERYTHING, kinds=["idle_cash"], born=None)
    assert "fund" in [fit.key for fit in matches(situation, aged_between(0, 150))]
    assert "fund" not in [fit.key for fit in matches(situation, aged_between(0, 149))]
    assert "fund" not in [fit.key for fit in matches(situation, aged_between(1, 150))]


def test_an_offer_has_a_least_amount():
    least = max(offer.minimum for offer in BOOK.offers.values())
    dear = next(key for key, offer in BOOK.offers.items() if offer.minimum == least)
    situation = replace(EVERYTHING, kinds=BOOK.offers[dear].answers, amount=least)
    everything = rulebook.changed(BOOK, {"ranking": {"shown": 99}})
    assert dear in [fit.key for fit in matches(situation, everything)]
    below = replace(situation, amount=least - Decimal("0.01"))
    assert dear not in [fit.key for fit in matches(below, everything)]


def test_of_two_offers_the_heavier_comes_first():
    idle = replace(EVERYTHING, kinds=["idle_cash"])
    keys = [fit.key for fit in matches(idle, BOOK)]
    heavy = rulebook.changed(BOOK, {"offers": {keys[-1]: {"weight": 100}}})
    assert [fit.key for fit in matches(idle, heavy)] == [keys[-1], *keys[:-1]]


def test_what_is_new_to_the_customer_comes_before_what_is_held():
    """All else being equal: one reason each, the same weight, no goals."""
    book = rulebook.changed(
        BOOK,
        {
            "offers": {"wealth": {"weight": 1}, "fund": {"weight": 1}},
            "ranking": {"signal": 1, "goal": 0, "new": 1, "shown": 99},
        },
    )
    idle = replace(EVERYTHING, kinds=["idle_cash"])
    for held, fresh in (("fund", "wealth"), ("wealth", "fund")):
        fits = {fit.key: fit for fit in matches(replace(idle, held=frozenset({held})), book)}
        assert (fits[held].new, fits[fresh].new) == (False, True)
        assert list(fits).index(fresh) < list(fits).index(held)


def test_an_offer_names_the_highest_class_among_its_products_and_only_those_that_fit():
    situation = replace(EVERYTHING, kinds=["idle_cash"], rating="C3")
    fits = {fit.key: fit for fit in matches(situation, BOOK)}
    assert (fits["fund"].products, fits["fund"].risk) == (["F002"], "R3")
    assert (fits["wealth"].products, fits["wealth"].risk) == (["W060"], "R2")
    assert "fund" not in {fit.key for fit in matches(replace(situation, rating="C2"), BOOK)}


def test_a_rating_counts_up_to_the_last_day_the_book_allows():
    days = BOOK.suitability.rating_days
    for ago, counts in ((days, True), (days + 1, False)):
        situation = replace(EVERYTHING, kinds=["idle_cash"], rated_on=ON - timedelta(days=ago))
        assert any(fit.risk for fit in matches(situation, BOOK)) == counts


UNHAPPY = sorted(kind for kind, rule in BOOK.signals.items() if rule.no_offers)


@pytest.mark.parametrize(
    "change",
    [{"kinds": [*CALM, kind]} for kind in UNHAPPY] + [{"personal": False}, {"refused": frozenset({"everything"})}],
)
def test_nothing_is_offered_to_who_complains_or_refused(change):
    assert matches(EVERYTHING, BOOK)
    situation = replace(EVERYTHING, **change)
    assert matches(situation, BOOK) == []
    assert not lacks_rating(replace(situation, rating=None), BOOK)


def keys(**changes):
    everything = rulebook.changed(BOOK, {"ranking": {"shown": 99}})
    return [fit.key for fit in matches(replace(EVERYTHING, **changes), everything)]


def test_what_the_customer_does_not_want_to_hear_of_is_not_offered():
    for key in keys():
        category = BOOK.offers[key].category
        others = [other for other in keys() if BOOK.offers[other].category != category]
        for refused in (key, category):
            assert keys(refused=frozenset({refused})) == others
        assert not set(keys(refused=frozenset({key}), liked=frozenset({key}))) - set(others)


def test_what_was_liked_needs_no_other_reason_when_people_meet_again():
    assert keys(kinds=["cadence_due"]) == []
    assert keys(kinds=["cadence_due"], liked=frozenset({"fund"})) == ["fund"]
    assert keys(kinds=["birthday"], liked=frozenset({"fund"})) == []
    assert keys(kinds=["cadence_due"], liked=frozenset({"fund"}), rating="C1") == []


def test_no_loan_because_money_left():
    for kind in OUTGOING:
        assert not [key for key in keys(kinds=[kind], goals=frozenset({"home"})) if BOOK.offers[key].category == "loan"]
    assert "consumer_loan" in keys(kinds=["loan_ending"], goals=frozenset({"home"}))
    assert "consumer_loan" not in keys(kinds=["loan_ending"])


def test_a_life_occasion_is_answered_by_what_is_for_it():
    assert keys(kinds=["life_occasion"], occasions=frozenset({"wedding_day"})) == []
    assert keys(kinds=["life_occasion"], occasions=frozenset({"school"})) == ["term_deposit"]


def test_who_is_under_age_is_offered_deposits_only():
    for years, minor in ((18, False), (17, True)):
        born = date(ON.year - years, ON.month, ON.day)
        categories = {BOOK.offers[key].category for key in keys(born=born)}
        assert (categories <= set(BOOK.suitability.exempt)) == minor


def test_an_offer_ends_after_its_last_day():
    for until, sold in ((ON, True), (ON - timedelta(days=1), False)):
        book = rulebook.changed(BOOK, {"offers": {"wealth": {"sold_until": str(until)}}})
        assert ("wealth" in [fit.key for fit in matches(EVERYTHING, book)]) == sold


def test_a_rating_is_lacking_where_it_would_let_more_be_offered():
    idle = replace(EVERYTHING, kinds=["idle_cash"])
    assert not lacks_rating(idle, BOOK)
    assert not lacks_rating(replace(idle, rating="C1"), BOOK)
    assert lacks_rating(replace(idle, rating=None), BOOK)
    assert lacks_rating(replace(idle, rated_on=ON - timedelta(days=BOOK.suitability.rating_days + 1)), BOOK)
    assert not lacks_rating(replace(idle, rating=None, kinds=["birthday"]), BOOK)
    assert not lacks_rating(replace(idle, rating=None, born=date(2012, 1, 1)), BOOK)


def test_no_talk_of_a_signal_names_a_product():
    """Products are named by the offers, which are only made when they fit."""
    words = {"zh": ["理财", "基金", "定期", "存单", "年金", "保险", "贷款", "信用卡", "通知存款", "产品最近"]}
    words["en"] = [
        "wealth",
        "fund ",
        "deposit",
        "certificate",
        "annuity",
        "insurance",
        "credit card",
        "flexible product",
    ]
    about_it = {"risk_expiring", "loan_ending", "card_expiring"}
    for kind, rule in BOOK.signals.items():
        for language, names in words.items():
            said = f"{rule.text('talk', language)} {rule.text('suggestion', language)}".lower()
            assert kind in about_it or not [name for name in names if name in said], kind


@given(st.sampled_from(sorted({offer.category for offer in BOOK.offers.values()})))
def test_what_is_bought_next_comes_earlier_and_adds_nothing(category):
    plain = [fit.key for fit in matches(EVERYTHING, rulebook.changed(BOOK, {"ranking": {"shown": 99}}))]
    asked = replace(EVERYTHING, likely=category)
    found = matches(asked, rulebook.changed(BOOK, {"ranking": {"shown": 99}}))
    assert {fit.key for fit in found} == set(plain)
    for place, fit in enumerate(found):
        assert fit.likely == (fit.offer.category == category)
        assert not fit.likely or place <= plain.index(fit.key)
