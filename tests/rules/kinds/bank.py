"""Tables of a night from readable rows: columns that a row leaves out are those of an ordinary customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from ibis.expr.types import Table

from weihu.engine.duck import DuckEngine
from weihu.nightly import steps
from weihu.nightly.graph import rows_of
from weihu.rules import rulebook, tables
from weihu.rules.value import WINDOW_DAYS

ON = date(2026, 6, 24)
BOOK = rulebook.load("state_bank")
TOP = len(BOOK.grades) - 1
AUM, METRIC, REVIEW = Decimal("600000.00"), Decimal("612345.67"), Decimal("498765.43")
"""Three amounts of the ordinary customer, each another one, so that a test sees which of them a row shows."""

Row = dict[str, object]

SCHEMAS = steps.night(BOOK).schemas
USUAL: dict[str, Row] = {
    "compared": {
        "customer_id": "c",
        "branch_id": "b",
        "opened_on": date(2020, 1, 1),
        "first_seen_on": date(2026, 1, 1),
        "aum": AUM,
        "metric": METRIC,
        **{f"flow_{days}": Decimal("0.00") for days in WINDOW_DAYS},
        "moved_on": ON - timedelta(days=3),
        "grade_rank": TOP - 1,
        "review_1": REVIEW,
        "rank_before": TOP - 1,
        "moved_before": ON - timedelta(days=3),
        "primary_id": "p",
        "facts_expected": 4,
        "facts_known": 4,
        "today": ON,
        "works_on": ON + timedelta(days=1),
        "through": ON + timedelta(days=1),
    },
    "accounts": {
        "account_id": "a",
        "customer_id": "c",
        "branch_id": "b",
        "product_id": "d",
        "balance": Decimal("100.00"),
    },
    "accounts_before": {
        "account_id": "a",
        "customer_id": "c",
        "branch_id": "b",
        "product_id": "d",
        "balance": Decimal("100.00"),
    },
    "transactions": {"account_id": "a", "booked_on": ON, "kind": "transfer"},
    "transactions_today": {"account_id": "a", "booked_on": ON, "kind": "transfer"},
    "profiles": {"customer_id": "c", "branch_id": "b", "opened_on": date(2020, 1, 1), "missing": ""},
    "facts_known": {"customer_id": "c", "known": ","},
    "holdings_open": {"holding_id": "h", "customer_id": "c", "product_id": "d", "amount": Decimal("1000.00")},
    "moves": {
        "customer_id": "c",
        "own": Decimal("0.00"),
        "before": AUM,
        "salary": Decimal("0.00"),
        "demand": Decimal("0.00"),
    },
    "habits": {"customer_id": "c", "habit_days": 200},
    "habits_before": {
        "customer_id": "c",
        "habit_days": 200,
        **{name: 0 for name in tables.HABITS if name[:3] in ("in_", "out")},
    },
    "noted": {"customer_id": "c", "subject": "1", "on_date": ON, "detail": ""},
    "placed": {"customer_id": "c", "staff_id": "p", "placed_on": ON, "origin": "handover"},
    "benefits_used": {"customer_id": "c", "benefit": "x", "used": 0},
    "calendar": {
        "business_date": ON,
        "before": ON - timedelta(days=1),
        "days": 1,
        "month_days": 24,
        "last_month_days": 31,
        "is_month_start": False,
        "is_month_end": False,
        "is_first": False,
        "works_on": ON + timedelta(days=1),
        "through": ON + timedelta(days=1),
        "latest": ON + timedelta(days=1),
    },
    "answers": {"customer_id": "c"},
    "leavers": {"customer_id": "c"},
    "explained": {"customer_id": "c"},
}


THRESHOLDS: list[Row] = [
    {"branch_id": "b", "grade_rank": rank, "threshold": grade.minimum}
    for rank, grade in enumerate(BOOK.grades.values())
    if grade.minimum is not None
]


@cache
def _engine() -> DuckEngine:
    """The process's one engine: what a rule compiles to is used again by every test."""
    return DuckEngine(None, threads=1)


class Tables:
    """The tables of one night; those without rows are empty, but for calendar and thresholds."""

    def __init__(self, **rows: list[Row]) -> None:
        self.rows = {"calendar": [{}], "thresholds": THRESHOLDS, **rows}

    def make(self, name: str, book: rulebook.RuleBook = BOOK) -> list[Row]:
        """What the night's step of a name makes of the tables."""
        engine = _engine()
        step = next(step for step in steps.night(book).steps if step.makes == name)
        inputs = {parameter: self._bound(engine, table) for parameter, table in step.inputs.items()}
        engine.derive(name, step.rule, **inputs, **step.values(book))
        return engine.read(name).to_pylist()

    def _bound(self, engine: DuckEngine, name: str) -> Table:
        rows = [USUAL.get(name, {}) | row for row in self.rows.get(name, [])]
        return engine.bind_arrow(name, SCHEMAS[name], rows_of(SCHEMAS[name], rows))


def raised(kind: str, book: rulebook.RuleBook = BOOK, **rows: list[Row]) -> list[Row]:
    """What a kind sees in some tables; of one ordinary customer, unless there are rows of others."""
    seen = Tables(**{"compared": [{}], **rows}).make(f"seen_{kind}", book)
    assert all(row["kind"] == kind for row in seen)
    return seen


def open_signals(
    seen: Sequence[Row],
    before: Sequence[Row] = (),
    answers: Sequence[Row] = (),
    on: date = ON,
    book: rulebook.RuleBook = BOOK,
) -> list[Row]:
    """The open signals of a night, by what the kinds saw, what was open before, and what was answered."""
    ordinary: Row = {"customer_id": "c", "subject": "", "detail": ""}
    works_on = {"works_on": on + timedelta(days=1)}
    lasting = ordinary | {"seen_on": on - timedelta(days=1), "expires_on": on, "raised_on": on, "held_out": False}
    night = Tables(
        seen=[ordinary | works_on | row for row in seen],
        signals_before=[lasting | row for row in before],
        answers=[{"subject": "", **row} for row in answers],
        calendar=[{"business_date": on}],
    )
    return night.make("signals", book)
