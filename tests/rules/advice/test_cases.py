"""What a good manager would say and offer, and never would: every written case, through the real nights."""

from collections import defaultdict

import pytest

from tests.rules.advice.bank import BOOK, CATEGORIES, live, written_cases

pytestmark = pytest.mark.xdist_group("advice")  # one process lives the nights
CASES = written_cases()
PRODUCT_WORDS = {
    "wealth": "理财",
    "fund": "基金",
    "term": "定期存款",
    "insurance": "年金",
    "loan": "贷款",
    "card": "信用卡",
}
KNOWN = {
    "reasons", "told", "headline", "offers", "offers_first", "never", "says", "never_says", "cautions", "group", "listed",
    "deputy",
}  # fmt: skip


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    by_night = defaultdict(list)
    for case in CASES:
        by_night[case.on].append(case)
    found = {}
    for cases in by_night.values():
        found |= live(cases, tmp_path_factory.mktemp("nights"))
    return found


def test_there_are_fifty_cases_and_more_with_names_of_their_own():
    assert len({case.name for case in CASES}) == len(CASES) >= 50
    assert not set().union(*(case.data["expect"] for case in CASES)) - KNOWN


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case, outcomes):
    outcome, expect = outcomes[case.name], case.data["expect"]
    reasons = [matter.signal.kind for matter in outcome.matters]
    offers = [fit.key for fit in outcome.advice.offers]
    words = " ".join(outcome.advice.reasons[0][1]) if reasons else ""
    if "reasons" in expect:
        assert reasons == expect["reasons"]
    if "told" in expect:
        assert {signal.kind for signal in outcome.matters[0].signals} == set(expect["told"])
    assert outcome.headline == expect.get("headline", outcome.headline)
    assert offers == expect.get("offers", offers)
    assert offers[:1] == [expect["offers_first"]] if "offers_first" in expect else True
    told = {signal.kind for matter in outcome.matters for signal in matter.signals}
    named = {*offers, *(BOOK.offers[key].category for key in offers), *told}
    assert named.isdisjoint(expect.get("never", []))
    assert [text for text in expect.get("says", []) if text not in words] == []
    assert [text for text in expect.get("never_says", []) if text in words] == []
    cautions = [caution.suggestion_zh for caution in outcome.advice.cautions]
    assert len(cautions) == len(expect.get("cautions", []))
    assert all(text in caution for text, caution in zip(expect.get("cautions", []), cautions, strict=True))
    listed = expect.get("listed", bool(reasons))
    assert (outcome.task is not None) == listed
    if "group" in expect:
        assert list(BOOK.urgency)[outcome.task["urgency"]] == expect["group"]
    if "deputy" in expect:
        assert [matter.signal.kind for matter in outcome.deputys] == expect["deputy"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_talk_and_offers_agree_in_every_case(case, outcomes):
    """The first offer is a part of what is said; what is said names no product that is not offered."""
    advice = outcomes[case.name].advice
    said = " ".join(text for _, words in advice.reasons for text in words)
    offered = {fit.offer.category for fit in advice.offers}
    if advice.offers:
        assert advice.offers[0].offer.talk_zh in said
    about = {matter.signal.kind for matter, _ in advice.reasons} & {"risk_expiring", "loan_ending", "card_expiring"}
    for category, word in PRODUCT_WORDS.items():
        assert word not in said or category in offered or about, (category, said)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_above_a_valid_rating_in_any_case(case, outcomes):
    situation = outcomes[case.name].situation
    allowed = int((situation.valid_rating(BOOK) or "C0")[1])
    for fit in outcomes[case.name].advice.offers:
        assert int((fit.risk or "R0")[1]) <= allowed
        assert set(fit.products) <= set(CATEGORIES)
