"""Leaving (流失预警): how customers stand each week, what that tells of their leaving, and who left. Tables in, tables out.

The same expressions make what a model learns from and what a night scores: ``features`` of a date reads that date's
levels and earlier ones, never later ones. Everything is whole numbers, so that any engine makes the same bits.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import ibis
from ibis.expr.types import DateValue, DecimalValue, IntegerValue, Table

from weihu.rules import scores
from weihu.rules.rulebook import RuleBook
from weihu.rules.scores import Scorer
from weihu.rules.tables import BALANCE_DAYS, LEVELS, MONEY
from weihu.rules.value import ZERO, average, business_date, factor, times, uneven_days

WEEK = 7
SPAN_DAYS = (28, 91)
"""The windows beside the own level's over which features look back."""
SOON_DAYS = 30
LONG_AGO = 999
"""Days since something that never was, and more days than are counted."""
WHOLE = 1_000
"""Shares and paces are in thousandths."""
MOST = 5 * WHOLE
SIZES = tuple(1_000 * 2**place for place in range(14))
"""Yuan; a customer's size is how many of them the own level reaches."""
SUMS = ("days", "aum_days", "came", "went", "sendings", "salary", "spent", "spendings", "own")
DATES = ("salary_on", "contact_on", "complaint_on")
BETWEEN_BANKS = ("transfer", "other")
SPENDING = ("payment", "cash")
NOT_OWN = ("interest", "fee", "loan")
COMPLAINTS = ("complaint_due", "unhappy")

NAMES = (
    "left",  # thousandths of the own level: AUM,
    "month",  # its average of 28 days,
    "quarter",  # and of 91,
    "demand",  # what lies on demand,
    "demand_then",  # what lay there 91 days ago,
    "maturing",  # what matures within 30 days,
    "went_month",  # what went to other banks in 28 days,
    "went_quarter",  # in 91,
    "came_month",  # what came from there,
    "came_quarter",
    "salary",  # what came as salary in the half-year,
    "spent",  # what was spent in the half-year
    "sendings",  # to other banks in 28 days
    "spendings",  # in 28 days
    "spendings_half",  # in the half-year
    "spending_pace",  # thousandths of the usual: spendings of 28 days,
    "own_pace",  # movements of the customer's own,
    "salary_pace",  # salary of 91 days
    "salary_days",  # since the last one
    "contact_days",
    "complaint_days",
    "products",
    "size",
    "opened_days",
    "risk",  # the risk rating's class, 0 for none
    "branch_left",  # thousandths of the branch's customers who have left
)
"""What a model looks at. Nothing here is a protected attribute (sex, age, place) or stands for one."""

FEATURES = ibis.schema({"customer_id": "string", "on": "date", "level": MONEY, **dict.fromkeys(NAMES, "int64")})
"""What is known of a customer's leaving on a date, with his or her own level (yuan)."""

SCORES = FEATURES | ibis.schema({"score": "int64", "chance": "int64"})
"""What is known of a customer with what a scorer makes of it. ``chance``: that he or she leaves, in thousandths."""

LEFT = ibis.schema({"customer_id": "string", "on": "date", "left": "boolean"})
"""Whether a customer left after a date, of dates whose outcome is known."""


def is_kept(on: date) -> bool:
    """Whether the levels of a night stay: Sundays' do."""
    return on.isoweekday() == WEEK


def spans(on: date, level_days: int) -> dict[int, date]:
    """The kept nights that a date looks back to: by days, the last one that lies so far back."""
    found = {}
    for days in {*SPAN_DAYS, level_days}:
        back = on - timedelta(days=days)
        found[days] = back - timedelta(days=back.isoweekday() % WEEK)
    return found


def levels_today(
    profiles: Table,
    accounts: Table,
    products: Table,
    holdings: Table,
    transactions: Table,
    contacts_today: Table,
    noted: Table,
    levels_before: Table,
    balances_today: Table,
    calendar: Table,
) -> Table:
    """How every customer of the core system stands tonight (columns: tables.LEVELS)."""
    today = business_date(calendar)
    joined = (
        profiles.select("customer_id", "opened_on")
        .left_join(levels_before.drop("on"), "customer_id")
        .drop("customer_id_right")
    )
    joined = joined.rename({f"{name}_before": name for name in LEVELS if name not in ("customer_id", "on")})
    for part in (
        _lying(accounts, products, today),
        _products(accounts, holdings, today),
        _moved(transactions, accounts),
        contacts_today.group_by("customer_id").agg(contact=contacts_today.last_contact_on.max()),
        _complained(noted),
        uneven_days(balances_today, accounts, calendar),
    ):
        joined = joined.left_join(part, "customer_id").drop("customer_id_right")
    joined = joined.cross_join(calendar.select(today="business_date", passed="days"))
    complained_on = ibis.ifelse(joined.complained, joined.today, ibis.null("date"))
    aum = ibis.coalesce(joined.total, ZERO)

    def grown(name: str, kind: str) -> Any:
        nothing = ibis.literal(0).cast(kind)
        return (ibis.coalesce(joined[f"{name}_before"], nothing) + ibis.coalesce(joined[name], nothing)).cast(kind)

    # who joined since the last night was there for fewer days than the delivery tells of
    there = ibis.greatest(ibis.coalesce(joined.today.delta(joined.opened_on, unit="day") + 1, joined.passed), 1)
    joined_for = ibis.ifelse(joined.days_before.isnull(), ibis.least(joined.passed, there), joined.passed)
    none = ZERO.cast(BALANCE_DAYS)
    days_before = ibis.coalesce(joined.aum_days_before, none)
    since = aum * joined.passed + ibis.coalesce(joined.uneven, none)
    return joined.select(
        "customer_id",
        on=joined.today,
        days=(ibis.coalesce(joined.days_before, 0) + joined_for).cast("int64"),
        aum=aum.cast(MONEY),
        demand=ibis.coalesce(joined.lying, ZERO).cast(MONEY),
        aum_days=(days_before + since).cast(BALANCE_DAYS),
        maturing=ibis.coalesce(joined.ripe, ZERO).cast(MONEY),
        products=ibis.coalesce(joined.held, 0),
        came=grown("came", MONEY),
        went=grown("went", MONEY),
        sendings=grown("sendings", "int64"),
        salary=grown("salary", MONEY),
        spent=grown("spent", MONEY),
        spendings=grown("spendings", "int64"),
        own=grown("own", "int64"),
        salary_on=ibis.coalesce(joined.paid_on, joined.salary_on_before),
        contact_on=_later(joined.contact, joined.contact_on_before),
        complaint_on=ibis.coalesce(complained_on, joined.complaint_on_before),
    ).select(*LEVELS)


def levels_as_merged(levels: Table, merges: Table) -> Table:
    """Levels of several nights, those of customers who are one person added up."""
    active = merges.filter(merges.active).select("gone", "kept")
    joined = levels.left_join(active, levels.customer_id == active.gone)
    one = joined.mutate(customer_id=ibis.coalesce(joined.kept, joined.customer_id)).select(*levels.columns)
    sums = {
        name: one[name].sum().cast(kind)
        for name, kind in LEVELS.items()
        if name not in ("customer_id", "on", *DATES, "days")
    }
    dates = {name: one[name].max() for name in DATES}
    return one.group_by("customer_id", "on").agg(days=one.days.max(), **sums, **dates).select(*LEVELS)


def _lying(accounts: Table, products: Table, today: DateValue) -> Table:
    """AUM, what lies on demand, and what matures soon."""
    demand = products.filter(products.category == "demand").select("product_id", on_demand=ibis.literal(True))
    running = accounts.filter(accounts.closed_on.isnull()).left_join(demand, "product_id")
    ripe = running.matures_on.between(today, (today + ibis.interval(days=SOON_DAYS)).cast("date"))
    return running.group_by("customer_id").agg(
        total=running.balance.sum().cast(MONEY),
        lying=running.balance.sum(where=running.on_demand).cast(MONEY),
        ripe=running.balance.sum(where=ripe).cast(MONEY),
    )


def _products(accounts: Table, holdings: Table, today: DateValue) -> Table:
    running = accounts.filter(accounts.closed_on.isnull()).select("customer_id", "product_id")
    open_holdings = holdings.filter(holdings.closed_on.isnull() | (holdings.closed_on > today))
    held = running.union(open_holdings.select("customer_id", "product_id"), distinct=True)
    return held.group_by("customer_id").agg(held=held.count())


def _moved(transactions: Table, accounts: Table) -> Table:
    """Today's movements of the customer's own, by what they are."""
    money = transactions.join(accounts.select("account_id", "customer_id"), "account_id")
    other = money.counterparty_bank.notnull() & money.kind.isin(BETWEEN_BANKS)
    sent = other & (money.amount < ZERO)
    spent = money.kind.isin(SPENDING) & (money.amount < ZERO)
    paid = (money.kind == "salary") & (money.amount > ZERO)
    return money.group_by("customer_id").agg(
        came=money.amount.sum(where=other & (money.amount > ZERO)).cast(MONEY),
        went=(-money.amount.sum(where=sent)).cast(MONEY),
        sendings=sent.sum(),
        salary=money.amount.sum(where=paid).cast(MONEY),
        spent=(-money.amount.sum(where=spent)).cast(MONEY),
        spendings=spent.sum(),
        own=money.kind.notin(NOT_OWN).sum(),
        paid_on=money.booked_on.max(where=paid),
    )


def _complained(noted: Table) -> Table:
    complaints = noted.filter(noted.kind.isin(COMPLAINTS)).select("customer_id").distinct()
    return complaints.mutate(complained=ibis.literal(True))


def _later(one: DateValue, other: DateValue) -> DateValue:
    return ibis.greatest(ibis.coalesce(one, other), ibis.coalesce(other, one))


def features(levels: Table, levels_past: Table, spans: Table, profiles: Table, book: RuleBook) -> Table:
    """What is known of the leaving of customers on the date of ``levels`` (columns: FEATURES).

    Of those who have an own level of the book's amount and more than the book's share of it. ``levels_past``: of the
    nights that ``spans`` names.
    """
    rule = book.attrition
    half = rule.level_days
    windows = {  # what is looked at over which days
        "days": (*SPAN_DAYS, half),
        "aum_days": (*SPAN_DAYS, half),
        "came": SPAN_DAYS,
        "went": SPAN_DAYS,
        "sendings": (28,),
        "salary": (91, half),
        "spent": (half,),
        "spendings": (28, half),
        "own": (28, half),
    }
    looked_at = [(name, days) for name, spanned in windows.items() for days in sorted({*spanned})]
    then = levels_past.join(spans.select(span="days", on="on"), "on")
    back = then.group_by("customer_id").agg(
        **{
            f"{name}_{days}": then[name].sum(where=then.span == days).cast(LEVELS[name])
            for name, days in (*looked_at, ("demand", 91))
        }
    )
    joined = levels.left_join(back, "customer_id")

    def between(name: str, days: int) -> Any:
        nothing = ibis.literal(0).cast(LEVELS[name])
        return (joined[name] - ibis.coalesce(joined[f"{name}_{days}"], nothing)).cast(LEVELS[name])

    # a select over a join or with a window is not merged into the one around it, which would repeat each of its columns
    # many times: of a small night, planning that takes longer than its rows
    stood = joined.select(
        *(name for name in LEVELS if name not in SUMS),
        **{f"{name}_{days}": between(name, days) for name, days in looked_at if name != "aum_days"},
        **{
            f"mean_{days}": average(between("aum_days", days), ibis.greatest(between("days", days), 1))
            for days in sorted({*windows["aum_days"]})
        },
        demand_then=ibis.coalesce(joined.demand_91, joined.demand),
    )
    stood = stood.join(profiles.select("customer_id", "branch_id", "opened_on", "risk_rating"), "customer_id")
    level = stood[f"mean_{half}"]
    known_level = (stood[f"days_{half}"] >= SPAN_DAYS[0]) & (level >= ibis.literal(rule.amount, MONEY))
    here = stood.aum > times(level, factor(rule.left))
    mates = ibis.window(group_by=stood.branch_id)
    parts = {
        "left": stood.aum,
        "month": stood.mean_28,
        "quarter": stood.mean_91,
        "demand": stood.demand,
        "demand_then": stood.demand_then,
        "maturing": stood.maturing,
        "went_month": stood.went_28,
        "went_quarter": stood.went_91,
        "came_month": stood.came_28,
        "came_quarter": stood.came_91,
        "salary": stood[f"salary_{half}"],
        "spent": stood[f"spent_{half}"],
    }
    cents = stood.mutate(
        **{f"{name}_cents": _cents(part) for name, part in parts.items()},
        level=level,
        whole=ibis.greatest(_cents(level), 1),
        told=known_level & here,
        branch=ibis.greatest(known_level.sum().over(mates), 1),
        branch_gone=(known_level & ~here).sum().over(mates) * WHOLE,
    )

    def pace(part: IntegerValue, whole: IntegerValue, days: int) -> IntegerValue:
        return _pace(part, cents[f"days_{days}"], whole, cents[f"days_{half}"])

    found = {
        **{name: share(cents[f"{name}_cents"], cents.whole) for name in parts},
        "sendings": cents.sendings_28,
        "spendings": cents.spendings_28,
        "spendings_half": cents[f"spendings_{half}"],
        "spending_pace": pace(cents.spendings_28, cents[f"spendings_{half}"], 28),
        "own_pace": pace(cents.own_28, cents[f"own_{half}"], 28),
        "salary_pace": pace(_cents(cents.salary_91), cents.salary_cents, 91),
        "salary_days": _days_since(cents.salary_on, cents.on),
        "contact_days": _days_since(cents.contact_on, cents.on),
        "complaint_days": _days_since(cents.complaint_on, cents.on),
        "products": cents.products,
        "size": sum(((cents.level >= ibis.literal(size, MONEY)).cast("int64") for size in SIZES), ibis.literal(0)),
        "opened_days": ibis.least(cents.on.delta(cents.opened_on, unit="day"), 10 * 365),
        "risk": ibis.coalesce(cents.risk_rating.substr(1, 1).cast("int64"), 0),
        "branch_left": _whole(cents.branch_gone, cents.branch),
    }
    made = cents.filter(cents.told)
    return made.select("customer_id", "on", level=cents.level.cast(MONEY), **{n: found[n].cast("int64") for n in NAMES})


def scored(features: Table, unscored: Table, by: Scorer) -> Table:
    """The scores of customers, without those who are not to be scored (columns: SCORES)."""
    rows = features.anti_join(unscored, "customer_id")
    rows = rows.mutate(score=scores.score(rows, by))
    return rows.mutate(chance=scores.chance(rows.score, by)).select(*SCORES)


def share(part: IntegerValue, whole: IntegerValue) -> IntegerValue:
    """Thousandths of a whole of at least 1, from 0 to MOST, rounded down: whole numbers throughout."""
    inside = ibis.greatest(ibis.least(part, whole * (MOST // WHOLE)), 0) * WHOLE
    return _whole(inside, whole)


def _pace(part: IntegerValue, days: IntegerValue, whole: IntegerValue, whole_days: IntegerValue) -> IntegerValue:
    """Thousandths of the usual, per day; as usual where there is none."""
    usual = ibis.greatest(whole, 0) * ibis.greatest(days, 1)
    now = ibis.greatest(ibis.least(part, whole), 0) * ibis.greatest(whole_days, 1)
    inside = ibis.least(now, usual * (MOST // WHOLE)) * WHOLE
    return ibis.ifelse(usual > 0, _whole(inside, ibis.greatest(usual, 1)), WHOLE)


def _whole(part: IntegerValue, by: IntegerValue) -> IntegerValue:
    """The whole part of a quotient: the division is of a multiple, so it is exact on every engine."""
    return ((part - part % by) / by).round().cast("int64")


def _cents(amount: DecimalValue) -> IntegerValue:
    return (amount * 100).cast("int64")


def _days_since(then: DateValue, now: DateValue) -> IntegerValue:
    return ibis.coalesce(ibis.least(now.delta(then, unit="day"), LONG_AGO), LONG_AGO)


def left(features: Table, levels: Table, levels_later: Table, book: RuleBook) -> Table:
    """Who left after the dates of ``features``, as the book says (columns: LEFT).

    ``levels``: of the date; ``levels_later``: of the kept nights after it, as far as the book's embargo. Whoever had
    left before the first of the book's days is in neither group.
    """
    rule = book.attrition
    own = features.select("customer_id", "level", since="on")
    then = levels.select("customer_id", aum_then="aum", went_then="went")
    weeks = levels_later.select("customer_id", "on", "aum", "went").join(own, "customer_id").join(then, "customer_id")
    weeks = weeks.filter(weeks.on > weeks.since)
    following = -(-rule.stays_days // WEEK)
    ahead = ibis.window(group_by="customer_id", order_by="on", preceding=0, following=following)
    low = (weeks.aum <= times(weeks.level, factor(rule.left))).cast("int64")
    fallen = times((weeks.aum_then - weeks.aum).cast(MONEY), factor(rule.to_others))
    weeks = weeks.mutate(low=low, elsewhere=(weeks.went - weeks.went_then).cast(MONEY) >= fallen)
    weeks = weeks.mutate(gone=(weeks.low.sum().over(ahead) == following + 1) & weeks.elsewhere)
    first = weeks.group_by("customer_id").agg(gone_on=weeks.on.min(where=weeks.gone))
    joined = own.left_join(first, "customer_id").drop("customer_id_right")
    days = joined.gone_on.delta(joined.since, unit="day")
    told = joined.mutate(
        left=ibis.coalesce(days <= rule.to_days, False), soon=ibis.coalesce(days < rule.from_days, False)
    )
    return told.filter(~told.soon).select("customer_id", on="since", left="left")
