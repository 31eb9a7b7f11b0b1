"""How a customer is graded (客户分级): the policy of the rule book over values and last night's grades.

A grade is written as its rank in the book, 0 the lowest. Everything that a later night needs is in the row: how
many reviews in a row the customer was below the grade, since when on watch, and the grade that was reached at each of
the last six reviews. What a past review found stays as it was, whatever a later book asks.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import ibis
from ibis.expr.types import BooleanValue, Column, DecimalValue, IntegerValue, Table

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.grades import Grade
from weihu.rules.tables import BALANCE_DAYS, GRADE_CHANGES, GRADES, MONEY
from weihu.rules.value import average, business_date

METRIC = ("measured", "measured_days", "metric")
LEVELS = tuple(f"level_{review}" for review in range(1, 7))


def grade_customers(
    customer_values: Table,
    measures: Table,
    granted: Table,
    standings_before: Table,
    measures_before: Table,
    calendar: Table,
    book: RuleBook,
) -> Table:
    """Values with metric and grade (columns: tables.VALUES, measured, measured_days, metric, tables.GRADES).

    ``measures`` of tonight and of last night as in tables.MEASURES; ``granted`` as in tables.GRANTED.
    """
    columns = measures_as_columns(measures, book, "m_"), measures_as_columns(measures_before, book, "b_")
    joined = _with_before(customer_values, granted, standings_before, *columns)
    joined = _with_levels(joined, calendar, book)
    is_new = joined.earned_rank.isnull()
    reviewing = _reviewing(calendar, book) & ~is_new
    below = _reviews_below(joined, reviewing)
    levels = _shifted_levels(joined, reviewing)
    joined = joined.mutate(
        below=below,
        rises=_rises(joined, reviewing, calendar, book),
        new_review_1=ibis.ifelse(reviewing, joined.reviewed, joined.review_1),
        **{f"new_{name}": column for name, column in levels.items()},
    )
    joined = joined.mutate(falls=_falls(joined, reviewing, book))
    earned = ibis.cases(
        (is_new, joined.level_at_once),
        (joined.rises, joined.level_rising),
        (joined.falls, _fallen_level(joined, book)),
        else_=joined.earned_rank,
    ).cast("int64")
    joined = joined.mutate(earned=earned)
    kept = ibis.coalesce(joined.earned == joined.earned_rank, False)
    rank = ibis.greatest(joined.earned, ibis.coalesce(joined.granted_rank, joined.earned))
    joined = joined.mutate(rank=rank, kept=kept, new_below=ibis.ifelse(kept, joined.below, 0).cast("int64"))
    same = ibis.coalesce(joined["rank"] == joined.grade_rank, False)
    watched = joined.kept & _on_watch(joined, book) & (joined["rank"] == joined.earned)
    today = business_date(calendar)
    return joined.select(
        *customer_values.columns,
        *METRIC,
        grade_rank=joined["rank"],
        grade_since=ibis.ifelse(same, joined.grade_since, today),
        grade_why=ibis.ifelse(same, joined.grade_why, _why(joined, calendar)),
        earned_rank=joined.earned,
        months_below=joined.new_below,
        watch_since=ibis.ifelse(watched, ibis.coalesce(joined.watch_since, today), ibis.null("date")),
        review_1=joined.new_review_1,
        **{name: joined[f"new_{name}"] for name in LEVELS},
    )


def ranks_as_now(standings: Table, ranks: Table) -> Table:
    """Standings of the night before with the ranks of tonight's book (``ranks``: tables.RANKS); a customer of a grade
    that is gone has none, and is graded anew."""
    joined = standings
    for name in ("grade_rank", "earned_rank", *LEVELS):
        now = ranks.select(**{f"was_{name}": "rank", f"now_{name}": "now"})
        joined = joined.left_join(now, joined[name] == now[f"was_{name}"]).drop(f"was_{name}")
    changed = {name: joined[f"now_{name}"] for name in ("grade_rank", "earned_rank", *LEVELS)}
    return joined.mutate(**changed).select(*standings.columns)


def grade_changes(standings: Table, standings_before: Table, calendar: Table) -> Table:
    """Customers whose grade is another than the night before (columns: tables.GRADE_CHANGES); none on the first night."""
    before = standings_before.select("customer_id", rank_before="grade_rank")
    joined = standings.left_join(before, "customer_id").drop("customer_id_right")
    changed = joined.filter(~joined.rank_before.identical_to(joined.grade_rank) & ~calendar.is_first.as_scalar())
    renamed = changed.mutate(rank_after=changed.grade_rank, why=changed.grade_why)
    return renamed.select(*GRADE_CHANGES)


Place = tuple[IntegerValue, IntegerValue]
"""How many have more, and how many there are, in the bank or in the branch."""


def level(measured: dict[str, DecimalValue], table: Table, book: RuleBook, place: Place | None = None) -> IntegerValue:
    """The rank that a customer's measures reach, the highest of them; lower bounds are inclusive.

    ``measured`` has a column of ``table`` for each of the policy's measures; ``table`` a branch_id. ``place`` of the
    leading measure, where it is known already.
    """
    lead = book.policy.metric
    if place is None and asks_for_shares(book):
        place = place_of(measured[lead], book)
    steps = []
    for rank, grade in reversed(list(enumerate(book.grades.values()))):
        ways = [measured[key] >= ibis.literal(bound, MONEY) for key, bound in grade.minimums.items() if key in measured]
        if leading := _led(measured[lead], place, grade, table):
            ways.append(_all(leading))
        if ways:
            reached = ways[0]
            for way in ways[1:]:
                reached = reached | way
            steps.append((reached, ibis.literal(rank, "int64")))
    return ibis.cases(*steps, else_=ibis.literal(0, "int64"))


def with_contact_due(customers: Table, cadences: Table, book: RuleBook) -> Table:
    """Customers with ``contact_due``, the day by which the grade wants the next contact; none where the grade has no
    cadence (M19). ``cadences`` says it for the contacts of late where the book counts working days."""
    last = ibis.coalesce(customers.last_contact_on, customers.first_seen_on)
    days = {rank: grade.cadence_days for rank, grade in enumerate(book.grades.values()) if grade.cadence_days}
    if not days:
        return customers.mutate(contact_due=ibis.null("date"))
    usual = ibis.cases(
        *(
            (customers.grade_rank == rank, (last + ibis.interval(days=many)).cast("date"))
            for rank, many in days.items()
        ),
        else_=ibis.null("date"),
    )
    if "cadences" not in book.working_days.counted_in:
        return customers.mutate(contact_due=usual)
    many = ibis.cases(*((customers.grade_rank == rank, many) for rank, many in days.items()), else_=0)
    asked = customers.mutate(contact_due=usual, cadence=many.cast("int64"), contact_since=last)
    joined = asked.left_join(cadences, [asked.cadence == cadences.days, asked.contact_since == cadences.since])
    return joined.select(*customers.columns, contact_due=ibis.coalesce(joined.due_on, joined.contact_due))


def minimum_in(branch_id: Column, grade: Grade) -> DecimalValue:
    """The grade's minimum of the leading metric in a branch; NULL where there is none."""
    general = ibis.null(MONEY) if grade.minimum is None else ibis.literal(grade.minimum, MONEY)
    own_bounds = [(branch_id == branch, ibis.literal(bound, MONEY)) for branch, bound in grade.minimum_in.items()]
    return ibis.cases(*own_bounds, else_=general) if own_bounds else general


def among_the_best(place: Place, share: Decimal) -> BooleanValue:
    """Whether fewer than the share of everybody have more."""
    above, everybody = place
    return above * 100_000 < everybody * int(share * 100_000)


def measured_at_once(table: Table, book: RuleBook) -> dict[str, DecimalValue]:
    """The policy's measures as they stand, for who is new: an average of some days would say too little."""
    return {key: table["aum" if key in ("aum", "monthly_average") else f"m_{key}"] for key in book.policy.measures}


def measured_tonight(table: Table, calendar: Table, book: RuleBook) -> dict[str, DecimalValue]:
    """The policy's measures of tonight."""
    days = calendar.month_days.as_scalar()
    return {
        key: table[key] if key not in book.measures else timed(table, f"m_{key}", days, book, key)
        for key in book.policy.measures
    }


def timed(table: Table, column: str, days: IntegerValue, book: RuleBook, key: str) -> DecimalValue:
    """A measure that the book defines, of columns of ``measures_as_columns``, by its timing."""
    if book.measures[key].timing == "point_in_time":
        return table[column].cast(MONEY)
    return average(table[f"{column}_days"], days)


def _with_before(values: Table, granted: Table, previous: Table, measures: Table, measures_before: Table) -> Table:
    """Values with last night's grade, the exception that holds, and measures as columns m_KEY, b_KEY (last night's)."""
    before = previous.select("customer_id", *GRADES.names, aum_before="aum", days_before="balance_days")
    exceptions = granted.group_by("customer_id").agg(granted_rank=granted.grade_rank.max())
    joined = values
    for part in (before, exceptions, measures, measures_before):
        joined = joined.left_join(part, "customer_id").drop("customer_id_right")
    # a state that earlier versions left knows the grade alone
    earned = ibis.ifelse(joined.grade_why.isnull(), joined.grade_rank, joined.earned_rank)
    return joined.mutate(earned_rank=earned)


def measures_as_columns(measures: Table, book: RuleBook, prefix: str) -> Table:
    """One row per customer: for each measure its amount (``prefix`` + key) and its sum over the month (… + _days)."""
    named = [key for key in book.policy.measures if key in book.measures]
    columns = {}
    for key in named:
        of_it = measures.measure == key
        columns[f"{prefix}{key}"] = measures.amount.max(where=of_it)
        columns[f"{prefix}{key}_days"] = measures.amount_days.max(where=of_it)
    return measures.group_by("customer_id").agg(**columns) if columns else measures.select("customer_id").distinct()


def _with_levels(joined: Table, calendar: Table, book: RuleBook) -> Table:
    """With the metric, what the review looks at, and the levels of tonight, of the review, and for who is new."""
    tonight = measured_tonight(joined, calendar, book)
    joined = joined.mutate(**{f"t_{key}": column.cast(MONEY) for key, column in tonight.items()})
    tonight = {key: joined[f"t_{key}"] for key in tonight}
    reviewed = tonight if book.policy.review_on else _as_the_month_ended(joined, calendar, book)
    joined = joined.mutate(**{f"r_{key}": column.cast(MONEY) for key, column in reviewed.items()})
    lead = book.policy.metric
    own = lead not in book.measures
    return joined.mutate(
        measured=(joined.aum if own else joined[f"m_{lead}"]).cast(MONEY),
        measured_days=(joined.balance_days if own else joined[f"m_{lead}_days"]).cast(BALANCE_DAYS),
        metric=joined[f"t_{lead}"],
        reviewed=joined[f"r_{lead}"],
        level=level({key: joined[f"t_{key}"] for key in reviewed}, joined, book),
        level_reviewed=level({key: joined[f"r_{key}"] for key in reviewed}, joined, book),
        level_at_once=level(measured_at_once(joined, book), joined, book),
    ).mutate(level_rising=lambda t: t.level_reviewed if book.policy.upgrade in ("next_month", "review") else t.level)


def _as_the_month_ended(joined: Table, calendar: Table, book: RuleBook) -> dict[str, DecimalValue]:
    """The policy's measures of the month that has just ended, as they stood on its last night."""
    days = calendar.last_month_days.as_scalar()
    own = {"aum": joined.aum_before, "monthly_average": average(joined.days_before, days)}
    # of a measure that no night has carried yet, tonight's amount
    return {
        key: own[key] if key in own else ibis.coalesce(timed(joined, f"b_{key}", days, book, key), joined[f"m_{key}"])
        for key in book.policy.measures
    }


def asks_for_shares(book: RuleBook) -> bool:
    """Whether any grade is for the best so many per cent."""
    return any(entry.within_top is not None for entry in book.grades.values())


def place_of(metric: DecimalValue, book: RuleBook) -> Place:
    """Everybody's place by a metric."""
    by = ["branch_id"] if book.policy.top_of == "branch" else []
    above = ibis.rank().over(group_by=by, order_by=metric.desc())
    return above.cast("int64"), metric.count().over(group_by=by).cast("int64")


def _led(metric: DecimalValue, place: Place | None, grade: Grade, table: Table) -> list[BooleanValue]:
    """What the leading metric has to fulfil for a grade."""
    conditions = []
    if grade.minimum is not None:
        conditions.append(metric >= minimum_in(table.branch_id, grade))
    if grade.within_top is not None and place is not None:
        # who has nothing is never among the best
        conditions += [among_the_best(place, grade.within_top), metric > ibis.literal(Decimal(0), MONEY)]
    return conditions


def _all(conditions: list[BooleanValue]) -> BooleanValue:
    first, *others = conditions
    for other in others:
        first = first & other
    return first


def last_review(on: date, book: RuleBook) -> date:
    """The last day up to a date on which the policy reviews grades: by which customers fall."""
    if not book.policy.review_on:
        return on.replace(day=1)
    days = [date.fromisoformat(f"{year}-{day}") for year in (on.year - 1, on.year) for day in book.policy.review_on]
    return max(day for day in days if day <= on)


def _reviewing(calendar: Table, book: RuleBook) -> BooleanValue:
    """Whether grades are reviewed tonight."""
    if not book.policy.review_on:
        return calendar.is_month_start.as_scalar()
    days = [int(month_day.replace("-", "")) for month_day in book.policy.review_on]
    today = business_date(calendar)
    return (today.month().cast("int64") * 100 + today.day().cast("int64")).isin(days)


def _reviews_below(joined: Table, reviewing: BooleanValue) -> IntegerValue:
    short = joined.level_reviewed < joined.earned_rank
    counted = ibis.ifelse(short, joined.months_below + 1, 0)
    return ibis.ifelse(reviewing, counted, ibis.coalesce(joined.months_below, 0))


def _shifted_levels(joined: Table, reviewing: BooleanValue) -> dict[str, Any]:
    older = dict(zip(LEVELS, ("level_reviewed", *LEVELS), strict=False))
    return {name: ibis.ifelse(reviewing, joined[source], joined[name]) for name, source in older.items()}


def _rises(joined: Table, reviewing: BooleanValue, calendar: Table, book: RuleBook) -> BooleanValue:
    when = {
        "nightly": ibis.literal(True),
        "month_end": calendar.is_month_end.as_scalar(),
        "next_month": reviewing,
        "review": reviewing,
    }[book.policy.upgrade]
    return (joined.level_rising > joined.earned_rank) & when


def _falls(joined: Table, reviewing: BooleanValue, book: RuleBook) -> BooleanValue:
    after = _months_of("downgrade_after_months", joined, book)
    at_review = reviewing & (joined.below >= ibis.greatest(after, ibis.literal(1, "int64")))
    if book.policy.review_on:
        return at_review
    return ibis.ifelse(after == 0, joined.level < joined.earned_rank, at_review)


def _fallen_level(joined: Table, book: RuleBook) -> IntegerValue:
    recent = [joined[f"new_{name}"] for name in LEVELS[: book.policy.falls_to_best_of_months]]
    best = recent[0]
    for older in recent[1:]:
        best = ibis.greatest(best, ibis.coalesce(older, best))
    if book.policy.review_on:
        return best
    return ibis.ifelse(_months_of("downgrade_after_months", joined, book) == 0, joined.level, best)


def _on_watch(joined: Table, book: RuleBook) -> BooleanValue:
    after = _months_of("watch_after_months", joined, book)
    return (after > 0) & (joined.below >= after)


def _why(joined: Table, calendar: Table) -> Column:
    """Why the grade changed tonight."""
    known = joined.first_seen_on < business_date(calendar)
    return ibis.cases(
        (joined.granted_rank > joined.earned, "granted"),
        (joined.earned_rank.isnull() & known, "book"),
        (joined.earned_rank.isnull(), "new"),
        (joined.earned > joined.earned_rank, "risen"),
        (joined.earned < joined.earned_rank, "fallen"),
        else_="ended",
    )


def _months_of(setting: str, joined: Table, book: RuleBook) -> IntegerValue:
    """The policy's count, or the grade's own."""
    general = getattr(book.policy, setting)
    own = [
        (joined.earned_rank == rank, ibis.literal(getattr(grade, setting), "int64"))
        for rank, grade in enumerate(book.grades.values())
        if getattr(grade, setting) is not None
    ]
    return ibis.cases(*own, else_=ibis.literal(general, "int64")) if own else ibis.literal(general, "int64")
