"""What belongs on the fixed lists, worked out from the bank's files alone: by hand, one row after the other."""

import csv
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

BETWEEN_BANKS = ("transfer", "other")


def read(folder: Path, name: str) -> list[dict[str, str]]:
    path = folder / f"{name}.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def day_of(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


class Files:
    """The bank as its files tell of it, one day after the other."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.accounts: dict[str, dict[str, str]] = {}
        self.balances: dict[str, Decimal] = defaultdict(Decimal)
        self.born: dict[str, date] = {}
        self.matured: list[tuple[str, str, date, Decimal, Decimal]] = []
        self.first = True

    def aum(self) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for account, row in self.accounts.items():
            sums[row["customer_id"]] += self.balances[account]
        return sums

    def take(self, folder: Path) -> dict[str, set[tuple[Any, ...]]]:
        """A day's files; what belongs on the lists of that night, as (customer, …) by list."""
        on, before = date.fromisoformat(folder.name[:10]), self.aum()
        open_before = [
            (key, row["product_id"], day_of(row["matures_on"]), self.balances[key])
            for key, row in self.accounts.items()
            if not row["closed_on"] and self.balances[key] > 0
        ]
        self.accounts |= {row["account_id"]: row for row in read(folder, "accounts")}
        self.balances |= {row["account_id"]: Decimal(row["balance"]) for row in read(folder, "balances")}
        self.born |= {
            row["customer_id"]: day for row in read(folder, "customers") if (day := day_of(row["birth_date"]))
        }
        aum, booked = self.aum(), read(folder, "transactions")
        self.matured = [row for row in self.matured if row[2] > on - timedelta(days=self.book.lists.behind_days)]
        self.matured += [
            (key, product, matures, balance, before[self.accounts[key]["customer_id"]])
            for key, product, matures, balance in open_before
            if matures == on
        ]
        flows = {} if self.first else {key: amount - before.get(key, Decimal(0)) for key, amount in aum.items()}
        self.first = False
        return {
            "inter_branch": self._inter_branch(booked),
            "money": self._money(booked, flows),
            "maturing": self._maturing(on),
            "became": self._became(aum),
            "occasions": self._birthdays(on),
        }

    def _owner(self, row: dict[str, str]) -> str:
        return self.accounts[row["account_id"]]["customer_id"]

    def _inter_branch(self, booked: list[dict[str, str]]) -> set[tuple[Any, ...]]:
        return {
            (self._owner(row), row["transaction_id"], Decimal(row["amount"]), row["branch_id"], row["kind"])
            for row in booked
            if row["branch_id"] and row["branch_id"] != self.accounts[row["account_id"]]["branch_id"]
        }

    def _money(self, booked: list[dict[str, str]], flows: dict[str, Decimal]) -> set[tuple[Any, ...]]:
        came: dict[str, Decimal] = defaultdict(Decimal)
        went: dict[str, Decimal] = defaultdict(Decimal)
        for row in booked:
            if row["counterparty_bank"] and row["kind"] in BETWEEN_BANKS:
                amount = Decimal(row["amount"])
                (came if amount > 0 else went)[self._owner(row)] += abs(amount)
        rows = set()
        signals = self.book.signals
        for customer in {*flows, *came, *went}:
            flow = flows.get(customer, Decimal(0))
            large = (
                ("large_inflow", flow >= signals["large_inflow"].amount),
                (
                    "large_outflow",
                    -flow >= signals["large_outflow"].amount,
                ),
            )
            others = ("from_other_bank", customer in came), ("to_other_bank", customer in went)
            reasons = tuple(name for name, holds in (*large, *others) if holds)
            if reasons:
                rows.add((customer, flow, came.get(customer), went.get(customer), reasons))
        return rows

    def _maturing(self, on: date) -> set[tuple[Any, ...]]:
        last = on + timedelta(days=self.book.lists.ahead_days)
        return {
            (row["customer_id"], key, matures, self.balances[key], row["product_id"])
            for key, row in self.accounts.items()
            if not row["closed_on"]
            and self.balances[key] > 0
            and (matures := day_of(row["matures_on"]))
            and on < matures <= last
        }

    def _became(self, aum: dict[str, Decimal]) -> set[tuple[Any, ...]]:
        rows = set()
        for key, product, matured, balance, aum_before in self.matured:
            row = self.accounts[key]
            since, again = aum[row["customer_id"]] - aum_before, day_of(row["matures_on"])
            if not row["closed_on"] and again and again > matured:
                became = "kept"
            else:
                became = "left" if -since >= balance * self.book.lists.left_share else "moved"
            rows.add((row["customer_id"], key, matured, balance, since, product, became))
        return rows

    def _birthdays(self, on: date) -> set[tuple[Any, ...]]:
        days = [on + timedelta(days=ahead) for ahead in range(1, self.book.lists.week_days + 1)]
        rows = {
            (customer, day)
            for customer, born in self.born.items()
            for day in days
            if (born.month, born.day) == (day.month, day.day)
        }
        leapless = [day for day in days if (day.month, day.day) == (2, 28) and day.year % 4]
        return rows | {
            (key, day) for key, born in self.born.items() for day in leapless if (born.month, born.day) == (2, 29)
        }
