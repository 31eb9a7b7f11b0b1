"""For every kind of signal, tables that raise it for the ordinary customer, and the evidence that it then shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from tests.rules.kinds.bank import AUM, BOOK, METRIC, ON, REVIEW, TOP, Row

KEYS = list(BOOK.grades)
CENT = Decimal("0.01")
NEXT = ON + timedelta(days=1)
TODAY = str(ON)
RULES = BOOK.signals
MINIMUM = BOOK.grades[KEYS[TOP - 1]].minimum
FOLLOWING = BOOK.grades[KEYS[TOP]].minimum
NEAR = FOLLOWING - 1000
LARGE = Decimal("70001.00")


def ahead(days: int) -> date:
    """The date some days from today."""
    return ON + timedelta(days=days)


def idle(kind: str) -> date:
    """The day on which a kind's idle days began that end today."""
    return ahead(-RULES[kind].idle_days)


@dataclass(frozen=True)
class Case:
    """Tables that raise a kind, and the evidence. ``of_rank``: what the customer needs besides in another grade."""

    evidence: Row
    compared: Row = field(default_factory=dict)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    of_rank: Callable[[int], Row] = lambda rank: {}

    @property
    def row(self) -> Row:
        """The whole row that is seen, but for the kind."""
        empty: Row = {"subject": "", "amount": None, "base": None, "limit": None, "on_date": None, "detail": ""}
        assert self.evidence.keys() <= empty.keys()
        return {"customer_id": "c", **empty, **self.evidence, "works_on": NEXT}

    def customers(self, ranks: list[tuple[int, int | None]]) -> dict[str, list[Row]]:
        """The tables for one customer of each pair of ranks, tonight's and the night before's."""
        compared = [
            self.compared | self.of_rank(now) | {"customer_id": f"c{place}", "grade_rank": now, "rank_before": before}
            for place, (now, before) in enumerate(ranks)
        ]
        places = range(len(ranks))
        tables = {
            name: rows if name in OF_THE_BANK else [_of(place, name, row) for place in places for row in rows]
            for name, rows in self.tables.items()
        }
        return {"compared": compared, **tables}


OF_THE_BANK = ("occasions", "festivals", "benefits")
"""Tables that are of no customer."""

OWNERS = {"accounts": ("account_id", "customer_id"), "transactions": ("account_id", "transaction_id")}
OWNERS["accounts_before"] = OWNERS["accounts"]
"""The columns by which a table's rows are a customer's, where it is not the customer's alone."""


def _of(place: int, table: str, row: Row) -> Row:
    """A table's row as that of the customer at a place."""
    return row | {column: f"{row.get(column, column[0])}{place}" for column in OWNERS.get(table, ("customer_id",))}


def _near(rank: int) -> Row:
    following = BOOK.grades[KEYS[rank + 1]].minimum if rank < TOP else None
    return {"metric": following - CENT if following else METRIC}


ENDING: Row = {"holding_id": "h", "product_id": "d", "amount": Decimal("1000.00"), "matures_on": ahead(10)}
PAID: Row = {"salary_on": idle("salary_stopped"), "salary": Decimal("8000.00")}
PAID["salary_since"] = PAID["salary_on"] - timedelta(days=RULES["salary_stopped"].history_days)

CASES: dict[str, Case] = {
    "large_inflow": Case({"subject": TODAY, "amount": LARGE, "base": AUM, "on_date": ON}, {"flow_1": LARGE}),
    "large_outflow": Case({"subject": TODAY, "amount": LARGE, "base": AUM, "on_date": ON}, {"flow_1": -LARGE}),
    # never so much in a day before: the range ends at the least of the sizes
    "unusual_inflow": Case(
        {"subject": TODAY, "amount": LARGE, "base": AUM, "limit": BOOK.habits.sizes[0], "on_date": ON},
        tables={"moves": [{"own": LARGE}], "habits_before": [{}]},
    ),
    "unusual_outflow": Case(
        {"subject": TODAY, "amount": LARGE, "base": AUM, "limit": BOOK.habits.sizes[0], "on_date": ON},
        tables={"moves": [{"own": -LARGE}], "habits_before": [{}]},
    ),
    "inter_branch": Case(
        {"subject": TODAY, "amount": LARGE, "base": AUM, "on_date": ON, "detail": "x"},
        tables={"accounts": [{}], "transactions": [{"transaction_id": "1", "amount": LARGE, "branch_id": "x"}]},
    ),
    "to_other_bank": Case(
        {"subject": TODAY, "amount": LARGE, "base": AUM, "on_date": ON, "detail": "ICBC"},
        tables={
            "accounts": [{}],
            "transactions": [{"transaction_id": "1", "amount": -LARGE, "counterparty_bank": "ICBC"}],
        },
    ),
    "salary_stopped": Case(
        {
            "subject": str(idle("salary_stopped")),
            "amount": Decimal("8000.00"),
            "base": AUM,
            "on_date": idle("salary_stopped"),
        },
        tables={"habits": [PAID]},
    ),
    "idle_cash": Case(
        {"amount": LARGE, "base": AUM, "limit": RULES["idle_cash"].amount, "on_date": idle("idle_cash")},
        tables={"habits": [{"idle_since": idle("idle_cash")}], "moves": [{"demand": LARGE}]},
    ),
    "leaving": Case(
        {"amount": AUM, "base": LARGE, "on_date": ON, "detail": "rule - 0 left=600"},
        tables={
            "leavers": [{"on": ON, "level": LARGE}],
            "explained": [{"detail": "rule - 0 left=600"}],
        },
    ),
    "dormant": Case({"amount": AUM, "on_date": idle("dormant")}, {"moved_on": idle("dormant")}),
    "waking": Case(
        {"subject": TODAY, "amount": AUM, "on_date": idle("waking")},
        {"moved_on": ON, "moved_before": idle("waking")},
    ),
    "maturity": Case(
        {
            "subject": f"a {ahead(1)} 1",
            "amount": Decimal("100.00"),
            "base": AUM,
            "on_date": ahead(1),
            "detail": "d",
        },
        tables={"accounts": [{"matures_on": ahead(1)}]},
    ),
    # the balance is that of the night before: tonight the account may be closed
    "matured": Case(
        {"subject": f"a {ON}", "amount": Decimal("100.00"), "base": AUM, "on_date": ON, "detail": "d"},
        tables={"accounts_before": [{"matures_on": ON}], "accounts": [{"closed_on": ON, "balance": Decimal(0)}]},
    ),
    "loan_ending": Case(
        {
            "subject": f"h {ahead(10)}",
            "amount": Decimal("1000.00"),
            "base": AUM,
            "on_date": ahead(10),
            "detail": "d",
        },
        tables={"holdings_open": [ENDING | {"category": "loan"}]},
    ),
    "card_expiring": Case(
        {
            "subject": f"h {ahead(10)}",
            "amount": Decimal("1000.00"),
            "base": AUM,
            "on_date": ahead(10),
            "detail": "d",
        },
        tables={"holdings_open": [ENDING | {"category": "card"}]},
    ),
    "risk_expiring": Case(
        {"subject": str(ahead(10)), "on_date": ahead(10), "detail": "C3"},
        tables={
            "profiles": [{"risk_rating": "C3", "risk_rated_on": ahead(10 - BOOK.suitability.rating_days)}],
        },
    ),
    "benefit_expiring": Case(
        {"subject": f"x {ahead(6)}", "base": Decimal(1), "on_date": ahead(6), "detail": "x"},
        tables={
            "benefits": [{"benefit": "x", "from_rank": 0, "to_rank": TOP, "quota": 3, "ends_on": ahead(6)}],
            "benefits_used": [{"used": 2}],
        },
    ),
    "grade_up": Case(
        {
            "subject": TODAY,
            "amount": METRIC,
            "base": AUM,
            "limit": MINIMUM,
            "on_date": ON,
            "detail": f"{KEYS[TOP - 2]}>{KEYS[TOP - 1]}",
        },
        {"rank_before": TOP - 2},
    ),
    "grade_down": Case(
        {
            "subject": TODAY,
            "amount": METRIC,
            "base": AUM,
            "limit": MINIMUM,
            "on_date": ON,
            "detail": f"{KEYS[TOP]}>{KEYS[TOP - 1]}",
        },
        {"rank_before": TOP},
    ),
    "watch_begun": Case(
        {"subject": TODAY, "amount": REVIEW, "base": AUM, "limit": MINIMUM, "on_date": ON}, {"watch_since": ON}
    ),
    "near_grade": Case(
        {"subject": KEYS[TOP], "amount": NEAR, "base": Decimal(1000), "limit": FOLLOWING, "detail": KEYS[TOP]},
        {"metric": NEAR},
        of_rank=_near,
    ),
    "handed_over": Case(
        {"subject": str(NEXT), "amount": AUM, "on_date": NEXT, "detail": "handover"},
        tables={"placed": [{"placed_on": NEXT}]},
    ),
    "new_customer": Case(
        {"subject": str(ahead(-2)), "amount": AUM, "on_date": ahead(-2)},
        {"first_seen_on": ON, "opened_on": ahead(-2)},
    ),
    "birthday": Case(
        {"subject": str(NEXT), "on_date": NEXT},
        tables={"profiles": [{"birth_date": date(1970, 6, 25)}], "occasions": [{"month_day": 625, "on": NEXT}]},
    ),
    "festival": Case(
        {"subject": f"duanwu {NEXT}", "on_date": NEXT, "detail": "duanwu"},
        tables={"festivals": [{"festival": "duanwu", "on": NEXT}]},
    ),
    "missing_facts": Case(
        {"detail": BOOK.expected(TOP - 1)[0]},
        {"facts_known": 3},
        {"profiles": [{"missing": "sex,"}], "facts_known": [{"known": ",".join(["", *BOOK.expected(TOP)[1:], ""])}]},
    ),
    "cadence_due": Case(
        {"on_date": date(2025, 6, 1) + timedelta(days=BOOK.grades[KEYS[TOP - 1]].cadence_days)},
        {"last_contact_on": date(2025, 6, 1)},
    ),
    "follow_up": Case({"subject": TODAY, "on_date": ON}, {"last_contact_on": ahead(-9), "follow_up_on": ON}),
}
"""By the kind's name; a test holds them together with the kinds that there are."""
