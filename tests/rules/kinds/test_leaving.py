"""Who is warned of leaving: the book's share of those for whom it is raised, and who was warned of stays so a while longer."""

from __future__ import annotations

from tests.rules.kinds.bank import BOOK, ON, TOP, Tables
from weihu.rules import rulebook
from weihu.rules.kinds.leaving import Why

MANY = 50
TENTH = rulebook.changed(BOOK, {"attrition": {"warned": "0.1", "warned_again": "0.2"}})


def warned(
    scores: list[int], again: tuple[int, ...] = (), ranks: dict[int, int] | None = None, left: int = 500
) -> set[int]:
    """The places of the customers who are warned of, by the scores of all."""
    rows = [{"customer_id": f"c{at}", "on": ON, "score": score, "left": left} for at, score in enumerate(scores)]
    compared = [
        {"customer_id": f"c{at}", "grade_rank": rank, "rank_before": rank}
        for at in range(len(scores))
        for rank in [(ranks or {}).get(at, TOP)]
    ]
    before = [{"customer_id": f"c{at}", "kind": "leaving", "subject": ""} for at in again]
    before.append({"customer_id": f"c{len(scores) - 1}", "kind": "dormant", "subject": ""})
    made = Tables(compared=compared, scores=rows, signals_before=before).make("leavers", TENTH)
    return {int(row["customer_id"][1:]) for row in made}


def test_those_of_the_highest_scores_are_as_many_as_the_share_has_room_for():
    assert warned([-at for at in range(MANY)]) == {0, 1, 2, 3, 4}
    assert warned([-at for at in range(MANY + 9)]) == {0, 1, 2, 3, 4}, "no fraction of a customer"
    assert warned([-at for at in range(9)]) == set()
    assert warned([]) == set()


def test_customers_of_one_score_are_warned_of_together_or_not_at_all():
    assert warned([9, 8, 7, 6, 5, 5, *[0] * (MANY - 6)]) == {0, 1, 2, 3}


def test_who_was_warned_of_stays_so_within_the_wider_share_and_nobody_else_does():
    falling = [-at for at in range(MANY)]
    assert warned(falling, again=(7, 9, 10, 30)) == {0, 1, 2, 3, 4, 7, 9}


def test_the_share_is_of_the_grades_that_the_kind_is_raised_for():
    lowest = BOOK.rank(BOOK.signals["leaving"].from_grade)
    below = dict.fromkeys(range(40), lowest - 1)
    assert warned([-at for at in range(MANY)], ranks=below) == {40}


def test_the_rule_warns_of_nobody_who_has_nearly_all_of_the_own_level():
    most = int(TENTH.attrition.rule_left * 1_000)
    assert warned([-at for at in range(MANY)], left=most) == {0, 1, 2, 3, 4}
    assert warned([-at for at in range(MANY)], left=most + 1) == set()


def test_why_is_read_as_it_was_written():
    for learned_on in ("", "2026-05-31"):
        why = Why("trees", learned_on, 143, [("left", 640), ("contact_days", 95)])
        assert Why.read(why.written()) == why
    assert Why.read("rule - 0 left=5,of_another_release=7").inputs == [("left", 5)]
    assert Why.read(Why("trees", "2026-05-31", 3, []).written()).inputs == []
