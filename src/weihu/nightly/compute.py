"""The night's computing: from carried state and a landed delivery to the new state. No web server, no clock."""

from __future__ import annotations

import calendar as months
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from inspect import signature
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa

from weihu.engine.duck import DuckEngine
from weihu.nightly.land import Landed
from weihu.rules import assign, completeness, effect, figures, grade, habit, merge, plan, signals, tables, value
from weihu.rules.assign import Role
from weihu.rules.kinds import KINDS, care
from weihu.rules.occasions import festivals
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.signals import BenefitExpiring, Birthday, FestivalGreeting

STATE: dict[str, tuple[ibis.Schema, str]] = {
    "branches": (tables.BRANCHES, "branch_id"),
    "staff": (tables.STAFF, "staff_id"),
    "products": (tables.PRODUCTS, "product_id"),
    "profiles": (tables.PROFILES, "customer_id"),
    "accounts": (tables.ACCOUNTS, "account_id"),
    "holdings": (tables.HOLDINGS, "holding_id"),
    "authorised": (tables.AUTHORISED, "authorised_id"),
    "standings": (tables.STANDINGS, "customer_id"),
    "signals": (tables.SIGNALS, "customer_id, kind, subject"),
    "tasks": (tables.TASKS, "staff_id, position"),
    "movements": (tables.MOVEMENTS, "customer_id"),
    "answers": (tables.ANSWERS, "customer_id, kind, subject"),
    "facts_known": (tables.FACTS_KNOWN, "customer_id"),
    "measures": (tables.MEASURES, "customer_id, measure"),
    "habits": (tables.HABITS, "customer_id"),
    "unassigned": (tables.UNASSIGNED, "customer_id"),
    "trials": (tables.TRIALS, "customer_id, kind"),
    "effects": (tables.EFFECTS, "kind, branch_id, held_out"),
    "figures": (tables.FIGURES, "branch_id, staff_id, grade_rank"),
}
NOT_CARRIED = ("movements", "tasks", "unassigned", "effects", "figures")
"""What a night leaves behind and the next one does not look at."""

"""What a run leaves behind: each table's columns, and the order in which its rows are written."""

CORE_STATE = {
    "branches": "branches",
    "staff": "staff",
    "products": "products",
    "customers": "profiles",
    "accounts": "accounts",
    "holdings": "holdings",
}
"""The core files whose keys are known from earlier nights, and the state that knows them."""


@dataclass(frozen=True)
class Before:
    """The run that the night builds on: its folder and calendar facts; none before the first night."""

    folder: Path
    business_date: date
    month_days: int
    grades: list[str]


@dataclass(frozen=True)
class Day:
    """What the day recorded that the night has not carried yet."""

    contacts: pa.Table
    answers: pa.Table
    facts: pa.Table
    barred: pa.Table
    merges: pa.Table
    granted: pa.Table
    staffing: pa.Table
    covers: pa.Table
    placed: pa.Table
    benefits_used: pa.Table
    noted: pa.Table
    tired: pa.Table


class Night:
    """One night's tables in an engine. The steps are called in order by ``run.py``."""

    def __init__(self, engine: DuckEngine, book: RuleBook, on: date, before: Before | None) -> None:
        self.engine = engine
        self.book = book
        self.on = on
        self.before = before
        self.month_days = self._month_days()
        self._tables: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_tables"][name]
        except KeyError:
            raise AttributeError(name) from None

    def _derive(self, name: str, rule: Callable[..., Any], *inputs: Any) -> None:
        self._tables[name] = self.engine.derive(name, rule, *inputs)

    def _month_days(self) -> int:
        same_month = self.before and self.before.business_date.replace(day=1) == self.on.replace(day=1)
        if self.before is None:
            return 1
        return self.before.month_days + 1 if same_month else self.on.day

    def remember(self, movements: dict[date, Path], day: Day) -> None:
        """Bind yesterday's state, the movements that leave a window tonight, and what the day recorded."""
        for name, (schema, _) in STATE.items():
            carried = self.before is not None and name not in NOT_CARRIED
            paths = [self.before.folder / f"{name}.parquet"] if self.before and carried else []
            paths = [
                path for path in paths if path.is_file()
            ]  # a state that earlier versions did not keep begins empty
            self._tables[f"{name}_before"] = self.engine.bind(f"{name}_before", schema, paths)
        if self.before and self.before.grades != list(self.book.grades):
            self._regrade()
        self._tables["merges"] = self.engine.bind_arrow("merges", tables.MERGES, self._merges(day.merges))
        self.merged = day.merges.num_rows > 0
        self.merged_customers = sum(day.merges["active"].to_pylist())
        leaving = {days: self.on - timedelta(days=days) for days in value.WINDOW_DAYS}
        found = [movements[on] for on in sorted(set(leaving.values())) if on in movements]
        self._tables["movements_before"] = self.engine.bind("movements_before", tables.MOVEMENTS, found)
        self._bind_rows("windows", tables.WINDOWS, [{"days": days, "on": on} for days, on in leaving.items()])
        self._bind_rows("calendar", tables.CALENDAR, [self._calendar_row()])
        self._bind_rows("occasions", tables.OCCASIONS, self._occasion_rows())
        self._bind_rows("benefits", tables.BENEFITS, self._benefit_rows())
        self._bind_rows("festivals", tables.FESTIVALS, self._festival_rows())
        for name, schema, given in (
            ("contacts_today", tables.CONTACTS, day.contacts),
            ("facts_today", tables.FACTS_KNOWN, day.facts),
            ("barred", tables.BARRED, day.barred),
            ("answers_today", tables.ANSWERS, day.answers),
            ("granted", tables.GRANTED, day.granted),
            ("staffing", tables.STAFFING, day.staffing),
            ("covers", tables.COVERS, day.covers),
            ("placed", tables.PLACED, day.placed),
            ("benefits_used", tables.BENEFITS_USED, day.benefits_used),
            ("noted", tables.NOTED, day.noted),
            ("tired", tables.TIRED, day.tired),
        ):
            self._tables[name] = self.engine.bind_arrow(name, schema, given)
        if self.merged:
            before = (self.standings_before, self.accounts_before)
            self._follow("standings_before", merge.standings_as_merged, *before)
            self._follow("measures_before", merge.measures_as_merged, self.measures_before)
            for name in ("habits_before", "trials_before"):
                self._follow(name, merge.without_merged, self._tables[name])
            for name in ("movements_before", "answers_before", "granted", "placed"):
                self._follow(name, merge.as_kept, self._tables[name])

    def carry(self, landed: Landed) -> None:
        """Yesterday's core tables with today's delivery laid over them."""
        for name, (schema, _) in STATE.items():
            if name in ("branches", "staff", "products", "holdings", "authorised"):
                given = self.engine.bind(f"{name}_today", schema, landed.paths(name))
                key = f"{name}_before"
                self._derive(name, value.replace_rows, schema.names[0], self._tables[key], given)
        self._derive("profiles", value.replace_rows, "customer_id", self.profiles_before, self._profiles_today(landed))
        self._derive("facts_known", value.replace_rows, "customer_id", self.facts_known_before, self.facts_today)
        delivered = ibis.schema({name: kind for name, kind in tables.ACCOUNTS.items() if name != "balance"})
        accounts = self.engine.bind("accounts_today", delivered, landed.paths("accounts"))
        balances = self.engine.bind("balances_today", tables.BALANCES, landed.paths("balances"))
        self._derive("accounts", value.carry_accounts, self.accounts_before, accounts, balances)
        self._tables["transactions"] = self.engine.bind(
            "transactions", tables.TRANSACTIONS, landed.paths("transactions")
        )
        if self.merged:
            self._follow("profiles", merge.without_merged, self.profiles)
            for name in ("accounts", "holdings"):
                self._follow(name, merge.as_kept, self._tables[name])

    def value(self) -> None:
        """AUM, monthly average, flows, contribution, and what else the policy measures."""
        self._derive("holdings_open", value.holdings_open, self.holdings, self.products, self.calendar)
        self._derive("everything", value.held, self.accounts, self.holdings_open, self.products)
        self._derive("contributions", value.contributions, self.everything, self.book)
        self._derive(
            "customer_values",
            value.customer_values,
            self.profiles,
            self.accounts,
            self.holdings_open,
            self.transactions,
            self.standings_before,
            self.movements_before,
            self.windows,
            self.contributions,
            self.calendar,
            self.book,
        )
        values = self.customer_values
        self._derive("movements", value.movements_today, values, self.transactions, self.accounts, self.calendar)
        if any(key in self.book.measures for key in self.book.policy.measures):
            self._derive(
                "measures", value.measure, self.everything, values, self.measures_before, self.calendar, self.book
            )
        else:
            self._tables["measures"] = self.engine.bind("measures", tables.MEASURES, [])

    def grade(self) -> None:
        """Grade, watch, reviews below."""
        self._derive(
            "graded",
            grade.grade_customers,
            self.customer_values,
            self.measures,
            self.granted,
            self.standings_before,
            self.measures_before,
            self.calendar,
            self.book,
        )

    def assign(self) -> None:
        """Primary and deputy of every customer, and how complete the archive is."""
        on = f"DATE '{self.on}'"
        staff = self._rows(f"SELECT staff_id, branch_id, post FROM staff WHERE left_on IS NULL OR left_on > {on}")
        pool = assign.pool(staff, self._rows("SELECT * FROM staffing"), self._rows("SELECT * FROM branches"), self.book)
        self._bind_rows("pool", tables.POOL, pool)
        roles: tuple[Role, ...] = ("primary", "deputy")
        for role in roles:
            self._deal(role, [row for row in pool if row["role"] == role])
        self._derive("contacts", _latest_contacts, self.standings_before, self.contacts_today)
        self._derive("completeness", completeness.completeness, self.graded, self.profiles, self.facts_known, self.book)
        owners = (self.primary_kept, self.primary_dealt, self.deputy_kept, self.deputy_dealt, self.standings_before)
        self._derive(
            "standings", assign.with_owners, self.graded, *owners, self.completeness, self.contacts, self.calendar
        )
        self._derive("unassigned", assign.unassigned, self.standings, self.staff, self.calendar, self.book)

    def _deal(self, role: Role, members: list[dict[str, Any]]) -> None:
        """Who keeps whom, and to whom the others go."""
        names = [f"{role}_{part}" for part in ("kept", "waiting", "held", "asked", "places", "dealt")]
        kept, waiting, held, asked, places, dealt = names
        before = (self.standings_before, self.placed, self.pool, self.staff, self.calendar, role)
        self._derive(kept, assign.kept, self.graded, *before)
        self._derive(waiting, assign.waiting, self.graded, self._tables[kept])
        self._derive(held, assign.counts, self._tables[kept], "holder")
        self._derive(asked, assign.counts, self._tables[waiting])
        flow = assign.flow(members, self._rows(f"SELECT * FROM {held}"), self._rows(f"SELECT * FROM {asked}"))
        self._bind_rows(places, tables.PLACES, flow)
        self._derive(dealt, assign.deal, self._tables[waiting], self._tables[places])

    def _rows(self, sql: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.engine.arrow(sql).to_pylist()
        return rows

    def signals(self) -> None:
        """Reasons to act."""
        self._derive("answers", signals.answers, self.answers_before, self.answers_today)
        self._derive("compared", signals.compared, self.standings, self.standings_before, self.calendar)
        self._derive(
            "moves",
            habit.moves_today,
            self.customer_values,
            self.transactions,
            self.accounts,
            self.products,
            self.habits_before,
            self.calendar,
            self.book,
        )
        self._derive("habits", habit.habits, self.moves, self.habits_before, self.calendar, self.book)
        tables_by_name = self._tables | {"facts_known": self.facts_known}
        kinds = {kind: KINDS[kind] for kind in self.book.signals if kind in KINDS} | {"noted": care.noted_kinds}
        seen = {}
        for kind, rule in kinds.items():
            inputs = (self.book if name == "book" else tables_by_name[name] for name in signature(rule).parameters)
            self._derive(f"seen_{kind}", rule, *inputs)
            seen[f"seen_{kind}"] = self._tables[f"seen_{kind}"]
        self._derive("seen", lambda *tables: signals.seen(**seen), *seen.values())
        before = (self.signals_before, self.answers, self.calendar)
        self._derive("signals", signals.signals, self.seen, *before, self.book)

    def plan(self) -> None:
        """Everybody's list for the next working day."""
        top = "SELECT quantile_disc(aum, {share}) AS aum FROM standings WHERE effective"
        rows = self._rows(top.format(share=1 - self.book.top_share))
        self._bind_rows("top", tables.TOP, rows)
        people = (self.staff, self.staffing, self.covers, self.barred, self.tired)
        known = (self.top, self.calendar, self.book)
        self._derive("candidates", plan.candidates, self._tables["signals"], self.standings, *people, *known)
        picks = plan.choose(self.engine.arrow(f"SELECT {', '.join(plan.CHOSEN_BY)} FROM candidates"), self.book)
        self._bind_rows("picks", tables.PICKS, picks)
        self._derive("tasks", plan.plan_tasks, self.candidates, self.picks)

    def measure(self) -> None:
        """What acting has changed, and the cockpit's figures."""
        known = (self.trials_before, self.calendar, self.book)
        self._derive("effects", effect.effects, self.standings, *known)
        self._derive("trials", effect.trials, self._tables["signals"], self.standings, *known)
        people = (self.tasks, self.staff, self.calendar, self.book)
        self._derive("figures", figures.figures, self.standings, self.standings_before, *people)

    def write(self, folder: Path) -> None:
        """The new state as Parquet."""
        for name, (_, order) in STATE.items():
            self.engine.write(name, folder / f"{name}.parquet", order)

    def totals(self) -> dict[str, Any]:
        """Both sides of the night's reconciliation: sums over customers and over accounts."""
        customers = self.engine.row("SELECT count(*), coalesce(sum(aum), 0.00) FROM standings")
        accounts = self.engine.row(
            "SELECT count(*) FILTER (closed_on IS NULL), coalesce(sum(balance) FILTER (closed_on IS NULL), 0.00) FROM accounts"
        )
        return {
            "customers": customers[0] + self.merged_customers,
            "customer_aum": Decimal(customers[1]),
            "accounts": accounts[0],
            "account_aum": Decimal(accounts[1]),
        }

    def counts(self) -> dict[str, Any]:
        """What the run report says of the new state."""
        keys = list(self.book.grades)
        grades = dict.fromkeys(keys, 0) | {
            keys[row["grade_rank"]]: row["n"]
            for row in self.engine.arrow("SELECT grade_rank, count(*) AS n FROM standings GROUP BY 1").to_pylist()
        }
        on = f"DATE '{self.on}'"
        raised = dict.fromkeys(self.book.signals, 0) | {
            row["kind"]: row["n"]
            for row in self.engine.arrow(
                f"SELECT kind, count(*) AS n FROM signals WHERE seen_on = {on} GROUP BY 1"
            ).to_pylist()
        }
        tasks, watched, unassigned, idle = self.engine.row(
            "SELECT (SELECT count(*) FROM tasks), count(*) FILTER (watch_since IS NOT NULL), "
            "count(*) FILTER (primary_id IS NULL), count(*) FILTER (NOT effective) FROM standings"
        )
        complete = self.engine.arrow(
            "SELECT branch_id, count(*) AS customers, sum(facts_expected)::BIGINT AS expected,"
            " sum(facts_known)::BIGINT AS known FROM standings WHERE effective GROUP BY ALL ORDER BY branch_id"
        ).to_pylist()
        completeness = {row["branch_id"]: [row["customers"], row["expected"], row["known"]] for row in complete}
        return {
            "grades": grades,
            "signals": raised,
            "tasks": tasks,
            "on_watch": watched,
            "unassigned": unassigned,
            "not_effective": idle,
            "completeness": completeness,
            "top_from": f"{self.engine.row('SELECT coalesce(max(aum), 0.00) FROM top')[0]:.2f}",
        }

    def _follow(self, name: str, rule: Callable[..., Any], *inputs: Any) -> None:
        """What the rules see of a table once merged customers are one; what is carried stays the core system's."""
        self._tables[name] = self.engine.derive(f"{name}_merged", rule, *inputs, self.merges)

    def _merges(self, merges: pa.Table) -> pa.Table:
        days = 0 if self.before is None or self.on.day == 1 else self.before.month_days
        return merges.append_column("days", pa.array([days] * merges.num_rows, pa.int64()))

    def _bind_rows(self, name: str, schema: ibis.Schema, rows: list[dict[str, Any]]) -> None:
        given = pa.Table.from_pylist(rows, schema=schema.to_pyarrow())
        self._tables[name] = self.engine.bind_arrow(name, schema, given)

    def _calendar_row(self) -> dict[str, Any]:
        starts = self.before is not None and self.on.day == 1
        last_day = months.monthrange(self.on.year, self.on.month)[1]
        return {
            "business_date": self.on,
            "month_days": self.month_days,
            "is_month_start": starts,
            "last_month_days": self.before.month_days if self.before and starts else 1,
            "is_month_end": self.on.day == last_day,
            "is_first": self.before is None,
        }

    def _occasion_rows(self) -> list[dict[str, Any]]:
        """Birthdays from the next working day on; one of 29 February is kept on the 28th in other years."""
        rule = self.book.signal(Birthday)
        lead = rule.lead_days if rule else 0
        days = [self.on + timedelta(days=1 + ahead) for ahead in range(lead + 1)]
        rows = [{"month_day": day.month * 100 + day.day, "on": day} for day in days]
        leapless = [day for day in days if (day.month, day.day) == (2, 28) and not months.isleap(day.year)]
        return rows + [{"month_day": 229, "on": day} for day in leapless]

    def _festival_rows(self) -> list[dict[str, Any]]:
        """The festivals within the lead days of the next working day."""
        rule = self.book.signal(FestivalGreeting)
        if rule is None:
            return []
        last = self.on + timedelta(days=1 + rule.lead_days)
        return [{"festival": key, "on": on} for key, on in festivals(self.book, self.on + timedelta(days=1), last)]

    def _benefit_rows(self) -> list[dict[str, Any]]:
        """The benefits whose period ends within the lead days of the next working day."""
        rule = self.book.signal(BenefitExpiring)
        last = self.on + timedelta(days=1 + rule.lead_days) if rule else date.min
        ends = {key: benefit.period_of(self.on)[1] for key, benefit in self.book.benefits.items()}
        return [
            {
                "benefit": key,
                "from_rank": self.book.rank(benefit.from_grade),
                "to_rank": self.book.rank(benefit.to_grade) if benefit.to_grade else len(self.book.grades) - 1,
                "quota": benefit.quota,
                "ends_on": ends[key],
            }
            for key, benefit in self.book.benefits.items()
            if self.on < ends[key] <= last
        ]

    def _profiles_today(self, landed: Landed) -> Any:
        """Delivered customers with the keys of the core system's fields that are empty."""
        paths = landed.paths("customers")
        if not paths:
            return self.engine.bind("profiles_today", tables.PROFILES, [])
        core = [key for key, field in self.book.fields.items() if field.core]
        missing = " || ".join(f"IF({key} IS NULL, '{key},', '')" for key in core)
        rows = self.engine.arrow(
            "SELECT customer_id, branch_id, opened_on, birth_date, risk_rating, risk_rated_on,"
            f" {missing or chr(39) * 2} AS missing FROM '{paths[0]}'"
        )
        return self.engine.bind_arrow("profiles_today", tables.PROFILES, rows)

    def _regrade(self) -> None:
        """A book with other grades: ranks of the old one by key; a customer of a grade that is gone is graded anew."""
        old = self.before.grades if self.before else []
        kept = {rank: self.book.rank(key) for rank, key in enumerate(old) if key in self.book.grades}
        self._tables["standings_before"] = self.engine.derive(
            "standings_before", _mapped_ranks, self.standings_before, kept
        )


def _mapped_ranks(previous: Any, kept: dict[int, int]) -> Any:
    def mapped(rank: Any) -> Any:
        steps = [(rank == old, ibis.literal(new, "int64")) for old, new in kept.items()]
        return (ibis.cases(*steps, else_=ibis.null("int64")) if steps else ibis.null("int64")).cast("int64")

    ranks = ("grade_rank", "earned_rank", *grade.LEVELS)
    return previous.mutate(**{name: mapped(previous[name]) for name in ranks}).select(*previous.columns)


def _latest_contacts(previous: Any, today: Any) -> Any:
    """The last contact of each customer, carried or new."""
    carried = previous.filter(previous.last_contact_on.notnull()).select(*tables.CONTACTS)
    both = carried.union(today)
    place = ibis.row_number().over(
        group_by="customer_id", order_by=[both.last_contact_on.desc(), both.follow_up_on.desc(nulls_first=False)]
    )
    ranked = both.mutate(place=place)
    return ranked.filter(ranked.place == 0).select(*tables.CONTACTS)
