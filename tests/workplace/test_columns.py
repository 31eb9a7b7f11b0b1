"""Questions over everybody within reach, against the same sums made row by row."""

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from math import ceil

import pytest
from django.conf import settings

from weihu.engine.duck import DuckEngine
from weihu.rules import rulebook
from weihu.workplace.bank.models import Staff, Standing, Task
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.scope import Scope
from weihu.workplace.judge.grading import columns, whatif

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


def questions(gate):
    """Everything that a page asks of everybody within reach, without what is kept of a curve."""
    asked = [columns._curve(gate, worth) for worth in ("aum", "contribution")]
    customers = gate.standings().order_by("customer_id").values_list("customer_id", flat=True)
    spent = [(customer, 1) for customer in customers[:5]]
    return [columns.pyramid(gate), *asked, columns.near(gate, 20), columns.top_time(gate, spent), columns.loads(gate)]


@pytest.fixture
def readers(run):
    """Those who reach their own customers, those who have any first."""
    rows = Standing.objects.listed_at(run).exclude(primary_id=None).values_list("primary_id", flat=True)
    people = Staff.objects.filter(staff_id__in=set(rows), is_active=True).order_by("staff_id")
    gates = [Gate(person, run) for person in people]
    own = [gate for gate in gates if gate.scope.parts == ("primaries", "deputies")]
    assert len(own) > 2
    return own


def test_another_reader_compiles_nothing(readers, run):
    first, *others = readers
    state = whatif.State(settings.HOME.run(run.number), run.rulebook, run.month_days)
    questions(first)
    state.moved(run.rulebook, first.scope)
    compiled = dict(DuckEngine._texts)
    for gate in others:
        questions(gate)
        state.moved(run.rulebook, gate.scope)
    assert compiled == DuckEngine._texts


def test_readers_in_several_threads_have_each_their_own_answers(readers, run):
    """The reach is a table of the one engine: no thread may ask by another's."""
    alone = [columns.loads(gate) for gate in readers]
    assert len({tuple(load) for load in alone}) > 1
    scopes = [gate.scope for gate in readers]
    gates = [Kept(run, scope) for scope in scopes]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(columns.loads, gates * 5)) == alone * 5


class Kept:
    """A gate whose scope is known, so that a thread needs no connection to the database."""

    def __init__(self, run, scope):
        self.run, self.scope = run, scope


def test_a_scope_of_nobody_and_one_of_everybody_but_the_merged(run):
    file = settings.HOME.run(run.number)
    state = whatif.State(file, run.rulebook, run.month_days)
    everybody = state.moved(run.rulebook)
    assert state.moved(run.rulebook, Scope()) == []
    gone = Standing.objects.listed_at(run).filter(effective=True).order_by("customer_id")[0]
    fewer = state.moved(run.rulebook, Scope(everybody=True, without=(gone.customer_id,)))
    counted = sum(cell.customers for cell in everybody)
    assert sum(cell.customers for cell in fewer) == counted - 1
    assert sum(cell.aum for cell in fewer) == sum(cell.aum for cell in everybody) - gone.aum
