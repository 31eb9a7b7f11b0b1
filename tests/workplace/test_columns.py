"""Questions over everybody within reach, against the same sums made row by row."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from math import ceil

import pyarrow.parquet as pq
import pytest
from django.conf import settings

from weihu.engine.duck import DuckEngine
from weihu.rules import rulebook
from weihu.workplace.bank.metric import has_lost
from weihu.workplace.bank.models import Staff, Standing
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


def valued(run):
    """What the night expects of each customer."""
    path = settings.HOME.run(run.number) / "worths.parquet"
    return {row["customer_id"]: row for row in pq.read_table(path).to_pylist()}


def test_the_curve_of_expected_worth_is_of_those_who_have_one(run, gate_of):
    gate, known = gate_of("branch_manager"), valued(run)
    reached = [row.customer_id for row in effective(gate)]
    falling = sorted((max(known[customer]["worth"], Decimal(0)) for customer in reached), reverse=True)
    curve = columns._curve(gate, "worth")
    best = ceil(len(falling) * gate.run.rulebook.top_share)
    assert curve.brought_by_top == pytest.approx(float(sum(falling[:best]) / sum(falling)))
    assert curve.points[-1] == (1.0, pytest.approx(1.0))


def test_the_worth_of_a_customer_is_told_within_reach_only(run, gate_of):
    gate, known = gate_of("relationship_manager"), valued(run)
    own = next(row.customer_id for row in effective(gate))
    reached = set(gate.standings().values_list("customer_id", flat=True))
    assert columns.worth_of(gate, own)["worth"] == known[own]["worth"]
    assert columns.worth_of(gate, next(customer for customer in known if customer not in reached)) is None
    assert columns.worth_of(gate, "nobody") is None


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
    assert columns.near(gate, 10) == {}


def test_contacts_go_to_the_banks_best_or_to_others(gate_of):
    gate = gate_of("branch_manager")
    ranked = sorted(effective(gate), key=lambda row: row.aum)
    top_from = Decimal(gate.run.report["top_from"])
    assert ranked[0].aum < top_from <= ranked[-1].aum
    assert columns.spent_on_best(gate, [(ranked[0].customer_id, 3), (ranked[-1].customer_id, 1)]) == 0.25


def test_time_that_nobody_spent_has_no_share(gate_of):
    gate = gate_of("branch_manager")
    assert columns.spent_on_best(gate, []) is None
    strangers = Standing.objects.listed_at(gate.run).exclude(pk__in=gate.standings().values("pk"))
    assert columns.spent_on_best(gate, [(strangers[0].customer_id, 5)]) is None


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
        and not has_lost(gate.history(row), gate.run)
    }
    assert set(near) == by_hand
    assert list(near) == sorted(near, key=lambda customer: (-rows[customer].aum, customer))
    assert list(columns.near(gate, 2)) == list(near)[:2]


def test_another_run_is_read_from_its_own_files(gate_of, run):
    gate = gate_of("branch_manager")
    assert columns._engine(run) is columns._engine(gate.run)
    curve = columns._curve(gate, "aum")
    columns._engine.cache_clear()
    assert curve == columns._curve(Gate(gate.staff, run), "aum")


def questions(gate):
    """Everything that a page asks of everybody within reach, without what is kept of a curve."""
    asked = [columns._curve(gate, worth) for worth in ("aum", "contribution")]
    customers = gate.standings().order_by("customer_id").values_list("customer_id", flat=True)
    spent = [(customer, 1) for customer in customers[:5]]
    return [*asked, columns.near(gate, 20), columns.spent_on_best(gate, spent)]


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
    first, *others = readers[:6]
    state = whatif.State(settings.HOME.run(run.number), run.rulebook, run.month_days)
    questions(first)
    state.moved(run.rulebook, first.scope)
    compiled = dict(DuckEngine._memory)
    for gate in others:
        questions(gate)
        state.moved(run.rulebook, gate.scope)
    assert compiled == DuckEngine._memory


def test_readers_in_several_threads_have_each_their_own_answers(readers, run):
    """The reach is a table of the one engine: no thread may ask by another's."""
    alone = [columns._curve(gate, "aum") for gate in readers]
    assert len({tuple(curve.points) for curve in alone}) > 1
    scopes = [gate.scope for gate in readers]
    gates = [Kept(run, scope) for scope in scopes]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda gate: columns._curve(gate, "aum"), gates * 5)) == alone * 5


class Kept:
    """A gate whose scope is known, so that a thread needs no connection to the database."""

    def __init__(self, run, scope):
        self.run, self.scope = run, scope


def test_a_book_that_changes_nothing_moves_nobody_not_even_who_is_protected(run):
    """Grades that a milder book gave are kept while both books reach the same; they fall where the book makes it so."""
    file, minimums = settings.HOME.run(run.number), {"valued": {"minimum": 900_000}, "potential": {"minimum": 400_000}}
    strict = rulebook.changed(run.rulebook, {"grades": minimums})
    protected = whatif.State(file, strict, run.month_days).moved(strict)
    assert all(cell.before == cell.after for cell in protected)
    assert any(cell.before != cell.after for cell in whatif.State(file, run.rulebook, run.month_days).moved(strict))


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
