"""Questions over everybody within reach, against the same sums made row by row."""

from collections import Counter, defaultdict
from decimal import Decimal
from math import ceil

import pytest

from weihu.rules import rulebook
from weihu.workplace.bank.models import Standing, Task
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.grading import columns

POSTS = list(rulebook.load("brief").posts)

pytestmark = pytest.mark.django_db


@pytest.fixture
def gate_of(run, member):
    """The gate of the member of a post who has most customers."""
    return lambda post: Gate(member(post), run)


def effective(gate):
    """The rows within reach that count."""
    return [row for row in gate.standings() if row.effective]


def worths(gate, worth):
    return sorted((max(getattr(row, worth), Decimal(0)) for row in effective(gate)), reverse=True)


@pytest.mark.parametrize("post", POSTS)
def test_the_pyramid_counts_everybody_within_reach_once(post, gate_of):
    gate = gate_of(post)
    rows = effective(gate)
    pyramid = columns.pyramid(gate)
    assert [level["grade_rank"] for level in pyramid] == list(range(len(gate.run.rulebook.grades)))
    for level in pyramid:
        own = [row for row in rows if row.grade_rank == level["grade_rank"]]
        assert level["customers"] == len(own)
        assert level["aum"] == sum((row.aum for row in own), Decimal(0))
        assert level["contribution"] == sum((row.contribution for row in own), Decimal(0))
        assert level["watched"] == sum(row.watch_since is not None for row in own)


@pytest.mark.parametrize("worth", ["aum", "contribution"])
@pytest.mark.parametrize("post", ["branch_manager", "relationship_manager", "personal_banking"])
def test_the_curve_is_paretos(post, worth, gate_of):
    gate = gate_of(post)
    falling = worths(gate, worth)
    whole, n = sum(falling), len(falling)
    curve = columns._curve(gate, worth)
    shares = [float(sum(falling[:place]) / whole) for place in range(n + 1)]
    for customers, share in curve.points:
        assert share == pytest.approx(shares[round(customers * n)])
    places = {ceil(n * step / columns.POINTS) for step in range(1, columns.POINTS + 1)} | {0}
    assert {round(customers * n) for customers, _ in curve.points} == places
    book = gate.run.rulebook
    assert curve.top_share == float(book.top_share)
    assert curve.brought_by_top == pytest.approx(shares[ceil(n * book.top_share)])
    enough = next(place for place in range(1, n + 1) if sum(falling[:place]) >= whole * book.top_time)
    assert curve.bring_most == pytest.approx(enough / n)


def test_a_curve_never_falls_and_ends_with_everything(gate_of):
    points = columns._curve(gate_of("branch_manager"), "aum").points
    assert points[0] == (0.0, 0.0)
    assert points[-1] == (1.0, pytest.approx(1.0))
    assert points == sorted(points)
    assert all(share >= customers - 1e-9 for customers, share in points)


def test_of_nobody_there_is_no_curve(gate_of):
    gate = gate_of("it_operator")
    assert effective(gate) == []
    assert columns.curve(gate, "aum") is None
    assert all(level["customers"] == 0 for level in columns.pyramid(gate))
    assert columns.loads(gate) == {}
    assert columns.near(gate, 10) == {}


@pytest.mark.parametrize("post", ["branch_manager", "personal_banking"])
def test_loads_are_what_each_person_answers_for(post, gate_of):
    gate = gate_of(post)
    own = defaultdict(list)
    for row in effective(gate):
        if row.primary_id:
            own[row.primary_id].append(row)
    loads = columns.loads(gate)
    assert set(loads) == set(own)
    for person, rows in own.items():
        assert loads[person]["customers"] == len(rows)
        assert loads[person]["aum"] == sum((row.aum for row in rows), Decimal(0))
        assert loads[person]["contribution"] == sum((row.contribution for row in rows), Decimal(0))
        assert loads[person]["ranks"] == Counter(row.grade_rank for row in rows)


def test_time_of_the_best_is_their_share_of_minutes_and_contacts(gate_of):
    gate = gate_of("branch_manager")
    ranked = sorted(effective(gate), key=lambda row: (-row.aum, row.customer_id))
    best = {row.customer_id for row in ranked[: ceil(len(ranked) * gate.run.rulebook.top_share)]}
    reached = {row.customer_id for row in ranked}
    minutes = [
        (task.customer_id, task.minutes) for task in Task.objects.filter(run=gate.run) if task.customer_id in reached
    ]
    worst, top = ranked[-1].customer_id, ranked[0].customer_id
    time = columns.top_time(gate, [(worst, 3), (top, 1)])
    planned = sum(spent for customer, spent in minutes if customer in best) / sum(spent for _, spent in minutes)
    assert time["planned"] == pytest.approx(planned)
    assert time["spent"] == pytest.approx(0.25)


def test_time_that_nobody_spent_has_no_share(gate_of):
    gate = gate_of("branch_manager")
    assert columns.top_time(gate, [])["spent"] is None
    strangers = Standing.objects.listed_at(gate.run).exclude(pk__in=gate.standings().values("pk"))
    assert columns.top_time(gate, [(strangers[0].customer_id, 5)])["spent"] is None


def test_the_nearest_are_those_a_little_under_the_next_grade_the_richest_first(gate_of):
    gate = gate_of("branch_manager")
    book = gate.run.rulebook
    near = columns.near(gate, 5000)
    rows = {row.customer_id: row for row in effective(gate)}
    assert set(near) <= set(rows)
    grades = list(book.grades.values())
    by_hand = {
        row.customer_id
        for row in rows.values()
        if row.grade_rank + 1 < len(grades)
        and (least := grades[row.grade_rank + 1].minimum) is not None
        and least * (1 - book.near_share) <= row.metric(gate.run) < least
    }
    assert set(near) == by_hand
    assert list(near) == sorted(near, key=lambda customer: (-rows[customer].aum, customer))
    assert list(columns.near(gate, 2)) == list(near)[:2]


def test_another_run_is_read_from_its_own_files(gate_of, run):
    gate = gate_of("branch_manager")
    assert columns._engine(run) is columns._engine(gate.run)
    columns.pyramid(gate)
    columns._engine.cache_clear()
    assert columns.pyramid(gate) == columns.pyramid(Gate(gate.staff, run))
