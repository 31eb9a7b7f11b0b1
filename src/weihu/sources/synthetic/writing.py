"""From columns to deliveries: DuckDB puts the written values together."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from weihu.sources import delivery
from weihu.sources.synthetic import names
from weihu.sources.synthetic.columns import NEVER, Ints, day, joined
from weihu.sources.synthetic.facts import Facts
from weihu.sources.synthetic.parties import PARTIES
from weihu.sources.synthetic.state import KINDS, Move, State, unique

INITIALS = {
    "high_counter": "gg",
    "low_counter": "dg",
    "vip_counter": "vip",
    "lobby_manager": "dt",
    "relationship_manager": "kh",
    "rm_supervisor": "zg",
    "branch_manager": "wd",
    "personal_banking": "gj",
    "it_operator": "it",
    "auditor": "sj",
}
"""How the login of each post is abbreviated."""


class Writer:
    """Writes what has changed in the days gathered, the first time all there is."""

    def __init__(self, state: State, facts: Facts, managers: int) -> None:
        self.state, self.facts, self.managers = state, facts, managers
        self._forget()
        self.database = duckdb.connect()
        self._words()
        self._register_bank()

    def _forget(self) -> None:
        self._days: list[int] = []
        self._moves: list[tuple[int, Move]] = []
        self._people: list[Ints] = []
        self._accounts: list[Ints] = []
        self._services: list[Ints] = []
        self._touched: list[Ints] = []
        self._balance_days = np.zeros(0, np.int64)

    def gather(self) -> None:
        """Keep what has changed in a day for the next delivery."""
        state = self.state
        self._days.append(state.on)
        self._moves += [(state.on, move) for move in state.moves]
        self._people += state.changed_people
        self._accounts += state.changed_accounts
        self._services += state.changed_services
        self._touched += state.touched
        held = np.where(state.open_now(), state.accounts.balance, 0)
        held[: len(self._balance_days)] += self._balance_days  # accounts are only ever added at the end
        self._balance_days = held

    def write(self, out: Path) -> Path:
        """The delivery of the days gathered."""
        state = self.state
        first, several = self._days[0] == state.first, len(self._days) > 1
        accounts, services = state.accounts, state.services
        if first:
            people = np.flatnonzero(state.since <= state.on)
            opened = np.flatnonzero(accounts.opened <= state.on)
            served = np.arange(len(services.owner))
            balances = opened
        else:
            people = unique(self._people)
            people = people[state.since[people] <= state.on]
            opened = unique(self._accounts)
            served = unique(self._services)
            balances = unique(self._touched)
        self._register_people(people)
        self._register("account", {
            "i": opened, "owner": accounts.owner[opened], "product": accounts.product[opened],
            "branch": accounts.branch[opened], "opened": accounts.opened[opened],
            "closed": _nullable(accounts.closed[opened]), "matures": _nullable(accounts.matures[opened]),
        })  # fmt: skip
        self._register("holding", {
            "i": served, "owner": services.owner[served], "product": services.product[served],
            "cents": services.owed[served] + services.used[served],
            "line": _nullable(np.where(services.limit[served] > 0, services.limit[served], NEVER)),
            "opened": services.opened[served],
            "closed": _nullable(services.closed[served]), "ends": _nullable(services.ends[served]),
        })  # fmt: skip
        balance = {"i": balances, "cents": accounts.balance[balances]}
        self._register("balance", balance | ({"days": self._balance_days[balances]} if several else {}))
        moves = [move for _, move in self._moves]
        self._register("move", {
            "booked": joined([np.full(len(move.account), on) for on, move in self._moves]),
            "account": joined([move.account for move in moves]), "cents": joined([move.cents for move in moves]),
            "kind": joined([np.full(len(move.account), move.kind) for move in moves]),
            "branch": joined([move.branch for move in moves]), "bank": joined([move.bank for move in moves]),
            "party": joined([move.party for move in moves]),
        })  # fmt: skip
        queries = {**FIRST, **DAILY} if first else DAILY
        on = state.date
        if several:
            queries = {**queries, "balances": BALANCES_OF_DAYS}
        written = delivery.write(self.database, out, on, "CNY", self._totals(), queries, day(self._days[0]))
        self._forget()
        return written

    def _totals(self) -> dict[str, str | int]:
        state = self.state
        running = state.open_now()
        cents = int(state.accounts.balance[running].sum())
        return {
            "aum": f"{cents // 100}.{cents % 100:02d}",
            "accounts": int(running.sum()),
            "customers": int((state.since <= state.on).sum()),
        }

    def _register(self, name: str, columns: dict[str, Ints | pa.Array]) -> None:
        self.database.register(name, pa.table(columns))

    def _register_people(self, who: Ints) -> None:
        facts, state = self.facts, self.state
        columns = {name: column[who] for name, column in facts.columns.items()}
        columns |= {f"knows_{fact}": known[who] for fact, known in facts.known.items()}
        columns |= {"i": who, "rating": state.risk[who], "rated": facts.rated_on[who]}
        columns |= {"branch": state.branch[who], "since": state.since[who]}
        self._register("person", columns)

    def _words(self) -> None:
        words = {
            "surnames": names.SURNAMES,
            "letters": names.LETTERS,
            "districts": names.DISTRICTS,
            "roads": names.ROADS,
            "estates": names.ESTATES,
            "occupations": names.OCCUPATIONS,
            "educations": names.EDUCATIONS,
            "marital": names.MARITAL,
            "banks": names.OTHER_BANKS,
            "products": [product.key for product in names.PRODUCTS],
            "kinds": list(KINDS),
            "parties": list(PARTIES),
        }
        for name, values in words.items():
            listed = ", ".join(f"'{value}'" for value in values)
            self.database.execute(f"SET VARIABLE {name} = [{listed}]")

    def _register_bank(self) -> None:
        count = self.state.branches
        named = [names.BRANCH_NAMES[i] if i < len(names.BRANCH_NAMES) else f"第{i + 1}支行" for i in range(count)]
        self.database.register("branch", pa.table({
            "branch_id": ["B000"] + [f"B{i + 1:03d}" for i in range(count)],
            "name": ["分行本部", *named],
            "parent_id": [None] + ["B000"] * count,
        }))  # fmt: skip
        self.database.register("product", pa.table({
            "product_id": [product.key for product in names.PRODUCTS],
            "name": [product.zh for product in names.PRODUCTS],
            "name_en": [product.en for product in names.PRODUCTS],
            "category": [product.category for product in names.PRODUCTS],
            "risk": [f"R{product.risk}" if product.risk else None for product in names.PRODUCTS],
            "overdraft": [False] * len(names.PRODUCTS),
        }))  # fmt: skip
        posts = [("B000", post, number) for post, most in names.HEAD_OFFICE_STAFF for number in range(most)]
        posts += [
            (f"B{branch + 1:03d}", post, number)
            for branch in range(count)
            for post, most in {**dict(names.STAFF_PER_BRANCH), "relationship_manager": self.managers}.items()
            for number in range(most)
        ]
        self.database.register("member", pa.table({
            "staff_id": [f"{branch[1:]}{INITIALS[post]}{number + 1}" for branch, post, number in posts],
            "name": self._staff_names(len(posts)),
            "branch_id": [row[0] for row in posts],
            "post": [row[1] for row in posts],
        }))  # fmt: skip

    def _staff_names(self, count: int) -> list[str]:
        """People of working age."""
        rng = np.random.default_rng([self.state.seed, 3])
        surname = names.surnames(rng, count)
        first, second = names.given(rng, rng.integers(1970, 2002, count), rng.random(count) < 0.55)
        letters = names.LETTERS
        return [
            names.SURNAMES[one] + letters[two] + letters[three]
            for one, two, three in zip(surname, first, second, strict=True)
        ]


def _nullable(days: Ints) -> pa.Array:
    return pa.array(np.where(days == NEVER, 0, days), mask=days == NEVER)


_DATE = "DATE '1970-01-01' + CAST({0} AS INT)"
_CENTS = "CAST(CAST(cents AS DECIMAL(20,2)) * 0.01 AS DECIMAL(18,2))"


def _word(name: str, place: str) -> str:
    return f"getvariable('{name}')[{place} + 1]"


def _key(letter: str, width: int, place: str) -> str:
    return f"'{letter}' || lpad(CAST({place} + 1 AS VARCHAR), {width}, '0')"


FIRST = {
    "branches": "SELECT * FROM branch",
    "staff": "SELECT *, NULL AS left_on FROM member",
    "products": "SELECT * FROM product",
}

DAILY = {
    "customers": f"""
SELECT {_key("P", 7, "i")} AS customer_id,
       {_word("surnames", "surname")} || {_word("letters", "given_1")} || {_word("letters", "given_2")} AS name,
       IF(female, 'F', 'M') AS sex, IF(knows_birth, {_DATE.format("born")}, NULL) AS birth_date,
       IF(knows_identity, CAST(area AS VARCHAR) || strftime({_DATE.format("born")}, '%Y%m%d') || lpad(CAST(id_order AS VARCHAR), 3, '0')
           || '10X98765432'[id_check + 1], NULL) AS identity_number,
       IF(knows_phone, CAST(prefix AS VARCHAR) || lpad(CAST(number AS VARCHAR), 8, '0'), NULL) AS phone,
       IF(knows_address, '{names.CITY}' || {_word("districts", "district")} || {_word("roads", f"district * {names.ROADS_EACH} + road")} || CAST(house + 1 AS VARCHAR) || '号'
           || {_word("estates", "estate")} || CAST(block + 1 AS VARCHAR) || '幢' || CAST(room AS VARCHAR) || '室', NULL) AS address,
       IF(knows_income AND income > 0, CAST(CAST(income AS DECIMAL(20,2)) * 0.01 AS DECIMAL(18,2)), NULL) AS income,
       IF(knows_occupation, {_word("occupations", "occupation")}, NULL) AS occupation,
       IF(knows_education AND education >= 0, {_word("educations", "education")}, NULL) AS education,
       IF(knows_marital, {_word("marital", "marital")}, NULL) AS marital_status,
       IF(knows_risk, 'C' || CAST(rating AS VARCHAR), NULL) AS risk_rating,
       IF(knows_risk, {_DATE.format("rated")}, NULL) AS risk_rated_on,
       'B' || lpad(CAST(branch AS VARCHAR), 3, '0') AS branch_id, {_DATE.format("since")} AS opened_on
FROM person""",
    "accounts": f"""
SELECT {_key("A", 8, "i")} AS account_id,
       '6230' || lpad(CAST((i * 7919 + 104729) % 1000000000000 AS VARCHAR), 12, '0') || lpad(CAST(i % 1000 AS VARCHAR), 3, '0') AS account_number,
       {_key("P", 7, "owner")} AS customer_id, 'B' || lpad(CAST(branch AS VARCHAR), 3, '0') AS branch_id,
       {_word("products", "product")} AS product_id, {_DATE.format("opened")} AS opened_on,
       {_DATE.format("closed")} AS closed_on, {_DATE.format("matures")} AS matures_on
FROM account""",
    "holdings": f"""
SELECT {_key("H", 8, "i")} AS holding_id, {_key("P", 7, "owner")} AS customer_id, {_word("products", "product")} AS product_id,
       {_key("A", 8, "owner")} AS account_id, {_CENTS} AS amount,
       CAST(line AS DECIMAL(18,2)) / 100 AS credit_line, {_DATE.format("opened")} AS opened_on,
       {_DATE.format("closed")} AS closed_on, {_DATE.format("ends")} AS matures_on
FROM holding""",
    "balances": f"SELECT {_key('A', 8, 'i')} AS account_id, {_CENTS} AS balance FROM balance",
    "transactions": f"""
SELECT strftime({_DATE.format("booked")}, '%Y%m%d') || lpad(CAST(row_number() OVER (PARTITION BY booked ORDER BY account, kind, cents, branch, bank, party) AS VARCHAR), 8, '0')
           AS transaction_id,
       {_key("A", 8, "account")} AS account_id, {_DATE.format("booked")} AS booked_on, {_CENTS} AS amount,
       {_word("kinds", "kind")} AS kind, IF(branch > 0, 'B' || lpad(CAST(branch AS VARCHAR), 3, '0'), NULL) AS branch_id,
       IF(bank > 0, {_word("banks", "bank - 1")}, NULL) AS counterparty_bank,
       IF(party > 0, {_word("parties", "party - 1")}, NULL) AS counterparty
FROM move""",
}

BALANCES_OF_DAYS = DAILY["balances"].replace(" FROM ", f", {_CENTS.replace('cents', 'days')} AS balance_days FROM ")
"""Balances of several days, with the sum of each day's."""
