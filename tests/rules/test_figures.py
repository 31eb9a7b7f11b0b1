"""The cockpit's figures of a night, against a clerk's count."""

from datetime import date
from decimal import Decimal

import pyarrow as pa

from weihu.engine.duck import DuckEngine
from weihu.rules import figures, rulebook, tables, workdays

BOOK = rulebook.load("brief")
ON = date(2026, 6, 1)


def figure(standings, before=(), tasks=(), cadences=(), book=BOOK, **parts):
    engine = DuckEngine.in_memory()
    nothing = dict.fromkeys(tables.BRIDGE, Decimal(0)) | parts

    def bound(name, schema, rows):
        filled = [{column: row.get(column) for column in schema} for row in rows]
        return engine.bind_arrow(name, schema, pa.Table.from_pylist(filled, schema=schema.to_pyarrow()))

    chosen = (
        bound("standings", tables.STANDINGS, standings),
        bound("standings_before", tables.STANDINGS, before),
        bound("bridge", tables.BRIDGE, [nothing | {"customer_id": row["customer_id"]} for row in standings]),
        bound("tasks", tables.TASKS, tasks),
        bound("staff", tables.STAFF, [{"staff_id": "kh1", "branch_id": "B1"}]),
        bound("cadences", tables.CADENCES, cadences),
        bound("calendar", tables.CALENDAR, [{"business_date": ON}]),
    )
    engine.derive("figures", figures.figures, *chosen, book)
    return {(row["staff_id"], row["grade_rank"]): row for row in engine.read("figures").to_pylist()}


def one(customer, aum, flow, rank=3, contact=date(2026, 5, 20), **more):
    row = {"customer_id": customer, "branch_id": "B1", "primary_id": "kh1", "grade_rank": rank, "effective": True}
    row |= {
        "aum": Decimal(aum),
        "contribution": Decimal(7),
        "flow_90": Decimal(flow),
        "product_count": 2,
        "facts_expected": 10,
        "facts_known": 4,
    }
    return row | {"first_seen_on": date(2026, 1, 1), "last_contact_on": contact} | more


def test_customers_money_facts_and_contacts_are_counted():
    result = figure(
        [
            one("a", 300_000, 0),
            one("b", 250_000, 0, contact=date(2026, 4, 1)),
            one("c", 90_000, 0, rank=2, primary_id=None),
        ]
    )
    row = result["kh1", 3]
    names = ("customers", "aum", "products", "facts_expected", "facts_known", "owed", "kept", "lost")
    assert [row[name] for name in names] == [2, Decimal(550_000), 4, 20, 8, 2, 1, 0]
    assert result["", 2]["customers"] == 1


def test_who_fell_below_the_share_is_lost_once_and_won_back_by_money():
    """300,000 90 days ago and 60,000 now is lost tonight; the next night it is not news; 200,000 again is won back."""
    fell, stays = one("a", 60_000, -240_000), one("b", 250_000, -50_000)
    lost = figure([fell, stays], [one("a", 280_000, -20_000), stays])["kh1", 3]
    assert (lost["lost"], lost["lost_aum"], lost["won_back"]) == (1, Decimal(240_000), 0)
    assert figure([fell], [fell])["kh1", 3]["lost"] == 0
    back = figure([one("a", 200_000, -100_000)], [fell])["kh1", 3]
    assert (back["won_back"], back["won_aum"], back["lost"]) == (1, Decimal(140_000), 0)


def test_the_book_says_how_far_back_a_loss_is_looked_for():
    """240,000 went within 30 days and came back before; only a book that looks back 30 days calls that a loss."""
    fell = one("a", 60_000, 0, flow_30=Decimal(-240_000))
    before = one("a", 300_000, 0, flow_30=Decimal(0))
    assert figure([fell], [before])["kh1", 3]["lost"] == 0
    month = rulebook.changed(BOOK, {"losses": {"days": 30}})
    row = figure([fell], [before], book=month)["kh1", 3]
    assert (row["lost"], row["lost_aum"]) == (1, Decimal(240_000))


def test_every_window_of_losses_is_one_that_the_nights_keep():
    from typing import get_args

    from weihu.rules.sections.losses import Losses
    from weihu.rules.value import WINDOW_DAYS

    assert set(get_args(Losses.model_fields["days"].annotation)) <= set(WINDOW_DAYS)


def test_time_planned_for_the_best_stands_beside_the_rest():
    tomorrow, later = date(2026, 6, 2), date(2026, 6, 3)
    tasks = [
        {"staff_id": "kh1", "on": tomorrow, "grade_rank": 3, "minutes": 15, "top": True},
        {"staff_id": "kh1", "on": tomorrow, "grade_rank": 3, "minutes": 10, "top": False},
        {"staff_id": "kh1", "on": later, "grade_rank": 3, "minutes": 40, "top": False},
    ]
    row = figure([one("a", 300_000, 0)], tasks=tasks)["kh1", 3]
    assert (row["tasks"], row["minutes"], row["top_minutes"], row["customers"]) == (2, 25, 15, 1)
    assert (row["listed"], row["listed_minutes"], row["listed_top_minutes"]) == (3, 65, 15)
    waiting = figure([], tasks=tasks[2:])["kh1", 3]
    assert (waiting["tasks"], waiting["listed_minutes"]) == (0, 40), "the night before that list comes yet"


def test_a_contact_is_in_time_by_working_days_where_the_book_counts_them():
    """Thirty days after 20 April are over on 1 June; thirty working days, 9 May among them, on 3 June."""
    called = [one("a", 300_000, 0, contact=date(2026, 4, 20))]
    working = rulebook.changed(BOOK, {"working_days": {"counted_in": ["cadences"]}})
    due = [
        {"days": 30, "since": since, "due_on": due_on} for since, due_on in workdays.usual(working).due_dates(ON, 30)
    ]
    assert figure(called)["kh1", 3]["kept"] == 0
    assert {row["due_on"] for row in due if row["since"] == date(2026, 4, 20)} == {date(2026, 6, 3)}
    assert figure(called, cadences=due, book=working)["kh1", 3]["kept"] == 1


def test_who_is_not_effective_is_counted_apart_and_his_money_is_in_the_sum():
    watched = one("w", 90_000, 0, watch_since=ON)
    row = figure([one("a", 300_000, 0), watched, one("x", 40, 0, effective=False, watch_since=ON)])["kh1", 3]
    assert (row["customers"], row["everybody"], row["watched"]) == (2, 3, 1)
    assert (row["aum"], row["effective_aum"], row["contribution"]) == (Decimal(390_040), Decimal(390_000), Decimal(21))


def test_who_changes_person_or_grade_moves_with_the_money_of_the_night_before():
    before = [one("a", 300_000, 0, primary_id="kh2"), one("b", 100, 0), one("c", 70, 0, grade_rank=None)]
    rows = figure([one("a", 310_000, 0), one("b", 100, 0), one("c", 70, 0)], before, inflow=Decimal(5))
    assert (rows["kh1", 3]["moved"], rows["kh2", 3]["moved"]) == (Decimal(300_000), Decimal(-300_000))
    assert (rows["kh2", 3]["everybody"], rows["kh1", 3]["inflow"]) == (0, Decimal(15))
