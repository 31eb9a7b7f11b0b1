"""What holds of every kind: the evidence that it shows, and the grades for which it is raised."""

from datetime import timedelta

import pytest

from tests.rules.kinds.bank import BOOK, ON, Tables, raised
from tests.rules.kinds.cases import CASES
from weihu.rules import rulebook
from weihu.rules.kinds import KINDS
from weihu.rules.sections.signals import NOTED_KINDS

GRADE = "potential"
AT = BOOK.rank(GRADE)
FOR_ITS_GRADE = [(AT, AT), (AT, AT - 1), (AT, None), (AT, AT + 1), (AT - 1, AT), (AT - 1, AT + 1)]
"""Ranks of tonight and of the night before for which a kind of one grade is raised: the better one is high enough."""

FOR_OTHERS = [(AT - 1, AT - 1), (AT - 1, None), (AT - 1, AT - 2), (AT - 2, AT - 1), (AT + 1, AT + 1), (AT + 1, AT)]


def with_change(kind, ranks):
    """The pairs of ranks that a kind can have at all."""
    changes = {"grade_up": lambda now, before: now > before, "grade_down": lambda now, before: now < before}
    possible = changes.get(kind)
    return [pair for pair in ranks if possible is None or (pair[1] is not None and possible(*pair))]


def ranks_raised(kind, ranks, book):
    tables = CASES[kind].customers(ranks)
    return [ranks[int(row["customer_id"][1:])] for row in raised(kind, book, **tables)]


def test_every_kind_has_a_case():
    assert CASES.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_shows_its_evidence(kind):
    case = CASES[kind]
    assert raised(kind, compared=[case.compared], **case.tables) == [case.row | {"kind": kind}]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_raised_from_its_first_to_its_last_grade_and_who_fell_counts_by_the_night_before(kind):
    book = rulebook.changed(BOOK, {"signals": {kind: {"from_grade": GRADE, "to_grade": GRADE}}})
    expected = with_change(kind, FOR_ITS_GRADE)
    assert expected
    pairs = ranks_raised(kind, expected + with_change(kind, FOR_OTHERS), book)
    assert (len(pairs), set(pairs)) == (len(expected), set(expected))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_raised_at_the_books_grade_and_not_one_below(kind):
    lowest = BOOK.rank(BOOK.signals[kind].from_grade)
    change = {"grade_up": -1, "grade_down": 1}.get(kind, 0)
    now = lowest - max(change, 0)
    pairs = [(now, now + change), (now - 1, now - 1 + change)]
    assert ranks_raised(kind, [pair for pair in pairs if min(pair) >= 0], BOOK) == pairs[:1]


def test_facts_are_asked_of_the_grades_whose_facts_some_post_collects():
    book = rulebook.changed(BOOK, {"signals": {"missing_facts": {"from_grade": next(iter(BOOK.grades))}}})
    ranks = [(rank, rank) for rank in range(len(BOOK.grades))]
    collected = [pair for pair in ranks if pair[0] in book.collected_ranks()]
    assert 0 < len(collected) < len(ranks)
    assert sorted(ranks_raised("missing_facts", ranks, book)) == collected


def test_what_the_workplace_noted_is_raised_for_the_grades_of_its_kind():
    kinds = [kind for kind in NOTED_KINDS if kind in BOOK.signals]
    grades = {kind: {"from_grade": GRADE, "to_grade": GRADE} for kind in kinds[:-1]}
    book = rulebook.changed(BOOK, {"signals": {**grades, kinds[-1]: {"from_grade": GRADE, "to_grade": None}}})
    ranks = FOR_ITS_GRADE + FOR_OTHERS
    noted = [{"kind": kind, "customer_id": f"c{place}"} for kind in kinds for place in range(len(ranks))]
    compared = [
        {"customer_id": f"c{place}", "grade_rank": now, "rank_before": before}
        for place, (now, before) in enumerate(ranks)
    ]
    rows = Tables(compared=compared, noted=noted).make("seen_noted", book)
    for kind in kinds:
        places = {int(row["customer_id"][1:]) for row in rows if row["kind"] == kind}
        above = [(AT + 1, AT + 1), (AT + 1, AT)] if kind == kinds[-1] else []
        assert {ranks[place] for place in places} == {*FOR_ITS_GRADE, *above}


def test_what_the_workplace_noted_keeps_its_evidence():
    noted = {"kind": "visit", "subject": "7", "detail": "x"}
    (row,) = Tables(compared=[{}], noted=[noted]).make("seen_noted")
    amounts = {"amount": None, "base": None, "limit": None}
    assert row == {**noted, **amounts, "customer_id": "c", "on_date": ON, "works_on": ON + timedelta(days=1)}
