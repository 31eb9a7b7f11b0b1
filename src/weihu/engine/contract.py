"""The core contract: which files a bank delivers for a business date, and what every column must hold.

``docs/core-files.md`` is the same for people; a test keeps the two together. Sources write deliveries by it,
the night's landing checks them by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "date", "money", "flag", "choice"]

ASSET_CATEGORIES = ("demand", "term", "wealth", "fund", "insurance")
LIABILITY_CATEGORIES = ("loan",)
SERVICE_CATEGORIES = ("card", "standing_order")
CATEGORIES = ASSET_CATEGORIES + LIABILITY_CATEGORIES + SERVICE_CATEGORIES
"""Product categories: assets count into AUM and are accounts; liabilities and services are holdings."""

TRANSACTION_KINDS = ("salary", "cash", "transfer", "payment", "interest", "fee", "loan", "product", "opening", "other")


@dataclass(frozen=True)
class Column:
    """One column of a core file.

    ``money`` has at most 16 digits before and 2 after the point; ``references`` names the file whose key it must be;
    ``sealed`` values (C2) are encrypted before they reach the lake; ``summed``: an amount whose control total is stated.
    """

    name: str
    kind: Kind = "text"
    required: bool = False
    key: bool = False
    choices: tuple[str, ...] = ()
    references: str | None = None
    sealed: bool = False
    minimum: int | None = None
    summed: bool = True

    @property
    def sql_type(self) -> str:
        """The column's type once landed."""
        return {"date": "DATE", "money": "DECIMAL(18,2)", "flag": "BOOLEAN"}.get(self.kind, "VARCHAR")


@dataclass(frozen=True)
class File:
    """One file of a delivery. ``each_day``: must be present even when nothing changed (it may be empty)."""

    name: str
    columns: tuple[Column, ...]
    each_day: bool = False

    @property
    def key(self) -> str:
        """The name of the key column."""
        return next(column.name for column in self.columns if column.key)

    @property
    def totals(self) -> list[str]:
        """The money columns whose sums the manifest must state."""
        return [column.name for column in self.columns if column.kind == "money" and column.summed]


def _key(name: str) -> Column:
    return Column(name, required=True, key=True)


FILES: tuple[File, ...] = (
    File(
        "branches",
        (
            _key("branch_id"),
            Column("name", required=True),
            Column("parent_id", references="branches"),
        ),
    ),
    File(
        "staff",
        (
            _key("staff_id"),
            Column("name", required=True),
            Column("branch_id", required=True, references="branches"),
            Column("post", required=True),
            Column("left_on", "date"),
        ),
    ),
    File(
        "products",
        (
            _key("product_id"),
            Column("name", required=True),
            Column("name_en"),
            Column("category", "choice", required=True, choices=CATEGORIES),
            Column("risk", "choice", choices=("R1", "R2", "R3", "R4", "R5")),
            Column("overdraft", "flag", required=True),
        ),
    ),
    File(
        "customers",
        (
            _key("customer_id"),
            Column("name", required=True, sealed=True),
            Column("sex", "choice", choices=("F", "M")),
            Column("birth_date", "date"),
            Column("identity_number", sealed=True),
            Column("phone", sealed=True),
            Column("address", sealed=True),
            Column("income", "money", minimum=0),
            Column("occupation"),
            Column("education"),
            Column("marital_status"),
            Column("risk_rating", "choice", choices=("C1", "C2", "C3", "C4", "C5")),
            Column("risk_rated_on", "date"),
            Column("branch_id", required=True, references="branches"),
            Column("opened_on", "date", required=True),
        ),
    ),
    File(
        "accounts",
        (
            _key("account_id"),
            Column("account_number", sealed=True),
            Column("customer_id", required=True, references="customers"),
            Column("branch_id", required=True, references="branches"),
            Column("product_id", required=True, references="products"),
            Column("opened_on", "date", required=True),
            Column("closed_on", "date"),
            Column("matures_on", "date"),
        ),
    ),
    File(
        "authorised",
        (
            _key("authorised_id"),
            Column("account_id", required=True, references="accounts"),
            Column("customer_id", required=True, references="customers"),
            Column("until", "date"),
        ),
    ),
    File(
        "holdings",
        (
            _key("holding_id"),
            Column("customer_id", required=True, references="customers"),
            Column("product_id", required=True, references="products"),
            Column("account_id", references="accounts"),
            Column("amount", "money", required=True, minimum=0),
            Column("credit_line", "money", minimum=0, summed=False),
            Column("opened_on", "date", required=True),
            Column("closed_on", "date"),
            Column("matures_on", "date"),
        ),
    ),
    File(
        "balances",
        (
            Column("account_id", required=True, key=True, references="accounts"),
            Column("balance", "money", required=True),
            Column("balance_days", "money", summed=False),
        ),
        each_day=True,
    ),
    File(
        "transactions",
        (
            _key("transaction_id"),
            Column("account_id", required=True, references="accounts"),
            Column("booked_on", "date", required=True),
            Column("amount", "money", required=True),
            Column("kind", "choice", required=True, choices=TRANSACTION_KINDS),
            Column("branch_id", references="branches"),
            Column("counterparty_bank"),
            Column("counterparty"),
        ),
        each_day=True,
    ),
)

FILE = {file.name: file for file in FILES}
MANIFEST = "manifest.json"
FORMAT = "weihu-core-1"
