"""Customers of the core system who are one person (合并): the night sees the one that was kept. Tables in, tables out.

``merges`` has the columns of tables.MERGES. The carried tables keep the core system's customers, so that a merge can be
undone; only what the rules look at follows it.
"""

from __future__ import annotations

import ibis
from ibis.expr.types import Table

from weihu.rules.tables import BALANCE_DAYS, MONEY, STANDINGS
from weihu.rules.value import WINDOW_DAYS, ZERO

LATEST = ("moved_on", "last_contact_on", "follow_up_on")
NO_DAYS = ibis.literal(0, BALANCE_DAYS)


def as_kept(table: Table, merges: Table) -> Table:
    """Rows of a merged customer as rows of the one that was kept."""
    active = merges.filter(merges.active).select("gone", "kept")
    joined = table.left_join(active, table.customer_id == active.gone)
    return joined.mutate(customer_id=ibis.coalesce(joined.kept, joined.customer_id)).select(*table.columns)


def without_merged(table: Table, merges: Table) -> Table:
    """The rows of all customers but the merged ones."""
    active = merges.filter(merges.active).select(customer_id="gone")
    return table.anti_join(active, "customer_id")


def standings_as_merged(previous: Table, accounts_before: Table, merges: Table, calendar: Table) -> Table:
    """Yesterday's standings as if the merges that hold tonight had held before; so nobody seems to gain or lose money.

    Who has come back by an undo gets his part of the assets again, and a share of the month's balance-days as if he had
    held it since the month's first night.
    """
    ever = merges.select(customer_id="gone").union(merges.select(customer_id="kept"), distinct=True)
    others = previous.anti_join(ever, "customer_id")
    own = without_merged(previous.semi_join(ever, "customer_id"), merges)
    taken_over = _taken_over(previous, merges)
    held = _held(accounts_before, merges)
    returning = _returning(previous, held, merges, calendar)
    left = _left(returning, merges)
    joined = own
    for part in (taken_over, held, left):
        joined = joined.left_join(part, "customer_id").drop("customer_id_right")
    changed = joined.mutate(
        aum=ibis.coalesce(joined.held, ZERO).cast(MONEY),
        balance_days=(
            joined.balance_days + ibis.coalesce(joined.more_days, NO_DAYS) - ibis.coalesce(joined.less_days, NO_DAYS)
        ).cast(BALANCE_DAYS),
        fees_365=(joined.fees_365 + ibis.coalesce(joined.their_fees, ZERO)).cast(MONEY),
        first_seen_on=ibis.least(joined.first_seen_on, ibis.coalesce(joined.seen, joined.first_seen_on)),
        **{name: _later(joined[name], joined[f"their_{name}"]) for name in LATEST},
        **{
            f"flow_{days}": (joined[f"flow_{days}"] + ibis.coalesce(joined[f"their_{days}"], ZERO)).cast(MONEY)
            for days in WINDOW_DAYS
        },
    )
    return others.union(changed.select(*STANDINGS)).union(_come_back(returning))


def measures_as_merged(previous: Table, merges: Table) -> Table:
    """Yesterday's measures, those of merged customers added up. (An undo leaves the month's sum with who was kept.)"""
    kept = as_kept(previous, merges)
    return kept.group_by("customer_id", "measure").agg(
        amount=kept.amount.sum().cast(MONEY), amount_days=kept.amount_days.sum().cast(BALANCE_DAYS)
    )


def _later(own: ibis.Value, other: ibis.Value) -> ibis.Value:
    return ibis.greatest(ibis.coalesce(own, other), ibis.coalesce(other, own))


def _taken_over(previous: Table, merges: Table) -> Table:
    """What those who are newly merged bring along, by who is kept."""
    active = merges.filter(merges.active).select("gone", "kept")
    theirs = previous.join(active, previous.customer_id == active.gone)
    return theirs.group_by(customer_id=theirs.kept).agg(
        more_days=theirs.balance_days.sum().cast(BALANCE_DAYS),
        seen=theirs.first_seen_on.min(),
        their_fees=theirs.fees_365.sum().cast(MONEY),
        **{f"their_{name}": theirs[name].max() for name in LATEST},
        **{f"their_{days}": theirs[f"flow_{days}"].sum().cast(MONEY) for days in WINDOW_DAYS},
    )


def _held(accounts: Table, merges: Table) -> Table:
    """Yesterday's assets by who has them tonight."""
    running = as_kept(accounts.filter(accounts.closed_on.isnull()), merges)
    return running.group_by("customer_id").agg(held=running.balance.sum().cast(MONEY))


def _returning(previous: Table, held: Table, merges: Table, calendar: Table) -> Table:
    """Those whose merge was undone since last night: customer_id, from (who had them), held, their balance-days."""
    undone = merges.filter(~merges.active).select(customer_id="gone", origin="kept")
    undone = without_merged(undone, merges).anti_join(previous, "customer_id")
    undone = undone.group_by("customer_id").agg(origin=undone.origin.max())
    joined = undone.left_join(held, "customer_id").drop("customer_id_right")
    amount = ibis.coalesce(joined.held, ZERO).cast(MONEY)
    days = calendar.month_days.as_scalar() - calendar.days.as_scalar()
    return joined.mutate(held=amount, their_days=(amount * days).cast(BALANCE_DAYS))


def _left(returning: Table, merges: Table) -> Table:
    """The balance-days that go with those who come back, by who had them."""
    rows = as_kept(returning.select(customer_id="origin", their_days="their_days"), merges)
    return rows.group_by("customer_id").agg(less_days=rows.their_days.sum().cast(BALANCE_DAYS))


def _come_back(returning: Table) -> Table:
    """A standing of which only the assets are known; the rest is found as for a new customer."""
    known = {"customer_id": returning.customer_id, "aum": returning.held, "balance_days": returning.their_days}
    flows = {f"flow_{days}": ZERO.cast(MONEY) for days in WINDOW_DAYS}
    columns = {name: known.get(name, flows.get(name, ibis.null(kind))).cast(kind) for name, kind in STANDINGS.items()}
    return returning.select(**columns)
