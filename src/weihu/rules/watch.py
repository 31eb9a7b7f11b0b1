"""Reasons to act (商机/提醒): what happened to a customer, or is about to, each with its evidence.

Every kind is one function ``(Night) -> table of tables.SIGNALS without raised_on and expires_on``. Events (a large
outflow) are named by their date, conditions (near the next grade) by nothing: they go on while they hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
from ibis.expr.types import BooleanValue, DateScalar, DateValue, Table

from weihu.rules.completeness import to_ask, with_archive
from weihu.rules.grade import minimum_of
from weihu.rules.rulebook import RuleBook, Signal
from weihu.rules.tables import MONEY, SIGNALS
from weihu.rules.value import ZERO, business_date, factor, times


@dataclass(frozen=True)
class Night:
    """What the kinds look at. ``customers`` are standings with rank_before and watch_before of the night
    before, and the date as ``today``."""

    customers: Table
    accounts: Table
    transactions: Table
    profiles: Table
    facts: Table
    occasions: Table
    placed: Table
    benefits: Table
    benefits_used: Table
    calendar: Table
    book: RuleBook

    @property
    def today(self) -> DateScalar:
        """The business date."""
        return business_date(self.calendar)

    def rule(self, kind: str) -> Signal:
        """The book's entry for a kind."""
        return self.book.signals[kind]

    def due(self, kind: str, customers: Table | None = None) -> Table:
        """Customers of the grades for which a kind is raised; who fell tonight counts by the grade before."""
        table = self.customers if customers is None else customers
        best = ibis.greatest(table.grade_rank, ibis.coalesce(table.rank_before, table.grade_rank))
        return table.filter(best >= self.book.rank(self.rule(kind).from_grade))

    def money_today(self) -> Table:
        """Today's transactions with their customer and the account's branch."""
        accounts = self.accounts.select("account_id", "customer_id", account_branch="branch_id")
        return self.transactions.join(accounts, "account_id")


def compare(standings: Table, previous: Table, calendar: Table) -> Table:
    """Effective customers' standings with rank and watch of the night before, and the date as the column ``today``."""
    before = previous.select("customer_id", rank_before="grade_rank", watch_before="watch_since")
    compared = standings.filter(standings.effective).left_join(before, "customer_id").drop("customer_id_right")
    return compared.cross_join(calendar.select(today="business_date"))


def raise_signals(
    customers: Table,
    accounts: Table,
    transactions: Table,
    profiles: Table,
    facts: Table,
    occasions: Table,
    placed: Table,
    benefits: Table,
    benefits_used: Table,
    previous: Table,
    answers: Table,
    calendar: Table,
    book: RuleBook,
) -> Table:
    """Tonight's open signals (columns: tables.SIGNALS): newly raised ones and those still open from before.

    One that was answered stays silent for the book's quiet days.
    """
    night = Night(
        customers, accounts, transactions, profiles, facts, occasions, placed, benefits, benefits_used, calendar, book
    )
    seen = ibis.union(*(KINDS[kind](night) for kind in book.signals))
    seen = seen.cross_join(calendar.select(seen_on="business_date"))
    key = ["customer_id", "kind", "subject"]
    lasting = previous.filter(previous.expires_on >= night.today)
    began = lasting.select(*key, began="raised_on")
    joined = seen.left_join(began, key)
    joined = joined.select(*seen.columns, "began")
    fresh = joined.mutate(
        raised_on=ibis.coalesce(joined.began, joined.seen_on), expires_on=_expiry(joined, night)
    ).select(*SIGNALS)
    still = lasting.anti_join(seen, key).select(*SIGNALS)
    opened = fresh.union(still)
    return opened.anti_join(_silenced(answers, night), key).select(*SIGNALS)


def _expiry(table: Table, night: Night) -> DateValue:
    steps = [
        (table.kind == kind, table.seen_on + ibis.interval(days=rule.open_days))
        for kind, rule in night.book.signals.items()
    ]
    return ibis.cases(*steps).cast("date")


def _silenced(answers: Table, night: Night) -> Table:
    quiet = ibis.cases(
        *(
            (answers.kind == kind, (night.today - ibis.interval(days=rule.quiet_days)).cast("date"))
            for kind, rule in night.book.signals.items()
        )
    )
    return answers.filter(answers.answered_on > quiet)


def _signals(table: Table, kind: str, **evidence: Any) -> Table:
    """The common columns of a kind's rows."""
    absent = {
        "subject": ibis.literal(""),
        "amount": ibis.null(MONEY),
        "base": ibis.null(MONEY),
        "limit": ibis.null(MONEY),
        "on_date": ibis.null("date"),
        "detail": ibis.literal(""),
    }
    given = {**absent, **evidence}
    casts = {name: given[name].cast(SIGNALS[name]) for name in absent}
    return table.select("customer_id", kind=ibis.literal(kind), **casts)


def large_inflow(night: Night) -> Table:
    """AUM grew by at least the amount in one day."""
    found = night.due("large_inflow")
    found = found.filter(found.flow_1 >= ibis.literal(night.rule("large_inflow").amount, MONEY))
    return _signals(
        found,
        "large_inflow",
        subject=night.today.cast("string"),
        amount=found.flow_1,
        base=found.aum,
        on_date=found.today,
    )


def large_outflow(night: Night) -> Table:
    """AUM fell by at least the amount in one day."""
    found = night.due("large_outflow")
    found = found.filter(-found.flow_1 >= ibis.literal(night.rule("large_outflow").amount, MONEY))
    return _signals(
        found,
        "large_outflow",
        subject=night.today.cast("string"),
        amount=-found.flow_1,
        base=found.aum,
        on_date=found.today,
    )


def inter_branch(night: Night) -> Table:
    """Money moved at a branch that is not the account's (通存通兑清单), in all at least the amount."""
    money = night.money_today()
    away = money.filter(money.branch_id.notnull() & (money.branch_id != money.account_branch))
    return _moved(night, "inter_branch", away, away.branch_id)


def to_other_bank(night: Night) -> Table:
    """Money sent to other banks, in all at least the amount."""
    money = night.money_today()
    sent = money.filter(
        money.counterparty_bank.notnull() & (money.amount < ZERO) & money.kind.isin(["transfer", "other"])
    )
    return _moved(night, "to_other_bank", sent, sent.counterparty_bank)


def _moved(night: Night, kind: str, money: Table, where: Any) -> Table:
    """Customers with at least the amount among ``money``; the place named is that of the largest movement."""
    sums = money.mutate(where=where, size=money.amount.abs())
    largest = ibis.row_number().over(group_by="customer_id", order_by=[sums["size"].desc(), sums.transaction_id.asc()])
    sums = sums.mutate(place=largest)
    sums = sums.group_by("customer_id").agg(
        moved=sums["size"].sum().cast(MONEY),
        detail=ibis.ifelse(sums.place == 0, sums["where"], ibis.null("string")).max(),
    )
    sums = sums.filter(sums.moved >= ibis.literal(night.rule(kind).amount, MONEY))
    found = night.due(kind).join(sums, "customer_id")
    return _signals(
        found,
        kind,
        subject=night.today.cast("string"),
        amount=found.moved,
        base=found.aum,
        on_date=found.today,
        detail=found.detail,
    )


def grade_up(night: Night) -> Table:
    """The grade rose tonight."""
    return _regraded(night, "grade_up", night.customers.grade_rank > night.customers.rank_before)


def grade_down(night: Night) -> Table:
    """The grade fell tonight."""
    return _regraded(night, "grade_down", night.customers.grade_rank < night.customers.rank_before)


def _regraded(night: Night, kind: str, condition: BooleanValue) -> Table:
    found = night.due(kind, night.customers.filter(condition))
    keys = dict(enumerate(night.book.grades))
    before = ibis.cases(*((found.rank_before == rank, key) for rank, key in keys.items()))
    after = ibis.cases(*((found.grade_rank == rank, key) for rank, key in keys.items()))
    return _signals(
        found,
        kind,
        subject=night.today.cast("string"),
        amount=found.metric,
        base=found.aum,
        limit=minimum_of(found.grade_rank, found.branch_id, night.book),
        on_date=found.today,
        detail=before + ">" + after,
    )


def watch_begun(night: Night) -> Table:
    """The customer came on watch tonight."""
    found = night.due("watch_begun")
    found = found.filter(found.watch_since.notnull() & found.watch_before.isnull())
    return _signals(
        found,
        "watch_begun",
        subject=night.today.cast("string"),
        amount=found.review_1,
        base=found.aum,
        limit=minimum_of(found.grade_rank, found.branch_id, night.book),
        on_date=found.today,
    )


def near_grade(night: Night) -> Table:
    """The metric is within the share of the next grade's threshold."""
    found = night.due("near_grade")
    keys = {rank: key for rank, key in enumerate(night.book.grades) if rank > 0}
    share = 1 - (night.rule("near_grade").share or Decimal(0))
    following = found.grade_rank + 1
    found = found.mutate(
        next_minimum=minimum_of(following, found.branch_id, night.book),
        next_key=ibis.cases(*((following == rank, key) for rank, key in keys.items())),
    )
    near = times(found.next_minimum, factor(share))
    found = found.filter((found.metric < found.next_minimum) & (found.metric >= near))
    return _signals(
        found,
        "near_grade",
        subject=found.next_key,
        amount=found.metric,
        base=found.next_minimum - found.metric,
        limit=found.next_minimum,
        detail=found.next_key,
    )


def maturity(night: Night) -> Table:
    """A product with a balance matures within the lead days."""
    last = night.today + ibis.interval(days=night.rule("maturity").lead_days)
    due = night.accounts.filter(night.accounts.closed_on.isnull() & (night.accounts.balance > ZERO))
    due = due.filter(due.matures_on.between(night.today, last))
    due = due.select("customer_id", "account_id", "product_id", "balance", "matures_on")
    found = night.due("maturity").join(due, "customer_id")
    return _signals(
        found,
        "maturity",
        subject=found.account_id + " " + found.matures_on.cast("string"),
        amount=found.balance,
        base=found.aum,
        on_date=found.matures_on,
        detail=found.product_id,
    )


def birthday(night: Night) -> Table:
    """A birthday within the lead days of the next working day."""
    born = night.profiles.filter(night.profiles.birth_date.notnull())
    born = born.select(
        "customer_id", month_day=born.birth_date.month().cast("int64") * 100 + born.birth_date.day().cast("int64")
    )
    soon = born.join(night.occasions, "month_day").select("customer_id", "on")
    found = night.due("birthday").join(soon, "customer_id")
    return _signals(found, "birthday", subject=found["on"].cast("string"), on_date=found["on"])


def missing_facts(night: Night) -> Table:
    """Facts that the grade expects and the archive lacks, for the grades whose facts some post collects."""
    customers = night.due("missing_facts")
    customers = customers.filter(customers.grade_rank.isin(night.book.collected_ranks()))
    lacking = customers.filter(customers.facts_known < customers.facts_expected)
    found = with_archive(lacking, night.profiles, night.facts)
    return _signals(found, "missing_facts", detail=to_ask(found, night.book))


def dormant(night: Night) -> Table:
    """Assets, but no movement of the customer's own for the idle days."""
    limit = (night.today - ibis.interval(days=night.rule("dormant").idle_days)).cast("date")
    found = night.due("dormant")
    found = found.filter((found.moved_on <= limit) & (found.aum > ZERO))
    return _signals(found, "dormant", amount=found.aum, on_date=found.moved_on)


def cadence_due(night: Night) -> Table:
    """The grade's longest time between contacts ends by the next working day."""
    found = night.due("cadence_due")
    last = ibis.coalesce(found.last_contact_on, found.first_seen_on)
    due = ibis.cases(
        *(
            (found.grade_rank == rank, (last + ibis.interval(days=grade.cadence_days)).cast("date"))
            for rank, grade in enumerate(night.book.grades.values())
            if grade.cadence_days
        ),
        else_=ibis.null("date"),
    )
    found = found.mutate(due=due)
    found = found.filter(found.due <= night.today + ibis.interval(days=1))
    return _signals(found, "cadence_due", on_date=found.due)


def follow_up(night: Night) -> Table:
    """A contact agreed on a date that is the next working day or past, with no contact since."""
    found = night.due("follow_up")
    agreed = (found.follow_up_on > found.last_contact_on) & (found.follow_up_on <= night.today + ibis.interval(days=1))
    found = found.filter(agreed)
    return _signals(found, "follow_up", subject=found.follow_up_on.cast("string"), on_date=found.follow_up_on)


def handed_over(night: Night) -> Table:
    """Somebody gave the customer to the one who is primary now, from today or from the next working day on."""
    given = night.placed.filter(night.placed.placed_on.between(night.today, night.today + ibis.interval(days=1)))
    found = night.due("handed_over").join(given, "customer_id")
    found = found.filter(found.primary_id == found.staff_id)
    return _signals(
        found,
        "handed_over",
        subject=found.placed_on.cast("string"),
        amount=found.aum,
        on_date=found.placed_on,
        detail=found.origin,
    )


def benefit_expiring(night: Night) -> Table:
    """A benefit of the grade is not used up and its period ends within the lead days."""
    found = night.due("benefit_expiring").cross_join(night.benefits)
    found = found.filter(found.grade_rank.between(found.from_rank, found.to_rank))
    found = found.left_join(night.benefits_used, ["customer_id", "benefit"])
    left = found.quota - ibis.coalesce(found.used, 0)
    found = found.mutate(left=left)
    found = found.filter(found.left > 0)
    return _signals(
        found,
        "benefit_expiring",
        subject=found.benefit + " " + found.ends_on.cast("string"),
        base=found.left,
        on_date=found.ends_on,
        detail=found.benefit,
    )


KINDS: dict[str, Callable[[Night], Table]] = {
    function.__name__: function
    for function in (
        large_inflow,
        large_outflow,
        inter_branch,
        to_other_bank,
        grade_up,
        grade_down,
        watch_begun,
        near_grade,
        maturity,
        birthday,
        missing_facts,
        dormant,
        cadence_due,
        follow_up,
        handed_over,
        benefit_expiring,
    )
}
