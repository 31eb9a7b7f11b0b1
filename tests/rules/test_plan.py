"""Everybody's day is the best that fits: against an exact solver, task by task."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from weihu.engine.duck import DuckEngine
from weihu.rules import plan, rulebook, tables

BOOK = rulebook.load("brief")
MINUTES = sorted({rule.minutes for rule in BOOK.signals.values()})

tasks = st.lists(
    st.tuples(st.sampled_from(MINUTES), st.booleans(), st.booleans(), st.integers(1, 20_000)), min_size=1, max_size=40
)


def laid_out(people):
    """Candidates as the rule makes them: placed among their like, the most valuable first."""
    rows = []
    for staff, (capacity, work) in people.items():
        sorts = {}
        for number, (minutes, promised, top, cents) in enumerate(work):
            sorts.setdefault((minutes, promised, top), []).append((cents, number))
        for (minutes, promised, top), sort in sorts.items():
            for place, (cents, number) in enumerate(sorted(sort, key=lambda row: (-row[0], row[1])), 1):
                if place * minutes <= capacity:
                    value = Decimal(cents) / 100
                    row = {"staff_id": staff, "customer_id": f"{number}", "minutes": minutes, "value": value}
                    row |= {"promised": promised, "top": top, "score": 0.0, "grade_rank": 0, "aum": Decimal(0)}
                    row |= {"on": date(2026, 6, 2), "urgency": len(BOOK.urgency) - 1, "flow_30": Decimal(0)}
                    rows.append(row | {"place": place, "capacity": capacity})
    return pa.Table.from_pylist(rows, schema=tables.CANDIDATES.to_pyarrow())


def most(work, room, dial):
    model = cp_model.CpModel()
    taken = [model.new_bool_var(str(number)) for number in range(len(work))]
    lengths = sum(row * task[0] for row, task in zip(taken, work, strict=True))
    model.add(lengths <= room)
    if dial is not None:
        capacity, _, row = dial
        best = Counter(task[0] for task in work if task[2])
        # of one length no more than a day holds
        wanted = min(room, sum(min(count, capacity // minutes) * minutes for minutes, count in best.items()))
        limit = max(int(capacity * (1 - float(BOOK.top_time)) + 1e-9) - row, room - wanted, 0)
        model.add(sum(row * task[0] for row, task in zip(taken, work, strict=True) if not task[2]) <= limit)
    # of equal worth, the shorter day
    model.maximize(sum(row * (task[3] * 1000) for row, task in zip(taken, work, strict=True)) - lengths)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(model) == cp_model.OPTIMAL
    chosen = [task for row, task in zip(taken, work, strict=True) if solver.value(row)]
    others = sum(task[0] for task in chosen if not task[2])
    return sum(task[3] for task in chosen), sum(task[0] for task in chosen), others


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([30, 60, 90, 120, 240]), tasks), min_size=1, max_size=4))
def test_the_best_day_is_found_and_fits(given_people):
    people = {f"s{number}": row for number, row in enumerate(given_people)}
    picks = plan.choose(laid_out(people), BOOK)
    for staff, (capacity, work) in people.items():
        own = [pick for pick in picks if pick["staff_id"] == staff]
        assert sum(pick["minutes"] * pick["picked"] for pick in own) <= capacity

        def worth(promised, own=own, work=work):
            total = 0
            for pick in own:
                if pick["promised"] == promised:
                    like = (pick["minutes"], promised, pick["top"])
                    total += sum(sorted((t[3] for t in work if t[:3] == like), reverse=True)[: pick["picked"]])
            return total

        agreed, _, _ = most([task for task in work if task[1]], capacity, None)
        assert worth(True) == agreed
        if not any(task[1] for task in work):  # several best ways to keep promises leave different rooms
            assert worth(False) == most(work, capacity, (capacity, work, 0))[0]


def test_the_best_customers_get_their_time_and_the_others_the_rest():
    """Forty tasks of five minutes each, the others' worth more: the top fifth still gets 80 % of 100 minutes."""
    work = [(5, False, number % 2 == 0, 100 if number % 2 == 0 else 900) for number in range(80)]
    picks = {pick["top"]: pick["picked"] * 5 for pick in plan.choose(laid_out({"s": (100, work)}), BOOK)}
    assert picks == {True: 80, False: 20}
    idle = [(5, False, number < 4, 100) for number in range(80)]
    picks = {pick["top"]: pick["picked"] * 5 for pick in plan.choose(laid_out({"s": (100, idle)}), BOOK)}
    assert picks == {True: 20, False: 80}


def test_nobody_and_nothing_are_no_days():
    assert plan.choose(laid_out({}), BOOK) == []
    assert plan.choose(laid_out({"s": (0, [(5, True, True, 10)])}), BOOK) == []


def signal(customer, kind, **changes):
    on = date(2026, 6, 1)
    row = {"customer_id": customer, "kind": kind, "subject": "", "raised_on": on, "seen_on": on, "expires_on": on}
    row |= {"amount": None, "base": None, "limit": None, "on_date": None, "detail": "", "held_out": False, "led_by": ""}
    return row | changes


def candidates(signals, covers=(), barred=(), tired=(), book=BOOK, change=-70_000):
    """Of customers a, b and c, of whom kh1 is primary and zg1 deputy, on the night of 1 June."""
    engine, on, works_on = DuckEngine.in_memory(), date(2026, 6, 1), date(2026, 6, 2)

    def bound(name, schema, rows):
        filled = [{column: row.get(column) for column in schema} for row in rows]
        return engine.bind_arrow(name, schema, pa.Table.from_pylist(filled, schema=schema.to_pyarrow()))

    held = {
        "grade_rank": 4,
        "aum": Decimal(600_000),
        "flow_30": Decimal(change),
        "primary_id": "kh1",
        "deputy_id": "zg1",
    }
    posts = {"kh1": "relationship_manager", "kh2": "relationship_manager", "zg1": "rm_supervisor"}
    given_tables = (
        bound("signals", tables.SIGNALS, signals),
        bound("standings", tables.STANDINGS, [{"customer_id": row, **held} for row in "abc"]),
        bound("staff", tables.STAFF, [{"staff_id": row, "post": post} for row, post in posts.items()]),
        bound("staffing", tables.STAFFING, []),
        bound("covers", tables.COVERS, covers),
        bound("barred", tables.BARRED, barred),
        bound("tired", tables.TIRED, tired),
        bound("top", tables.TOP, [{"aum": Decimal(500_000)}]),
        bound(
            "workdays",
            tables.WORKDAYS,
            [{"branch_id": "", "staff_id": row, "works_on": works_on, "through": works_on} for row in posts],
        ),
        bound("calendar", tables.CALENDAR, [{"business_date": on}]),
    )
    engine.derive("candidates", plan.candidates, *given_tables, book)
    return {(row["staff_id"], row["customer_id"]): row for row in engine.read("candidates").to_pylist()}


def test_a_task_is_worth_its_reasons_and_takes_the_longest():
    """(9 x 4 + 0.15 x 0.008 x 100,000) x 2 for its date, and 3 x 4 x (1 + 0.05 x 4) after four days."""
    outflow = signal("a", "large_outflow", amount=Decimal(100_000), on_date=date(2026, 6, 1))
    row = candidates([outflow, signal("a", "cadence_due", raised_on=date(2026, 5, 28))])["kh1", "a"]
    assert (row["value"], row["minutes"]) == (Decimal("326.40"), 15)
    assert row["promised"] and row["top"]
    assert row["score"] == 21.76


def test_who_is_barred_or_held_out_is_on_no_list():
    result = candidates(
        [signal("a", "birthday"), signal("b", "birthday", held_out=True), signal("c", "birthday")],
        barred=[{"customer_id": "c"}],
    )
    assert list(result) == [("kh1", "a")]


def test_who_is_tired_of_contacts_hears_only_of_what_was_promised():
    result = candidates(
        [signal("a", "near_grade"), signal("a", "cadence_due"), signal("b", "near_grade"), signal("c", "near_grade")],
        tired=[{"customer_id": "a"}, {"customer_id": "b"}],
    )
    alone = candidates([signal("a", "cadence_due")])
    assert set(result) == {("kh1", "a"), ("kh1", "c")}
    assert result["kh1", "a"]["value"] == alone["kh1", "a"]["value"]


def test_a_kind_for_the_deputy_is_the_deputys_unless_he_is_away():
    book = rulebook.changed(BOOK, {"signals": {"birthday": {"to": "deputy"}}})
    both = [signal("a", "birthday"), signal("a", "near_grade")]
    assert set(candidates(both, book=book)) == {("zg1", "a"), ("kh1", "a")}
    away = [{"staff_id": "zg1", "cover_id": None}]
    assert set(candidates(both, covers=away, book=book)) == {("kh1", "a")}
    away = [{"staff_id": "kh1", "cover_id": "kh2"}]
    assert set(candidates(both, covers=away, book=book)) == {("zg1", "a"), ("kh2", "a")}
    away = [{"staff_id": "kh1", "cover_id": None}, {"staff_id": "zg1", "cover_id": None}]
    assert set(candidates(both, covers=away, book=book)) == {("kh1", "a")}
    away[0]["cover_id"] = "kh2"
    assert set(candidates(both, covers=away, book=book)) == {("kh2", "a")}


def test_points_are_not_worth_yuan():
    """A watch begun at 400,000 points, or at 400, is worth the same: what is at stake is the customer's assets."""
    book = rulebook.load("points_bank")
    many, few = (
        candidates([signal("a", "watch_begun", amount=Decimal(amount))], book=book)["kh1", "a"]["value"]
        for amount in (400_000, 400)
    )
    assert many == few > 0
    by_aum = [
        candidates([signal("a", "watch_begun", amount=Decimal(amount))])["kh1", "a"]["value"]
        for amount in (400_000, 400)
    ]
    assert by_aum[0] > by_aum[1]


def in_order(rows):
    """The customers of the tasks that are planned of some candidates, all of one person, by position."""
    engine = DuckEngine.in_memory()
    usual = {"staff_id": "s", "minutes": 10, "value": Decimal(1), "promised": False, "top": True, "score": 1.0}
    usual |= {"grade_rank": 0, "aum": Decimal(0), "on": date(2026, 6, 2), "capacity": 240}
    given_rows = [usual | {"place": place} | row for place, row in enumerate(rows, 1)]
    bound = engine.bind_arrow(
        "candidates", tables.CANDIDATES, pa.Table.from_pylist(given_rows, schema=tables.CANDIDATES.to_pyarrow())
    )
    picks = pa.Table.from_pylist(
        [{name: usual[name] for name in ("staff_id", "minutes", "promised", "top")} | {"picked": len(rows)}],
        schema=tables.PICKS.to_pyarrow(),
    )
    engine.derive("tasks", plan.plan_tasks, bound, engine.bind_arrow("picks", tables.PICKS, picks), BOOK)
    return [row["customer_id"] for row in engine.read("tasks").sort_by("position").to_pylist()]


def test_tasks_come_by_urgency_then_the_largest_fall_or_the_most_worth_per_minute():
    losses, later = BOOK.urgency_of(["large_outflow"]), BOOK.urgency_of(["maturity"])
    assert losses < later
    rows = [
        {"customer_id": "worth", "urgency": later, "flow_30": Decimal(0), "score": 9.0},
        {"customer_id": "fell much", "urgency": later, "flow_30": Decimal(-900), "score": 2.0},
        {"customer_id": "lost little", "urgency": losses, "flow_30": Decimal(-20), "score": 90.0},
        {"customer_id": "lost most", "urgency": losses, "flow_30": Decimal(-500), "score": 1.0},
    ]
    assert in_order(rows) == ["lost most", "lost little", "worth", "fell much"]


def test_a_task_is_as_urgent_as_its_most_urgent_reason_and_tells_the_change_of_thirty_days():
    rows = candidates([signal("a", "birthday"), signal("a", "large_outflow"), signal("b", "birthday")])
    assert rows["kh1", "a"]["urgency"] == BOOK.urgency_of(["large_outflow"])
    assert rows["kh1", "b"]["urgency"] == BOOK.urgency_of(["birthday"])
    assert rows["kh1", "a"]["flow_30"] == Decimal(-70_000)


def test_money_that_left_is_no_loss_of_who_has_more_than_thirty_days_ago():
    outflow = [signal("a", "large_outflow")]
    for change, fallen in ((-1, True), (0, False)):
        expected = BOOK.urgency_of(["large_outflow"], fallen)
        assert candidates(outflow, change=change)["kh1", "a"]["urgency"] == expected
    assert BOOK.urgency_of(["large_outflow"]) < BOOK.urgency_of(["large_outflow"], fallen=False)


def test_a_kind_that_no_group_names_is_of_the_last():
    book = rulebook.changed(BOOK, {"urgency": {"dated": {"kinds": ["maturity"]}}})
    assert candidates([signal("a", "birthday")], book=book)["kh1", "a"]["urgency"] == len(BOOK.urgency) - 1
