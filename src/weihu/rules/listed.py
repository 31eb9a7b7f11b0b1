"""What a night puts on the fixed lists (名单, M14): one row a thing, with its evidence, for every customer.

``LISTS`` names them; whoever reads a list sees the rows of the customers within reach.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis
from ibis.expr.types import StringValue, Table

from weihu.rules.completeness import to_ask, with_archive
from weihu.rules.figures import losses
from weihu.rules.kinds.money import at_other_branches, between_banks
from weihu.rules.metric import near_next, with_threshold
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.signals import LargeInflow, LargeOutflow, UnusualInflow, UnusualOutflow
from weihu.rules.tables import EVIDENCE, LISTED, MATURED, MONEY
from weihu.rules.value import ZERO, business_date

OF_CUSTOMER = ("branch_id", "grade_rank", "aum", "last_contact_on")


def inter_branch(transactions: Table, accounts: Table) -> Table:
    """通存通兑清单: every transaction at a branch that is not the account's. ``detail``: that branch; ``reason``: the kind."""
    away = at_other_branches(transactions, accounts)
    return _rows(
        away,
        subject=away.transaction_id,
        on_date=away.booked_on,
        amount=away.amount,
        detail=away.branch_id,
        reason=away.kind,
    )


def money(
    standings: Table, transactions: Table, accounts: Table, signals: Table, calendar: Table, book: RuleBook
) -> Table:
    """资金变动: whose AUM changed by a large amount or unusually today, or who sent or got money from other banks.

    ``amount``: the change of AUM; ``base``, ``limit``: what came from and went to other banks. What is unusual is not
    told of those whom a signal is kept back from.
    """
    today = business_date(calendar)
    between = between_banks(transactions, accounts)
    sides = between.group_by("customer_id").agg(
        base=between.amount.sum(where=between.amount > ZERO).cast(MONEY),
        limit=-between.amount.sum(where=between.amount < ZERO).cast(MONEY),
    )
    rows = standings.select("customer_id", amount="flow_1")
    rows = rows.left_join(sides, "customer_id").drop("customer_id_right")
    odd = signals.filter((signals.raised_on == today) & ~signals.held_out)
    odd = odd.filter(odd.kind.isin([kind.model_fields["kind"].default for kind in (UnusualInflow, UnusualOutflow)]))
    odd = odd.group_by("customer_id").agg(odd=odd.kind.min())
    rows = rows.left_join(odd, "customer_id").drop("customer_id_right")
    came, went = book.signal(LargeInflow), book.signal(LargeOutflow)
    large = (
        ibis.cases(
            *([(rows.amount >= ibis.literal(came.amount, MONEY), ",large_inflow")] if came else []),
            *([(rows.amount <= ibis.literal(-went.amount, MONEY), ",large_outflow")] if went else []),
            else_="",
        )
        if came or went
        else ibis.literal("")
    )
    reason = large + ibis.coalesce("," + rows.odd, "")
    reason += ibis.ifelse(rows.base.notnull(), ",from_other_bank", "")
    reason += ibis.ifelse(rows["limit"].notnull(), ",to_other_bank", "")
    rows = rows.mutate(reason=reason.substr(1))
    rows = rows.filter(rows.reason != "")
    return _rows(rows, on_date=today, amount=rows.amount, base=rows.base, limit=rows["limit"], reason=rows.reason)


def maturing(accounts: Table, calendar: Table, book: RuleBook) -> Table:
    """Products with a balance that mature after the date and within the days ahead. ``detail``: the product."""
    today = business_date(calendar)
    last = (today + ibis.interval(days=book.lists.ahead_days)).cast("date")
    ending = accounts.filter(accounts.closed_on.isnull() & (accounts.balance > ZERO))
    ending = ending.filter((ending.matures_on > today) & (ending.matures_on <= last))
    return _rows(
        ending, subject=ending.account_id, on_date=ending.matures_on, amount=ending.balance, detail=ending.product_id
    )


def matured(
    matured_before: Table,
    accounts_before: Table,
    accounts: Table,
    standings_before: Table,
    calendar: Table,
    book: RuleBook,
) -> Table:
    """What matured in the days behind, with the balance and the customer's AUM of the night before (columns: MATURED)."""
    today = business_date(calendar)
    first = (today - ibis.interval(days=book.lists.behind_days)).cast("date")
    ended = accounts_before.filter(accounts_before.closed_on.isnull() & (accounts_before.balance > ZERO))
    ended = ended.filter((ended.matures_on > calendar.before.as_scalar()) & (ended.matures_on <= today))
    ended = ended.select("account_id", "product_id", "matures_on", "balance")
    ended = ended.join(accounts.select("account_id", "customer_id"), "account_id")
    ended = ended.join(standings_before.select("customer_id", aum_before="aum"), "customer_id")
    return matured_before.filter(matured_before.matures_on > first).union(ended.select(*MATURED))


def became(matured: Table, accounts: Table, standings: Table, book: RuleBook) -> Table:
    """What became of it. ``reason``: ``kept`` (renewed), ``left`` (the customer's AUM has since fallen by the book's
    share of it or more), else ``moved`` (it stands elsewhere with the bank). ``base``: the change of AUM since."""
    now = accounts.select("account_id", "customer_id", "closed_on", again="matures_on")
    rows = matured.drop("customer_id").join(now, "account_id")
    rows = rows.join(standings.select("customer_id", "aum"), "customer_id")
    rows = rows.mutate(since=(rows.aum - rows.aum_before).cast(MONEY))
    share = ibis.literal(int(book.lists.left_share * 100_000))
    reason = ibis.cases(
        (rows.closed_on.isnull() & (rows.again > rows.matures_on), "kept"),
        (-rows.since * 100_000 >= rows.balance * share, "left"),
        else_="moved",
    )
    return _rows(
        rows,
        subject=rows.account_id,
        on_date=rows.matures_on,
        amount=rows.balance,
        base=rows.since,
        detail=rows.product_id,
        reason=reason,
    )


def near(standings: Table, thresholds: Table, book: RuleBook) -> Table:
    """临界: effective customers near under the next grade. ``amount``: the metric; ``base``: what is lacking."""
    rows = near_next(standings.filter(standings.effective), thresholds, book)
    above = _grade_of(rows.grade_rank + 1, book)
    return _rows(rows, amount=rows.metric, base=rows.threshold - rows.metric, limit=rows.threshold, detail=above)


def watch(standings: Table, thresholds: Table, book: RuleBook) -> Table:
    """关注: effective customers on watch, since ``on_date``. ``base``: what is lacking to what the grade takes; empty for
    who has come back to it and waits for the review."""
    rows = standings.filter(standings.effective & standings.watch_since.notnull())
    rows = with_threshold(rows, rows.grade_rank, thresholds)
    lacking = ibis.ifelse(rows.metric < rows.threshold, rows.threshold - rows.metric, ibis.null(MONEY))
    return _rows(rows, on_date=rows.watch_since, amount=rows.metric, base=lacking, limit=rows.threshold)


def missing(standings: Table, profiles: Table, facts_known: Table, book: RuleBook) -> Table:
    """资料待补: effective customers of the grades of some duty whose archive lacks facts. ``detail``: the first fields."""
    rows = standings.filter(standings.effective & standings.grade_rank.isin(book.collected_ranks()))
    rows = with_archive(rows.filter(rows.facts_known < rows.facts_expected), profiles, facts_known)
    return _rows(rows, amount=rows.facts_expected - rows.facts_known, detail=to_ask(rows, book))


def loss(standings: Table, signals: Table, book: RuleBook) -> Table:
    """流失苗头: whose AUM fell in 30 days while a signal of the book's kinds is open. ``reason``: those kinds."""
    told = signals.filter(signals.kind.isin(book.lists.loss_kinds) & ~signals.held_out)
    told = told.select("customer_id", "kind").distinct()
    kinds = told.group_by("customer_id").agg(kinds=told.kind.group_concat(",", order_by=told.kind))
    rows = standings.filter(standings.effective & (standings.flow_30 < ZERO)).join(kinds, "customer_id")
    return _rows(rows, amount=rows.flow_30, base=rows.flow_90, reason=rows.kinds)


def lost(standings: Table, standings_before: Table, calendar: Table, book: RuleBook) -> Table:
    """流失与挽回: who was lost or won back tonight, as the figures count. ``amount``: the money that is gone or is back."""
    rows = losses(standings, standings_before, book)
    rows = rows.filter(rows.lost | rows.won_back)
    amount = ibis.ifelse(rows.lost, -rows.lost_aum, rows.won_aum)
    reason = ibis.ifelse(rows.lost, ibis.literal("lost"), ibis.literal("won_back"))
    return _rows(rows, on_date=business_date(calendar), amount=amount, reason=reason)


def occasions(standings: Table, profiles: Table, week: Table, signals: Table, calendar: Table, book: RuleBook) -> Table:
    """Birthdays, and the occasions that signals tell of, in the week after the date. ``reason``: which."""
    today = business_date(calendar)
    last = (today + ibis.interval(days=book.lists.week_days)).cast("date")
    born = profiles.filter(profiles.birth_date.notnull())
    month_day = born.birth_date.month().cast("int64") * 100 + born.birth_date.day().cast("int64")
    born = born.select("customer_id", month_day=month_day).join(week, "month_day")
    born = born.join(standings.filter(standings.effective).select("customer_id"), "customer_id")
    told = signals.filter((signals.kind == "life_occasion") & ~signals.held_out)
    told = told.filter((told.on_date > today) & (told.on_date <= last))
    return _rows(born, on_date=born["on"], reason=ibis.literal("birthday")).union(
        _rows(told, subject=told.subject, on_date=told.on_date, detail=told.detail, reason=told.kind)
    )


LISTS: dict[str, Callable[..., Table]] = {
    function.__name__: function
    for function in (inter_branch, money, maturing, became, near, watch, missing, loss, lost, occasions)
}
"""Every list by its key, in the order of pages."""


def listed(standings: Table, accounts: Table, calendar: Table, **lists: Table) -> Table:
    """All lists' rows, with the customer as of the night (columns: tables.LISTED)."""
    running = accounts.filter(accounts.closed_on.isnull() & (accounts.balance > ZERO))
    ahead = running.filter(running.matures_on > business_date(calendar))
    maturity = ahead.group_by("customer_id").agg(matures_on=ahead.matures_on.min())
    customers = standings.select("customer_id", *OF_CUSTOMER).left_join(maturity, "customer_id")
    customers = customers.drop("customer_id_right")
    rows = ibis.union(*(table.mutate(list=ibis.literal(name)) for name, table in lists.items()))
    return rows.join(customers, "customer_id").select(*LISTED)


def _grade_of(rank: Any, book: RuleBook) -> StringValue:
    return ibis.cases(*((rank == number, key) for number, key in enumerate(book.grades)), else_="")


def _rows(table: Table, **evidence: Any) -> Table:
    """A list's rows (columns: tables.EVIDENCE); what a list has no use for is empty."""
    absent = {
        "subject": ibis.literal(""),
        "on_date": ibis.null("date"),
        "amount": ibis.null(MONEY),
        "base": ibis.null(MONEY),
        "limit": ibis.null(MONEY),
        "detail": ibis.literal(""),
        "reason": ibis.literal(""),
    }
    values = {**absent, **evidence}
    return table.select("customer_id", **{name: values[name].cast(LISTED[name]) for name in absent}).select(*EVIDENCE)
