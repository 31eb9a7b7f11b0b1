"""Who answers for whom: loads even, limits kept while there is room, nobody moved without need, nobody forgotten."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from weihu.rules import assign, rulebook

BRIEF = rulebook.load("brief")
BRANCHES = [{"branch_id": "bank", "parent_id": None}, {"branch_id": "b", "parent_id": "bank"}]


def members(limits, grade=3):
    return [
        {"role": "primary", "branch_id": "b", "grade_rank": grade, "staff_id": f"s{i}", "customers_max": limit}
        for i, limit in enumerate(limits)
    ]


@given(
    loads=st.lists(st.integers(0, 60), min_size=1, max_size=8),
    number=st.integers(1, 400),
)
@settings(max_examples=60, deadline=None)
def test_loads_become_as_even_as_they_can_without_moving_anybody(loads, number):
    people = members([None] * len(loads))
    holding = [
        {"branch_id": "b", "grade_rank": 3, "holder": f"s{i}", "customers": load}
        for i, load in enumerate(loads)
        if load
    ]
    places = assign.flow(people, holding, [{"branch_id": "b", "grade_rank": 3, "customers": number}])
    given_to = {row["staff_id"]: row["customers"] for row in places}
    assert sum(given_to.values()) == number
    after = [load + given_to.get(f"s{i}", 0) for i, load in enumerate(loads)]
    # by hand: always the one who has fewest
    expected = list(loads)
    for _ in range(number):
        expected[expected.index(min(expected))] += 1
    assert sorted(after) == sorted(expected)


@given(loads=st.lists(st.integers(0, 6), min_size=1, max_size=8), number=st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_of_two_with_as_many_the_first_by_name_gets_the_next(loads, number):
    holding = [
        {"branch_id": "b", "grade_rank": 3, "holder": f"s{i}", "customers": load}
        for i, load in enumerate(loads)
        if load
    ]
    people = list(reversed(members([None] * len(loads))))
    places = assign.flow(people, holding, [{"branch_id": "b", "grade_rank": 3, "customers": number}])
    expected = list(loads)
    for _ in range(number):
        expected[expected.index(min(expected))] += 1
    dealt = Counter({row["staff_id"]: row["customers"] for row in places})
    assert [load + dealt[f"s{i}"] for i, load in enumerate(loads)] == expected


@given(limits=st.lists(st.integers(0, 40), min_size=2, max_size=6), number=st.integers(1, 150))
@settings(max_examples=60, deadline=None)
def test_nobody_is_over_the_limit_while_another_has_room(limits, number):
    places = assign.flow(members(limits), [], [{"branch_id": "b", "grade_rank": 3, "customers": number}])
    given_to = Counter({row["staff_id"]: row["customers"] for row in places})
    over = sum(max(0, given_to[f"s{i}"] - limit) for i, limit in enumerate(limits))
    assert over == max(0, number - sum(limits))


def test_a_limit_counts_the_customers_of_all_grades():
    people = members([10, None]) + members([10, None], grade=4)
    holding = [{"branch_id": "b", "grade_rank": 4, "holder": "s0", "customers": 10}]
    places = assign.flow(people, holding, [{"branch_id": "b", "grade_rank": 3, "customers": 6}])
    assert [(row["staff_id"], row["customers"]) for row in places] == [("s1", 6)]


def test_the_pool_asks_the_grades_posts_then_the_fallback_then_the_branch_above():
    def pool(*people):
        staff = [{"staff_id": person, "branch_id": branch, "post": post} for person, branch, post in people]
        rows = assign.pool(staff, [], BRANCHES, BRIEF)
        return {
            row["staff_id"] for row in rows if (row["branch_id"], row["grade_rank"], row["role"]) == ("b", 4, "primary")
        }

    manager = ("m", "b", "relationship_manager")
    supervisor = ("s", "b", "rm_supervisor")
    assert pool(manager, supervisor) == {"m"}
    assert pool(supervisor, ("t", "b", "high_counter")) == {"s"}
    assert pool(("t", "b", "high_counter"), ("up", "bank", "relationship_manager")) == {"up"}
    assert pool(("t", "b", "high_counter")) == set()


def test_more_posts_and_own_limits_come_from_the_staffing_table():
    staff = [{"staff_id": "t", "branch_id": "b", "post": "lobby_manager"}]
    staffing = [
        {"staff_id": "t", "post": post, "customers_max": 7, "minutes_per_day": None}
        for post in (None, "relationship_manager")
    ]
    rows = assign.pool(staff, staffing, BRANCHES, BRIEF)
    assert {
        (row["grade_rank"], row["customers_max"])
        for row in rows
        if row["role"] == "primary" and row["branch_id"] == "b"
    } >= {(4, 7)}
