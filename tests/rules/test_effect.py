"""What acting changes: the groups by chance, the interval, and how often it is right."""

import hashlib
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from weihu.engine.duck import DuckEngine
from weihu.rules import attrition, effect, rulebook, tables
from weihu.rules.effect import Group, interval
from weihu.workplace.act.campaigns.response import shares

BOOK = rulebook.changed(rulebook.load("brief"), {"signals": {"idle_cash": {"holdout": "0.3"}}})
EXPERIMENTS, SIZE = 200, 1500
SMALLEST = BOOK.effects.smallest_group


def changes(rng: np.random.Generator, size: int) -> np.ndarray:
    """Changes of AUM as banks see them: most small, a few very large, some withdrawals."""
    return rng.lognormal(7.5, 1.4, size) * rng.choice([1.0, -1.0], size, p=[0.6, 0.4])


def experiment(number: int, brought: float) -> tuple[bool, bool]:
    """One bank's year: whether the interval holds what acting brought, and whether it says that acting changed anything.

    Who is kept back is decided as the night does it, by the hash of customer and kind.
    """
    rng = np.random.default_rng(number)
    names = [hashlib.md5(f"{number} K{row} idle_cash".encode()).hexdigest()[:8] for row in range(SIZE)]
    held = np.array([name < f"{int(0.3 * 16**8):08x}" for name in names])
    result = changes(rng, SIZE) + np.where(held, 0.0, brought)
    outcome = interval(Group.of(result[~held]), Group.of(result[held]), 0.95, SMALLEST)
    assert outcome
    return outcome.low <= brought <= outcome.high, outcome.sure


def test_two_hundred_experiments_cover_the_effect_and_raise_few_false_alarms():
    """95 % of 200 is 190; between 180 and 198 lies all but one in a thousand of chance. The figures: pytest -s."""
    with_effect = [experiment(number, 800.0) for number in range(EXPERIMENTS)]
    without = [experiment(number + EXPERIMENTS, 0.0) for number in range(EXPERIMENTS)]
    covered = sum(covers for covers, _ in with_effect)
    seen = sum(sure for _, sure in with_effect)
    alarms = sum(sure for _, sure in without)
    print(f"covered {covered}/200, effect seen {seen}/200, false alarms {alarms}/200")
    assert 180 <= covered <= 198
    assert 2 <= alarms <= 20


def test_shares_cover_their_difference():
    """Newcombe's interval over 200 campaigns of 400 called, 100 left alone; 12 % take it, or 4 % without a call."""
    rng, covered, alarms = np.random.default_rng(5), 0, 0
    for _ in range(EXPERIMENTS):
        result = shares(int(rng.binomial(400, 0.12)), 400, int(rng.binomial(100, 0.04)), 100, 0.95, SMALLEST)
        same = shares(int(rng.binomial(400, 0.04)), 400, int(rng.binomial(100, 0.04)), 100, 0.95, SMALLEST)
        covered += result.low <= 0.08 <= result.high
        alarms += same.sure
    print(f"shares: covered {covered}/200, false alarms {alarms}/200")
    assert 180 <= covered <= 200
    assert alarms <= 20


def test_the_interval_is_welchs():
    rng = np.random.default_rng(3)
    chosen, other = rng.normal(5, 2, 40), rng.normal(4, 9, 25)
    mine = interval(Group.of(chosen), Group.of(other), 0.9, SMALLEST)
    theirs = stats.ttest_ind(chosen, other, equal_var=False).confidence_interval(0.9)
    assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high))


def test_too_few_tell_nothing():
    assert interval(Group.of([1.0] * 100), Group.of([2.0] * (SMALLEST - 1)), 0.95, SMALLEST) is None
    assert interval(Group.of([1.0] * 100), Group.of([1.0] * 100), 0.95, SMALLEST) is None


def bound(engine, name, schema, rows):
    filled = [{column: row.get(column) for column in schema} for row in rows]
    return engine.bind_arrow(name, schema, pa.Table.from_pylist(filled, schema=schema.to_pyarrow()))


def night(on, signals, standings, trials=(), features=()):
    """The trials that begin, that go on and that ended, and the effects told on a night."""
    engine = DuckEngine.in_memory()
    stand = bound(engine, "standings", tables.STANDINGS, standings)
    before = bound(engine, "before", effect.TRIALS, trials)
    calendar = bound(engine, "calendar", tables.CALENDAR, [{"business_date": on}])
    raised = bound(engine, "signals", tables.SIGNALS, signals)
    seen = bound(engine, "features", attrition.FEATURES, features)
    begun = engine.derive("begun", effect.begun, raised, stand, seen, before, calendar, BOOK)
    engine.derive("trials", effect.trials, begun, before, calendar, BOOK)
    ended = engine.derive("ended", effect.ended, stand, before, calendar, BOOK)
    engine.derive("effects", effect.effects, ended)
    parts = (("begun", "customer_id"), ("trials", "customer_id"), ("ended", "customer_id"), ("effects", "held_out"))
    return [engine.read(name).sort_by(by).to_pylist() for name, by in parts]


def test_a_trial_begins_with_the_signal_and_ends_after_the_horizon():
    """Of three customers with idle cash one is kept back; 60 days later their change is told, once, with how each stood
    when the trial began and whether anybody spoke with them."""
    first = date(2026, 3, 1)
    people = [{"customer_id": row, "branch_id": "B1", "aum": Decimal(1000)} for row in "abc"]
    stood = [dict.fromkeys(attrition.NAMES, place) | {"customer_id": row} for place, row in enumerate("ab")]
    idle = [
        {"customer_id": row, "kind": "idle_cash", "subject": "", "raised_on": first, "held_out": row == "c"}
        for row in "abc"
    ]
    other = {"customer_id": "a", "kind": "cadence_due", "subject": "", "raised_on": first, "held_out": False}
    stood_by, begun, _, result = night(first, [*idle, other], people, features=stood)
    assert [(row["customer_id"], row["kind"], row["size"]) for row in stood_by] == [
        ("a", "idle_cash", 0),
        ("b", "idle_cash", 1),
        ("c", "idle_cash", None),
    ]
    assert result == []
    again = [{**row, "raised_on": first + timedelta(days=9)} for row in idle]
    _, running, _, result = night(first + timedelta(days=9), again, people, begun)
    assert sorted(row["raised_on"] for row in running) == [first] * 3  # one at a time
    met = {"a": first + timedelta(days=3), "b": first - timedelta(days=3), "c": None}
    later = [
        {**row, "aum": Decimal(1000) + change, "last_contact_on": met[row["customer_id"]]}
        for row, change in zip(people, (50, 70, -10), strict=True)
    ]
    _, running, ended, result = night(first + timedelta(days=60), [], later, begun)
    assert running == []
    assert [(row["contacted"], row["change"], row["aum"]) for row in ended] == [
        (True, Decimal(50), Decimal(1000)),
        (False, Decimal(70), Decimal(1000)),
        (False, Decimal(-10), Decimal(1000)),
    ]
    assert {row["ended_on"] for row in ended} == {first + timedelta(days=60)}
    assert [(row["held_out"], row["customers"], row["change"], row["squares"]) for row in result] == [
        (False, 2, Decimal(120), 7400.0),
        (True, 1, Decimal(-10), 100.0),
    ]


def test_the_square_of_a_change_of_many_millions_is_told():
    begins = date(2026, 3, 1)
    people = [{"customer_id": "a", "branch_id": "B1", "aum": Decimal(10)}]
    idle = [{"customer_id": "a", "kind": "idle_cash", "subject": "", "raised_on": begins, "held_out": False}]
    _, running, _, _ = night(begins, idle, people)
    richer = [{**people[0], "aum": Decimal("987654321.98")}]
    _, _, _, result = night(begins + timedelta(days=60), [], richer, running)
    assert [row["squares"] for row in result] == [pytest.approx(987654311.98**2)]
