"""A small bank made of written cases: each case is one customer of a branch of his or her own.

What a case says of the time before is the state that the first night finds; what it says of the last days is delivered
day by day, and the real steps of a night compute all of it. ``docs``: the format stands in ``cases/README.md``.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from weihu.engine.duck import DuckEngine
from weihu.nightly import steps
from weihu.nightly.graph import rows_of
from weihu.nightly.night import Before, Night, Past
from weihu.rules import rulebook, tables
from weihu.rules.advice import Advice, Matter, advise, concerned, most_urgent_first, said_of_offers, told_to
from weihu.rules.events import Speaker, grouped, sentence
from weihu.rules.match import Situation
from weihu.rules.workdays import WorkingDays

BOOK = rulebook.load("brief")
RULES = {kind: rule for kind, rule in BOOK.signals.items() if rule.holdout}
FOLDER = Path(__file__).parent / "cases"
NIGHTS = 6
"""Nights with deliveries of their own; the state before is as the case says."""

Row = dict[str, Any]

PRODUCTS: list[Row] = [
    {"product_id": key, "name": zh, "name_en": key, "category": category, "risk": risk, "overdraft": False}
    for key, zh, category, risk in (
        ("D001", "活期存款", "demand", None), ("D007", "7天通知存款", "demand", None), ("T012", "一年期定期存款", "term", "R1"),
        ("T036", "三年期定期存款", "term", "R1"), ("W060", "60天理财", "wealth", "R2"), ("W365", "一年理财", "wealth", "R3"),
        ("F002", "债券基金", "fund", "R3"), ("I001", "终身年金保险", "insurance", "R2"), ("L001", "个人住房贷款", "loan", None),
        ("L002", "个人消费贷款", "loan", None), ("C001", "信用卡", "card", None), ("C002", "代扣水电费", "standing_order", None),
    )
]  # fmt: skip
CATEGORIES = {row["product_id"]: row["category"] for row in PRODUCTS}


@dataclass(frozen=True)
class Case:
    """A written case with the customer, branch and last night that it got."""

    data: Row
    place: int
    on: date

    @property
    def name(self) -> str:
        """What it is called in the tests' report."""
        return str(self.data["name"])

    @property
    def branch(self) -> str:
        return f"b{self.place:02}"

    @property
    def customer(self) -> str:
        """A customer who is held out of nothing."""
        numbers = (f"c{self.place:02}-{number}" for number in range(1000))
        return next(customer for customer in numbers if not any(_held_out(customer, kind) for kind in RULES))

    def day(self, ago: int) -> date:
        return self.on - timedelta(days=ago)

    def account(self, key: str) -> str:
        return f"{self.branch}-{key}"

    def when(self, value: object) -> date | None:
        """A date, or days from the last night on (negative: before it)."""
        return self.on + timedelta(days=value) if isinstance(value, int) else value  # type: ignore[return-value]


@dataclass(frozen=True)
class Outcome:
    """What the nights and the rules of advice came to."""

    matters: list[Matter[Any]]
    advice: Advice[Any]
    headline: str
    task: Row | None
    situation: Situation
    deputys: list[Matter[Any]]


def _held_out(customer: str, kind: str) -> bool:
    place = hashlib.md5(f"{customer} {kind}".encode()).hexdigest()[:8]
    return place < f"{int(RULES[kind].holdout * 16**8):08x}"


def written_cases() -> list[Case]:
    """All the cases of the folder."""
    cases = []
    for path in sorted(FOLDER.glob("*.toml")):
        text = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        for data in text["case"]:
            cases.append(Case(data, len(cases), text["on"]))
    return cases


def live(cases: list[Case], folder: Path) -> dict[str, Outcome]:
    """The outcomes of some cases of one last night, by name."""
    on = cases[0].on
    engine, graph = DuckEngine.in_memory(), steps.night(BOOK)
    before: Before | None = None
    movements: dict[date, Path] = {}
    for ago in range(NIGHTS, -1, -1):
        today = on - timedelta(days=ago)
        landed = _delivery(cases, ago, folder / f"landed-{ago}")
        night = Night(engine, graph, BOOK, today, before, WorkingDays(BOOK.working_days))
        night.bind(landed.files, Past(movements, {}), _noted(cases, ago == 0))
        night.bind_delivered(landed)  # type: ignore[arg-type]
        night.run()
        state = folder / f"state-{ago}"
        state.mkdir()
        night.write(state)
        movements[today] = state / "movements.parquet"
        if ago == NIGHTS:
            _as_it_was(cases, state)
            del movements[today]
        before = Before(state, today, night.month_days, list(BOOK.grades))
    signals = engine.read("signals").to_pylist()
    tasks = engine.read("tasks").to_pylist()
    return {case.name: _outcome(case, signals, tasks) for case in cases}


# --- what the bank delivers ---


def _delivery(cases: list[Case], ago: int, folder: Path) -> SimpleNamespace:
    """The files of a night: everything on the first one, then what moved."""
    folder.mkdir()
    files: dict[str, list[Row]] = {"balances": [], "transactions": []}
    schemas = {"balances": tables.BALANCES, "transactions": tables.TRANSACTIONS}
    if ago == NIGHTS:
        files |= {"products": PRODUCTS, "branches": [], "staff": [], "customers": [], "accounts": [], "holdings": []}
        schemas |= {
            "products": tables.PRODUCTS, "branches": tables.BRANCHES, "staff": tables.STAFF,
            "customers": tables.CUSTOMERS, "accounts": tables.ACCOUNTS_DELIVERED, "holdings": tables.HOLDINGS,
        }  # fmt: skip
        for case in cases:
            _first_day(case, files)
    else:
        schemas |= {"accounts": tables.ACCOUNTS_DELIVERED, "customers": tables.CUSTOMERS, "holdings": tables.HOLDINGS}
        files |= {"accounts": [], "customers": [], "holdings": []}
        for case in cases:
            _later_day(case, ago, files)
    for name, rows in files.items():
        if rows or name in ("balances", "transactions"):
            pq.write_table(rows_of(schemas[name], rows), folder / f"{name}.parquet")

    def paths(file: str) -> list[Path]:
        path = folder / f"{file}.parquet"
        return [path] if path.is_file() else []

    return SimpleNamespace(paths=paths, files=[path.stem for path in folder.iterdir()])


def _first_day(case: Case, files: dict[str, list[Row]]) -> None:
    files["branches"].append({"branch_id": case.branch, "name": case.branch})
    posts = ("high_counter", "low_counter", "relationship_manager", "rm_supervisor", "branch_manager")
    files["staff"] += [{"staff_id": f"{case.branch}-{post}", "branch_id": case.branch, "post": post} for post in posts]
    if case.data.get("new"):
        return
    files["customers"].append(_customer(case))
    for row in case.data.get("accounts", []):
        files["accounts"].append(_account(case, row))
        files["balances"].append({"account_id": case.account(row["key"]), "balance": Decimal(row["balance"])})
    files["holdings"] += [_holding(case, row) for row in case.data.get("holdings", [])]


def _customer(case: Case) -> Row:
    data = case.data
    return {
        "customer_id": case.customer, "name": "某客户", "sex": "F", "phone": "x", "address": "x", "identity_number": "x",
        "birth_date": data.get("born"), "income": Decimal(9000), "occupation": "x", "education": "x",
        "marital_status": "x", "risk_rating": data.get("rating"),
        "risk_rated_on": case.when(data.get("rated", -100)) if data.get("rating") else None,
        "branch_id": case.branch, "opened_on": case.when(data.get("opened", -900)),
    }  # fmt: skip


def _account(case: Case, row: Row) -> Row:
    return {
        "account_id": case.account(row["key"]),
        "customer_id": case.customer,
        "branch_id": case.branch,
        "product_id": row.get("product", "D001"),
        "opened_on": case.when(row.get("opened", -400)),
        "closed_on": case.when(row.get("closed")),
        "matures_on": case.when(row.get("matures")),
        "account_last4": "0000",
    }


def _holding(case: Case, row: Row) -> Row:
    return {
        "holding_id": f"{case.branch}-{row['product']}",
        "customer_id": case.customer,
        "product_id": row["product"],
        "amount": Decimal(row.get("amount", 0)),
        "opened_on": case.when(-700),
        "closed_on": None,
        "matures_on": case.when(row.get("matures")),
    }


def _later_day(case: Case, ago: int, files: dict[str, list[Row]]) -> None:
    """A day's movements, and what they leave on each account; who is new comes with the first of them."""
    moves = case.data.get("moves", [])
    today = [move for move in moves if -move["day"] == ago]
    if not today:
        return
    if case.data.get("new") and ago == max(-move["day"] for move in moves):
        files["customers"].append(_customer(case))
        files["accounts"] += [_account(case, row) for row in case.data["accounts"]]
    past = [move for move in moves if -move["day"] >= ago]
    for key in {move["account"] for move in today}:
        row = next(row for row in case.data["accounts"] if row["key"] == key)
        moved = sum(Decimal(move["amount"]) for move in past if move["account"] == key)
        first = Decimal(0) if case.data.get("new") else Decimal(row["balance"])
        files["balances"].append({"account_id": case.account(key), "balance": first + moved})
        changes = [move for move in today if move["account"] == key and ({"closes", "matures"} & set(move))]
        for move in changes:
            closed = {"closed": move["day"]} if move.get("closes") else {}
            again = {"matures": move["matures"]} if "matures" in move else {}
            files["accounts"].append(_account(case, row | closed | again))
    files["transactions"] += [
        {
            "transaction_id": f"{case.branch}-{ago}-{number}",
            "account_id": case.account(move["account"]),
            "booked_on": case.day(ago),
            "amount": Decimal(move["amount"]),
            "kind": move.get("kind", "transfer"),
            "branch_id": move.get("branch"),
            "counterparty_bank": move.get("bank"),
        }
        for number, move in enumerate(today)
        if move["amount"]
    ]


# --- what was before ---


def _as_it_was(cases: list[Case], state: Path) -> None:
    """The state after the first night as if the customers had been with the bank for years."""
    by_customer = {case.customer: case for case in cases}

    def rewritten(name: str, change: Any, keep: bool = True) -> None:
        path = state / f"{name}.parquet"
        table = pq.read_table(path)
        rows = [change(by_customer[row["customer_id"]], row) for row in table.to_pylist()] if keep else []
        path.unlink()
        pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)

    rewritten("standings", _standing)
    rewritten("habits", _habit)
    rewritten("signals", None, keep=False)
    rewritten("trials", None, keep=False)
    keys = ",".join(["", *BOOK.fields, ""])
    lacking = {case.customer: case.data.get("lacks", []) for case in cases}
    known = [
        {"customer_id": case.customer, "known": ",".join(key for key in keys.split(",") if key not in lacking[case.customer])}
        for case in cases
    ]  # fmt: skip
    path = state / "facts_known.parquet"
    if path.is_file():
        path.unlink()
    pq.write_table(rows_of(tables.FACTS_KNOWN, known), path)


def _standing(case: Case, row: Row) -> Row:
    data = case.data
    change = Decimal(data.get("change_30", 0))
    return row | {
        "first_seen_on": case.when(-800),
        "moved_on": case.when(data.get("moved", -20)),
        "flow_1": Decimal(0),
        "flow_7": Decimal(0),
        "flow_30": change,
        "flow_90": change,
        "flow_365": change,
        "last_contact_on": case.when(data.get("contacted", -9)),
        "follow_up_on": case.when(data.get("follow_up")),
        "watch_since": case.when(data.get("watch")),
    }


def _habit(case: Case, row: Row) -> Row:
    data = case.data
    counts = {name: 0 for name in row if name[:3] in ("in_", "out") and name != "out"}
    salary = data.get("salary", {})
    return row | counts | {
        "habit_days": 200,
        "salary_since": case.when(salary.get("since")),
        "salary_on": case.when(salary.get("last")),
        "salary": Decimal(salary["amount"]) if salary else None,
        "idle_since": case.when(data.get("idle_since", 0 if row["idle_since"] else None)),
    }  # fmt: skip


# --- what the workplace noted ---


def _noted(cases: list[Case], last: bool) -> dict[str, pa.Table]:
    rows: dict[str, list[Row]] = {name: [] for name in steps.NOTED}
    for case in cases if last else []:
        rows["noted"] += [
            {
                "customer_id": case.customer,
                "kind": row["kind"],
                "subject": str(number),
                "on_date": case.when(row.get("on", 1)),
                "due_on": None,
                "detail": row.get("detail", ""),
            }
            for number, row in enumerate(case.data.get("noted", []))
        ]
        rows["answers_today"] += [
            {"customer_id": case.customer, "kind": row["kind"], "subject": row.get("subject", ""), "answered_on": case.day(1)}
            for row in case.data.get("answered", [])
        ]  # fmt: skip
        for name in ("barred", "tired"):
            rows[name] += [{"customer_id": case.customer}] if case.data.get(name) else []
        rows["benefits_used"] += [
            {"customer_id": case.customer, "benefit": key, "used": benefit.quota}
            for key, benefit in BOOK.benefits.items()
            if key not in case.data.get("benefits_left", [])
        ]
        rows["covers"] += [
            {"staff_id": f"{case.branch}-{row['away']}", "cover_id": f"{case.branch}-{row['cover']}"}
            for row in case.data.get("covers", [])
        ]
        rows["placements"] += [
            {
                "customer_id": case.customer,
                "staff_id": f"{case.branch}-relationship_manager",
                "placed_on": case.on,
                "origin": "handover",
            }
            for _ in range(bool(case.data.get("handed_over")))
        ]
    return {name: rows_of(schema, rows[name]) for name, schema in steps.NOTED.items()}


# --- what comes of it ---

SAY = Speaker(
    "zh",
    lambda amount: f"{amount / 10_000:.2f}".rstrip("0").rstrip(".") + "万",
    lambda on: f"{on.month}月{on.day}日",
    lambda signal: signal.detail,
)


def _outcome(case: Case, signals: Iterable[Row], tasks: Iterable[Row]) -> Outcome:
    data = case.data
    own = [SimpleNamespace(**row) for row in signals if row["customer_id"] == case.customer and not row["held_out"]]
    ordered = most_urgent_first(own, BOOK)
    task = next((row for row in tasks if row["customer_id"] == case.customer), None)
    has_deputy = any(BOOK.signals[row.kind].to == "deputy" for row in own)
    matters = [Matter(*event) for event in grouped(told_to(ordered, False, has_deputy, BOOK))]
    deputys = [Matter(*event) for event in grouped(told_to(ordered, True, True, BOOK))]
    contacts = [(row["interest"], row.get("outcome", "interested")) for row in data.get("contacts", [])]
    liked, refused = said_of_offers(contacts, BOOK)
    held = [row.get("product", "D001") for row in (*data.get("accounts", []), *data.get("holdings", []))]
    aum = sum((Decimal(row["balance"]) for row in data.get("accounts", [])), Decimal(0))
    situation = Situation(
        **concerned(matters, aum, BOOK),
        on=case.on + timedelta(days=1),
        held=frozenset(CATEGORIES[product] for product in held),
        rating=data.get("rating"),
        rated_on=case.when(data.get("rated", -100)) if data.get("rating") else None,
        born=data.get("born"),
        goals=frozenset(data.get("goals", [])),
        needed_within=data.get("needed_within"),
        classes={(row["category"], row["product_id"]): row["risk"] for row in PRODUCTS},
        liked=liked,
        refused=refused | frozenset(data.get("not_to_offer", [])),
        personal=data.get("personal", True),
    )
    advice = advise(matters, situation, BOOK, "zh")
    headline = ""
    if matters:
        first = matters[0]
        headline = sentence(first.signal, first.others, BOOK, SAY) or first.signal.kind
    return Outcome(matters, advice, headline, task, situation, deputys)
