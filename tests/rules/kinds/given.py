"""Tables of a night from readable rows: what is not said of a row is as for an ordinary customer."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import ibis
import pyarrow as pa

from weihu.engine.duck import DuckEngine
from weihu.nightly import steps
from weihu.rules import rulebook, tables

ON = date(2026, 6, 24)
BOOK = rulebook.load("state_bank")
TOP = len(BOOK.grades) - 1
Row = dict[str, object]

SCHEMAS = steps.night(BOOK).schemas
USUAL: dict[str, Row] = {
    "compared": {
        "customer_id": "c",
        "branch_id": "b",
        "opened_on": date(2020, 1, 1),
        "first_seen_on": date(2026, 1, 1),
        "aum": Decimal("600000.00"),
        "metric": Decimal("600000.00"),
        "flow_1": Decimal("0.00"),
        "moved_on": ON - timedelta(days=3),
        "grade_rank": TOP - 1,
        "rank_before": TOP - 1,
        "moved_before": ON - timedelta(days=3),
        "primary_id": "p",
        "facts_expected": 4,
        "facts_known": 4,
        "today": ON,
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
    "profiles": {"customer_id": "c", "branch_id": "b", "opened_on": date(2020, 1, 1), "missing": ""},
    "facts_known": {"customer_id": "c", "known": ","},
    "holdings_open": {"holding_id": "h", "customer_id": "c", "product_id": "d", "amount": Decimal("1000.00")},
    "moves": {
        "customer_id": "c",
        "own": Decimal("0.00"),
        "before": Decimal("600000.00"),
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
        "month_days": 24,
        "last_month_days": 31,
        "is_month_start": False,
        "is_month_end": False,
        "is_first": False,
    },
    "answers": {"customer_id": "c"},
}


class Tables:
    """The tables of one night in an engine; those that are not given are empty, but for the calendar."""

    def __init__(self, **given: list[Row]) -> None:
        self.engine = DuckEngine(None, threads=1)
        for name, rows in {"calendar": [{}], **given}.items():
            self.bind(name, rows)

    def bind(self, name: str, rows: list[Row], schema: ibis.Schema | None = None) -> None:
        """Rows under a name."""
        filled = [USUAL.get(name, {}) | row for row in rows]
        schema = schema or SCHEMAS[name]
        self.engine.bind_arrow(name, schema, pa.Table.from_pylist(filled, schema=schema.to_pyarrow()))

    def make(self, name: str, book: rulebook.RuleBook = BOOK) -> list[Row]:
        """What the night's step of a name makes of the tables."""
        step = next(step for step in steps.night(book).steps if step.makes == name)
        inputs = {}
        for parameter, table in step.inputs.items():
            if table not in self.engine._counts:
                self.bind(table, [])
            inputs[parameter] = ibis.table(SCHEMAS[table], name=table)
        self.engine.derive(name, step.rule, **inputs, **step.values(book))
        return self.engine.read(name).to_pylist()


def raised(kind: str, **given: list[Row]) -> list[Row]:
    """What a kind sees of some tables; one ordinary customer, unless others are given."""
    rows = Tables(**{"compared": [{}], **given}).make(f"seen_{kind}")
    assert all(row["kind"] == kind for row in rows)
    return rows


def open_signals(seen: list[Row], before: list[Row] = (), answers: list[Row] = (), book=BOOK) -> list[Row]:
    """Tonight's open signals, by what the kinds saw, what was open before, and what was answered."""
    held = Tables()
    ordinary = {"customer_id": "c", "subject": "", "detail": ""}
    held.bind("seen", [ordinary | row for row in seen], tables.SEEN)
    lasting = ordinary | {"seen_on": ON - timedelta(days=1), "expires_on": ON, "raised_on": ON, "held_out": False}
    held.bind("signals_before", [lasting | row for row in before], tables.SIGNALS)
    held.bind("answers", [{"subject": "", **row} for row in answers], tables.ANSWERS)
    return held.make("signals", book)
