"""A synthetic Chinese retail bank as daily deliveries. Everything is columns; the same seed gives the same bytes.

Assets are log-normal with a sigma of 1.7, which gives the top fifth about four fifths of them. Every day people are
paid, spend, move money between branches and banks; term money matures and is renewed or lost; some drift away; some
get or lose a large sum; some salaries stop coming. Owners of a business turn over large sums as a matter of course.
What was done to whom is kept in ``OUT/.truth`` for tests of signals and models.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from weihu.sources import delivery, names

Ints = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]

EPOCH = date(1970, 1, 1)
SIGMA, MEDIAN_CENTS = 1.7, 3_000_000
PAY_DAYS = np.array([5, 10, 15, 20, 25])
KINDS = ("salary", "cash", "transfer", "payment", "interest", "product", "opening")
SALARY, CASH, TRANSFER, PAYMENT, INTEREST, PRODUCT, OPENING = range(7)
DEMAND, TERMS, WEALTH, FUNDS, INSURANCE = 0, (1, 2, 3), (4, 5), (6, 7), 8
TERM_DAYS = np.array([row[6] for row in names.PRODUCTS])
WRITTEN = (
    "surname", "given_1", "given_2", "area", "born", "id_order", "id_check", "female", "prefix", "number", "branch",
)  # fmt: skip
"""Who somebody is, as far as it is written down when an account is opened."""
NEVER = np.iinfo(np.int64).max


class SyntheticBank:
    """A bank of so many customers and branches, and its days up to ``last``."""

    def __init__(self, customers: int, branches: int, days: int, last: date, seed: int, twins: float = 0.0) -> None:
        self.count, self.branches, self.days = customers, branches, days
        self.first = last - timedelta(days=days - 1)
        self.rng = np.random.default_rng(seed)
        self.database = duckdb.connect()
        self._people()
        self._write_down_twice(twins, seed)
        self._accounts()
        self._events: dict[str, list[Any]] = {"date": [], "customer": [], "kind": [], "cents": []}
        self._moves: list[tuple[Ints, Ints, int, Ints, Ints]] = []

    def deliveries(self, out: Path) -> Iterator[Path]:
        """Write one delivery per day; yields each folder."""
        self._write_words()
        for offset in range(self.days):
            on = self.first + timedelta(days=offset)
            yield self._day(out, on, offset)
        self._write_truth(out)

    # --- who they are ---

    def _people(self) -> None:
        rng, n = self.rng, self.count
        sizes = rng.choice([1, 2, 3, 4], size=n, p=[0.55, 0.25, 0.15, 0.05])
        self.household = np.repeat(np.arange(n), sizes)[:n]
        first_of = np.r_[True, self.household[1:] != self.household[:-1]]
        self.role = np.arange(n) - np.maximum.accumulate(np.where(first_of, np.arange(n), 0))
        head = np.maximum.accumulate(np.where(first_of, np.arange(n), 0))
        self.female = np.where(self.role == 1, rng.random(n) < 0.9, rng.random(n) < 0.45)
        age = np.clip(rng.normal(46, 14, n), 19, 88)
        grown = age[head] - rng.uniform(22, 33, n)
        age = np.where((self.role >= 2) & (grown > 16), grown, np.where(self.role >= 2, 16 + rng.random(n) * 4, age))
        self.born = _days(self.first) - (age * 365.25).astype(np.int64)
        self.assets = np.exp(rng.normal(np.log(MEDIAN_CENTS), SIGMA, n)).astype(np.int64)
        self.branch = rng.integers(1, self.branches + 1, n)
        self.branch = self.branch[head]
        late = rng.random(n) < 0.02 if self.days > 1 else np.zeros(n, dtype=bool)
        relation = (rng.random(n) ** 2 * 365 * 14).astype(np.int64) + 1
        self.opened_day = np.where(late, rng.integers(1, max(2, self.days), n), -relation)
        self.wealth_rank = np.argsort(np.argsort(self.assets)) / n
        income = np.exp(rng.normal(np.log(650_000), 0.5, n)) * (0.6 + self.wealth_rank)
        self.income = (income / 10_000).astype(np.int64) * 10_000
        self.pay_day = np.where(rng.random(n) < 0.55, rng.choice(PAY_DAYS, n), 0)
        drifting = rng.random(n) < 0.03
        self.drift_day = np.where(drifting, rng.integers(0, max(1, self.days), n), NEVER)
        self.columns = self._person_columns(head)
        leaving = np.random.default_rng(n).random((2, n))
        stops = (self.pay_day > 0) & (leaving[0] < 0.04)
        self.trade_rng = np.random.default_rng(n + 2)
        trades = (self.pay_day == 0) & (self.trade_rng.random(n) < 0.12)
        self.turnover = np.where(trades, self.assets * self.trade_rng.uniform(0.08, 0.3, n), 0).astype(np.int64)
        self.stop_day = np.where(stops, (leaving[1] * self.days).astype(np.int64), NEVER)

    def _person_columns(self, head: Ints) -> dict[str, Any]:
        """Integers from which the written values are put together."""
        rng, n = self.rng, self.count
        surname = rng.integers(0, len(names.SURNAMES), n)
        surname = np.where(self.role == 1, surname, surname[head])
        born = self.born.astype("datetime64[D]")
        year = born.astype("datetime64[Y]").astype(int) + 1970
        month = born.astype("datetime64[M]").astype(int) % 12 + 1
        day = (born - born.astype("datetime64[M]")).astype(int) + 1
        area = rng.choice(names.AREAS, n)
        order = rng.integers(0, 500, n) * 2 + np.where(self.female, 0, 1)
        digits = _digits(area, 6) + _digits(year, 4) + _digits(month, 2) + _digits(day, 2) + _digits(order, 3)
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        check = sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 11
        known = {
            name: rng.random(n) > share
            for name, share in (
                ("phone", 0.06),
                ("address", 0.15),
                ("income", 0.4),
                ("occupation", 0.5),
                ("education", 0.55),
                ("marital", 0.6),
                ("risk", 0.4),
                ("birth", 0.01),
            )
        }
        return {
            "surname": surname,
            "given_1": rng.integers(0, len(names.GIVEN_FIRST), n),
            "given_2": rng.integers(0, len(names.GIVEN_SECOND), n),
            "area": area,
            "born": self.born,
            "id_order": order,
            "id_check": check,
            "prefix": rng.choice(names.PHONE_PREFIXES, n),
            "number": rng.integers(0, 10**8, n),
            "district": rng.integers(0, len(names.DISTRICTS), n)[head],
            "road": rng.integers(0, len(names.ROADS), n)[head],
            "house": rng.integers(1, 400, n)[head],
            "room": rng.integers(101, 2805, n)[head],
            "female": self.female,
            "income": self.income,
            "occupation": rng.integers(0, len(names.OCCUPATIONS), n),
            "education": rng.integers(0, len(names.EDUCATIONS), n),
            "marital": rng.integers(0, len(names.MARITAL), n),
            "rating": np.clip(rng.normal(2.6, 1.0, n).astype(np.int64), 1, 5),
            "rated_ago": rng.integers(10, 800, n),
            "branch": self.branch,
            "opened": self.opened_day + _days(self.first),
            **{f"knows_{name}": value for name, value in known.items()},
            "knows_identity": np.ones(n, dtype=bool),
        }

    def _write_down_twice(self, share: float, seed: int) -> None:
        """A share of the customers are earlier ones once more: same person, another number, some of it written wrongly."""
        rng, n = np.random.default_rng(seed + 1), self.count
        again = rng.permutation(n - n // 2)[: int(n * share)] + n // 2
        earlier = [np.flatnonzero(self.branch[: n // 2] == branch) for branch in range(self.branches + 1)]
        first = np.array([rng.choice(earlier[branch]) for branch in self.branch[again]], dtype=np.int64)
        for name in WRITTEN:
            self.columns[name] = self.columns[name].copy()
            self.columns[name][again] = self.columns[name][first]
        for name, right in (("number", 0.6), ("born", 0.9)):
            wrong = again[rng.random(len(again)) > right]
            self.columns[name][wrong] += rng.integers(1, 9, len(wrong))
        self.columns["knows_identity"][again] = rng.random(len(again)) < 0.3

    # --- what they hold ---

    def _accounts(self) -> None:
        rng, n, rank = self.rng, self.count, self.wealth_rank
        everyone = np.arange(n)
        owner, product, share = [everyone], [np.zeros(n, dtype=np.int64)], [rng.uniform(0.15, 1.0, n)]
        for options, low, high in (
            (TERMS, 0.25, 0.6),
            (TERMS, -0.2, 0.4),
            (WEALTH, -0.1, 0.55),
            (FUNDS, -0.1, 0.4),
            ((INSURANCE,), -0.2, 0.35),
        ):
            holds = everyone[rng.random(n) < low + (high - low) * rank]
            owner.append(holds)
            product.append(rng.choice(options, len(holds)))
            share.append(rng.uniform(0.2, 1.2, len(holds)))
        self.owner, self.product = np.concatenate(owner), np.concatenate(product)
        shares = np.concatenate(share)
        whole = np.bincount(self.owner, shares, n)
        self.balance = (self.assets[self.owner] * shares / whole[self.owner]).astype(np.int64)
        rounded = self.product != DEMAND
        self.balance[rounded] = self.balance[rounded] // 10_000 * 10_000
        kept = (self.balance > 0) | (self.product == DEMAND)
        self.owner, self.product, self.balance = self.owner[kept], self.product[kept], self.balance[kept]
        m = len(self.owner)
        elsewhere = (self.product != DEMAND) & (rng.random(m) < 0.08)
        self.account_branch = np.where(elsewhere, rng.integers(1, self.branches + 1, m), self.branch[self.owner])
        term = TERM_DAYS[self.product]
        self.opened = self.opened_day[self.owner].copy()
        left = (rng.random(m) * term).astype(np.int64) + 1
        begun = np.where(term > 0, left - term, self.opened)
        self.opened = np.where(self.opened_day[self.owner] < 0, np.minimum(begun, -1), self.opened)
        self.matures = np.where(term == 0, NEVER, np.where(self.opened < 0, left, self.opened + term))
        self.closed = np.full(m, NEVER)
        self.demand_of = np.zeros(n, dtype=np.int64)
        demand = np.flatnonzero(self.product == DEMAND)
        self.demand_of[self.owner[demand]] = demand

    # --- a day ---

    def _day(self, out: Path, on: date, offset: int) -> Path:
        self._moves = []
        alive = self.opened <= offset
        before = np.where(alive & (self.opened < offset), self.balance, -1) if offset else np.full(len(self.owner), -1)
        changed_accounts = self._maturities(on, offset)
        self._pay(on, offset)
        self._spend(on, offset)
        self._trade(on, offset)
        self._drift(on, offset)
        self._large(on, offset)
        self._markets(on, offset)
        self._apply()
        new = self.opened == offset
        if offset == 0:
            new = self.opened <= 0
        else:
            opening = np.flatnonzero(new & (self.balance > 0))
            self._moves.append(
                (
                    opening,
                    self.balance[opening],
                    OPENING,
                    self.account_branch[opening],
                    np.zeros(len(opening), np.int64),
                )
            )
        moved = alive & (self.balance != before)
        return self._write(out, on, offset, new | changed_accounts, moved)

    def _move(
        self, accounts: Ints, cents: Ints, kind: int, branch: Ints | None = None, bank: Ints | None = None
    ) -> None:
        """Note transactions; ``bank`` is the other bank's number from 1, 0 for none."""
        none = np.zeros(len(accounts), np.int64)
        self._moves.append((accounts, cents, kind, none if branch is None else branch, none if bank is None else bank))

    def _apply(self) -> None:
        """Add the day's transactions to the balances; who would be overdrawn does not spend that day."""
        accounts = np.concatenate([move[0] for move in self._moves])
        cents = np.concatenate([move[1] for move in self._moves])
        total = np.bincount(accounts, cents, len(self.balance)).astype(np.int64)
        short = self.balance + total < 0
        kept = []
        for move in self._moves:
            fine = ~(short[move[0]] & (move[1] < 0)) & (move[1] != 0)
            kept.append((move[0][fine], move[1][fine], move[2], move[3][fine], move[4][fine]))
        self._moves = kept
        for accounts, cents, *_ in kept:
            self.balance += np.bincount(accounts, cents, len(self.balance)).astype(np.int64)

    def _active(self, offset: int) -> Bools:
        return self.opened_day < offset

    def _pay(self, on: date, offset: int) -> None:
        paid = np.flatnonzero((self.pay_day == on.day) & self._active(offset))
        cents = self.income[paid] + self.rng.integers(-20_000, 20_000, len(paid))
        goes_on = self.stop_day[paid] > offset
        self._move(self.demand_of[paid[goes_on]], cents[goes_on], SALARY)
        gone = (self.stop_day[paid] <= offset) & (self.stop_day[paid] > offset - 28)
        self._note(on, paid[gone], "salary_stopped", cents[gone])

    def _spend(self, on: date, offset: int) -> None:
        rng = self.rng
        chance = 0.16 if on.weekday() < 5 else 0.10
        who = np.flatnonzero(self._active(offset) & (rng.random(self.count) < chance))
        cents = -np.minimum(rng.exponential(self.income[who] / 6), 30_000_000).astype(np.int64) - 100
        how = rng.random(len(who))
        at_counter = how < 0.2
        away = rng.random(len(who)) < 0.08
        branch = np.where(away, rng.integers(1, self.branches + 1, len(who)), self.branch[who])
        self._move(self.demand_of[who[~at_counter]], cents[~at_counter], PAYMENT)
        sign = np.where(rng.random(len(who)) < 0.55, 1, -1)
        cash = np.where(sign > 0, -cents * 2, cents)[at_counter]
        self._move(self.demand_of[who[at_counter]], cash, CASH, branch[at_counter])

    def _trade(self, on: date, offset: int) -> None:
        """Owners of a business bank their takings and pay their suppliers, large sums that mean nothing."""
        rng = self.trade_rng
        who = np.flatnonzero(self._active(offset) & (self.turnover > 0) & (rng.random(self.count) < 0.3))
        takings = rng.random(len(who)) < 0.55
        size = (self.turnover[who] * rng.uniform(0.5, 1.5, len(who))).astype(np.int64)
        paid = np.minimum(size, (self.balance[self.demand_of[who]] * 0.6).astype(np.int64))
        self._move(self.demand_of[who], np.where(takings, size, -paid), PAYMENT)

    def _drift(self, on: date, offset: int) -> None:
        """People who are leaving send a part of what they have to another bank every week or so."""
        rng = self.rng
        leaving = (self.drift_day <= offset) & self._active(offset) & (rng.random(self.count) < 0.13)
        who = np.flatnonzero(leaving)
        cents = -(self.balance[self.demand_of[who]] * rng.uniform(0.15, 0.4, len(who))).astype(np.int64)
        self._move(self.demand_of[who], cents, TRANSFER, bank=rng.integers(1, len(names.OTHER_BANKS) + 1, len(who)))
        self._note(on, who, "drift", cents)

    def _large(self, on: date, offset: int) -> None:
        """Once in a long while a large sum comes or goes, often over another branch."""
        rng = self.rng
        who = np.flatnonzero(self._active(offset) & (rng.random(self.count) < 0.0008 + 0.002 * self.wealth_rank))
        comes = rng.random(len(who)) < 0.5
        size = np.where(
            comes,
            self.assets[who] * rng.uniform(0.1, 0.6, len(who)),
            -self.balance[self.demand_of[who]] * rng.uniform(0.4, 0.95, len(who)),
        ).astype(np.int64)
        other_bank = rng.random(len(who)) < 0.5
        bank = np.where(other_bank, rng.integers(1, len(names.OTHER_BANKS) + 1, len(who)), 0)
        branch = np.where(other_bank, 0, rng.integers(1, self.branches + 1, len(who)))
        self._move(self.demand_of[who], size, TRANSFER, branch, bank)
        self._note(on, who, "large", size)

    def _maturities(self, on: date, offset: int) -> Bools:
        """Most term money is renewed; the rest goes to the demand account, and half of that to another bank."""
        rng = self.rng
        due = np.flatnonzero((self.matures == offset) & (self.closed == NEVER) & (self.opened < offset))
        renewed = rng.random(len(due)) < 0.75
        again, ended = due[renewed], due[~renewed]
        self.matures[again] = offset + TERM_DAYS[self.product[again]]
        self.closed[ended] = offset
        freed = self.balance[ended].copy()
        demand = self.demand_of[self.owner[ended]]
        self._move(ended, -freed, PRODUCT)
        self._move(demand, freed, PRODUCT)
        lost = rng.random(len(ended)) < 0.5
        self._move(
            demand[lost], -freed[lost], TRANSFER, bank=rng.integers(1, len(names.OTHER_BANKS) + 1, int(lost.sum()))
        )
        self._note(on, self.owner[ended[lost]], "maturity_lost", freed[lost])
        changed = np.zeros(len(self.owner), dtype=bool)
        changed[due] = True
        return changed

    def _markets(self, on: date, offset: int) -> None:
        """Funds move with the market on working days; no transaction stands behind it. Interest comes each quarter."""
        rng = self.rng
        if on.weekday() < 5 and offset:
            for fund, size in ((FUNDS[0], 0.011), (FUNDS[1], 0.002)):
                held = (self.product == fund) & (self.opened < offset) & (self.closed == NEVER)
                self.balance[held] = (self.balance[held] * (1 + rng.normal(0.0002, size))).astype(np.int64)
        if on.day == 21 and on.month % 3 == 0:
            who = np.flatnonzero(self._active(offset))
            demand = self.demand_of[who]
            self._move(demand, self.balance[demand] // 8000, INTEREST)

    def _note(self, on: date, who: Ints, kind: str, cents: Ints) -> None:
        self._events["date"].append(np.full(len(who), _days(on)))
        self._events["customer"].append(who)
        self._events["kind"].append([kind] * len(who))
        self._events["cents"].append(cents)

    # --- writing ---

    def _write(self, out: Path, on: date, offset: int, accounts: Bools, moved: Bools) -> Path:
        database, base = self.database, _days(self.first)
        opened = np.flatnonzero(self.opened_day == offset) if offset else np.flatnonzero(self.opened_day <= 0)
        database.register(
            "person", pa.table({"i": opened, **{name: column[opened] for name, column in self.columns.items()}})
        )
        rows = np.flatnonzero(accounts)
        database.register(
            "account",
            pa.table(
                {
                    "i": rows,
                    "owner": self.owner[rows],
                    "product": self.product[rows],
                    "branch": self.account_branch[rows],
                    "opened": self.opened[rows] + base,
                    "closed": _nullable(self.closed[rows], base),
                    "matures": _nullable(self.matures[rows], base),
                }
            ),
        )
        touched = np.flatnonzero(moved)
        database.register("balance", pa.table({"i": touched, "cents": self.balance[touched]}))
        moves = self._moves if offset else []
        database.register(
            "move",
            pa.table(
                {
                    "account": _joined([move[0] for move in moves]),
                    "cents": _joined([move[1] for move in moves]),
                    "kind": _joined([np.full(len(move[0]), move[2]) for move in moves]),
                    "branch": _joined([move[3] for move in moves]),
                    "bank": _joined([move[4] for move in moves]),
                }
            ),
        )
        queries = dict(_DAILY) if offset else {**_FIRST, **_DAILY}
        queries = {name: sql.format(on=on, stamp=f"{on:%Y%m%d}") for name, sql in queries.items()}
        open_now = (self.opened <= offset) & (self.closed == NEVER)
        cents = int(self.balance[open_now].sum())
        totals: dict[str, str | int] = {
            "aum": f"{cents // 100}.{cents % 100:02d}",
            "accounts": int(open_now.sum()),
            "customers": int((self.opened_day <= offset).sum()),
        }
        return delivery.write(database, out, on, "CNY", totals, queries)

    def _write_words(self) -> None:
        """The tables that the queries put written values together from."""
        database = self.database
        words = {
            "surnames": names.SURNAMES,
            "given_1": names.GIVEN_FIRST,
            "given_2": names.GIVEN_SECOND,
            "districts": names.DISTRICTS,
            "roads": names.ROADS,
            "occupations": names.OCCUPATIONS,
            "educations": names.EDUCATIONS,
            "marital": names.MARITAL,
            "banks": names.OTHER_BANKS,
            "products": [row[0] for row in names.PRODUCTS],
            "kinds": list(KINDS),
        }
        for name, values in words.items():
            listed = ", ".join(f"'{value}'" for value in values)
            database.execute(f"SET VARIABLE {name} = [{listed}]")
        self._register_bank()
        rng, n = self.rng, self.count
        loan = np.flatnonzero((rng.random(n) < 0.12) & (self.opened_day < 0))
        card = np.flatnonzero((rng.random(n) < 0.4) & (self.opened_day < 0))
        order = np.flatnonzero((rng.random(n) < 0.2) & (self.opened_day < 0))
        owner = np.concatenate([loan, card, order])
        product = np.concatenate([rng.choice([9, 10], len(loan)), np.full(len(card), 11), np.full(len(order), 12)])
        cents = np.concatenate(
            [
                rng.integers(50, 3000, len(loan)) * 100_000,
                rng.integers(1, 20, len(card)) * 500_000,
                rng.integers(50, 400, len(order)) * 100,
            ]
        )
        ends = np.random.default_rng(n + 1).integers(20, 2500, len(owner))
        ends = np.where(product == 12, NEVER, ends)  # a standing order has no end
        database.register(
            "holding",
            pa.table(
                {
                    "i": np.arange(len(owner)),
                    "owner": owner,
                    "product": product,
                    "cents": cents,
                    "opened": self.opened_day[owner] + _days(self.first),
                    "ends": _nullable(ends, _days(self.first)),
                }
            ),
        )

    def _register_bank(self) -> None:
        named = [
            names.BRANCH_NAMES[i] if i < len(names.BRANCH_NAMES) else f"第{i + 1}支行" for i in range(self.branches)
        ]
        self.database.register(
            "branch",
            pa.table(
                {
                    "branch_id": ["B000"] + [f"B{i + 1:03d}" for i in range(self.branches)],
                    "name": ["分行本部", *named],
                    "parent_id": [None] + ["B000"] * self.branches,
                }
            ),
        )
        self.database.register(
            "product",
            pa.table(
                {
                    name: [row[place] for row in names.PRODUCTS]
                    for place, name in enumerate(("product_id", "name", "name_en", "category", "risk", "overdraft"))
                }
            ),
        )
        posts = [("B000", post, number) for post, count in names.HEAD_OFFICE_STAFF for number in range(count)]
        posts += [
            (f"B{branch + 1:03d}", post, number)
            for branch in range(self.branches)
            for post, count in names.STAFF_PER_BRANCH
            for number in range(count)
        ]
        picks = self.rng.integers(
            0, [len(names.SURNAMES), len(names.GIVEN_FIRST), len(names.GIVEN_SECOND)], (len(posts), 3)
        )
        initials = {
            "high_counter": "gg",
            "low_counter": "dg",
            "vip_counter": "vip",
            "lobby_manager": "dt",
            "relationship_manager": "kh",
            "rm_supervisor": "zg",
            "branch_manager": "wd",
            "personal_banking": "gj",
            "it_operator": "it",
        }
        self.database.register(
            "member",
            pa.table(
                {
                    "staff_id": [f"{branch[1:]}{initials[post]}{number + 1}" for branch, post, number in posts],
                    "name": [names.SURNAMES[a] + names.GIVEN_FIRST[b] + names.GIVEN_SECOND[c] for a, b, c in picks],
                    "branch_id": [row[0] for row in posts],
                    "post": [row[1] for row in posts],
                }
            ),
        )

    def _write_truth(self, out: Path) -> None:
        """Who lives with whom, and what was done to whom, for tests of what the system finds."""
        truth = out / ".truth"
        truth.mkdir(exist_ok=True)
        ids = [f"P{i + 1:07d}" for i in range(self.count)]
        homes = pa.table({"customer_id": ids, "household": self.household, "role": self.role})
        customers = _joined(self._events["customer"])
        events = pa.table(
            {
                "date": pa.array(_joined(self._events["date"]).astype("int32"), pa.date32()),
                "customer_id": [ids[i] for i in customers],
                "kind": [kind for part in self._events["kind"] for kind in part],
                "cents": _joined(self._events["cents"]),
            }
        )
        for name, table in (("households", homes), ("events", events)):
            self.database.register("truth", table)
            self.database.execute(f"COPY truth TO '{truth / f'{name}.parquet'}' (FORMAT parquet)")
            self.database.unregister("truth")


def _days(on: date) -> int:
    return (on - EPOCH).days


def _digits(numbers: Ints, width: int) -> list[Ints]:
    return [numbers // 10**place % 10 for place in reversed(range(width))]


def _nullable(days: Ints, base: int) -> pa.Array:
    return pa.array(np.where(days == NEVER, 0, days + base), mask=days == NEVER)


def _joined(parts: list[Any]) -> Ints:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


_DATE = "DATE '1970-01-01' + CAST({0} AS INT)"
_CENTS = "CAST(CAST(cents AS DECIMAL(20,2)) * 0.01 AS DECIMAL(18,2))"


def _word(name: str, place: str) -> str:
    return f"getvariable('{name}')[{place} + 1]"


_FIRST = {
    "branches": "SELECT * FROM branch",
    "staff": "SELECT *, NULL AS left_on FROM member",
    "products": "SELECT * FROM product",
    "holdings": f"SELECT 'H' || lpad(CAST(i + 1 AS VARCHAR), 8, '0') AS holding_id, 'P' || lpad(CAST(owner + 1 AS VARCHAR), 7, '0') AS customer_id,"
    f" {_word('products', 'product')} AS product_id, NULL AS account_id, {_CENTS} AS amount, {_DATE.format('opened')} AS opened_on,"
    f" NULL AS closed_on, {_DATE.format('ends')} AS matures_on FROM holding",
}

_DAILY = {
    "customers": f"""
SELECT 'P' || lpad(CAST(i + 1 AS VARCHAR), 7, '0') AS customer_id,
       {_word("surnames", "surname")} || {_word("given_1", "given_1")} || {_word("given_2", "given_2")} AS name,
       IF(female, 'F', 'M') AS sex, IF(knows_birth, {_DATE.format("born")}, NULL) AS birth_date,
       IF(knows_identity, CAST(area AS VARCHAR) || strftime({_DATE.format("born")}, '%Y%m%d') || lpad(CAST(id_order AS VARCHAR), 3, '0')
           || '10X98765432'[id_check + 1], NULL) AS identity_number,
       IF(knows_phone, CAST(prefix AS VARCHAR) || lpad(CAST(number AS VARCHAR), 8, '0'), NULL) AS phone,
       IF(knows_address, '{names.CITY}' || {_word("districts", "district")} || {_word("roads", "road")} || CAST(house AS VARCHAR) || '号' || CAST(room AS VARCHAR) || '室', NULL) AS address,
       IF(knows_income, CAST(CAST(income AS DECIMAL(20,2)) * 0.01 AS DECIMAL(18,2)), NULL) AS income,
       IF(knows_occupation, {_word("occupations", "occupation")}, NULL) AS occupation,
       IF(knows_education, {_word("educations", "education")}, NULL) AS education,
       IF(knows_marital, {_word("marital", "marital")}, NULL) AS marital_status,
       IF(knows_risk, 'C' || CAST(rating AS VARCHAR), NULL) AS risk_rating,
       IF(knows_risk, DATE '{{on}}' - CAST(rated_ago AS INT), NULL) AS risk_rated_on,
       'B' || lpad(CAST(branch AS VARCHAR), 3, '0') AS branch_id, {_DATE.format("opened")} AS opened_on
FROM person""",
    "accounts": f"""
SELECT 'A' || lpad(CAST(i + 1 AS VARCHAR), 8, '0') AS account_id,
       '6230' || lpad(CAST((i * 7919 + 104729) % 1000000000000 AS VARCHAR), 12, '0') || lpad(CAST(i % 1000 AS VARCHAR), 3, '0') AS account_number,
       'P' || lpad(CAST(owner + 1 AS VARCHAR), 7, '0') AS customer_id, 'B' || lpad(CAST(branch AS VARCHAR), 3, '0') AS branch_id,
       {_word("products", "product")} AS product_id, {_DATE.format("opened")} AS opened_on,
       {_DATE.format("closed")} AS closed_on, {_DATE.format("matures")} AS matures_on
FROM account""",
    "balances": f"SELECT 'A' || lpad(CAST(i + 1 AS VARCHAR), 8, '0') AS account_id, {_CENTS} AS balance FROM balance",
    "transactions": f"""
SELECT '{{stamp}}' || lpad(CAST(row_number() OVER (ORDER BY account, kind, cents, branch, bank) AS VARCHAR), 8, '0') AS transaction_id,
       'A' || lpad(CAST(account + 1 AS VARCHAR), 8, '0') AS account_id, DATE '{{on}}' AS booked_on, {_CENTS} AS amount,
       {_word("kinds", "kind")} AS kind, IF(branch > 0, 'B' || lpad(CAST(branch AS VARCHAR), 3, '0'), NULL) AS branch_id,
       IF(bank > 0, {_word("banks", "bank - 1")}, NULL) AS counterparty_bank
FROM move""",
}
