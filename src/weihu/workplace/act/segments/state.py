"""The one definition of a segment as a rule: over the columns that a night left, one row a customer, within a reach.

What the day knows better than the night comes as small tables: who meets a condition that the database answers, and who
was contacted since. So a count, the sums and the members follow from the same expression.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from operator import and_, or_
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr.types import BooleanValue, Table, Value

from weihu.engine.contract import ASSET_CATEGORIES, CATEGORIES
from weihu.engine.duck import DuckEngine
from weihu.engine.protocol import Engine, table_of
from weihu.rules import listed, tables
from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.segments.day import NEGATED, asks_the_day
from weihu.workplace.act.segments.definition import Condition, Definition, Group, Join
from weihu.workplace.act.segments.fields import FACT, FIELDS, MATURING
from weihu.workplace.gate.scope import Reach, Scope, within

MONEY = tables.MONEY
STANDING = (
    "customer_id", "branch_id", "primary_id", "deputy_id", "opened_on", "aum", "liabilities", "monthly_average",
    "contribution", "product_count", "flow_7", "flow_30", "flow_90", "flow_365", "moved_on", "grade_rank", "grade_since",
    "watch_since", "follow_up_on", "last_contact_on", "facts_expected", "facts_known", "effective",
)  # fmt: skip
READ = {
    "standings": tables.STANDINGS,
    "accounts": tables.ACCOUNTS,
    "holdings": tables.HOLDINGS,
    "products": tables.PRODUCTS,
    "profiles": tables.PROFILES,
    "facts_known": tables.FACTS_KNOWN,
    "signals": tables.SIGNALS,
    "worths": tables.WORTHS,
}
"""What is read of a run, each a Parquet file of its folder."""
MERGED = ibis.schema({"gone": "string", "kept": "string"})
DAY = ibis.schema({"place": "int64", "customer_id": "string"})
RECENT = ibis.schema({"customer_id": "string", "on": "date"})
ASKED = ibis.schema({"today": "date"})
AT_ONCE = 6
"""So many segments are asked for in one statement: one with fifty of them takes as long to plan as thirty small ones."""
TABLES = ("state", "signals", "accounts", "holdings", "profiles", "facts_known", "merged", "day", "recent")


@dataclass(frozen=True)
class Totals:
    """A segment's customers within reach: how many, sums in yuan, products, and how many are on the early loss list."""

    customers: int
    aum: Decimal
    contribution: Decimal
    flow_30: Decimal
    products: int
    losing: int

    @property
    def growth(self) -> Decimal | None:
        """The change of AUM in 30 days as a share of what it was; None where there was nothing."""
        before = Decimal(self.aum) - self.flow_30
        return self.flow_30 / before if before > 0 else None

    @property
    def products_each(self) -> Decimal | None:
        """Products per customer."""
        if not self.customers:
            return None
        return (Decimal(self.products) / self.customers).quantize(Decimal("0.1"))


ZEROS: dict[str, Any] = {
    "customers": 0,
    "aum": Decimal(0),
    "contribution": Decimal(0),
    "flow_30": Decimal(0),
    "products": 0,
    "losing": 0,
}
"""The totals of nobody."""


class State:
    """A run's customers in memory, in columns. ``folder``: the run's Parquet files; ``merged``: the numbers that were
    another customer's that night, with his. Threads that share it hold a lock from ``day`` to the answer."""

    def __init__(
        self,
        folder: Path,
        book: RuleBook,
        today: date,
        merged: Sequence[tuple[str, str]] = (),
        threads: int | None = None,
    ) -> None:
        self._book = book
        self._today = today
        self._engine: Engine = DuckEngine(None, threads)
        self._reach = Reach(self._engine)
        for name, schema in READ.items():
            self._engine.bind(name, schema, [folder / f"{name}.parquet"], often=False)
        self._engine.bind_rows("merged", MERGED, merged)
        inputs = [table_of(name, schema) for name, schema in (*READ.items(), ("merged", MERGED))]
        self._engine.bind_row("asked", ASKED, {"today": today})
        inputs.append(table_of("asked", ASKED))
        state = self._engine.derive("state", _state, *inputs, book=book, merges=bool(merged))
        self._schemas = {
            **READ,
            "state": state.schema(),
            "merged": MERGED,
            "day": DAY,
            "recent": RECENT,
            "asked": ASKED,
        }
        self.day({}, ())

    def close(self) -> None:
        """Let the columns go."""
        self._engine.close()

    def day(self, members: dict[Condition, Sequence[str]], recent: Sequence[tuple[str, date]]) -> None:
        """What the database answers: who meets each condition (negations left aside), and who was contacted since."""
        self._places = tuple(members)
        places = [place for place, condition in enumerate(members) for _ in members[condition]]
        ids = [customer for named in members.values() for customer in named]
        # NumPy-free and quick for a whole bank's customers
        rows = pa.table({"place": pa.array(places, pa.int64()), "customer_id": pa.array(ids, pa.string())})
        self._engine.bind_arrow("day", DAY, rows)
        self._engine.bind_rows("recent", RECENT, recent)

    def totals(self, definitions: Sequence[Definition], scope: Scope) -> list[Totals]:
        """The sums of several segments."""
        found = []
        for first in range(0, len(definitions), AT_ONCE):
            some = tuple(definitions[first : first + AT_ONCE])
            row: dict[str, Any] = self.answer(_totals, scope, definitions=some)[0]
            found += [
                Totals(**{name: row[f"{name}_{place}"] or zero for name, zero in ZEROS.items()})
                for place in range(len(some))
            ]
        return found

    def page(self, definition: Definition, scope: Scope, first: int = 0, last: int | None = None) -> list[str]:
        """The members from place ``first`` up to, without, ``last``, by grade and within it by assets, highest first."""
        rows = self.answer(_page, scope, definition=definition, first=first, last=last)
        return [row["customer_id"] for row in rows]

    def among(self, definition: Definition, scope: Scope) -> set[str]:
        """All members."""
        return {row["customer_id"] for row in self.answer(_members, scope, definition=definition)}

    def answer(self, rule: Callable[..., Table], scope: Scope, **constants: Any) -> list[dict[str, Any]]:
        """The rows of a rule that begins with ``within_reach``, whose arguments it is given beside ``constants``."""
        inputs = [table_of(name, self._schemas[name]) for name in TABLES]
        constants |= {"parts": scope.parts, "places": self._places, "today": self._today, "book": self._book}
        return self._engine.answer(rule, *inputs, self._reach.of(scope), **constants)


def _state(
    standings: Table,
    accounts: Table,
    holdings: Table,
    products: Table,
    profiles: Table,
    facts_known: Table,
    signals: Table,
    worths: Table,
    merged: Table,
    asked: Table,
    book: RuleBook,
    merges: bool,
) -> Table:
    """One row for each effective customer: the columns that conditions are on."""
    today = asked.today.as_scalar()
    running = accounts.filter(_open(accounts, today)).select(
        "customer_id", "product_id", "matures_on", amount="balance"
    )
    services = holdings.filter(_open(holdings, today)).select("customer_id", "product_id", "matures_on", "amount")
    held = running.union(services)
    if merges:  # of a night without any, millions of rows need not be looked up
        held = _kept(held, merged)
    held = held.join(products.select("product_id", "category"), "product_id")
    bit = ibis.cases(*((held.category == key, 2**place) for place, key in enumerate(CATEGORIES)), else_=0).cast("int64")
    ahead = held.matures_on >= today
    per_customer = held.group_by("customer_id").agg(
        held=bit.bit_or(),
        **{f"in_{key}": held.amount.sum(where=held.category == key).cast(MONEY) for key in ASSET_CATEGORIES},
        **{
            f"matures_{key}": held.matures_on.min(where=ahead & (held.category == key) & (held.amount > 0))
            for key in MATURING
        },
    )
    born = profiles.select("customer_id", "birth_date")
    losing = listed.loss(standings, signals, book).select("customer_id", losing=ibis.literal(True)).distinct()
    rows = standings.filter(standings.effective).select(*STANDING)
    for more in (per_customer, born, losing, worths.select("customer_id", "worth")):
        rows = rows.left_join(more, "customer_id").drop("customer_id_right")
    month_day = rows.birth_date.month().cast("int64") * 100 + rows.birth_date.day().cast("int64")
    had = (today.year() - rows.birth_date.year()).cast("int64")
    before = month_day > (today.month().cast("int64") * 100 + today.day().cast("int64"))
    zero = ibis.literal(0).cast(MONEY)
    return rows.mutate(
        held=rows.held.fill_null(0),
        losing=rows.losing.fill_null(False),
        watched=rows.watch_since.notnull(),
        unassigned=rows.primary_id.isnull(),
        birth_month_day=month_day,
        age=had - ibis.ifelse(before, 1, 0),
        missing_facts=rows.facts_expected - rows.facts_known,
        **{f"in_{key}": rows[f"in_{key}"].fill_null(zero) for key in ASSET_CATEGORIES},
    ).drop("birth_date", "watch_since", "facts_expected", "facts_known", "effective")


def _open(rows: Table, today: Value) -> BooleanValue:
    return rows.closed_on.isnull() | (rows.closed_on >= today)


def _kept(rows: Table, merged: Table) -> Table:
    """A merged number's rows are the kept customer's."""
    joined = rows.left_join(merged, rows.customer_id == merged.gone)
    return joined.mutate(customer_id=ibis.coalesce(joined.kept, joined.customer_id)).drop("gone", "kept")


@dataclass(frozen=True)
class Asked:
    """The customers within reach (``rows``), the tables that conditions read beside them, and what they are asked with."""

    rows: Table
    signals: Table
    accounts: Table
    holdings: Table
    profiles: Table
    facts_known: Table
    merged: Table
    day: Table
    places: tuple[Condition, ...]
    today: date
    book: RuleBook

    def meets(self, definition: Definition) -> BooleanValue:
        """Whether a row belongs to a segment; never empty, so that "none of" is exactly the others."""
        return _joined(definition.join, [self._group(group) for group in definition.groups])

    def _group(self, group: Group) -> BooleanValue:
        return _joined(group.join, [self._condition(condition) for condition in group.conditions])

    def _condition(self, condition: Condition) -> BooleanValue:
        return self._tested(condition).fill_null(False)

    def _tested(self, condition: Condition) -> BooleanValue:
        if asks_the_day(condition):
            plain = plain_of(condition)
            named = self.day.filter(self.day.place == self.places.index(plain)).customer_id
            return self._among(named, plain != condition)
        if condition.field.startswith(FACT):
            return self._known(condition.field.removeprefix(FACT), condition.comparison == "known")
        if condition.field == "signal":
            told = self.signals.filter((self.signals.kind == condition.value) & ~self.signals.held_out)
            return self._among(told.customer_id, condition.comparison == "has_not")
        if condition.field == "product":
            held = (
                _kept(self._of_product(table, condition.value), self.merged) for table in (self.accounts, self.holdings)
            )
            return self._among(ibis.union(*held).customer_id, condition.comparison == "has_not")
        return TESTS[FIELDS[condition.field].kind](self.rows[FIELDS[condition.field].column], condition, self)

    def _among(self, customers: Value, negated: bool) -> BooleanValue:
        return self.rows.customer_id.notin(customers) if negated else self.rows.customer_id.isin(customers)

    def _of_product(self, table: Table, product_id: str) -> Table:
        return table.filter(_open(table, _day(self.today)), table.product_id == product_id).select("customer_id")

    def _known(self, key: str, wanted: bool) -> BooleanValue:
        told = self.facts_known.filter(self.facts_known.known.contains(f",{key},")).customer_id
        known = self.rows.customer_id.isin(told)
        if self.book.fields[key].core:
            missing = self.profiles.missing.fill_null("")
            lacks = self.profiles.filter(("," + missing).contains(f",{key},")).customer_id
            known |= self.rows.customer_id.notin(lacks)
        return known if wanted else ~known


def plain_of(condition: Condition) -> Condition:
    """A condition without its negation."""
    return Condition(condition.field, NEGATED.get(condition.comparison, condition.comparison), condition.value)


def _joined(join: Join, parts: Sequence[BooleanValue]) -> BooleanValue:
    if not parts:
        return ibis.literal(True)
    return reduce(and_, parts) if join == "all" else reduce(or_, parts) if join == "any" else ~reduce(or_, parts)


def _amount(column: Value, condition: Condition, asked: Asked) -> BooleanValue:
    bound = ibis.literal(condition.amount, MONEY)
    return column >= bound if condition.comparison == "least" else column <= bound


def _count(column: Value, condition: Condition, asked: Asked) -> BooleanValue:
    number = condition.number
    return {"from": column >= number, "to": column <= number, "equal": column == number}[condition.comparison]


def _grade(column: Value, condition: Condition, asked: Asked) -> BooleanValue:
    if condition.value not in asked.book.grades:
        return ibis.literal(condition.comparison == "is_not")
    rank = asked.book.rank(condition.value)
    tests = {"is": column == rank, "is_not": column != rank, "or_higher": column >= rank, "or_lower": column <= rank}
    return tests[condition.comparison]


def _choice(column: Value, condition: Condition, asked: Asked) -> BooleanValue:
    same = (column == condition.value).fill_null(False)
    return same if condition.comparison == "is" else ~same


def _set(column: Value, condition: Condition, asked: Asked) -> BooleanValue:
    places = {key: 2**place for place, key in enumerate(CATEGORIES)}
    has = (column & places.get(condition.value, 0)) != 0
    return has if condition.comparison == "has" else ~has


def _past(column: Value, condition: Condition, asked: Asked) -> BooleanValue:
    """Days back from today; today itself is within 0 days. What never was is not within any days."""
    today = asked.today
    if condition.comparison == "never":
        return column.isnull()
    days = condition.number if condition.comparison.endswith("within") else today.day - 1
    lately = ((column >= _day(today - timedelta(days=days))) & (column <= _day(today))).fill_null(False)
    return lately if condition.comparison in ("within", "this_month") else ~lately


def _ahead(column: Value, condition: Condition, asked: Asked) -> BooleanValue:
    """Days ahead of today; today itself is within 0 days. A birthday's column is its month and day."""
    last = asked.today + timedelta(days=condition.number)
    if condition.field == "birthday":
        soon = column.isin(_month_days(asked.today, last)).fill_null(False)
    else:
        soon = ((column >= _day(asked.today)) & (column <= _day(last))).fill_null(False)
    return soon if condition.comparison == "within" else ~soon


def _answer(column: Value, condition: Condition, asked: Asked) -> BooleanValue:
    return column if condition.comparison == "yes" else ~column


TESTS: dict[str, Callable[[Any, Condition, Asked], BooleanValue]] = {
    "amount": _amount,
    "count": _count,
    "grade": _grade,
    "choice": _choice,
    "set": _set,
    "past": _past,
    "ahead": _ahead,
    "answer": _answer,
}
"""How each kind of field with a column is tested."""


def _day(day: date) -> Value:
    return ibis.literal(day, "date")


def _month_days(first: date, last: date) -> list[int]:
    """The birthdays of a span, as month * 100 + day; 29 February is kept on the 28th in other years."""
    days = [first + timedelta(days=ahead) for ahead in range(min((last - first).days, 366) + 1)]
    kept = {day.month * 100 + day.day for day in days}
    leap = any((day + timedelta(days=1)).month == 3 and (day.month, day.day) == (2, 28) for day in days)
    return sorted(kept | ({229} if leap else set()))


def within_reach(
    *given: Table,
    definitions: Sequence[Definition],
    parts: tuple[str, ...],
    places: tuple[Condition, ...],
    today: date,
    book: RuleBook,
) -> Asked:
    """The customers within reach, with their last contact if that is asked for, and the tables beside them."""
    state, signals, accounts, holdings, profiles, facts_known, merged, day, recent, reach = given
    rows = state.filter(within(state, reach, parts))
    asked = {condition.field for definition in definitions for condition in definition.conditions}
    if "last_contact" in asked:
        rows = rows.left_join(recent.select("customer_id", recent="on"), "customer_id").drop("customer_id_right")
        rows = rows.mutate(last_contact=ibis.greatest(rows.recent, rows.last_contact_on))
    return Asked(rows, signals, accounts, holdings, profiles, facts_known, merged, day, places, today, book)


def _totals(*given: Table, definitions: tuple[Definition, ...], **how: Any) -> Table:
    asked = within_reach(*given, definitions=definitions, **how)
    rows = asked.rows.mutate(**{f"meets_{place}": asked.meets(each) for place, each in enumerate(definitions)})
    sums = {}
    for place in range(len(definitions)):
        meets = rows[f"meets_{place}"]
        sums[f"customers_{place}"] = meets.sum()
        sums[f"losing_{place}"] = (meets & rows.losing).sum()
        sums[f"products_{place}"] = rows.product_count.sum(where=meets)
        for name in ("aum", "contribution", "flow_30"):
            sums[f"{name}_{place}"] = rows[name].sum(where=meets).cast(MONEY)
    return rows.agg(**sums)


def _page(*given: Table, definition: Definition, first: int, last: int | None, **how: Any) -> Table:
    asked = within_reach(*given, definitions=(definition,), **how)
    rows = asked.rows.filter(asked.meets(definition))
    order = [rows.grade_rank.desc(), rows.aum.desc(), rows.customer_id]
    chosen = rows.order_by(order).limit(None if last is None else max(0, last - first), offset=first)
    return chosen.select("customer_id")


def _members(*given: Table, definition: Definition, **how: Any) -> Table:
    asked = within_reach(*given, definitions=(definition,), **how)
    return asked.rows.filter(asked.meets(definition)).select("customer_id")
