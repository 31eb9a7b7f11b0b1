"""Grading policies, night by night, against slow and obvious reference code."""

import calendar
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from random import Random, randrange

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.kinds.bank import Tables
from weihu.engine.duck import DuckEngine
from weihu.rules import grade, rulebook, tables, value

START = date(2025, 1, 1)
MONTHS = 14
PEOPLE = 30
DEMAND = [
    "0.00",
    "999.99",
    "1000.00",
    "5000.00",
    "49999.99",
    "50000.00",
    "200000.00",
    "499999.99",
    "700000.00",
    "3200000.00",
]
FUND = ["0.00", "60000.00", "150000.00", "900000.00"]
LOAN = ["0.00", "199999.99", "200000.00", "500000.00", "2000000.00"]
LINE = ["0.00", "99999.99", "100000.00", "300000.00"]
CARDS = [None, "C001", "C101", "C102"]
BOOKS = ["brief", "state_bank", "joint_stock_bank", "city_bank", "rural_cooperative", "weighted_bank", "points_bank"]
PRODUCTS = [
    ("D001", "demand"), ("F001", "fund"), ("L002", "loan"), ("L003", "loan"), ("C001", "card"), ("C101", "card"), ("C102", "card"),
]  # fmt: skip


def amounts(month):
    """What the text of domain section 3 says of a month, one bank after the other, in plain numbers."""
    demand, fund, loan, line = (Decimal(text) for text in month[:4])
    card = month[4]
    cent = Decimal("0.01")
    return {
        "aum": demand + fund,
        "monthly_average": demand + fund,
        "card_class": {None: 0, "C001": 1, "C101": 2, "C102": 3}[card],
        "credit_line": line,
        "consumer_loan": loan,
        "average_deposit": demand,
        "weighted_assets": demand + (fund / 2).quantize(cent, ROUND_HALF_UP),
        "net_assets": demand + fund - loan - line,
        "points": (demand / 1000).quantize(cent, ROUND_HALF_UP)
        + (fund / 2000).quantize(cent, ROUND_HALF_UP)
        + (loan * 3 / 10000).quantize(cent, ROUND_HALF_UP)
        + (line * 3 / 10000).quantize(cent, ROUND_HALF_UP)
        + (10 if card else 0),
    }


def level(measured, book, everybody=()):
    """The highest grade of which a person fulfils anything; ``everybody``'s leading metrics, for shares."""
    lead, best = measured[book.policy.metric], 0
    for rank, entry in enumerate(book.grades.values()):
        ways = [measured[key] >= bound for key, bound in entry.minimums.items()]
        if entry.within_top is not None:
            larger = sum(other > lead for other in everybody)
            ways.append(lead > 0 and larger < entry.within_top * len(everybody))
        elif entry.minimum is not None:
            ways.append(lead >= entry.minimum)
        if any(ways):
            best = rank
    return best


class Reference:
    """One person's grade, review after review, as a clerk would keep it on paper."""

    def __init__(self, first, book):
        self.rank, self.below, self.seen, self.book = first, 0, [], book

    def own(self, setting):
        return getattr(list(self.book.grades.values())[self.rank], setting) or getattr(self.book.policy, setting)

    def review(self, found):
        policy = self.book.policy
        self.seen.append(found)
        self.below = self.below + 1 if found < self.rank else 0
        if policy.upgrade in ("next_month", "review") and found > self.rank:
            self.rank, self.below = found, 0
        elif (self.own("downgrade_after_months") or policy.review_on) and self.below >= max(
            1, self.own("downgrade_after_months")
        ):
            self.rank, self.below = max(self.seen[-policy.falls_to_best_of_months :]), 0

    def tonight(self, found, is_month_end):
        policy = self.book.policy
        rises = policy.upgrade == "nightly" or (policy.upgrade == "month_end" and is_month_end)
        falls = not policy.review_on and not self.own("downgrade_after_months")
        if (rises and found > self.rank) or (falls and found < self.rank):
            self.rank, self.below = found, 0

    @property
    def on_watch(self):
        return self.below >= self.own("watch_after_months") > 0


def reference(people, book):
    """(grade, on watch) of everybody at the end of each month."""
    result, clerks = [], []
    for month, on in enumerate(month_starts()):
        measured = [amounts(person[month]) for person in people]
        everybody = [row[book.policy.metric] for row in measured]
        levels = [level(row, book, everybody) for row in measured]
        last = on.replace(day=calendar.monthrange(on.year, on.month)[1])
        clerks = clerks or [Reference(level, book) for level in levels]
        for clerk, row, before in zip(clerks, levels, result[-1]["levels"] if result else levels, strict=True):
            if result and not book.policy.review_on:
                clerk.review(before)
            clerk.tonight(row, False)
            if f"{last:%m-%d}" in book.policy.review_on:
                clerk.review(row)
            clerk.tonight(row, True)
        result.append({"levels": levels, "grades": [(clerk.rank, clerk.on_watch) for clerk in clerks]})
    return [month["grades"] for month in result]


def month_starts():
    return [date(START.year + month // 12, month % 12 + 1, 1) for month in range(MONTHS)]


class Machine:
    """Runs the rules of measures and grades alone, on a month's first and last night: an average is over two days."""

    def __init__(self, book):
        self.engine, self.book = DuckEngine.in_memory(), book
        self.before = {"standings": None, "measures": None}
        products = [
            {"product_id": key, "name": key, "name_en": key, "category": kind, "risk": None, "overdraft": False}
            for key, kind in PRODUCTS
        ]
        self.products = self.bound("products", tables.PRODUCTS, products)

    def bound(self, name, schema, rows):
        return self.engine.bind_arrow(name, schema, pa.Table.from_pylist(rows, schema=schema.to_pyarrow()))

    def carried(self, name, schema):
        result = self.before[name]
        return (
            self.engine.bind(f"{name}_before", schema, [])
            if result is None
            else self.engine.bind_arrow(f"{name}_before", schema, result)
        )

    def night(self, on, months, granted=(), branches=None):
        branches = branches or ["b"] * len(months)
        first, is_first = on.day == 1, self.before["standings"] is None
        nights = 1 if first else 2
        day = {
            "business_date": on,
            "days": 1,
            "month_days": nights,
            "last_month_days": 1 if is_first else 2,
            "is_first": is_first,
            "is_month_start": first and not is_first,
            "is_month_end": not first,
        }
        clock = self.bound("clock", tables.CALENDAR, [day])
        values = self.bound(
            "values_now", tables.VALUES, [self.value(i, month, nights, branches[i]) for i, month in enumerate(months)]
        )
        held = [row for i, month in enumerate(months) for row in self.held(i, month)]
        schema = ibis.schema(
            {"customer_id": "string", "product_id": "string", "category": "string", "amount": tables.MONEY}
        )
        everything = self.bound("everything", schema, held)
        standings, carried = self.carried("standings", tables.STANDINGS), self.carried("measures", tables.MEASURES)
        if any(key in self.book.measures for key in self.book.policy.measures):
            measures = self.engine.derive("measures", value.measure, everything, values, carried, clock, self.book)
        else:
            measures = self.engine.bind("measures", tables.MEASURES, [])
        exceptions = self.bound(
            "granted", tables.GRANTED, [{"customer_id": str(i), "grade_rank": rank} for i, rank in granted]
        )
        inputs = (values, measures, exceptions, standings, carried, clock, self.book)
        self.engine.derive("graded", grade.grade_customers, *inputs)
        known = (*tables.VALUES.names, *tables.GRADES.names, *grade.METRIC)
        missing = ", ".join(f"NULL AS {name}" for name in tables.STANDINGS.names if name not in known)
        self.before = {
            "standings": self.engine.connection.sql(
                f"SELECT *, {missing} FROM graded ORDER BY CAST(customer_id AS INT)"
            ).to_arrow_table(),
            "measures": self.engine.read("measures"),
        }
        return self.before["standings"].to_pylist()

    def value(self, i, month, nights, branch):
        aum = amounts(month)["aum"]
        known = {
            "customer_id": str(i),
            "branch_id": branch,
            "aum": aum,
            "balance_days": aum * nights,
            "monthly_average": aum,
            "effective": True,
        }
        days = dict.fromkeys(("opened_on", "first_seen_on", "moved_on"), START)
        return {**dict.fromkeys(tables.VALUES.names, 0), **days, **known}

    def held(self, i, month):
        demand, fund, loan, line, card = month
        pairs = [("D001", demand), ("F001", fund), ("L002", loan), ("L003", line), *([(card, "0.00")] if card else [])]
        kinds = dict(PRODUCTS)
        return [
            {"customer_id": str(i), "product_id": key, "category": kinds[key], "amount": Decimal(amount)}
            for key, amount in pairs
            if key in CARDS or Decimal(amount)
        ]


@pytest.mark.parametrize("key", BOOKS)
def test_a_policy_agrees_with_the_reference_month_by_month(key):
    """Each run draws other people; a failure tells the seed by which it drew them."""
    choices, seed = (DEMAND, FUND, LOAN, LINE, CARDS), randrange(2**32)
    chance = Random(seed)
    # a month is often as the one before: grades are kept, and protected, as well as changed
    people = []
    for _ in range(PEOPLE):
        months = [tuple(map(chance.choice, choices))]
        while len(months) < MONTHS:
            months.append(months[-1] if chance.random() < 0.4 else tuple(map(chance.choice, choices)))
        people.append(months)
    book = rulebook.load(key)
    machine, expected = Machine(book), reference(people, book)
    for month, on in enumerate(month_starts()):
        now = [person[month] for person in people]
        machine.night(on, now)
        result = machine.night(on.replace(day=calendar.monthrange(on.year, on.month)[1]), now)
        listed = [(row["grade_rank"], row["watch_since"] is not None) for row in result]
        assert listed == expected[month], (seed, on)


def poor_and_rich(number):
    poor, rich = ("0.00", "0.00", "0.00", "0.00", None), ("700000.00", "0.00", "0.00", "0.00", None)
    return [poor] * number + [rich]


def test_an_exception_holds_until_its_end_and_the_policy_goes_on_behind_it():
    book = rulebook.load("brief")
    machine, people = Machine(book), poor_and_rich(2)
    first = machine.night(START, people)
    assert [row["grade_why"] for row in first] == ["new", "new", "new"]
    result = machine.night(date(2025, 1, 31), people, granted=[(0, 3), (2, 3)])
    assert [(row["grade_rank"], row["earned_rank"], row["grade_why"]) for row in result] == [
        (3, 0, "granted"),
        (0, 0, "new"),
        (4, 4, "new"),
    ]
    result = machine.night(date(2025, 2, 1), people)
    assert (result[0]["grade_rank"], result[0]["grade_why"], result[0]["grade_since"]) == (0, "ended", date(2025, 2, 1))


def with_assets(*amounts):
    return [(amount, "0.00", "0.00", "0.00", None) for amount in amounts]


def test_a_grade_says_why_and_since_when_it_is_held_until_it_changes():
    machine = Machine(rulebook.load("brief"))
    nights = [
        (START, "0.00", 0, "new", START),
        (date(2025, 1, 31), "700000.00", 4, "risen", date(2025, 1, 31)),
        (date(2025, 2, 1), "700000.00", 4, "risen", date(2025, 1, 31)),
        (date(2025, 2, 28), "0.00", 0, "fallen", date(2025, 2, 28)),
        (date(2025, 3, 1), "0.00", 0, "fallen", date(2025, 2, 28)),
    ]
    for on, amount, rank, why, since in nights:
        (row,) = machine.night(on, with_assets(amount))
        assert (row["grade_rank"], row["grade_why"], row["grade_since"]) == (rank, why, since)


def test_who_has_lost_the_grade_with_a_new_book_is_graded_anew_because_of_the_book():
    machine = Machine(rulebook.load("brief"))
    machine.night(START, with_assets("700000.00"))
    standings = machine.before["standings"]
    for name in ("grade_rank", "earned_rank"):
        empty = pa.nulls(len(standings), pa.int64())
        standings = standings.set_column(standings.column_names.index(name), name, empty)
    machine.before["standings"] = standings
    (row,) = machine.night(date(2025, 1, 31), with_assets("700000.00"))
    assert (row["grade_rank"], row["grade_why"], row["grade_since"]) == (4, "book", date(2025, 1, 31))


def test_a_change_of_grade_is_told_once_and_none_on_the_first_night():
    before = [
        {"customer_id": name, "grade_rank": rank} for name, rank in (("same", 1), ("risen", 1), ("ungraded", None))
    ]
    tonight = [
        {"customer_id": name, "grade_rank": rank, "grade_why": why}
        for name, rank, why in (("same", 1, "new"), ("risen", 3, "risen"), ("ungraded", 0, "book"), ("came", 2, "new"))
    ]
    rows = {"standings": tonight, "standings_before": before}
    made = Tables(**rows).make("grade_changes")
    assert {(row["customer_id"], row["rank_before"], row["rank_after"], row["why"]) for row in made} == {
        ("risen", 1, 3, "risen"),
        ("ungraded", None, 0, "book"),
        ("came", None, 2, "new"),
    }
    assert Tables(**rows, calendar=[{"is_first": True}]).make("grade_changes") == []


@pytest.mark.parametrize(
    ("key", "on", "last"),
    [
        ("state_bank", date(2026, 6, 24), date(2026, 6, 1)),
        ("state_bank", date(2026, 6, 1), date(2026, 6, 1)),
        ("rural_cooperative", date(2026, 6, 29), date(2025, 12, 31)),
        ("rural_cooperative", date(2026, 6, 30), date(2026, 6, 30)),
        ("rural_cooperative", date(2026, 12, 30), date(2026, 6, 30)),
    ],
)
def test_the_last_review_is_the_months_first_night_or_the_policys_own_day(key, on, last):
    assert grade.last_review(on, rulebook.load(key)) == last


def test_a_branch_may_have_thresholds_and_shares_of_its_own():
    lower = rulebook.changed(rulebook.load("brief"), {"grades": {"valued": {"minimum_in": {"county": 1}}}})
    some = [("1000.00", "0.00", "0.00", "0.00", None)] * 2
    result = Machine(lower).night(START, some, branches=["county", "town"])
    assert [row["grade_rank"] for row in result] == [4, 1]
    shares = rulebook.load("rural_cooperative")
    per_branch = rulebook.changed(shares, {"policy": {"top_of": "branch"}})
    rich, poor = [(text, "0.00", "0.00", "0.00", None) for text in ("9000.00", "900.00")]
    people, branches = [rich, poor] * 5 + [poor] * 10, ["a"] * 10 + ["b"] * 10
    for book, key_customers in ((shares, [5, 0]), (per_branch, [5, 10])):
        result = Machine(book).night(START, people, branches=branches)
        counted = [sum(row["grade_rank"] == 2 for row in result if row["branch_id"] == branch) for branch in ("a", "b")]
        assert counted == key_customers


@given(st.lists(st.tuples(st.decimals(-(10**9), 10**9, places=2), st.integers(1, 31)), min_size=1, max_size=40))
@settings(max_examples=30, deadline=None)
def test_the_average_is_rounded_exactly(cases):
    engine = DuckEngine.in_memory()
    schema = ibis.schema({"total": tables.BALANCE_DAYS, "days": "int64"})
    rows = [{"total": total, "days": days} for total, days in cases]
    given_rows = engine.bind_arrow("cases", schema, pa.Table.from_pylist(rows, schema=schema.to_pyarrow()))
    engine.derive("averages", lambda table: table.select(found=value.average(table.total, table.days)), given_rows)
    result = engine.read("averages")["found"].to_pylist()
    assert result == [(total / days).quantize(Decimal("0.01"), ROUND_HALF_UP) for total, days in cases]


def test_ranks_of_another_book_are_taken_over_and_those_of_a_grade_that_is_gone_are_empty():
    engine = DuckEngine(None, threads=1)
    names = ("grade_rank", "earned_rank", *grade.LEVELS)
    rows = [{"customer_id": f"c{rank}", **dict.fromkeys(names, rank), "aum": Decimal(rank)} for rank in range(3)]
    rows.append({"customer_id": "mixed", **dict(zip(names, [2, 0, 1, None, 2, 0, 1, 2], strict=True))})
    standings = pa.Table.from_pylist(rows, schema=tables.STANDINGS.to_pyarrow())
    now = {0: 0, 1: None, 2: 1}
    ranks = [{"rank": rank, "now": after} for rank, after in now.items()]
    engine.derive(
        "ranked",
        grade.ranks_as_now,
        engine.bind_arrow("standings", tables.STANDINGS, standings),
        engine.bind_arrow("ranks", tables.RANKS, pa.Table.from_pylist(ranks, schema=tables.RANKS.to_pyarrow())),
    )
    expected = [row | {name: now.get(row[name]) for name in names} for row in standings.to_pylist()]
    assert engine.read("ranked").sort_by("customer_id").to_pylist() == expected
