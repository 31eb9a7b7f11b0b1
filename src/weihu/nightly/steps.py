"""The list of a night's steps: what it starts from, which rule makes which table, and what is written."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import ibis
import pyarrow as pa

from weihu.insight.kept import RULE_ALONE, Model
from weihu.insight.reasons import explained
from weihu.nightly.graph import Graph, Source, Stage, Step
from weihu.rules import (
    assign,
    attrition,
    bridge,
    completeness,
    effect,
    figures,
    grade,
    habit,
    listed,
    merge,
    metric,
    plan,
    signals,
    summary,
    tables,
    value,
    worth,
)
from weihu.rules.assign import Role, Row
from weihu.rules.kinds import KINDS, care, leaving
from weihu.rules.rulebook import RuleBook
from weihu.rules.scores import Scorer
from weihu.rules.worth import UNLEARNED, Outlook

CORE_STATE = {
    "branches": "branches",
    "staff": "staff",
    "products": "products",
    "customers": "profiles",
    "accounts": "accounts",
    "holdings": "holdings",
}
"""The core files whose keys are known from earlier nights, and the state that knows them."""

NOTED = {
    "contacts_today": tables.CONTACTS,
    "answers_today": tables.ANSWERS,
    "facts_today": tables.FACTS_KNOWN,
    "barred": tables.BARRED,
    "unscored": tables.UNSCORED,
    "merges": tables.MERGES,
    "exceptions": tables.GRANTED,
    "staffing": tables.STAFFING,
    "covers": tables.COVERS,
    "placements": tables.PLACED,
    "benefits_used": tables.BENEFITS_USED,
    "noted": tables.NOTED,
    "tired": tables.TIRED,
    "own_workdays": tables.OWN_WORKDAYS,
}
"""What the workplace recorded that the night has not carried yet, with its columns."""

PAST_MOVEMENTS = "movements_stored"
PAST_LEVELS = "levels_stored"
"""The sources that read files of several nights, not of the last one."""

SOURCES = (
    *(
        Source(name, schema, "stored", file)
        for name, file, schema in (
            ("branches_before", "branches", tables.BRANCHES),
            ("staff_before", "staff", tables.STAFF),
            ("products_before", "products", tables.PRODUCTS),
            ("profiles_before", "profiles", tables.PROFILES),
            ("accounts_before", "accounts", tables.ACCOUNTS),
            ("holdings_before", "holdings", tables.HOLDINGS),
            ("authorised_before", "authorised", tables.AUTHORISED),
            ("facts_known_before", "facts_known", tables.FACTS_KNOWN),
            ("standings_stored", "standings", tables.STANDINGS),
            ("measures_stored", "measures", tables.MEASURES),
            (PAST_MOVEMENTS, "movements", tables.MOVEMENTS),
            ("habits_stored", "habits", tables.HABITS),
            ("levels_before", "levels", tables.LEVELS),
            (PAST_LEVELS, "levels", tables.LEVELS),
            ("answers_stored", "answers", tables.ANSWERS),
            ("trials_stored", "trials", effect.TRIALS),
            ("worths_stored", "worths", tables.WORTHS),
            ("signals_before", "signals", tables.SIGNALS),
            ("matured_before", "matured", tables.MATURED),
        )
    ),
    *(
        Source(name, schema, "delivered", name.removesuffix("_today"))
        for name, schema in (
            ("branches_today", tables.BRANCHES),
            ("staff_today", tables.STAFF),
            ("products_today", tables.PRODUCTS),
            ("customers_today", tables.CUSTOMERS),
            ("accounts_today", tables.ACCOUNTS_DELIVERED),
            ("holdings_today", tables.HOLDINGS),
            ("authorised_today", tables.AUTHORISED),
            ("balances_today", tables.BALANCES),
            ("transactions_today", tables.TRANSACTIONS),
        )
    ),
    *(Source(name, schema, "noted") for name, schema in NOTED.items()),
    Source("calendar", tables.CALENDAR, "book"),
    Source("days_between", tables.DAYS_BETWEEN, "book"),
    Source("windows", tables.WINDOWS, "book"),
    Source("spans", tables.SPANS, "book"),
    Source("ranks", tables.RANKS, "book"),
    Source("occasions", tables.OCCASIONS, "book"),
    Source("week", tables.OCCASIONS, "book"),
    Source("festivals", tables.FESTIVALS, "book"),
    Source("benefits", tables.BENEFITS, "book"),
    Source("cadences", tables.CADENCES, "book"),
)


def night(book: RuleBook, model: Model = RULE_ALONE, outlook: Outlook = UNLEARNED) -> Graph:
    """The graph of a night by a rule book: its kinds of signal are its own. ``model``: of who leaves; ``outlook``: what
    the history tells of contribution to come."""
    steps = (
        *_carry(),
        *_value(),
        *_grade(),
        *_assign(),
        *_signals(book, model),
        *_worth(book, model.scorer, outlook),
        *_lists(),
        *_plan(),
        *_measure(book),
    )
    return Graph(SOURCES, steps)


def _carry() -> Iterator[Step]:
    """Yesterday's core tables with today's delivery laid over them, and merged customers followed."""
    for name, key, schema in (
        ("branches", "branch_id", tables.BRANCHES),
        ("staff", "staff_id", tables.STAFF),
        ("products", "product_id", tables.PRODUCTS),
        ("authorised", "authorised_id", tables.AUTHORISED),
    ):
        yield _replaced(name, name, key, f"{name}_today", schema=schema)
    yield _replaced("holdings_carried", "holdings", "holding_id", "holdings_today", schema=tables.HOLDINGS)
    yield Step("profiles_today", value.profiles_today, tables.PROFILES, "carry")
    yield _replaced(
        "profiles_carried", "profiles", "customer_id", "profiles_today", "customers_today", schema=tables.PROFILES
    )
    yield _replaced("facts_known", "facts_known", "customer_id", "facts_today", schema=tables.FACTS_KNOWN)
    yield Step(
        "accounts_carried", value.carry_accounts, tables.ACCOUNTS, "carry", file="accounts", order=("account_id",)
    )
    yield Step(
        "transactions",
        value.transactions_today,
        tables.TRANSACTIONS,
        "carry",
        reads={"delivered": "transactions_today"},
        same_without="days_between",
    )
    yield Step(
        "levels",
        attrition.levels_today,
        tables.LEVELS,
        "carry",
        reads={
            "profiles": "profiles_carried",
            "accounts": "accounts_carried",
            "holdings": "holdings_carried",
            "transactions": "transactions_today",
        },
        file="levels",
        order=("customer_id",),
    )
    without = partial(Step, rule=merge.without_merged, stage="carry", same_without="merges")
    as_kept = partial(Step, rule=merge.as_kept, stage="carry", same_without="merges")
    yield without("profiles", schema=tables.PROFILES, reads={"table": "profiles_carried"})
    yield as_kept("accounts", schema=tables.ACCOUNTS, reads={"table": "accounts_carried"})
    yield as_kept("holdings", schema=tables.HOLDINGS, reads={"table": "holdings_carried"})
    yield Step(
        "standings_ranked",
        grade.ranks_as_now,
        tables.STANDINGS,
        "carry",
        reads={"standings": "standings_stored"},
        same_without="ranks",
    )
    yield Step(
        "standings_before",
        merge.standings_as_merged,
        tables.STANDINGS,
        "carry",
        reads={"previous": "standings_ranked"},
        same_without="merges",
    )
    yield Step(
        "measures_before",
        merge.measures_as_merged,
        tables.MEASURES,
        "carry",
        reads={"previous": "measures_stored"},
        same_without="merges",
    )
    yield without("habits_before", schema=tables.HABITS, reads={"table": "habits_stored"})
    yield without("trials_before", schema=effect.TRIALS, reads={"table": "trials_stored"})
    yield without("worths_before", schema=tables.WORTHS, reads={"table": "worths_stored"})
    yield as_kept("movements_before", schema=tables.MOVEMENTS, reads={"table": "movements_stored"})
    yield as_kept("answers_before", schema=tables.ANSWERS, reads={"table": "answers_stored"})
    yield as_kept("granted", schema=tables.GRANTED, reads={"table": "exceptions"})
    yield as_kept("placed", schema=tables.PLACED, reads={"table": "placements"})


def _replaced(makes: str, file: str, key: str, today: str, without: str = "", *, schema: ibis.Schema) -> Step:
    return Step(
        makes,
        value.replace_rows,
        schema,
        "carry",
        reads={"before": f"{file}_before", "today": today},
        constants={"key": key},
        same_without=without or today,
        file=file,
        order=(key,),
    )


def _value() -> Iterator[Step]:
    """AUM, monthly average, flows, contribution, and what else the policy measures."""
    yield Step("holdings_open", value.holdings_open, tables.HOLDINGS_OPEN, "value")
    yield Step("everything", value.held, tables.EVERYTHING, "value")
    yield Step("contributions", value.contributions, tables.CONTRIBUTIONS, "value")
    delivered = {"delivered": "transactions_today"}
    yield Step(
        "movements_known",
        value.movements_known,
        tables.MOVEMENTS,
        "value",
        reads={"movements": "movements_before", **delivered},
        same_without="days_between",
    )
    known = {"movements_before": "movements_known", "transactions": "transactions_today"}
    yield Step("customer_values", value.customer_values, tables.VALUES, "value", reads=known)
    yield Step(
        "movements",
        value.movements_today,
        tables.MOVEMENTS,
        "value",
        reads={"known": "movements_known"},
        file="movements",
        order=("business_date", "customer_id"),
    )
    yield Step("measures", value.measure, tables.MEASURES, "value", file="measures", order=("customer_id", "measure"))


def _grade() -> Iterator[Step]:
    """Grade, watch, reviews below."""
    yield Step("graded", grade.grade_customers, tables.GRADED, "grade")
    yield Step(
        "thresholds",
        metric.thresholds,
        tables.THRESHOLDS,
        "grade",
        file="thresholds",
        order=("branch_id", "grade_rank"),
    )


def _assign() -> Iterator[Step]:
    """Primary and deputy of every customer, and how complete the archive is."""
    yield Step("pool", _pool, tables.POOL, "assign", solves=True)
    roles: tuple[Role, ...] = ("primary", "deputy")
    for role in roles:
        kept, waiting, held, asked, places, dealt = (
            f"{role}_{part}" for part in ("kept", "waiting", "held", "asked", "places", "dealt")
        )
        yield Step(kept, assign.kept, tables.KEPT, "assign", constants={"role": role})
        yield Step(waiting, assign.waiting, tables.WAITING, "assign", reads={"kept": kept})
        yield Step(held, assign.held, tables.HELD, "assign", reads={"kept": kept})
        yield Step(asked, assign.asked, tables.ASKED, "assign", reads={"waiting": waiting})
        yield Step(
            places,
            _places,
            tables.PLACES,
            "assign",
            reads={"held": held, "asked": asked},
            constants={"role": role},
            solves=True,
        )
        yield Step(dealt, assign.deal, tables.DEALT, "assign", reads={"waiting": waiting, "places": places})
    yield Step("contacts", assign.latest_contacts, tables.CONTACTS, "assign")
    yield Step("completeness", completeness.completeness, tables.COMPLETENESS, "assign")
    yield Step("standings", assign.with_owners, tables.STANDINGS, "assign", file="standings", order=("customer_id",))
    yield Step("unassigned", assign.unassigned, tables.UNASSIGNED, "assign", file="unassigned", order=("customer_id",))
    yield Step("workdays", plan.workdays, tables.WORKDAYS, "assign")


def _pool(staff: pa.Table, staffing: pa.Table, branches: pa.Table, calendar: pa.Table, book: RuleBook) -> list[Row]:
    today = calendar["business_date"][0].as_py()
    active = [row for row in staff.to_pylist() if row["left_on"] is None or row["left_on"] > today]
    return assign.pool(active, staffing.to_pylist(), branches.to_pylist(), book)


def _places(pool: pa.Table, held: pa.Table, asked: pa.Table, role: Role) -> list[Row]:
    members = [row for row in pool.to_pylist() if row["role"] == role]
    return assign.flow(members, held.to_pylist(), asked.to_pylist())


def _features() -> Iterator[Step]:
    """How customers stand against their own level: what models look at."""
    stage: Stage = "signals"
    for makes, stored in (("levels_merged", "levels"), ("levels_past", PAST_LEVELS)):
        yield Step(
            makes,
            attrition.levels_as_merged,
            tables.LEVELS,
            stage,
            reads={"levels": stored},
            same_without="merges",
        )
    yield Step("features", attrition.features, attrition.FEATURES, stage, reads={"levels": "levels_merged"})


def _leavers(model: Model) -> Iterator[Step]:
    """Who is likely to leave, and why."""
    stage: Stage = "signals"
    yield Step("scores", attrition.scored, attrition.SCORES, stage, constants={"by": model.scorer})
    yield Step("leavers", leaving.leavers, leaving.LISTED, stage, constants={"by": model.scorer})
    yield Step("explained", explained, leaving.EXPLAINED, stage, constants={"model": model}, solves=True)


def _signals(book: RuleBook, model: Model) -> Iterator[Step]:
    """Reasons to act."""
    yield Step(
        "answers",
        signals.answers,
        tables.ANSWERS,
        "signals",
        file="answers",
        order=("customer_id", "kind", "subject"),
    )
    yield Step("compared", signals.compared, tables.COMPARED, "signals")
    days = {"values": "customer_values", "previous": "habits_before"}
    yield Step("moves", habit.moves_today, tables.MOVES, "signals", reads=days)
    yield Step(
        "habits",
        habit.habits,
        tables.HABITS,
        "signals",
        reads={"previous": "habits_before"},
        file="habits",
        order=("customer_id",),
    )
    if leaving.KIND in book.signals or effect.trials_held(book):
        yield from _features()
    if leaving.KIND in book.signals:
        yield from _leavers(model)
    kinds = {kind: KINDS[kind] for kind in book.signals if kind in KINDS} | {"noted": care.noted_kinds}
    for kind, rule in kinds.items():
        yield Step(f"seen_{kind}", rule, tables.SEEN, "signals", group="seen_KIND")
    yield Step("seen", signals.seen, tables.SEEN, "signals", reads={f"seen_{kind}": f"seen_{kind}" for kind in kinds})
    yield Step(
        "signals",
        signals.signals,
        tables.SIGNALS,
        "signals",
        file="signals",
        order=("customer_id", "kind", "subject"),
    )


def _worth(book: RuleBook, by: Scorer, outlook: Outlook) -> Iterator[Step]:
    """What customers are worth over the years to come."""
    stage: Stage = "signals"
    constants = {"by": by, "outlook": outlook}
    yield Step("years", _years, tables.YEARS, stage, constants=constants, solves=True)
    warned = leaving.KIND in book.signals and by.steps
    rule = worth.worths if warned else worth.worths_unwarned
    yield Step("worths", rule, tables.WORTHS, stage, file="worths", order=("customer_id",))


def _years(book: RuleBook, by: Scorer, outlook: Outlook) -> list[Row]:
    return list(worth.years(book, outlook, by))


def _lists() -> Iterator[Step]:
    """The fixed lists."""
    stage: Stage = "lists"
    yield Step("matured", listed.matured, tables.MATURED, stage, file="matured", order=("account_id", "matures_on"))
    for name, rule in listed.LISTS.items():
        yield Step(f"list_{name}", rule, tables.EVIDENCE, stage, group="list_NAME")
    yield Step(
        "listed",
        listed.listed,
        tables.LISTED,
        stage,
        reads={name: f"list_{name}" for name in listed.LISTS},
        file="listed",
        order=("list", "customer_id", "subject"),
    )


def _plan() -> Iterator[Step]:
    """Everybody's list for his or her next working day."""
    yield Step("top", plan.top, tables.TOP, "plan")
    yield Step("candidates", plan.candidates, tables.CANDIDATES, "plan")
    yield Step("choices", plan.choices, tables.CHOICES, "plan")
    yield Step("picks", plan.choose, tables.PICKS, "plan", reads={"candidates": "choices"}, solves=True)
    yield Step("tasks", plan.plan_tasks, tables.TASKS, "plan", file="tasks", order=("staff_id", "position"))


def _measure(book: RuleBook) -> Iterator[Step]:
    """What acting has changed, the cockpit's figures, and what the report says."""
    stage: Stage = "measure"
    before = {"previous": "trials_before"}
    one = ("customer_id", "kind")
    yield Step("ended", effect.ended, effect.ENDED, stage, reads=before, file="ended", order=one)
    yield Step(
        "effects", effect.effects, tables.EFFECTS, stage, file="effects", order=("kind", "branch_id", "held_out")
    )
    held = effect.trials_held(book)
    if held:
        yield Step("begun", effect.begun, effect.BEGUN, stage, reads=before, file="begun", order=one)
    yield Step(
        "trials",
        effect.trials if held else effect.running,
        effect.TRIALS,
        stage,
        reads=before,
        file="trials",
        order=one,
    )
    yield Step("bridge", bridge.bridge, tables.BRIDGE, stage, reads={"previous": "standings_before"})
    yield Step(
        "figures",
        figures.figures,
        tables.FIGURES,
        stage,
        reads={"previous": "standings_before"},
        file="figures",
        order=("branch_id", "staff_id", "grade_rank"),
    )
    yield Step(
        "grade_changes",
        grade.grade_changes,
        tables.GRADE_CHANGES,
        stage,
        file="grade_changes",
        order=("customer_id",),
    )
    yield Step("summary", summary.summary, tables.SUMMARY, stage)
    yield Step("account_totals", summary.account_totals, tables.ACCOUNT_TOTALS, stage)
    yield Step("signal_counts", summary.signal_counts, tables.SIGNAL_COUNTS, stage)
